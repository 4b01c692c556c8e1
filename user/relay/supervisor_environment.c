// SPDX-License-Identifier: GPL-2.0-only
#include "relay/supervisor_environment.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "CONTAINERD_";

static bool has_prefix(const struct variable *v)
{
	return strncmp(v->name, prefix, sizeof(prefix) - 1) == 0;
}

static struct environment *like(const struct environment *e)
{
	struct environment *new = environment_new(e->origin);

	if (new) {
		new->truncated = e->truncated;
		new->unreadable = e->unreadable;
		new->first_lost = e->first_lost;
	}
	return new;
}

static int add_as(struct environment *e, const struct variable *v, const char *name)
{
	struct variable copy = *v;

	copy.name = (char *)name; /* copied, as all of it */
	copy.is_relay = relay_name_parse(name, strlen(name), &copy.relay);
	return environment_add_judged(e, &copy);
}

static const char *or_default(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

static bool is_set(const struct variable *v)
{
	return v && v->value[0];
}

/* NO_PROXY as a server has it; where none was set it comes last. */
static int add_list(
	struct environment *out, const struct environment *e, const struct supervisor *s)
{
	const struct variable *upper = environment_get(e, "NO_PROXY"),
			      *lower = environment_get(e, "no_proxy");
	const struct variable *from = is_set(upper) || !lower ? upper : lower;
	struct buffer list = {0};
	struct variable v = {0};
	int err;

	if (is_set(upper))
		buffer_printf(&list, "%s,", upper->value);
	if (is_set(lower))
		buffer_printf(&list, "%s,", lower->value);
	buffer_printf(&list, ".svc,.%s,%s,%s", or_default(s->cluster_domain, "cluster.local"),
		or_default(s->cluster_cidr, "10.42.0.0/16"),
		or_default(s->service_cidr, "10.43.0.0/16"));
	if (from)
		v = *from;
	v.value = list.data;
	err = list.failed ? -ENOMEM : add_as(out, &v, "NO_PROXY");
	buffer_free(&list);
	return err;
}

struct environment *environment_of_supervisor(
	const struct environment *e, const struct supervisor *s)
{
	struct environment *own = like(e);
	bool listed = false;
	int err = own ? 0 : -ENOMEM;

	for (unsigned int i = 0; !err && i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (s->server && !strcmp(v->name, "no_proxy"))
			continue;
		if (s->server && !strcmp(v->name, "NO_PROXY")) {
			listed = true;
			err = add_list(own, e, s);
		} else {
			err = add_as(own, v, v->name);
		}
	}
	if (!err && s->server && !listed)
		err = add_list(own, e, s);
	if (!err)
		return own;
	environment_unref(own);
	return NULL;
}

/* Is the version one in which the order of the variables decided? */
static bool order_decides(const char *version)
{
	static const struct {
		unsigned int minor, fixed_in;
	} fixes[] = {{22, 11}, {23, 8}, {24, 2}};
	unsigned int major, minor, patch;

	if (!version || sscanf(version, "v%u.%u.%u", &major, &minor, &patch) != 3 || major != 1)
		return false;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if (minor == fixes[i].minor)
			return patch < fixes[i].fixed_in;
	return minor < fixes[0].minor;
}

struct environment *environment_of_containerd(
	const struct environment *e, const struct supervisor *s)
{
	struct environment *own = environment_of_supervisor(e, s), *child = own ? like(own) : NULL;
	bool mixed = order_decides(s->version);
	int err = child ? 0 : -ENOMEM;

	/* The plain ones first: the prefixed ones come behind them and win. */
	for (int prefixed = 0; !err && prefixed < (mixed ? 1 : 2); prefixed++)
		for (unsigned int i = 0; !err && i < own->count; i++) {
			const struct variable *v = &own->variables[i];

			if (mixed || has_prefix(v) == (prefixed == 1))
				err = add_as(child, v,
					v->name + (has_prefix(v) ? sizeof(prefix) - 1 : 0));
		}
	environment_unref(own);
	if (!err)
		return child;
	environment_unref(child);
	return NULL;
}
