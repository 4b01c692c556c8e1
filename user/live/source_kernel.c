// SPDX-License-Identifier: GPL-2.0-only
#include "live/source_kernel_inside.h"

#include "base/log.h"
#include "live/clock.h"
#include "live/process_scan.h"
#include "live/reconcile.h"
#include "version.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The programs whose processes start a tree. */
static const char *const usual_roots[] = {
	"rke2", "containerd", "k3s", "k3s-server", "k3s-agent", "rancher-system-agent"};
#define USUAL_ROOTS (sizeof(usual_roots) / sizeof(usual_roots[0]))

/* A COMMAND that was told to stop has so long before the tracer goes without it. */
#define COMMAND_GRACE_NS 2000000000ULL

/* After a signal what is in the ring already may take so long; what then is left is counted as lost. */
#define HURRY_NS 1000000000ULL

/* ---- start and stop ---- */

static void start_tell(struct live_source *s)
{
	struct event event = {.kind = EVENT_START, .time_ns = clock_ns(CLOCK_BOOTTIME)};
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file) {
		if (fgets(s->boot_id, sizeof(s->boot_id), file))
			s->boot_id[strcspn(s->boot_id, "\n")] = '\0';
		fclose(file);
	}
	gethostname(s->host, sizeof(s->host) - 1);
	kernel_describe(&s->kernel, s->hooks, sizeof(s->hooks));
	s->begun = true;
	event.start = (struct event_start){.wall_ns = clock_ns(CLOCK_REALTIME),
		.host = s->host,
		.boot_id = s->boot_id,
		.version = RELAYTRACE_VERSION,
		.names = s->options->names,
		.hooks = s->hooks,
		.pending_ns = s->options->pending_ns};
	s->handler(s->context, &event);
}

static void stop_tell(struct live_source *s)
{
	struct event event = {.kind = EVENT_STOP};
	size_t left = s->command.ended ? kernel_process_count(&s->kernel) : 0;

	if (left)
		log_warning("%s ended; %zu of the processes that it started still run, and are no "
			    "longer traced",
			s->options->command[0], left);
	live_losses_tell(s);
	if (reconcile_hurry(&s->reconcile, &s->kernel, clock_ns(CLOCK_BOOTTIME))) {
		s->drained = false;
		/* Who goes on dialling as fast as can be does not keep us here. */
		for (int i = 0; i < 16 && !s->drained; i++) {
			live_records_take(s);
			live_losses_tell(s);
		}
		reconcile_step(&s->reconcile, &s->kernel, clock_ns(CLOCK_BOOTTIME), s->drained,
			live_missed, s);
	}
	event.time_ns = clock_ns(CLOCK_BOOTTIME);
	s->handler(s->context, &event);
}

/*
 * The first poll: those who are there already, the start, the COMMAND.  The start is told when all
 * that is there is traced: who reads it may count on that.
 */
static int live_start(struct live_source *s)
{
	const struct scan_options scan = {.roots = s->roots,
		.root_count = s->root_count,
		.pids = s->options->pids,
		.pid_count = s->options->pid_count,
		.pods = s->options->pods};
	struct found_processes found;
	int err;

	s->started = true;
	err = process_scan(&s->kernel, &scan, &found);
	for (size_t i = 0; i < found.count; i++)
		cgroup_hooks_follow(&s->cgroups, &s->kernel, found.list[i].stat.pid, 0);
	if (found.count)
		kernel_take_over(&s->kernel); /* what cannot be had is in `features` */
	if (err) {			      /* a --pid that is not there: nothing has begun */
		found_processes_free(&found);
		return err;
	}
	start_tell(s);
	/* Taking it out waits for every processor: after the start, which says that all is attached. */
	if (!found.count && !s->command.pid && kernel_connect_is_costly(&s->kernel))
		kernel_connect_hook(&s->kernel, false);
	found_processes_tell(&found, live_found, s);
	found_processes_free(&found);
	if (s->options->for_ns)
		s->stop_ns = clock_ns(CLOCK_BOOTTIME) + s->options->for_ns;
	if (!s->command.pid)
		return 0;
	cgroup_hooks_follow(&s->cgroups, &s->kernel, s->command.pid, 0);
	err = command_child_go(&s->command);
	s->command_ran = err == 0;
	if (err)
		log_error("%s: %s", s->options->command[0], strerror(err));
	return -err;
}

