// SPDX-License-Identifier: GPL-2.0-only
#include "model/process_table.h"
#include "unit.h"

#include <stdlib.h>

#define S 1000000000ULL

static struct process_table table;

static struct environment *environment_with(const char *name, const char *value)
{
	struct environment *e = environment_new(ENVIRONMENT_EXEC);

	if (name)
		environment_add(e, name, strlen(name), value, strlen(value), false, NULL);
	return e;
}

/* An exec with an environment of one variable; the rest of `exec` is the caller's. */
static struct process *run(uint64_t time_ns, uint32_t pid, uint64_t start_ns,
	struct event_exec exec, const char *variable, const char *value)
{
	struct event e = {.kind = EVENT_EXEC, .time_ns = time_ns, .pid = pid, .start_ns = start_ns};
	struct process *p;

	e.exec = exec;
	e.exec.environment = environment_with(variable, value);
	p = process_table_apply(&table, &e);
	environment_unref(e.exec.environment);
	return p;
}

static struct process *tell(enum event_kind kind, uint64_t time_ns, uint32_t pid, uint64_t start_ns,
	uint32_t child, int status)
{
	struct event e = {.kind = kind, .time_ns = time_ns, .pid = pid, .start_ns = start_ns};

	if (kind == EVENT_FORK) {
		e.fork.child_pid = child;
		e.fork.child_start_ns = time_ns;
	} else if (kind == EVENT_EXIT) {
		e.exit.status = status;
		e.exit.missed = status < 0;
	} else {
		e.signal = status;
	}
	return process_table_apply(&table, &e);
}

#define RKE2 ((struct event_exec){.tree = "rke2", .comm = "rke2", .file = "/usr/local/bin/rke2"})

static void test_exec_makes_a_new_program_of_the_same_process(void)
{
	struct event start = {.kind = EVENT_START};
	struct process *before, *after;

	start.start.boot_id = "0123456789abcdef";
	process_table_apply(&table, &start);
	before = process_ref(run(1 * S, 10, 5, RKE2, "HTTPS_PROXY", "http://a:1"));
	after = run(2 * S, 10, 5,
		(struct event_exec){.comm = "exe",
			.file = "/proc/self/exe",
			.args = (const char *const[]){"/usr/local/bin/rke2", "agent"},
			.arg_count = 2},
		"HTTPS_PROXY", "http://b:2");
	UNIT_CHECK(after && after != before && process_table_find(&table, 10, 5) == after);
	UNIT_STRING(before->environment->variables[0].value, "http://a:1");
	UNIT_STRING(after->environment->variables[0].value, "http://b:2");
	UNIT_STRING(after->tree, "rke2");
	UNIT_STRING(after->name, "rke2");
	UNIT_CHECK(after->role == ROLE_SUPERVISOR && after->arg_count == 2);
	UNIT_STRING(before->entity_id, "01234567-10-5");
	UNIT_STRING(after->entity_id, "01234567-10-5-2000000000");
	process_unref(before);
	process_table_free(&table);
}

static void test_fork_carries_and_exec_then_replaces(void)
{
	struct process *parent, *child;
	struct event_exec exec = RKE2;

	exec.cgroup = "/system.slice/rke2-server.service/kubepods.slice/x";
	exec.cgroup_id = 77;
	parent = run(1 * S, 10, 5, exec, "NO_PROXY", ".svc");
	UNIT_STRING(parent->unit, "rke2-server.service");
	child = tell(EVENT_FORK, 2 * S, 10, 5, 11, 0);
	UNIT_CHECK(child && child->parent == parent && child->role == ROLE_SUPERVISOR);
	UNIT_CHECK(child && child->environment == parent->environment && child->start_ns == 2 * S);
	UNIT_STRING(child->tree, "rke2");
	child = run(3 * S, 11, 2 * S,
		(struct event_exec){.parent_pid = 10,
			.comm = "containerd",
			.cgroup_id = 77,
			.file = "/var/lib/rancher/rke2/data/v1-a/bin/containerd"},
		NULL, NULL);
	UNIT_CHECK(child && child->role == ROLE_CONTAINERD && child->environment->count == 0);
	UNIT_CHECK(child && child->parent == parent);
	UNIT_STRING(child->tree, "rke2");
	UNIT_STRING(child->unit, "rke2-server.service"); /* by the number of its cgroup */
	UNIT_CHECK(table.count == 2);
	process_table_free(&table);
}

