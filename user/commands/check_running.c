// SPDX-License-Identifier: GPL-2.0-only
/* The main process of a unit that runs, and when it was started. */
#include "commands/check.h"

#include "live/systemctl.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* A machine that is busy takes seconds to start a program, and systemd to answer it. */
#define SYSTEMCTL_MS 10000

uint64_t check_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

int check_ask(struct check *c, struct check_unit *u)
{
	struct systemctl_unit answer;
	struct buffer b = {0};
	int err = systemctl_show(u->facts.id, SYSTEMCTL_MS, &answer);

	if (err == -ETIMEDOUT) {
		buffer_printf(&b,
			"systemctl: no answer about %s: whether a daemon-reload is due is not "
			"known",
			u->facts.id);
		err = b.failed ? -ENOMEM : unit_list_add(&c->unread, b.data);
		buffer_free(&b);
		return err;
	}
	if (err)
		return 0;
	u->reload = answer.need_reload;
	u->main_pid = answer.main_pid;
	u->running = u->main_pid != 0;
	/* Its clock stands still while the machine sleeps, ours goes on. */
	if (u->main_pid && answer.main_start_ns)
		u->started_ns = answer.main_start_ns +
				(check_clock_ns(CLOCK_BOOTTIME) - check_clock_ns(CLOCK_MONOTONIC)) +
				(uint64_t)c->wall_offset_ns;
	return 0;
}

void check_find_main(const struct check *c, struct check_unit *u)
{
	const struct process *first = NULL;

	for (size_t i = 0; i < c->running_count && !u->main_pid; i++) {
		const struct process *p = c->running[i];

		if (p->role == u->self->role && !strcmp(p->unit, u->self->unit) &&
			(!first || p->start_ns < first->start_ns))
			first = p;
	}
	if (!first)
		return;
	u->main_pid = first->pid;
	u->started_ns = first->start_ns ? first->start_ns + (uint64_t)c->wall_offset_ns : 0;
}

const char *check_changed(const struct check_unit *u)
{
	for (size_t i = 0; u->started_ns && i < u->view.effective_count; i++) {
		const struct unit_statement *s = &u->facts.statements[u->view.effective[i]];
		const struct unit_file *f = &u->facts.files[s->file];

		if (s->verb == UNIT_SET && relay_name_is_listed(s->name, strlen(s->name)) &&
			f->mtime_ns > (long long)u->started_ns)
			return f->path;
	}
	return NULL;
}