/* Told to stop: at once, or with a COMMAND when that has ended. */
static void live_stop(struct live_source *s, int signal)
{
	uint64_t grace = clock_ns(CLOCK_BOOTTIME) + COMMAND_GRACE_NS;

	if (s->command.pid && !s->command.ended && !s->stopping) {
		kill(s->command.pid, signal);
		s->stop_ns = grace;
	} else {
		s->stop_ns = 1;
	}
	s->stopping = true;
}

/* Where there is one, SIGHUP means that it went away; a service has none, and is to reload. */
static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void signals_take(struct live_source *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (command_child_reap(&s->command)) {
				s->stopping = true;
				s->stop_ns = 1;
			}
		} else if (info.ssi_signo == SIGHUP && !has_terminal()) {
			s->hung_up = true;
		} else {
			live_stop(s, (int)info.ssi_signo);
			s->hurried = true;
		}
	}
}

static void clock_take(struct live_source *s)
{
	struct event event = {.kind = EVENT_FACT, .time_ns = clock_ns(CLOCK_BOOTTIME)};
	const char *fields[1];
	char wall[24];

	if (!clock_watch_take(s->clock))
		return;
	snprintf(wall, sizeof(wall), "%llu", (unsigned long long)clock_ns(CLOCK_REALTIME));
	fields[0] = wall;
	event.fact = (struct event_fact){"clock", fields, 1};
	s->handler(s->context, &event);
}

/* ---- the source ---- */

/*
 * Was all taken?  A record that another processor has reserved and not committed yet holds up those behind it
 * (kernel/bpf/ringbuf.c, BPF_RINGBUF_BUSY_BIT), and looks as if there were none.
 */
static bool is_empty(struct live_source *s)
{
	const struct timespec commit = {.tv_nsec = 5000000};

	if (s->records)
		return false;
	nanosleep(&commit, NULL);
	live_records_take(s);
	if (s->records)
		live_losses_tell(s);
	return !s->records;
}

/*
 * Is it time to end?  What came before that moment is taken first; what a flood adds meanwhile is not
 * waited for.
 */
static bool is_over(struct live_source *s, uint64_t now_ns)
{
	if (!s->stop_ns || s->stop_ns > now_ns) {
		s->due_ns = 0;
		s->caught_up = false;
		return false;
	}
	if (!s->due_ns)
		s->due_ns = now_ns;
	if (s->caught_up || is_empty(s))
		return true;
	if (!s->hurried || now_ns < s->due_ns + HURRY_NS)
		return false;
	live_records_discard(s);
	return true;
}

static int live_poll(struct source *source, uint64_t until_ns, event_handler handler, void *context)
{
	struct live_source *s = (struct live_source *)source;
	struct epoll_event ready[4];
	uint64_t now_ns, wake_ns;
	int taken, wait_ms, look_ms, err;

	s->handler = handler;
	s->context = context;
	if (!s->started) {
		err = live_start(s);
		if (err) {
			if (s->begun)
				stop_tell(s);
			return err;
		}
	}
	err = live_records_take(s);
	if (err) {
		log_error("the kernel's ring buffer cannot be read: %s", strerror(-err));
		stop_tell(s);
		return err;
	}
	if (s->records)
		live_losses_tell(s);
	now_ns = clock_ns(CLOCK_BOOTTIME);
	reconcile_step(&s->reconcile, &s->kernel, now_ns, s->drained, live_missed, s);
	if (is_over(s, now_ns)) {
		if (!s->stopping) {
			s->time_was_up = true;
			live_stop(s, SIGTERM);
			if (s->stop_ns > now_ns)
				return 1;
		}
		stop_tell(s);
		return 0;
	}
	if (s->stop_ns && s->stop_ns < until_ns)
		until_ns = s->stop_ns;
	wake_ns = reconcile_deadline(&s->reconcile);
	if (until_ns < wake_ns)
		wake_ns = until_ns;
	wait_ms = clock_wait_ms(now_ns, wake_ns);
	look_ms = live_records_wait_ms(s);
	if (look_ms >= 0 && (wait_ms < 0 || look_ms < wait_ms))
		wait_ms = look_ms;
	taken = epoll_wait(s->epoll, ready, 4, wait_ms);
	for (int i = 0; i < taken; i++)
		if (ready[i].data.fd == s->signals)
			signals_take(s);
		else if (ready[i].data.fd == s->clock)
			clock_take(s);
		else if (ready[i].data.fd == s->cgroups.watch)
			cgroup_hooks_made(&s->cgroups, &s->kernel);
	if (taken == 0 && !s->records) {
		struct event event = {.kind = EVENT_CLOCK, .time_ns = clock_ns(CLOCK_BOOTTIME)};

		if (event.time_ns >= until_ns)
			handler(context, &event);
	}
	return 1;
}