static void test_an_exit_is_remembered_for_the_grace_period(void)
{
	struct process *p = run(1 * S, 10, 5, RKE2, NULL, NULL);

	UNIT_CHECK(tell(EVENT_SIGNAL, 2 * S, 10, 5, 0, 15) == p && p->stop_ns == 2 * S);
	UNIT_CHECK(tell(EVENT_EXIT, 3 * S, 10, 5, 0, 9) == p && p->exit_ns == 3 * S);
	UNIT_CHECK(p->exit_status == 9 && !tell(EVENT_EXIT, 3 * S, 10, 5, 0, 9));
	tell(EVENT_CLOCK, 4 * S, 0, 0, 0, 0);
	UNIT_CHECK(process_table_find(&table, 10, 5) == p);
	tell(EVENT_CLOCK, 5 * S, 0, 0, 0, 0);
	UNIT_CHECK(!process_table_find(&table, 10, 5) && table.count == 0);
	process_table_free(&table);
}

static void test_a_pid_that_comes_back_is_another_process(void)
{
	struct process *old = run(1 * S, 10, 5, RKE2, NULL, NULL), *new;

	tell(EVENT_EXIT, 2 * S, 10, 5, 0, 0);
	new = run(3 * S, 10, 2 * S, (struct event_exec){.comm = "ctr", .file = "/bin/ctr"}, NULL,
		NULL);
	UNIT_CHECK(new != old &&process_table_find(&table, 10, 0) == new);
	UNIT_CHECK(process_table_find(&table, 10, 5) == old);
	UNIT_STRING(new->tree, ""); /* nothing of the old one goes over */
	tell(EVENT_CLOCK, 6 * S, 0, 0, 0, 0);
	UNIT_CHECK(!process_table_find(&table, 10, 5));
	UNIT_CHECK(process_table_find(&table, 10, 2 * S) == new);
	/* Its exit was lost: the next of that pid shows that it is dead. */
	run(7 * S, 10, 7 * S, RKE2, NULL, NULL);
	tell(EVENT_CLOCK, 9 * S, 0, 0, 0, 0);
	UNIT_CHECK(!process_table_find(&table, 10, 2 * S) && table.count == 1);
	process_table_free(&table);
}

static void test_a_scan_never_overrules_a_hook(void)
{
	struct event_exec found = RKE2;
	struct process *p;

	found.found = true;
	p = run(1 * S, 10, 5, RKE2, "HTTPS_PROXY", "http://a:1");
	UNIT_CHECK(!run(2 * S, 10, 5, found, "HTTPS_PROXY", "http://b:2"));
	UNIT_CHECK(process_table_find(&table, 10, 5) == p);
	/* The other way round the hook wins too. */
	p = run(3 * S, 20, 6, found, "HTTPS_PROXY", "http://b:2");
	UNIT_CHECK(p && p->found && p->exec_ns == 0);
	p = run(4 * S, 20, 6, RKE2, "HTTPS_PROXY", "http://a:1");
	UNIT_CHECK(p && !p->found && p->exec_ns == 4 * S);
	process_table_free(&table);
}

