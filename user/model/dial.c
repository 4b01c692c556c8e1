// SPDX-License-Identifier: GPL-2.0-only
#include "model/dial.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool failed;
} outcomes[DIAL_OUTCOMES] = {
	[DIAL_OPEN] = {"open", false},
	[DIAL_REFUSED] = {"refused", true},
	[DIAL_TIMEOUT] = {"timeout", true},
	[DIAL_ABANDONED] = {"abandoned", true},
	[DIAL_UNREACHABLE] = {"unreachable", true},
	[DIAL_DENIED] = {"denied", true},
	[DIAL_FAILED] = {"failed", true},
	[DIAL_RESET] = {"reset", true},
	[DIAL_NO_ANSWER] = {"no-answer", true},
	[DIAL_UNRESOLVED] = {"unresolved", true},
	[DIAL_PENDING] = {"pending", true},
	[DIAL_ESTABLISHED] = {"established", false},
	[DIAL_SUPERSEDED] = {"superseded", false},
	[DIAL_INTERRUPTED] = {"interrupted", false},
};

const char *dial_outcome_name(enum dial_outcome outcome)
{
	return (unsigned int)outcome < DIAL_OUTCOMES ? outcomes[outcome].name : "open";
}

bool dial_outcome_failed(enum dial_outcome outcome)
{
	return (unsigned int)outcome < DIAL_OUTCOMES && outcomes[outcome].failed;
}

const char *dial_path_name(enum dial_path path)
{
	static const char *const names[DIAL_PATHS] = {
		"direct", "relay", "loopback", "cluster", "unknown"};

	return (unsigned int)path < DIAL_PATHS ? names[path] : "unknown";
}

const char *name_from_name(enum name_from from)
{
	static const char *const names[] = {"none", "dns", "hosts", "connect", "sni"};

	return (unsigned int)from < sizeof(names) / sizeof(names[0]) ? names[from] : "none";
}

const char *dns_code_name(uint16_t code, char text[16])
{
	switch (code) {
	case 0:
		return "NOERROR";
	case 2:
		return "SERVFAIL";
	case 3:
		return "NXDOMAIN";
	case 5:
		return "REFUSED";
	case DNS_CODE_TIMEOUT:
		return "TIMEOUT";
	case DNS_CODE_UNREACHABLE:
		return "UNREACHABLE";
	default:
		snprintf(text, 16, "RCODE%u", code);
		return text;
	}
}

bool dial_forwards(const struct dial *d)
{
	return *d->method && strcmp(d->method, "CONNECT");
}

bool dial_answer_refuses(const struct dial *d)
{
	if (d->reply_kind != REPLY_HTTP)
		return d->replied;
	if (dial_forwards(d))
		return d->status == 403 || d->status == 407 || d->status == 451 || d->status >= 500;
	return d->status >= 300;
}

const char *dial_target(const struct dial *d, char text[ADDRESS_TEXT])
{
	return d->name_from != NAME_NONE && *d->name ? d->name : address_text(&d->remote, text);
}