static void live_close(struct source *source)
{
	struct live_source *s = (struct live_source *)source;

	ring_buffer__free(s->ring);
	cgroup_hooks_free(&s->cgroups);
	node_facts_free(&s->facts);
	reconcile_free(&s->reconcile);
	kernel_close(&s->kernel);
	decoder_free(s->decoder);
	command_child_close(&s->command);
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->signals >= 0)
		close(s->signals);
	if (s->clock >= 0)
		close(s->clock);
	free(s);
}

static const struct source_ops live_ops = {live_poll, live_close};

static int waiting_open(struct live_source *s)
{
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGCHLD);
	/* nohup(1) has it ignored, and it would be queued all the same. */
	if (signal(SIGHUP, SIG_DFL) == SIG_IGN)
		signal(SIGHUP, SIG_IGN);
	else
		sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->signals < 0 || s->epoll < 0)
		return -errno;
	event.data.fd = s->signals;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &event))
		return -errno;
	s->clock = clock_watch_open();
	event.data.fd = s->clock;
	if (s->clock >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->clock, &event))
		return -errno;
	event.data.fd = s->cgroups.watch;
	if (s->cgroups.watch >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->cgroups.watch, &event))
		return -errno;
	s->ring = live_records_open(s);
	if (!s->ring)
		return -errno;
	event.data.fd = ring_buffer__epoll_fd(s->ring);
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, event.data.fd, &event) ? -errno : 0;
}

static int roots_add(struct live_source *s)
{
	int err = 0;

	/* Who names a process or a command wants to see that, and not all that runs beside it. */
	for (size_t i = 0; i < USUAL_ROOTS && !s->options->command && !s->options->pid_count; i++)
		s->roots[s->root_count++] = usual_roots[i];
	for (size_t i = 0; i < s->options->tree_count && s->root_count < ROOTS_MAX; i++)
		s->roots[s->root_count++] = s->options->trees[i];
	for (size_t i = 0; i < s->root_count && !err; i++) {
		decoder_add_root(s->decoder, s->roots[i]);
		err = kernel_add_root_name(&s->kernel, s->roots[i]);
	}
	cgroup_hooks_expect(&s->cgroups, s->roots, s->root_count);
	return err;
}

struct source *source_kernel_open(const struct live_options *options, int *status)
{
	struct wire_traced entry = {0};
	struct process_stat stat;
	struct live_source *s = calloc(1, sizeof(*s));
	int err;

	*status = 3;
	if (!s) {
		log_error("out of memory");
		return NULL;
	}
	s->source.ops = &live_ops;
	s->options = options;
	s->epoll = s->signals = s->clock = s->command.go = s->command.failed = -1;
	s->facts.decoder = s->decoder = decoder_new();
	cgroup_hooks_init(&s->cgroups);
	prctl(PR_SET_DUMPABLE, 0);
	err = s->decoder ? kernel_open(&s->kernel, options->hooks, options->pods) : -ENOMEM;
	if (err)
		goto failed;
	kernel_warn(&s->kernel);
	err = roots_add(s);
	if (!err)
		err = waiting_open(s);
	if (!err && options->command) {
		err = command_child_fork(&s->command, options->command, options->environment);
		if (!err && process_read_stat(s->command.pid, &stat) == 0)
			entry.start_ns = stat.start_ns;
		if (!err)
			err = kernel_add_process(&s->kernel, s->command.pid, &entry);
	}
	if (!err)
		return &s->source;
	log_error("tracing cannot begin: %s", strerror(-err));
failed:
	live_close(&s->source);
	return NULL;
}

int source_kernel_command_status(const struct source *source)
{
	const struct live_source *s = (const struct live_source *)source;

	return s->command.ended ? s->command.status : -1;
}

bool source_kernel_hung_up(struct source *source)
{
	struct live_source *s = (struct live_source *)source;
	bool hung_up = s->hung_up;

	s->hung_up = false;
	return hung_up;
}

bool source_kernel_command_ran(const struct source *source)
{
	return ((const struct live_source *)source)->command_ran;
}

bool source_kernel_time_was_up(const struct source *source)
{
	return ((const struct live_source *)source)->time_was_up;
}