static void test_a_found_program_is_named_as_it_runs(void)
{
	static const struct {
		const char *comm, *file, *name;
		enum role role;
	} rows[] = {
		{"rke2", "/usr/local/bin/rke2 (deleted)", "rke2", ROLE_SUPERVISOR},
		{"ctr", "/var/lib/rancher/k3s/data/current/bin/k3s", "ctr", ROLE_CLIENT},
		{"rancher-system-", "/usr/local/bin/rancher-system-agent", "rancher-system-agent",
			ROLE_SYSTEM_AGENT},
		{"runc:[2:INIT]", "/usr/bin/runc", "runc:[2:INIT]", ROLE_SHIM},
		{"containerd-shim", "/x/bin/containerd-shim-runc-v2", "containerd-shim-runc-v2",
			ROLE_SHIM},
		{"calico", "/opt/cni/bin/calico", "calico", ROLE_CNI},
		{"kubelet", "", "kubelet", ROLE_KUBELET},
		{"my-plugin", "/var/lib/rancher/credentialprovider/bin/my-plugin", "my-plugin",
			ROLE_CREDENTIAL_PROVIDER},
		{"etcd", "/usr/local/bin/etcd", "etcd", ROLE_OTHER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process *p = run(1 * S, 100 + (uint32_t)i, 5,
			(struct event_exec){
				.found = true, .comm = rows[i].comm, .file = rows[i].file},
			NULL, NULL);

		UNIT_STRING(p->name, rows[i].name);
		UNIT_STRING(role_name(p->role), role_name(rows[i].role));
	}
	process_table_free(&table);
}

static void test_a_container_leaves_its_tree(void)
{
	run(1 * S, 10, 5, RKE2, NULL, NULL);
	tell(EVENT_FORK, 2 * S, 10, 5, 11, 0);
	UNIT_CHECK(!run(3 * S, 11, 2 * S,
		(struct event_exec){.left = true, .comm = "pause", .file = "/pause"}, NULL, NULL));
	UNIT_CHECK(!process_table_find(&table, 11, 0) && table.count == 1);
	process_table_free(&table);
}

static void test_an_unknown_process_is_met(void)
{
	struct process *p = process_table_meet(&table, 10, 5), *child;

	UNIT_CHECK(p && p->environment->unreadable && p->role == ROLE_OTHER);
	UNIT_CHECK(process_table_meet(&table, 10, 5) == p);
	child = tell(EVENT_FORK, 2 * S, 20, 6, 21, 0);
	UNIT_CHECK(child && child->environment->unreadable && table.count == 3);
	process_table_free(&table);
}

static void test_generations_of_the_dead_are_forgotten(void)
{
	const struct process *p;
	size_t depth = 0;

	/* Each forks the next and ends: a chain of ancestors must not grow. */
	run(1 * S, 1, 1 * S, RKE2, NULL, NULL);
	for (uint32_t i = 1; i < 2000; i++) {
		tell(EVENT_FORK, (i + 1) * S, i, i * S, i + 1, 0);
		tell(EVENT_EXIT, (i + 1) * S, i, i * S, 0, 0);
	}
	UNIT_CHECK(table.count <= 4);
	for (p = process_table_find(&table, 2000, 0); p; p = p->parent)
		depth++;
	UNIT_CHECK(depth && depth < 6);
	process_table_free(&table);
}

static void test_an_exit_that_was_missed_has_no_status(void)
{
	struct process *old = process_ref(run(1 * S, 10, 5, RKE2, NULL, NULL)), *new;

	UNIT_CHECK(tell(EVENT_EXIT, 3 * S, 10, 5, 0, -1) == old && old->exit_missed);
	UNIT_CHECK(old->exit_ns == 3 * S && !old->exit_status);
	/* Told once; and what begins with that pid is another, whoever is told first. */
	UNIT_CHECK(!tell(EVENT_EXIT, 4 * S, 10, 5, 0, 0) && old->exit_missed);
	new = run(4 * S, 10, 4 * S, RKE2, "HTTPS_PROXY", "http://a:1");
	UNIT_CHECK(new && !new->exit_missed &&process_table_find(&table, 10, 0) == new);
	UNIT_CHECK(!tell(EVENT_EXIT, 5 * S, 10, 5, 0, -1) && !new->exit_ns);
	tell(EVENT_CLOCK, 9 * S, 0, 0, 0, 0);
	UNIT_CHECK(table.count == 1 && !process_table_find(&table, 10, 5));
	process_unref(old);
	process_table_free(&table);
}

static void test_a_full_table_gives_up_who_was_longest_not_heard_of(void)
{
	uint32_t last = PROCESS_TABLE_MAX + 10;
	struct process *p;

	/* None of them ever ends; the third is heard of now and then. */
	for (uint32_t i = 0; i < last; i++) {
		process_table_meet(&table, i + 1, 5);
		if (i % 1000 == 999)
			tell(EVENT_SIGNAL, 1 * S, 3, 5, 0, 15);
	}
	UNIT_CHECK(table.count == PROCESS_TABLE_MAX && table.evicted == 10 && !table.refused);
	UNIT_CHECK(!process_table_find(&table, 1, 5) && !process_table_find(&table, 2, 5));
	UNIT_CHECK(process_table_find(&table, 3, 5) && !process_table_find(&table, 11, 5));
	UNIT_CHECK(process_table_find(&table, 12, 5) && process_table_find(&table, last, 5));
	/* One that has ended goes before them all. */
	tell(EVENT_EXIT, 2 * S, last, 5, 0, 0);
	p = run(2 * S, last + 1, 2 * S, RKE2, NULL, NULL);
	UNIT_CHECK(p && table.count == PROCESS_TABLE_MAX && table.evicted == 11);
	UNIT_CHECK(!process_table_find(&table, last, 5) && process_table_find(&table, 12, 5));
	/* Its child comes though there is no room, and the parent does not go for it. */
	p = tell(EVENT_FORK, 3 * S, last + 1, 2 * S, last + 2, 0);
	UNIT_CHECK(p && p->parent && p->parent->pid == last + 1 && table.evicted == 12);
	UNIT_CHECK(process_table_find(&table, last + 1, 2 * S) == p->parent);
	/* A pid that comes back while one of before is kept: either goes alone. */
	run(4 * S, 20, 4 * S, RKE2, NULL, NULL);
	UNIT_CHECK(table.count == PROCESS_TABLE_MAX);
	for (uint32_t i = 0; i < PROCESS_TABLE_MAX; i++)
		process_table_meet(&table, 1000000 + i, 5);
	UNIT_CHECK(table.count == PROCESS_TABLE_MAX && !process_table_find(&table, 20, 0));
	UNIT_CHECK(!table.ended && table.seen_first->pid == 1000000);
	process_table_free(&table);
}

#define DATA "/var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/"

static const char *version_of(uint32_t pid, uint32_t parent, const char *tree, const char *name,
	const char *file, const char *version)
{
	struct event_exec exec = {
		.tree = tree, .comm = name, .file = file, .parent_pid = parent, .version = version};

	return run(1 * S, pid, pid, exec, NULL, NULL)->version;
}

/* What pulls and lies elsewhere belongs to the RKE2 that started it. */
static void test_version_of_who_pulls(void)
{
	const char *provider = "/var/lib/rancher/credentialprovider/bin/ecr-credential-provider";

	UNIT_STRING(version_of(10, 1, "rke2", "rke2", "/usr/local/bin/rke2", "v1.33.1+rke2r1"),
		"v1.33.1+rke2r1");
	UNIT_STRING(version_of(11, 10, "rke2", "kubelet", DATA "kubelet", NULL), "v1.32.5+rke2r1");
	UNIT_STRING(
		version_of(12, 11, "rke2", "ecr-credential-", provider, NULL), "v1.32.5+rke2r1");
	UNIT_STRING(
		version_of(13, 11, "rke2", "crictl", "/usr/bin/crictl", NULL), "v1.32.5+rke2r1");
	/* By a shell, as far as it is in the tree. */
	UNIT_STRING(version_of(14, 11, "rke2", "sh", "/bin/sh", NULL), "");
	UNIT_STRING(
		version_of(15, 14, "rke2", "crictl", "/usr/bin/crictl", NULL), "v1.32.5+rke2r1");
	UNIT_STRING(version_of(16, 11, "other", "crictl", "/usr/bin/crictl", NULL), "");
	/* A supervisor may be the next version's, and who starts from it has no other's. */
	UNIT_STRING(version_of(17, 11, "rke2", "rke2", "/usr/local/bin/rke2", NULL), "");
	UNIT_STRING(version_of(18, 17, "rke2", "crictl", "/usr/bin/crictl", NULL), "");
	process_table_free(&table);
	memset(&table, 0, sizeof(table));
}

int main(void)
{
	UNIT_RUN(test_exec_makes_a_new_program_of_the_same_process);
	UNIT_RUN(test_fork_carries_and_exec_then_replaces);
	UNIT_RUN(test_an_exit_is_remembered_for_the_grace_period);
	UNIT_RUN(test_a_pid_that_comes_back_is_another_process);
	UNIT_RUN(test_a_scan_never_overrules_a_hook);
	UNIT_RUN(test_a_found_program_is_named_as_it_runs);
	UNIT_RUN(test_a_container_leaves_its_tree);
	UNIT_RUN(test_an_unknown_process_is_met);
	UNIT_RUN(test_generations_of_the_dead_are_forgotten);
	UNIT_RUN(test_an_exit_that_was_missed_has_no_status);
	UNIT_RUN(test_a_full_table_gives_up_who_was_longest_not_heard_of);
	UNIT_RUN(test_version_of_who_pulls);
	return unit_status();
}
