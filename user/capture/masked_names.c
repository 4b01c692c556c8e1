// SPDX-License-Identifier: GPL-2.0-only
#include "capture/masked_names.h"

#include <stdio.h>
#include <string.h>

void masked_names_free(struct masked_names *m)
{
	table_free(&m->carriers);
}

static size_t target_count(const struct masked_names *m)
{
	return m->added < MASKED_NAMES ? m->added : MASKED_NAMES;
}

static bool is_known(const struct masked_names *m, uint64_t host)
{
	for (size_t i = 0; i < target_count(m); i++)
		if (m->targets[i].host == host)
			return true;
	return false;
}

static void target_add(struct masked_names *m, const struct relay_url *url)
{
	struct masked_target t = {.host = url->masked_host,
		.port = url->masked_port ? url->masked_port : (uint16_t)url->port,
		.port_hidden = url->masked_port != 0};

	for (size_t i = 0; i < target_count(m); i++)
		if (m->targets[i].host == t.host && m->targets[i].port == t.port)
			return;
	m->targets[m->added++ % MASKED_NAMES] = t;
}

void masked_names_learn(struct masked_names *m, uint32_t pid, const struct environment *e)
{
	bool carries = false;

	for (size_t i = 0; i < e->count; i++) {
		if (!e->variables[i].url.masked_host)
			continue;
		target_add(m, &e->variables[i].url);
		carries = true;
	}
	if (carries)
		table_put(&m->carriers, pid, m);
	else
		masked_names_exit(m, pid);
}

void masked_names_fork(struct masked_names *m, uint32_t parent, uint32_t child)
{
	if (m->carriers.count && table_get(&m->carriers, parent))
		table_put(&m->carriers, child, m);
}

void masked_names_exit(struct masked_names *m, uint32_t pid)
{
	if (m->carriers.count)
		table_remove(&m->carriers, pid);
}

static void address_add(struct masked_address *list, size_t *count, size_t max, uint64_t host,
	const struct address *address)
{
	for (size_t i = 0; i < *count && i < max; i++)
		if (list[i].host == host && address_equal(&list[i].address, address))
			return;
	list[(*count)++ % max] = (struct masked_address){host, *address};
}

void masked_names_hosts(struct masked_names *m, const struct event_fact *fact)
{
	struct address address;

	if (strcmp(fact->key, "hosts") || fact->field_count < 2 ||
		!address_parse(fact->fields[0], &address))
		return;
	for (size_t i = 1; i < fact->field_count; i++)
		address_add(m->hosts, &m->host_count, MASKED_HOSTS,
			relay_host_hash(fact->fields[i]), &address);
}

const char *masked_names_show(
	struct masked_names *m, const char *name, const struct address *addresses, size_t count)
{
	if (!m->added)
		return name;
	/* The longest first: of "a.b", both masked, nothing is to be left. */
	for (size_t len = strlen(name); len; len--) {
		uint64_t host = table_hash(name, len);

		if ((name[len] && name[len] != '.') || !is_known(m, host))
			continue;
		for (size_t i = 0; i < count; i++)
			address_add(m->addresses, &m->address_count, MASKED_ADDRESSES, host,
				&addresses[i]);
		snprintf(m->shown, sizeof(m->shown), "***%s", name + len);
		return m->shown;
	}
	return name;
}

static bool is_address_of(const struct masked_address *list, size_t count, size_t max,
	uint64_t host, const struct address *address)
{
	for (size_t i = 0; i < count && i < max; i++)
		if (list[i].host == host && address_equal(&list[i].address, address))
			return true;
	return false;
}

/*
 * Ports that are dialled every day say nothing about a password.  Any other that begins one is
 * hidden at whatever address: the name may have been resolved in a way that is not seen (nscd,
 * systemd-resolved by its socket).
 */
static bool port_tells(const struct masked_target *t)
{
	static const uint16_t usual[] = {
		2379, 2380, 5000, 5001, 6443, 6444, 8080, 8443, 9345, 10250};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (t->port == usual[i])
			return false;
	return t->port_hidden && t->port >= 1024;
}

bool masked_names_dial(struct masked_names *m, uint32_t pid, struct address *remote)
{
	char text[ADDRESS_TEXT];
	bool masked = false;
	uint64_t literal;

	/* Later changes of a socket's state do not tell whose it is. */
	if (!m->added || (pid && !table_get(&m->carriers, pid)))
		return false;
	literal = relay_host_hash(address_text(remote, text));
	for (size_t i = 0; i < target_count(m); i++) {
		const struct masked_target *t = &m->targets[i];

		if (t->port != remote->port)
			continue;
		if (t->host == literal) {
			*remote = (struct address){.port = remote->port, .hidden = true};
		} else if (!is_address_of(m->addresses, m->address_count, MASKED_ADDRESSES, t->host,
				   remote) &&
			   !is_address_of(m->hosts, m->host_count, MASKED_HOSTS, t->host, remote) &&
			   !port_tells(t)) {
			continue;
		}
		masked = true;
		if (t->port_hidden)
			remote->port = 0;
		break;
	}
	return masked;
}
