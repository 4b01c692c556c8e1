/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes of the traced trees: who they are, what they carry, whose child they are.
 *
 * Identity is pid and start time; a pid that comes back with another start time is another process.
 * A process that ended is kept for a grace period, because its sockets close after it.
 *
 * An exec does not change a struct process: it makes a new one of the same pid and start, so that
 * what refers to the old one (a dial that is on its way) keeps the environment it was made with.
 */
#ifndef MODEL_PROCESS_TABLE_H
#define MODEL_PROCESS_TABLE_H

#include "base/table.h"
#include "capture/event.h"

enum role {
	ROLE_SUPERVISOR, /* rke2, k3s */
	ROLE_CONTAINERD,
	ROLE_SHIM, /* containerd-shim*, runc */
	ROLE_KUBELET,
	ROLE_CNI,
	ROLE_CREDENTIAL_PROVIDER,
	ROLE_SYSTEM_AGENT,
	ROLE_CLIENT, /* ctr, crictl, skopeo, curl ... */
	ROLE_OTHER,
	ROLES
};

struct process {
	unsigned int references;
	uint32_t pid;
	uint64_t start_ns;
	uint32_t parent_pid;
	uint64_t parent_start_ns;
	/* "BOOTID8-PID-STARTNS"; after an exec that was not the first, "-EXECNS" follows */
	char entity_id[64];
	char tree[64]; /* name of the root it descends from */
	enum role role;
	char *name; /* basename of the program as it was called, escaped nowhere */
	char *executable;
	char *cgroup;	  /* NULL where unknown */
	char unit[128];	  /* "rke2-agent.service" where the cgroup path names one, else "" */
	char version[32]; /* of rke2 or k3s: "v1.32.5+rke2r1", or "" where it is not known */
	char **args;
	size_t arg_count;
	bool args_truncated;
	bool found; /* by a scan: not seen at exec */
	uint32_t netns, mntns;
	uint64_t cgroup_id;
	struct environment *environment; /* never NULL */
	uint64_t exec_ns;		 /* 0: before the tracer */
	uint64_t stop_ns;		 /* when it was told to stop (signal), else 0 */
	uint64_t exit_ns; /* when it ended, else 0; where missed, when it was found gone */
	int exit_status;  /* as wait() gives it; 0 where missed */
	bool exit_missed;
	/* One reference held; NULL where unknown, and once this process is out of the table. */
	struct process *parent;
	struct process *lender;	    /* a forked child uses the strings of its parent's program: one
				   reference held; NULL: they are its own */
	struct process *earlier;    /* in the table: one that ended and had the same pid */
	struct process *next_ended; /* in the table: the next to be forgotten */
	struct process *seen_before,
		*seen_after; /* in the table: by when they were last heard of */
	bool left_out;	     /* noted by the summary: it had no row for this one */
	bool ran;	     /* an exec was seen or scanned, not only the fork */
};

/*
 * So many are kept at most.  Then one goes for each that comes, and is counted: the one that ended first,
 * else the one that was longest not heard of.  On a healthy node there are a few hundred; what fills the table
 * are those whose exits were lost, and they are never heard of again.
 */
#define PROCESS_TABLE_MAX 65536

/* How long one that ended is kept: its sockets close after the exit hook ran, and are told late. */
#define PROCESS_GRACE_NS 2000000000ULL

/* A zeroed struct is a valid empty table. */
struct process_table {
	struct table by_pid; /* the newest of each pid */
	char boot_id[64];
	size_t count;	  /* of all that are kept */
	uint64_t evicted; /* given up before their time, because the table was full */
	uint64_t refused; /* not kept, because there was no memory */
	struct process *ended, *ended_last;	/* in the order in which they ended */
	struct process *seen_first, *seen_last; /* all, longest not heard of first */
};

void process_table_free(struct process_table *t);

/*
 * Takes EVENT_EXEC, EVENT_FORK, EVENT_EXIT, EVENT_SIGNAL, EVENT_START (boot id); of others only
 * the time, for the grace period, and of whom something was heard.  Returns the process that the event made or changed, NULL where
 * there is none (not traced any more, a scan of what a hook told before, out of memory); it belongs
 * to the table.
 */
struct process *process_table_apply(struct process_table *t, const struct event *event);

/* The process of that pid and start time (0: the newest of that pid), ended ones in their grace too. */
struct process *process_table_find(const struct process_table *t, uint32_t pid, uint64_t start_ns);

/*
 * The same; where there is none, makes one of which nothing is known (no name, an unreadable
 * environment), so that what an unknown process did is told all the same.  NULL: out of memory.
 */
struct process *process_table_meet(struct process_table *t, uint32_t pid, uint64_t start_ns);

struct process *process_ref(struct process *p);
void process_unref(struct process *p); /* NULL is accepted */

/* The last component of a cgroup's path (NULL: none) that is a service: "rke2-agent.service", or "". */
void process_unit_of_cgroup(const char *path, char *unit, size_t size);

/* "supervisor", "credential-provider" ... */
const char *role_name(enum role role);

/* The role of a program by its name and path (facts: names as ps shows them). */
enum role role_of(const char *name, const char *executable);

/*
 * "v1.32.5+rke2r1" of a program below a data directory of RKE2's,
 * /var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd.  False, and "", of others.
 */
bool rke2_version_of(const char *executable, char *version, size_t size);

/* Does a process of this role pull images, or fetch for those who do? */
bool role_pulls(enum role role);

#endif
