// SPDX-License-Identifier: GPL-2.0-only
/* A unit's files, put into facts and kept again: nothing secret on the way. */
#include "diagnose/diagnosis_facts.h"
#include "node/unit_record.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
	struct node_facts_kept kept;
	struct buffer text;
};

static int on_fact(void *context, const struct event_fact *fact)
{
	struct seen *s = context;

	for (size_t i = 0; i < fact->field_count; i++)
		buffer_printf(&s->text, "|%s", fact->fields[i]);
	facts_take(&s->kept, fact);
	return 0;
}

static void put(const char *root, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	UNIT_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void test_facts_of_a_unit(void)
{
	char path[] = "/tmp/test_facts.XXXXXX", command[64];
	struct unit_root root = {path};
	struct unit_host host = {0};
	struct unit_facts facts = {0};
	static const char *const reload[] = {"rke2-agent.service", "yes"};
	static const char *const no_reload[] = {"rke2-agent.service", "no"};
	struct seen s = {0};
	const struct unit_variable *v;

	UNIT_CHECK(mkdtemp(path));
	put(path, "/etc/systemd/system/rke2-agent.service",
		"[Service]\nExecStart=/usr/local/bin/rke2 agent\n"
		"EnvironmentFile=-/etc/default/%N\nEnvironment=HTTP_PROXY=\n");
	put(path, "/etc/default/rke2-agent",
		"CONTAINERD_HTTPS_PROXY=http://u:secret@10.77.9.1:3128\n"
		"export HTTPS_PROXY=http://u:secret@10.77.9.1:3128\n"
		"NO_PROXY=.svc\nHOME=/root\nTOKEN=secret\n");
	UNIT_CHECK(unit_facts_read(&root, &host, relay_name_is_listed, "rke2-agent", &facts) == 0);
	UNIT_CHECK(unit_record_tell(&facts, on_fact, &s) == 0);
	facts_take(&s.kept, &(struct event_fact){"unit-reload", reload, 2});
	UNIT_CHECK(facts_refresh(&s.kept) && !facts_refresh(&s.kept));
	UNIT_CHECK(!strstr(buffer_string(&s.text), "secret"));
	UNIT_CHECK(facts_need_reload(&s.kept, "rke2-agent.service"));
	UNIT_CHECK(facts_unit_is_read(&s.kept, "rke2-agent.service"));
	UNIT_CHECK(!facts_unit_is_read(&s.kept, "rke2-server.service"));
	s.kept.units[0].facts.files[1].error = -EACCES; /* what it sets is not known then */
	UNIT_CHECK(!facts_unit_is_read(&s.kept, "rke2-agent.service"));
	s.kept.units[0].facts.files[1].error = 0;
	v = facts_effective(&s.kept, "rke2-agent.service", "CONTAINERD_HTTPS_PROXY");
	UNIT_CHECK(v && v->worth == WORTH_SOUND && v->mtime_ns > 0);
	UNIT_STRING(v ? v->source : NULL, "/etc/default/rke2-agent:1");
	UNIT_STRING(v ? v->value : NULL, "http://***:***@10.77.9.1:3128");
	v = facts_effective(&s.kept, "rke2-agent.service", "NO_PROXY");
	UNIT_CHECK(v && v->worth == WORTH_LIST);
	UNIT_CHECK(!facts_effective(&s.kept, "rke2-agent.service", "HTTPS_PROXY"));
	v = NULL;
	for (size_t i = 0; i < s.kept.count; i++)
		if (s.kept.variables[i].fate == UNIT_FATE_IGNORED)
			v = &s.kept.variables[i];
	UNIT_STRING(v ? v->name : NULL, "HTTPS_PROXY");
	UNIT_STRING(v ? v->fault : NULL, "export");
	UNIT_STRING(v ? v->source : NULL, "/etc/default/rke2-agent:2");
	UNIT_CHECK(v && v->worth == WORTH_SOUND); /* once the line is mended */
	/* Told again, they take the place of the earlier ones. */
	buffer_clear(&s.text);
	size_t count = s.kept.count;
	unit_record_tell(&facts, on_fact, &s);
	facts_take(&s.kept, &(struct event_fact){"unit-reload", no_reload, 2});
	UNIT_CHECK(facts_refresh(&s.kept) && s.kept.count == count &&
		   !facts_need_reload(&s.kept, "rke2-agent.service"));
	facts_free(&s.kept);
	buffer_free(&s.text);
	unit_facts_free(&facts);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	UNIT_CHECK(system(command) == 0);
}

static void test_mirrors(void)
{
	static const char *const hub[] = {"docker.io", "mirror.test"}, *all[] = {"*", "all.test"};
	struct event_fact a = {"mirror", hub, 2}, b = {"mirror", all, 2};
	struct node_facts_kept k = {0};

	facts_take(&k, &a);
	facts_take(&k, &b);
	UNIT_CHECK(facts_is_mirror(&k, "mirror.test", "index.docker.io"));
	UNIT_CHECK(facts_is_mirror(&k, "mirror.test", "registry-1.docker.io"));
	UNIT_CHECK(!facts_is_mirror(&k, "mirror.test", "quay.io"));
	UNIT_CHECK(facts_is_mirror(&k, "all.test", "quay.io"));
	UNIT_CHECK(!facts_is_mirror(&k, "other.test", "quay.io"));
	UNIT_STRING(facts_registry_of(&k, "Mirror.test"), "docker.io");
	UNIT_CHECK(!facts_registry_of(&k, "docker.io"));
	facts_free(&k);
}

static void test_where_snapshots_go(void)
{
	static const char *const own[] = {"etcd-s3-endpoint", "minio.corp:9000", "config.yaml:4"};
	struct event_fact fact = {"config", own, 3};
	struct node_facts_kept k = {0};

	UNIT_CHECK(facts_is_s3(&k, "s3.amazonaws.com"));
	UNIT_CHECK(facts_is_s3(&k, "backups.s3.eu-west-1.amazonaws.com"));
	UNIT_CHECK(!facts_is_s3(&k, "api.ecr.eu-west-1.amazonaws.com"));
	UNIT_CHECK(!facts_is_s3(&k, "s3.amazonaws.com.corp"));
	UNIT_CHECK(!facts_is_s3(&k, "minio.corp") && !facts_is_s3(&k, ""));
	facts_take(&k, &fact);
	UNIT_CHECK(facts_is_s3(&k, "minio.corp") && facts_is_s3(&k, "backups.minio.corp"));
	UNIT_CHECK(!facts_is_s3(&k, "aminio.corp"));
	facts_free(&k);
}

int main(void)
{
	UNIT_RUN(test_facts_of_a_unit);
	UNIT_RUN(test_mirrors);
	UNIT_RUN(test_where_snapshots_go);
	return unit_status();
}
