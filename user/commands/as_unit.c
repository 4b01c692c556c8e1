// SPDX-License-Identifier: GPL-2.0-only
#include "commands/as_unit.h"

#include "base/log.h"
#include "node/unit_environment.h"
#include "node/unit_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What systemd gives every service of the system (systemd.exec(5), "$PATH"; DEFAULT_PATH, src/basic/path-util.h). */
static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void as_unit_free(char **environment)
{
	for (char **e = environment; e && *e; e++) {
		explicit_bzero(*e, strlen(*e));
		free(*e);
	}
	free(environment);
}

/* PATH, which a variable of the unit's may replace, and the variables that count. */
static char **environment_make(const struct unit_facts *f, const struct unit_view *v)
{
	char **out = calloc(v->effective_count + 2, sizeof(*out));
	size_t count = 0;
	bool path = false;

	for (size_t i = 0; out && i < v->effective_count; i++) {
		const struct unit_statement *s = &f->statements[v->effective[i]];

		if (s->verb == UNIT_PASS)
			log_warning("%s takes %s from systemd's own environment: COMMAND does not "
				    "have it",
				f->id, s->name);
		if (s->verb != UNIT_SET)
			continue;
		path |= !strcmp(s->name, "PATH");
		if (asprintf(&out[count], "%s=%s", s->name, s->value ? s->value : "") < 0) {
			out[count] = NULL;
			as_unit_free(out);
			return NULL;
		}
		count++;
	}
	if (out && !path) {
		out[count] = strdup(default_path);
		if (!out[count]) {
			as_unit_free(out);
			return NULL;
		}
	}
	return out;
}

static char **environment_of(const struct unit_facts *f)
{
	struct unit_view view;
	char **out = NULL;

	if (unit_view_make(f, &view)) {
		log_error("out of memory");
		return NULL;
	}
	if (view.state == UNIT_STATE_FINE) {
		out = environment_make(f, &view);
		if (!out)
			log_error("out of memory");
	} else if (view.state == UNIT_STATE_ABSENT) {
		log_error("--as-unit %s: there is no such unit here", f->unit);
	} else {
		log_error("--as-unit %s: it cannot be started as its files stand (%s)%s%s", f->unit,
			unit_state_name(view.state), view.file >= 0 ? ": " : "",
			view.file >= 0 ? f->files[view.file].path : "");
	}
	unit_view_free(&view);
	return out;
}

char **as_unit_environment(const char *unit)
{
	const struct unit_root live = {""};
	struct unit_host host = {0};
	struct unit_facts facts;
	char **out = NULL;
	int err = unit_host_read(&live, &host);

	if (!err)
		err = unit_facts_read(&live, &host, NULL, unit, &facts);
	if (err == -EINVAL)
		log_error("--as-unit %s: that is no unit's name", unit);
	else if (err)
		log_error("--as-unit %s: %s", unit, strerror(-err));
	if (!err) {
		out = environment_of(&facts);
		unit_facts_free(&facts);
	}
	unit_host_free(&host);
	return out;
}

void as_unit_remind(const char *command)
{
	static const char *const units[] = {
		"rke2-agent", "rke2-server", "rancher-system-agent", "k3s-agent", "k3s"};
	const struct unit_root live = {""};
	struct unit_found found;
	bool is_there = false;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && !is_there; i++) {
		if (unit_find(&live, units[i], &found))
			continue;
		is_there = found.fragment && !found.masked;
		unit_found_free(&found);
		if (is_there)
			log_warning("%s runs with the environment of this shell, not with that of "
				    "%s.service: --as-unit %s gives it that",
				command, units[i], units[i]);
	}
}
