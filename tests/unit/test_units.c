// SPDX-License-Identifier: GPL-2.0-only
/* What a running systemd gives is compared in tests/suites/15-units and 70-systemd: here is the rest. */
#include "node/unit_environment.h"
#include "node/unit_find.h"
#include "node/unit_record.h"
#include "unit.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A root of our own, filled by put() and link_to(), removed at the end. */
static char root_path[] = "/tmp/test_units.XXXXXX";
static struct unit_root root = {root_path};
static struct unit_host host;

static void outside(const char *path, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s", root_path, path);
	for (char *p = out + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(out, 0700);
		*p = '/';
	}
}

static void put(const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	outside(path, full);
	f = fopen(full, "w");
	UNIT_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void link_to(const char *path, const char *target)
{
	char full[PATH_MAX];

	outside(path, full);
	UNIT_CHECK(symlink(target, full) == 0);
}

static void test_unit_names(void)
{
	static const char *const bad[] = {"", ".service", "@.service", "@x", "a/b", "a b", "%n"};
	char long_name[300];
	struct unit_name n, other;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		UNIT_CHECK(!unit_name_parse(bad[i], &n));
	memset(long_name, 'a', sizeof(long_name));
	long_name[248] = '\0';
	UNIT_CHECK(!unit_name_parse(long_name, &n));
	long_name[247] = '\0';
	UNIT_CHECK(unit_name_parse(long_name, &n));
	UNIT_CHECK(unit_name_parse("rke2-agent", &n) && !n.is_instance && !n.is_template);
	UNIT_STRING(n.text, "rke2-agent.service");
	UNIT_CHECK(unit_name_shorten(&n, &other));
	UNIT_STRING(other.text, "rke2-.service");
	UNIT_CHECK(!unit_name_shorten(&other, &n));
	UNIT_CHECK(unit_name_parse("a-b@c-d.service", &n) && n.is_instance);
	UNIT_CHECK(unit_name_template(&n, &other) && other.is_template);
	UNIT_STRING(other.text, "a-b@.service");
	UNIT_CHECK(!unit_name_template(&other, &n) && unit_name_shorten(&other, &n));
	UNIT_STRING(n.text, "a-.service");
	UNIT_CHECK(unit_name_parse("-a.service", &n) && !unit_name_shorten(&n, &other));
}

static const char *words(const char *text, bool c_escapes)
{
	static struct buffer out;
	struct buffer word = {0};
	int more;

	buffer_clear(&out);
	while ((more = unit_word(&text, c_escapes, &word)) > 0)
		buffer_printf(&out, "[%s]", buffer_string(&word));
	if (more)
		buffer_printf(&out, "%s", more == -EINVAL ? "!" : "error");
	buffer_free(&word);
	return buffer_string(&out);
}

static void test_words(void)
{
	UNIT_STRING(words("  A=1\t\"B=x y\" 'C'=z\"\" ", true), "[A=1][B=x y][C=z]");
	UNIT_STRING(words("\"\" ''", true), "[][]");
	UNIT_STRING(words("a\\x41\\101\\s\\u00e9\\\"", true), "[aAA \xc3\xa9\"]");
	UNIT_STRING(words("a \"b", true), "[a]!");
	UNIT_STRING(words("a b\\", true), "[a]!");
	UNIT_STRING(words("a b\\q c", true), "[a]!");
	UNIT_STRING(words("a b\\q 'c\\''", false), "[a][bq][c']");
	UNIT_STRING(words("\\x00", true), "!");
	UNIT_STRING(words("\\400", true), "!");
	UNIT_STRING(words("\\U0000d800", true), "!");
	UNIT_STRING(words("", true), "");
}

static const char *expand(const char *unit, const char *text, int *err)
{
	static struct buffer out;
	struct unit_name n;

	buffer_clear(&out);
	UNIT_CHECK(unit_name_parse(unit, &n));
	*err = unit_spec_expand(&n, &host, NULL, text, &out);
	return buffer_string(&out);
}

static void test_specifiers(void)
{
	int err;

	UNIT_STRING(expand("a-b@c-d.service", "%n %N %p %i %I %j %f %%", &err),
		"a-b@c-d.service a-b@c-d a-b c-d c/d b /c/d %");
	UNIT_STRING(expand("a-b.service", "%i|%I|%P|%J|%f", &err), "||a/b|b|/a/b");
	UNIT_STRING(expand("a.service", "100% %- %", &err), "100% %- %");
	expand("a.service", "u:p%40w", &err);
	UNIT_CHECK(err == -EBADSLT);
	expand("a.service", "%b", &err);
	UNIT_CHECK(err == -ENODATA);
	expand("a\\zz.service", "%P", &err);
	UNIT_CHECK(err == -EBADSLT);
	UNIT_CHECK(unit_host_set(&host, 'H', "node-7.example.com") == 0);
	UNIT_STRING(expand("a.service", "/etc/%H", &err), "/etc/node-7.example.com");
}

static int note_line(void *context, const struct unit_line *l)
{
	struct buffer *out = context;

	buffer_printf(out, "%u [%s]%s=%s;", l->line, l->section, l->key, l->value);
	return 0;
}

static const char *lines(const char *text)
{
	static struct buffer out;
	enum unit_text_end end;
	unsigned int line;

	buffer_clear(&out);
	if (unit_text_parse(text, strlen(text), note_line, &out, &end, &line))
		return "error";
	if (end)
		buffer_printf(&out, "%s at %u", unit_text_end_name(end), line);
	return buffer_string(&out);
}

static void test_unit_text(void)
{
	UNIT_STRING(
		lines("A=0\n[S]\n# c\nA = 1 \n;B=2\nno\n=x\nC=\n"), "1 []A=0;4 [S]A=1;8 [S]C=;");
	UNIT_STRING(lines("[S]\r\nA=1\r\n\r\nB=2 \\\r\n#c\r\n 3\r\nC=4"),
		"2 [S]A=1;4 [S]B=2   3;7 [S]C=4;");
	UNIT_STRING(lines("[S]\nA=1\\\n"), "2 [S]A=1;");
	UNIT_STRING(lines("[S]\nA=1\\\\\nB=2\n"), "2 [S]A=1\\\\;3 [S]B=2;");
	UNIT_STRING(lines("[S]\n\\\n\\\nA=1\n"), "4 [S]A=1;");
	UNIT_STRING(lines("[S]\nA=1\n[T\nB=1\n"), "2 [S]A=1;bad-section at 3");
	UNIT_STRING(lines("[S]\nA=1\nB=\xff\nC=1\n"), "2 [S]A=1;not-utf8 at 3");
	UNIT_STRING(lines("[S]\n# \xff\nA=1\n"), "3 [S]A=1;");
	UNIT_STRING(lines("\xef\xbb\xbf[S]\nA=1\n"), "2 [S]A=1;");
	UNIT_STRING(lines("["), "bad-section at 1");
	UNIT_STRING(lines(""), "");
}

static void test_links_stay_inside_the_root(void)
{
	struct buffer real = {0};
	struct unit_list found = {0};

	put("/a/b/file", "x");
	link_to("/a/up", "../../../../a/b");
	link_to("/a/absolute", "/a/b/file");
	link_to("/a/loop", "loop2");
	link_to("/a/loop2", "loop");
	link_to("/a/self", "self/x");
	UNIT_CHECK(unit_root_resolve(&root, "/a/up/file", true, &real) == 0);
	UNIT_STRING(real.data, "/a/b/file");
	UNIT_CHECK(unit_root_resolve(&root, "/a/absolute", true, &real) == 0);
	UNIT_STRING(real.data, "/a/b/file");
	UNIT_CHECK(unit_root_resolve(&root, "/a/absolute", false, &real) == 0);
	UNIT_STRING(real.data, "/a/absolute");
	UNIT_CHECK(unit_root_resolve(&root, "/../../a//./up/../b", true, &real) == 0);
	UNIT_STRING(real.data, "/a/b");
	UNIT_CHECK(unit_root_resolve(&root, "/", true, &real) == 0);
	UNIT_STRING(real.data, "/");
	UNIT_CHECK(unit_root_resolve(&root, "/a/loop", true, &real) == -ELOOP);
	UNIT_CHECK(unit_root_resolve(&root, "/a/self", true, &real) == -ELOOP);
	UNIT_CHECK(unit_root_resolve(&root, "/a/none/x", true, &real) == -ENOENT);
	UNIT_STRING(real.data, "/a/none/x");
	UNIT_CHECK(unit_root_resolve(&root, "/a/b/file/x", true, &real) == -ENOTDIR);
	UNIT_CHECK(unit_root_glob(&root, "/a/*/f[hi]le", &found) == 0 && found.count == 2);
	UNIT_STRING(found.count ? found.text[0] : "", "/a/b/file");
	unit_list_free(&found);
	UNIT_CHECK(unit_root_glob(&root, "/a/*/none", &found) == -ENOENT);
	unit_list_free(&found);
	buffer_free(&real);
}

/* "NAME VERB FILE:LINE FATE [by FILE:LINE] [!FAULT]", one a statement that names something. */
static const char *fates(const char *unit, unit_keep_fn *keep)
{
	static struct buffer out;
	static const char *const verbs[] = {"set", "reset", "load", "pass", "unset", "ignored"};
	struct unit_facts f;
	struct unit_view v;

	buffer_clear(&out);
	if (unit_facts_read(&root, &host, keep, unit, &f))
		return "error";
	if (unit_view_make(&f, &v))
		return "error";
	if (v.state)
		buffer_printf(&out, "state %s %s\n", unit_state_name(v.state),
			v.file < 0 ? "" : f.files[v.file].path);
	for (size_t i = 0; i < f.statement_count; i++) {
		const struct unit_statement *s = &f.statements[i];
		const struct unit_statement *by = v.of[i].by < 0 ? NULL : &f.statements[v.of[i].by];

		if (!s->name && s->verb != UNIT_IGNORED)
			continue;
		buffer_printf(&out, "%s %s %s:%u %s", s->name ? s->name : s->value, verbs[s->verb],
			f.files[s->file].path, s->line, unit_fate_name(v.of[i].fate));
		if (by)
			buffer_printf(&out, " by %s:%u", f.files[by->file].path, by->line);
		if (s->fault[0])
			buffer_printf(&out, " !%s", s->fault);
		buffer_append_char(&out, '\n');
	}
	unit_view_free(&v);
	unit_facts_free(&f);
	return buffer_string(&out);
}

static void test_every_statement_has_its_fate(void)
{
	put("/usr/lib/systemd/system/x.service",
		"[Service]\nEnvironment=A=1 \\\n  B=2\nEnvironment=C=1\nEnvironmentFile=/f/gone\n"
		"EnvironmentFile=-/f/old\n[Unit]\nEnvironment=\"A=3\"\n");
	put("/etc/systemd/system/x.service.d/a.conf",
		"[Service]\nEnvironmentFile=\nEnvironmentFile=/f/new\nEnvironment=B=3 9=x D=4 "
		"E=%k\n"
		"UnsetEnvironment=C D=5 D=4\nPassEnvironment=A F\nEnvironmentFile=rel\n");
	put("/f/old", "A=old\n");
	put("/f/new", "\nA=new\nexport B=new\nB 5\n");
	UNIT_STRING(fates("x", NULL),
		"A set /usr/lib/systemd/system/x.service:2 overridden by /f/new:2\n"
		"B set /usr/lib/systemd/system/x.service:3 overridden by "
		"/etc/systemd/system/x.service.d/a.conf:4\n"
		"C set /usr/lib/systemd/system/x.service:4 unset by "
		"/etc/systemd/system/x.service.d/a.conf:5\n"
		"A ignored /usr/lib/systemd/system/x.service:8 ignored !wrong-section\n"
		"B set /etc/systemd/system/x.service.d/a.conf:4 effective\n"
		"9 ignored /etc/systemd/system/x.service.d/a.conf:4 ignored !bad-name\n"
		"D set /etc/systemd/system/x.service.d/a.conf:4 unset by "
		"/etc/systemd/system/x.service.d/a.conf:5\n"
		"E ignored /etc/systemd/system/x.service.d/a.conf:4 ignored !unknown-specifier\n"
		"C unset /etc/systemd/system/x.service.d/a.conf:5 effective\n"
		"D unset /etc/systemd/system/x.service.d/a.conf:5 effective\n"
		"D unset /etc/systemd/system/x.service.d/a.conf:5 effective\n"
		"A pass /etc/systemd/system/x.service.d/a.conf:6 overridden by /f/new:2\n"
		"F pass /etc/systemd/system/x.service.d/a.conf:6 effective\n"
		"rel ignored /etc/systemd/system/x.service.d/a.conf:7 ignored !not-absolute\n"
		"A set /f/old:1 unloaded by /etc/systemd/system/x.service.d/a.conf:2\n"
		"A set /f/new:2 effective\n"
		"B ignored /f/new:3 ignored !export\n"
		"B ignored /f/new:4 ignored !no-equals\n");
}

static void test_why_a_unit_cannot_start(void)
{
	put("/etc/systemd/system/s-env.service", "[Service]\nEnvironmentFile=/f/gone\n");
	put("/etc/systemd/system/s-nul.service", "[Service]\nEnvironmentFile=/f/latin1\n");
	put("/f/latin1", "HTTPS_PROXY=\xe9\n");
	put("/etc/systemd/system/s-cut.service", "[Service]\n[Oops\n");
	link_to("/etc/systemd/system/s-null.service", "/dev/null");
	link_to("/etc/systemd/system/s-gone.service", "/opt/gone.service");
	UNIT_STRING(fates("s-env", NULL), "state env-file /f/gone\n");
	UNIT_STRING(fates("s-nul", NULL),
		"state env-file /f/latin1\nHTTPS_PROXY ignored /f/latin1:1 ignored !not-utf8\n");
	UNIT_STRING(fates("s-cut", NULL), "state broken /etc/systemd/system/s-cut.service\n");
	UNIT_STRING(fates("s-null", NULL), "state masked /etc/systemd/system/s-null.service\n");
	UNIT_STRING(fates("s-gone", NULL), "state unreadable /etc/systemd/system/s-gone.service\n");
	UNIT_STRING(fates("s-none", NULL), "state absent \n");
	UNIT_STRING(fates("no/name", NULL), "error");
}

/* A classic: the file that is edited is not the one that the unit loads. */
static void test_usual_places_that_are_not_loaded(void)
{
	put("/etc/systemd/system/rke2-server.service",
		"[Service]\nEnvironmentFile=-/etc/default/%N\n");
	link_to("/etc/default/rke2-server", "../sysconfig/rke2-server");
	put("/etc/sysconfig/rke2-server", "HTTPS_PROXY=http://relay\nTOKEN=secret\n");
	put("/etc/environment", "export http_proxy=http://relay\nsecret text HTTPS-PROXY\n");
	UNIT_STRING(fates("rke2-server", relay_name_is_listed),
		"HTTPS_PROXY set /etc/default/rke2-server:1 effective\n"
		"http_proxy set /etc/environment:1 unloaded\n");
}

static bool is_letter(const char *name, size_t len)
{
	(void)name;
	return len == 1;
}

/* What comes again is read once, and what was meant to come last does. */
static void test_what_comes_again(void)
{
	static char lines[400 * 16 + 64];
	size_t len = 0;

	put("/etc/systemd/system/again.service",
		"[Service]\nEnvironmentFile=/f/a\nEnvironmentFile=-/f/b\nEnvironmentFile=-/f/a\n"
		"EnvironmentFile=/f/c\nEnvironmentFile=-/f/link\n");
	put("/f/a", "A=a\nB=a\n");
	put("/f/b", "A=b\nC=b\n");
	put("/f/c", "A=c\nD=\xff\n");
	link_to("/f/link", "c");
	UNIT_STRING(fates("again", is_letter),
		"state env-file /f/c\n"
		"A set /f/b:1 overridden by /f/a:1\nC set /f/b:2 effective\n"
		"A set /f/a:1 effective\nB set /f/a:2 effective\n"
		"A ignored /f/link:1 ignored !not-utf8\nD ignored /f/link:2 ignored !not-utf8\n");
	for (int i = 0; i < 400; i++)
		len += (size_t)snprintf(
			lines + len, sizeof(lines) - len, "%s=%d\n", i % 2 ? "A" : "export B", i);
	snprintf(lines + len, sizeof(lines) - len, "C=1\n");
	put("/f/a", lines);
	put("/f/c", "C=2\n");
	len = strlen(fates("again", is_letter));
	UNIT_CHECK(len < 256 * 60);
	UNIT_CHECK(strstr(fates("again", is_letter), "A set /f/a:400 effective\n"));
	UNIT_CHECK(strstr(fates("again", is_letter), "B ignored /f/a:399 ignored !export\n"));
	UNIT_CHECK(strstr(fates("again", is_letter), "C set /f/a:401 overridden by /f/link:1\n"));
}

/* What gives others a relay, or was meant for the unit and is not read: known, and never effective. */
static void test_files_of_others(void)
{
	put("/etc/systemd/system/y-a.service", "[Service]\nEnvironmentFile=-/etc/default/y-a\n");
	put("/etc/systemd/system/y-a.service.d/relay",
		"[Service]\nEnvironment=\nEnvironment=\"HTTPS_PROXY=a:1\"\nEnvironmentFile=/f/"
		"new\n");
	put("/etc/systemd/system/y-a.service.d/relay.conf.bak",
		"[Service]\nEnvironment=HTTPS_PROXY=b:1\n");
	put("/etc/systemd/system/y-a.d/x.conf", "[Service]\nEnvironment=HTTPS_PROXY=c:1\n");
	put("/etc/systemd/system/docker.service.d/x.conf",
		"[Service]\nEnvironment=HTTPS_PROXY=d:1\n");
	put("/etc/systemd/system/y-a.service.d/real.conf", "[Service]\nEnvironment=NO_PROXY=x\n");
	put("/etc/sysconfig/k3s-agent.rpmsave", "HTTPS_PROXY=e:1\n");
	put("/etc/sysconfig/k3sum", "HTTPS_PROXY=f:1\n");
	put("/etc/profile.d/p.sh",
		"HTTPS_PROXY=\"g:1\"; export HTTPS_PROXY\n export http_proxy=h:1\n");
	put("/etc/profile.d/p.csh", "HTTPS_PROXY=i:1\n");
	UNIT_STRING(fates("y-a", relay_name_is_listed),
		"NO_PROXY set /etc/systemd/system/y-a.service.d/real.conf:2 effective\n"
		"HTTPS_PROXY set /etc/default/rke2-server:1 unloaded\n"
		"HTTPS_PROXY set /etc/sysconfig/k3s-agent.rpmsave:1 unloaded\n"
		"HTTPS_PROXY set /etc/systemd/system/docker.service.d/x.conf:2 unloaded\n"
		"HTTPS_PROXY set /etc/systemd/system/y-a.d/x.conf:2 unloaded\n"
		"HTTPS_PROXY set /etc/systemd/system/y-a.service.d/relay:3 unloaded\n"
		"http_proxy set /etc/environment:1 unloaded\n"
		"HTTPS_PROXY set /etc/profile.d/p.sh:1 unloaded\n"
		"http_proxy set /etc/profile.d/p.sh:2 unloaded\n");
	put("/etc/profile.d/p.sh", "");
	put("/etc/sysconfig/k3s-agent.rpmsave", "");
	put("/etc/systemd/system/docker.service.d/x.conf", "");
}

static void test_the_environment_has_sources_and_no_secrets(void)
{
	struct environment *e = NULL;
	const struct variable *v;
	struct unit_facts f;
	struct unit_view view;

	put("/etc/systemd/system/env.service", "[Service]\nEnvironment=\\\n NO_PROXY=.svc \\\n "
					       "HTTPS_PROXY=http://u:geheim@relay:1\n"
					       "EnvironmentFile=/f/env\n");
	put("/f/env", "# c\nhttps_proxy='http://u:ge#heim@relay:2'\nOTHER=geheim\n");
	UNIT_CHECK(unit_facts_read(&root, &host, relay_name_is_listed, "env", &f) == 0);
	UNIT_CHECK(unit_view_make(&f, &view) == 0 && view.effective_count == 3);
	e = unit_view_environment(&f, &view);
	UNIT_CHECK(e && e->count == 3);
	v = environment_get(e, "HTTPS_PROXY");
	UNIT_STRING(v ? v->source : NULL, "/etc/systemd/system/env.service:4");
	UNIT_STRING(v ? v->value : NULL, "http://***:***@relay:1");
	v = environment_get(e, "NO_PROXY");
	UNIT_STRING(v ? v->source : NULL, "/etc/systemd/system/env.service:3");
	v = environment_get(e, "https_proxy");
	UNIT_STRING(v ? v->source : NULL, "/f/env:2");
	UNIT_CHECK(v && !strstr(v->value, "heim"));
	environment_unref(e);
	unit_view_free(&view);
	for (size_t i = 0; i < f.statement_count; i++)
		UNIT_CHECK(!f.statements[i].name || strcmp(f.statements[i].name, "OTHER") != 0);
	unit_facts_free(&f);
}

static int retell(void *context, const struct event_fact *fact)
{
	for (size_t i = 0; i < fact->field_count; i++)
		UNIT_CHECK(!strstr(fact->fields[i], "heim") && !strstr(fact->fields[i], "OTHER"));
	UNIT_CHECK(unit_record_is(fact));
	return unit_record_take(context, fact);
}

/* A recording gives the same view, and has no secret: of the unit of the test above. */
static void test_facts_go_through_a_recording(void)
{
	struct unit_facts f, taken = {0}, again = {0};
	struct unit_view view, taken_view;
	struct environment *e, *taken_e;

	put("/etc/systemd/system/env.service.d/x.conf",
		"[Service]\nEnvironmentFile=\nEnvironment=OTHER=geheim\nEnvironmentFile=/f/env\n"
		"EnvironmentFile=http://u:geheim@x\nUnsetEnvironment=NO_PROXY=geheim@x NO_PROXY\n");
	UNIT_CHECK(unit_facts_read(&root, &host, NULL, "env", &f) == 0);
	UNIT_CHECK(unit_record_tell(&f, retell, &taken) == 0 && unit_record_is_whole(&taken));
	UNIT_CHECK(unit_record_tell(&taken, retell, &again) == 0 && unit_record_is_whole(&again));
	UNIT_CHECK(unit_view_make(&f, &view) == 0 && unit_view_make(&again, &taken_view) == 0);
	UNIT_CHECK(view.state == taken_view.state && view.state == UNIT_STATE_FINE);
	e = unit_view_environment(&f, &view);
	taken_e = unit_view_environment(&again, &taken_view);
	UNIT_CHECK(e && taken_e && e->count == 2 && e->count == taken_e->count);
	for (unsigned int i = 0; e && taken_e && i < e->count && i < taken_e->count; i++) {
		const struct variable *a = &e->variables[i], *b = &taken_e->variables[i];

		UNIT_STRING(b->name, a->name);
		UNIT_STRING(b->value, a->value);
		UNIT_STRING(b->source, a->source);
		UNIT_CHECK(a->url.faults == b->url.faults && a->url.use == b->url.use);
		UNIT_STRING(b->url.host, a->url.host);
	}
	environment_unref(e);
	environment_unref(taken_e);
	unit_view_free(&view);
	unit_view_free(&taken_view);
	unit_facts_free(&f);
	unit_facts_free(&taken);
	unit_facts_free(&again);
}

static int take(struct unit_facts *f, const char *key, const char *text)
{
	char copy[256], *rest = copy;
	const char *fields[16];
	struct event_fact fact = {key, fields, 0};

	snprintf(copy, sizeof(copy), "%s", text);
	while (rest && fact.field_count < 16)
		fields[fact.field_count++] = strsep(&rest, "|");
	return unit_record_take(f, &fact);
}

static void test_damaged_facts_are_refused(void)
{
	struct unit_facts f = {0};

	UNIT_CHECK(take(&f, "unit-file", "env|/f|0|0|0|1||0||0|-1") == -EINVAL);
	UNIT_CHECK(take(&f, "unit", "x.service|x.service|-|0") == -EINVAL);
	UNIT_CHECK(take(&f, "unit", "x.service|x.service|-|0|0") == 0 && !unit_record_is_whole(&f));
	UNIT_CHECK(take(&f, "unit-file", "fragment|/f|0|0|0|1||0||0|1") == 0);
	UNIT_CHECK(take(&f, "unit-file", "nonsense|/f|0|0|0|1||0||0|-1") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-file", "env|/f|0|0|0|1|odd|0||0|-1") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-file", "env|/f|0|0|0|x||0||0|-1") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-file", "env|/f|0|0|0|1||0|export|0|-1") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|1|1|0||A|b") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|-1|1|0||A|b") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|0|1|0||-|b") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "load|EnvironmentFile|0|1|0||-|-") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|0|1|0|odd|A|b") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|0|1|0||A|b|usable") == -EINVAL);
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|0|1|0||A|b") == 0);
	UNIT_CHECK(!unit_record_is_whole(&f));
	UNIT_CHECK(take(&f, "unit-statement", "set|Environment|0|1|0||A|-") == 0);
	UNIT_CHECK(unit_record_is_whole(&f) && take(&f, "other", "") == -EINVAL);
	unit_facts_free(&f);
}

/* PassEnvironment= may or may not find the variable: what DefaultEnvironment= says stays beside. */
static void test_the_manager_comes_first(void)
{
	put("/etc/systemd/system.conf.d/p.conf", "[Manager]\nDefaultEnvironment=HTTPS_PROXY="
						 "one\nDefaultEnvironment=HTTP_PROXY=two\n");
	put("/etc/systemd/system/man.service",
		"[Service]\nPassEnvironment=HTTPS_PROXY\nEnvironment=HTTP_PROXY=unit\n"
		"DefaultEnvironment=NO_PROXY=x\n");
	UNIT_STRING(fates("man", relay_name_is_listed),
		"HTTPS_PROXY set /etc/systemd/system.conf.d/p.conf:2 effective\n"
		"HTTP_PROXY set /etc/systemd/system.conf.d/p.conf:3 overridden by "
		"/etc/systemd/system/man.service:3\n"
		"HTTPS_PROXY pass /etc/systemd/system/man.service:2 effective\n"
		"HTTP_PROXY set /etc/systemd/system/man.service:3 effective\n"
		"HTTPS_PROXY set /etc/default/rke2-server:1 unloaded\n"
		"http_proxy set /etc/environment:1 unloaded\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	if (!mkdtemp(root_path))
		return 1;
	UNIT_RUN(test_unit_names);
	UNIT_RUN(test_words);
	UNIT_RUN(test_specifiers);
	UNIT_RUN(test_unit_text);
	UNIT_RUN(test_links_stay_inside_the_root);
	UNIT_RUN(test_every_statement_has_its_fate);
	UNIT_RUN(test_why_a_unit_cannot_start);
	UNIT_RUN(test_usual_places_that_are_not_loaded);
	UNIT_RUN(test_what_comes_again);
	UNIT_RUN(test_files_of_others);
	UNIT_RUN(test_the_environment_has_sources_and_no_secrets);
	UNIT_RUN(test_facts_go_through_a_recording);
	UNIT_RUN(test_damaged_facts_are_refused);
	UNIT_RUN(test_the_manager_comes_first);
	unit_host_free(&host);
	nftw(root_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return unit_status();
}
