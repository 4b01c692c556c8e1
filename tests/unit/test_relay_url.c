// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_url.h"
#include "unit.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char text[1024];

/* "USE SCHEME HOST PORT FAULT,FAULT" of a value. */
static const char *judge(const char *value)
{
	static const char *const uses[] = {"empty", "usable", "dropped"};
	struct relay_url u;
	int len;

	relay_url_parse(value, strlen(value), &u);
	len = snprintf(
		text, sizeof(text), "%s [%s] [%s] %u", uses[u.use], u.scheme, u.host, u.port);
	for (uint32_t f = u.faults; f; f &= f - 1)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %s", relay_fault_name(f));
	return text;
}

static void test_relay_url_reads_healthy_values(void)
{
	UNIT_STRING(judge(""), "empty [] [] 0");
	UNIT_STRING(judge("http://relay:3128"), "usable [http] [relay] 3128");
	UNIT_STRING(judge("http://relay:3128/"), "usable [http] [relay] 3128");
	UNIT_STRING(judge("HTTP://Relay.Corp:3128"), "usable [http] [Relay.Corp] 3128");
	UNIT_STRING(judge("http://[fd00::1]:3128"), "usable [http] [fd00::1] 3128");
	UNIT_STRING(judge("http://[fe80::1%25eth0]:3128"), "usable [http] [fe80::1%eth0] 3128");
	UNIT_STRING(judge("http://u:p@relay:3128"), "usable [http] [relay] 3128 credentials");
	UNIT_STRING(judge("http://u:p@ss@relay:3128"), "usable [http] [relay] 3128 credentials");
	UNIT_STRING(judge("http://u:p%23ss@relay:3128"), "usable [http] [relay] 3128 credentials");
	UNIT_STRING(
		judge("http://u:pa$$word@relay:3128"), "usable [http] [relay] 3128 credentials");
	UNIT_STRING(judge("relay:3128"), "usable [http] [relay] 3128 no-scheme");
	UNIT_STRING(judge("10.0.0.1:3128"), "usable [http] [10.0.0.1] 3128 no-scheme");
	UNIT_STRING(judge("relay"), "usable [http] [relay] 80 no-scheme no-port");
	UNIT_STRING(judge("http://relay"), "usable [http] [relay] 80 no-port");
	UNIT_STRING(judge("https://relay"), "usable [https] [relay] 443 no-port https-scheme");
	UNIT_STRING(judge("socks5://relay"), "usable [socks5] [relay] 1080 no-port socks-scheme");
}

static void test_relay_url_keeps_gos_silences(void)
{
	UNIT_STRING(judge(" http://relay:3128"), "dropped [] [] 0 leading-space");
	UNIT_STRING(judge("http://relay:3128\r"), "dropped [] [] 0 control");
	UNIT_STRING(judge("http://u:p%ss@relay:3128"), "dropped [] [] 0 credentials bad-escape");
	UNIT_STRING(judge("http://relay%zz:3128"), "dropped [] [] 0 bad-escape");
	UNIT_STRING(judge("http://relay:3128%"), "dropped [] [] 0 bad-escape bad-port");
	/* A refusal of the first try alone: the second one, with http:// in front, dials "http". */
	UNIT_STRING(judge("http://relay:3128 "),
		"usable [http] [http] 80 trailing-space scheme-as-host");
	UNIT_STRING(judge("http://re lay:3128"), "usable [http] [http] 80 scheme-as-host");
	UNIT_STRING(judge("http://relay:port"), "usable [http] [http] 80 bad-port scheme-as-host");
	UNIT_STRING(judge("http://u:p ss@relay:3128"),
		"usable [http] [http] 80 credentials scheme-as-host odd-userinfo");
	UNIT_STRING(judge("http://u:p^ss@relay:3128"),
		"usable [http] [http] 80 credentials scheme-as-host odd-userinfo");
	UNIT_STRING(judge("http://relay:3128 # the relay"),
		"usable [http] [http] 80 scheme-as-host comment");
	UNIT_STRING(judge("http://u:p\\ss@relay:3128"),
		"usable [http] [http] 80 credentials backslash scheme-as-host");
}

static void test_relay_url_shows_nonsense_as_go_dials_it(void)
{
	UNIT_STRING(
		judge("\"http://relay:3128\""), "usable [http] [\"http] 80 quotes scheme-as-host");
	UNIT_STRING(judge("'http://relay:3128'"), "usable [http] ['http] 80 quotes scheme-as-host");
	UNIT_STRING(judge("http//relay:3128"), "usable [http] [http] 80 scheme-as-host");
	UNIT_STRING(judge("http:relay:3128"), "usable [http] [] 80 empty-host");
	UNIT_STRING(judge("http:/relay:3128"), "usable [http] [] 80 empty-host");
	UNIT_STRING(judge("http:///relay:3128"), "usable [http] [] 80 empty-host");
	UNIT_STRING(judge("http://"), "usable [http] [] 80 empty-host");
	UNIT_STRING(judge("http"), "usable [http] [http] 80 no-scheme scheme-as-host");
	UNIT_STRING(judge("HTTPS"), "usable [http] [HTTPS] 80 no-scheme scheme-as-host");
	UNIT_STRING(judge("http://http://relay:3128"), "usable [http] [http] 80 scheme-as-host");
	UNIT_STRING(
		judge("ftp://relay:3128"), "usable [http] [ftp] 80 unknown-scheme scheme-as-host");
	UNIT_STRING(judge("socks5h://relay:1080"),
		"usable [http] [socks5h] 80 unknown-scheme scheme-as-host");
	UNIT_STRING(judge("relay:port"), "usable [relay] [] 0 unknown-scheme empty-host bad-port");
	UNIT_STRING(judge("http://relay:99999"), "usable [http] [relay] 99999 bad-port");
	UNIT_STRING(judge("http://relay:0"), "usable [http] [relay] 0 bad-port");
	UNIT_STRING(judge("None"), "usable [http] [None] 80 no-scheme no-port word-as-host");
	UNIT_STRING(judge("none.corp"), "usable [http] [none.corp] 80 no-scheme no-port");
	UNIT_STRING(judge("none:3128"), "usable [http] [none] 3128 no-scheme");
	/* Pasted from a page that makes quotes and blanks of its own. */
	UNIT_STRING(judge("\xe2\x80\x9chttp://relay:3128\xe2\x80\x9d"),
		"usable [http] [\xe2\x80\x9chttp] 80 no-scheme no-port odd-host");
	UNIT_STRING(
		judge("http://relay\xc2\xa0:3128"), "usable [http] [relay\xc2\xa0] 3128 odd-host");
	UNIT_STRING(judge("http://b\xc3\xbc:3128"), "usable [http] [b\xc3\xbc] 3128");
	UNIT_STRING(judge("http://fd00::1"), "usable [http] [fd00:] 1 no-brackets");
	UNIT_STRING(judge("$HTTP_PROXY"),
		"usable [http] [$HTTP_PROXY] 80 no-scheme no-port dollar odd-host");
	UNIT_STRING(judge("http://${RELAY}:3128"), "usable [http] [http] 80 dollar scheme-as-host");
	UNIT_STRING(judge("http://$USER:$PASS@relay:3128"),
		"usable [http] [relay] 3128 credentials dollar");
	UNIT_STRING(judge("http://user:'pw'@relay:3128"),
		"usable [http] [relay] 3128 credentials quotes");
}

static bool misread(const char *value)
{
	struct relay_url u;

	relay_url_parse(value, strlen(value), &u);
	return relay_url_is_misread(&u);
}

static void test_relay_url_is_misread_where_the_host_is_not_the_meant_one(void)
{
	UNIT_CHECK(!misread("") && !misread("http://relay:3128") && !misread(" http://relay"));
	UNIT_CHECK(!misread("http://user:'pw'@relay:3128") && !misread("http://$U:$P@relay"));
	UNIT_CHECK(!misread("http://relay:3128/ ") && !misread("http://b\xc3\xbc.corp:3128"));
	UNIT_CHECK(misread("\"http://relay\"") && misread("http://relay:3128 "));
	UNIT_CHECK(misread("http://\"relay\":3128") && misread("http://$RELAY:3128"));
	UNIT_CHECK(misread("http//relay") && misread("http:relay") && misread("ftp://relay:1"));
	UNIT_CHECK(misread("http://u:12#p@relay") && misread("http://u:pw:3128"));
	UNIT_CHECK(misread("http://fd00::1:3128") && misread("http://relay:99999"));
}

static void test_relay_url_masks_a_host_that_is_secret(void)
{
	UNIT_STRING(judge("http://user:12#ss@relay:3128"),
		"usable [http] [***] 0 credentials host-cut host-masked");
	UNIT_STRING(judge("http://user:12/ss@relay:3128"),
		"usable [http] [***] 0 credentials host-cut host-masked");
	UNIT_STRING(judge("http://us?er:pw@relay:3128"),
		"usable [http] [***] 80 credentials host-cut no-port host-masked");
	UNIT_STRING(judge("12#ss@relay:3128"),
		"usable [http] [***] 80 credentials host-cut no-scheme no-port host-masked");
	/* The first try fails at the port "pa", the second one takes the scheme as host. */
	UNIT_STRING(judge("http://user:pa#ss@relay:3128"),
		"usable [http] [http] 80 credentials host-cut scheme-as-host");
	/* Opaque: Go takes the user's name as scheme and drops nothing. */
	UNIT_STRING(judge("user:pa#ss@relay:3128"),
		"usable [***] [] 0 credentials host-cut unknown-scheme empty-host");
	UNIT_STRING(judge("http://user:pass:3128"), "usable [http] [***] 0 host-masked");
}

/* Where such a value goes is known by a hash and a port that stand in no text. */
static void test_relay_url_knows_the_dials_of_a_masked_host(void)
{
	struct relay_url u;

	relay_url_parse("http://User:54321#x@relay:3128", 30, &u);
	UNIT_CHECK(u.masked_host == relay_host_hash("user") && u.masked_port == 54321);
	relay_url_parse("http://u:p@[FD00:0::9]:5/x@relay", 32, &u);
	UNIT_CHECK(u.masked_host == relay_host_hash("fd00::9") && u.masked_port == 5);
	relay_url_parse("http://us/er:pw@relay:3128", 26, &u);
	UNIT_CHECK(u.masked_host == relay_host_hash("us") && !u.masked_port && u.port == 80);
	relay_url_parse("http://user:pw@relay:3128", 25, &u);
	UNIT_CHECK(!u.masked_host && !u.masked_port);
}

static const char *redact(const char *value)
{
	struct buffer b = {0};

	relay_url_redact(value, strlen(value), &b);
	snprintf(text, sizeof(text), "%s", buffer_string(&b));
	buffer_free(&b);
	return text;
}

static void test_relay_url_redacts_userinfo_up_to_the_last_at(void)
{
	UNIT_STRING(redact("http://user:secret@relay:3128"), "http://***:***@relay:3128");
	UNIT_STRING(redact("http://user:sec@ret@relay:3128/x"), "http://***:***@relay:3128/x");
	UNIT_STRING(redact("http://user:sec#ret@relay:3128"), "http://***:***@relay:3128");
	UNIT_STRING(redact("http://user:sec/ret?@relay:3128"), "http://***:***@relay:3128");
	UNIT_STRING(redact("http://user@relay"), "http://***:***@relay");
	UNIT_STRING(redact("user:secret@relay:3128"), "***:***@relay:3128");
	UNIT_STRING(redact("user:sec//ret@relay:3128"), "***:***@relay:3128");
	UNIT_STRING(redact("\"http://user:secret@relay:3128\""), "\"http://***:***@relay:3128\"");
	UNIT_STRING(redact(" http://user:secret@relay:3128\r"), " http://***:***@relay:3128\r");
	UNIT_STRING(redact("http:user:secret@relay"), "http:***:***@relay");
	UNIT_STRING(redact("http//user:secret@relay"), "http//***:***@relay");
	UNIT_STRING(redact("http:\\\\user:secret@relay"), "http:***:***@relay");
	UNIT_STRING(redact("htp://user:secret@relay"), "htp://***:***@relay");
	UNIT_STRING(redact("http://user:secret%40relay:3128"), "http://***:***%40relay:3128");
	UNIT_STRING(redact("http://user:s@cret%40relay"), "http://***:***%40relay");
	UNIT_STRING(redact("http://relay:3128/a@b"), "http://***:***@b");
	UNIT_STRING(redact("@"), "***:***@");
}

static void test_relay_url_redacts_values_cut_inside_a_password(void)
{
	UNIT_STRING(redact("http://user:secr"), "http://user:***");
	UNIT_STRING(redact("http://user:12ab"), "http://user:***");
	UNIT_STRING(redact("http://user:1234567"), "http://user:***");
	UNIT_STRING(redact("user:secr"), "user:***");
	UNIT_STRING(redact("http://us/er:secr"), "http://us/***");
	UNIT_STRING(redact("http://relay:3128"), "http://relay:3128");
	UNIT_STRING(redact("http://relay:3128/"), "http://relay:3128/");
	UNIT_STRING(redact("\"http://relay:3128\""), "\"http://relay:3128\"");
	UNIT_STRING(redact("http://user:12#secr"), "http://user:12#***");
	UNIT_STRING(redact("http://user:12 secr"), "http://user:12 ***");
	UNIT_STRING(redact("http://user:12,secr"), "http://user:***");
	UNIT_STRING(redact("http://user:12/secr"), "http://user:12/***");
	UNIT_STRING(redact("10.0.0.1:3128 user:secr"), "10.0.0.1:3128 user:***");
	UNIT_STRING(redact("http://relay:1,http://user:secr"), "http://relay:1,http://user:***");
	UNIT_STRING(redact("http://user:pa ss%40relay"), "http://***:***%40relay");
	UNIT_STRING(redact("http://[fd00::1]:3128"), "http://[fd00::1]:3128");
	UNIT_STRING(redact("http://fd00::1:3128"), "http://fd00::1:3128");
	UNIT_STRING(redact("http://[user:secr"), "http://[user:***");
	UNIT_STRING(redact("relay"), "relay");
	UNIT_STRING(redact(""), "");
}

/* A quote left open takes the lines below in, and two assignments on a line are one value. */
static void test_relay_url_hides_other_settings_behind_the_value(void)
{
	UNIT_STRING(redact("http://u:p@relay:3128\nRKE2_TOKEN=K10S::server:ab\n"),
		"http://***:***@relay:3128\n***");
	UNIT_STRING(redact("http://relay:3128\nRKE2_TOKEN=K10S\n"), "http://relay:3128\n***");
	UNIT_STRING(redact("http://u:p@relay:3128 NO_PROXY=.svc RKE2_TOKEN=K10S"),
		"http://***:***@relay:3128 ***");
	UNIT_STRING(redact("http://relay NO_PROXY=.svc RKE2_TOKEN=K10S"), "http://relay ***");
	UNIT_STRING(redact("http://u:p@relay;export X=S"), "http://***:***@relay;***");
	UNIT_STRING(redact("http://relay:1; export X=S"), "http://relay:1; ***");
	/* Its '@' may end a userinfo that began before it. */
	UNIT_STRING(redact("http://us:er X=1@relay"), "http://*** ***");
	UNIT_STRING(redact("http://relay\nX=S@S"), "http://***\n***");
	UNIT_STRING(redact("http://u:p@relay\nS"), "http://***:***@relay\n***");
	UNIT_STRING(redact("http://relay\nS"), "http://relay\n***");
	UNIT_STRING(redact("http://u:p@relay S"), "http://***:***@relay ***");
	UNIT_STRING(redact("http://u:p@relay # S"), "http://***:***@relay # ***");
	UNIT_STRING(redact("\"http://u:p@relay\"\r"), "\"http://***:***@relay\"\r");
	UNIT_STRING(redact("http://u:p;a=b@relay"), "http://***:***@relay");
	UNIT_STRING(redact("http://\xc2\x85:3128"), "http://\xc2\x85:3128");
}

/* The contract: userinfo is what stands before the last '@'.  Where there is none, nothing is. */
static void test_relay_url_shows_what_has_no_userinfo(void)
{
	static const char *const same[] = {"http://relay:3128 # ours", "http://relay:3128\t# a:1",
		"a b", "http://re lay:3128", "http://10.77.9.1:3128%", "http://relay:3128%",
		"http://relay:3128;", "//relay:3128", "mailto:x", "${RELAY}", ":99999999999",
		"http://relay:3128,http://other:1", "http://relay:1, https://other:2/",
		"relay/path", "relay#note", "http:\\\\relay:3128", "http://10.0.0.1:3128/a?b#c",
		"http://[fd00::1]:3128/a"};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		UNIT_STRING(redact(same[i]), same[i]);
	UNIT_STRING(judge("http://relay:3128,http://other:1"),
		"usable [http] [relay:3128,http] 80 no-port odd-host");
}

static void test_relay_url_hides_all_of_a_truncated_value(void)
{
	struct buffer b = {0};

	relay_url_redact_cut("http://user:se@cr", 17, &b);
	UNIT_STRING(buffer_string(&b), "http://***:***");
	buffer_free(&b);
}

static const char *list(const char *value)
{
	struct buffer b = {0};

	relay_list_redact(value, strlen(value), &b);
	snprintf(text, sizeof(text), "%s", buffer_string(&b));
	buffer_free(&b);
	return text;
}

static void test_relay_list_is_shown_but_for_userinfo(void)
{
	UNIT_STRING(list("localhost, 10.0.0.0/8,.svc,fd00::/8,*.x:80"),
		"localhost, 10.0.0.0/8,.svc,fd00::/8,*.x:80");
	UNIT_STRING(list(".svc,http://user:se,cr,et@relay,b"), ".svc,***:***@relay,b");
	UNIT_STRING(list("user:se,cret@relay"), "***:***@relay");
	UNIT_STRING(list("a,b@c"), "a,***:***@c");
	UNIT_STRING(list("a,http://user:secr"), "a,http://user:***");
	UNIT_STRING(list("user:secr,b:443, c:80 "), "user:***,b:443, c:80 ");
	UNIT_STRING(list("a,user:secr%40relay,b"), "a,***:***%40relay,b");
	UNIT_STRING(list("[fd00::1]:443,fe80::1%eth0,10.0.0.0/8,fd00::/8,"),
		"[fd00::1]:443,fe80::1%eth0,10.0.0.0/8,fd00::/8,");
	UNIT_STRING(list(""), "");
	UNIT_STRING(list(".svc,10.0.0.0/8\nRKE2_TOKEN=K10S,S"), ".svc,10.0.0.0/8\n***");
	UNIT_STRING(list(".svc, 10.0.0.0/8,\n.corp"), ".svc, 10.0.0.0/8,\n.corp");
	UNIT_STRING(list(".svc,HTTPS_PROXY=http://u:p@relay"), ".svc,***");
	UNIT_STRING(list("NO_PROXY=.svc,.corp"), "NO_PROXY=.svc,.corp");
	/* What it decides by stays: the entries behind another setting that has no secret. */
	UNIT_STRING(list(".svc no_proxy=10.0.0.0/8,mirror.corp"),
		".svc no_proxy=10.0.0.0/8,mirror.corp");
	UNIT_STRING(list("a X=1,b.corp:443,fd00::/8"), "a ***,b.corp:443,fd00::/8");
	UNIT_STRING(list("a X=1,b,c:d@e"), "a ***");
	UNIT_STRING(list("a TOKEN=1,b"), "a ***");
	UNIT_STRING(list("a,u:s\nX=d@e"), "a,***\n***");
}

static const char *argument(const char *previous, const char *value)
{
	struct buffer b = {0};

	relay_argument_redact(previous, value, &b);
	snprintf(text, sizeof(text), "%s", buffer_string(&b));
	buffer_free(&b);
	return text;
}

static void test_relay_argument_hides_secret_options(void)
{
	UNIT_STRING(argument("rke2", "--token=K10abc::server:def"), "--token=***");
	UNIT_STRING(argument("--token", "K10abc"), "***");
	UNIT_STRING(argument("-t", "K10abc"), "***");
	UNIT_STRING(argument("--proxy-pass", "s3cret"), "***");
	UNIT_STRING(argument("--passive", "x"), "x");
	UNIT_STRING(argument(NULL, "--header=Proxy-Authorization: Basic s3cret"),
		"--header=Proxy-Authorization: ***");
	UNIT_STRING(argument(NULL, "https://h/v2/?a=1&access_token=s3cret&b=2"),
		"https://h/v2/?a=1&access_token=***");
	UNIT_STRING(argument(NULL, "https://u:s3cret@h/?X-Amz-Signature=s3cret"),
		"https://***:***@h/?X-Amz-Signature=***");
	UNIT_STRING(argument(NULL, "https://h/v2/?service=a&scope=b"),
		"https://h/v2/?service=a&scope=b");
	UNIT_STRING(argument(NULL, "--agent-token=x"), "--agent-token=***");
	UNIT_STRING(argument("--src-creds", "u:p"), "***");
	UNIT_STRING(argument(NULL, "--etcd-s3-secret-key=abc"), "--etcd-s3-secret-key=***");
	UNIT_STRING(argument("--password", "a b"), "***");
	UNIT_STRING(argument("-u", "user:pw"), "***");
	UNIT_STRING(argument(NULL, "-uuser:pw"), "-u***");
	UNIT_STRING(argument(NULL, "--user=user:pw"), "--user=***");
	UNIT_STRING(argument(NULL, "RKE2_TOKEN=abc"), "RKE2_TOKEN=***");
	UNIT_STRING(argument("-H", "Authorization: Bearer abc"), "Authorization: ***");
	UNIT_STRING(argument("-c", "curl --password 'a b' http://x"), "curl --password ***");
	UNIT_STRING(argument("-c", "curl -u u:p http://x"), "curl -u ***");
}

static void test_relay_argument_hides_userinfo_in_urls(void)
{
	UNIT_STRING(argument(NULL, "http://u:p@relay:3128/x"), "http://***:***@relay:3128/x");
	UNIT_STRING(argument(NULL, "--proxy=http://u:p@relay"), "--proxy=http://***:***@relay");
	UNIT_STRING(argument(NULL, "--proxy=u:p@relay:1"), "--proxy=***:***@relay:1");
	UNIT_STRING(argument(NULL, "u:p@relay:1"), "***:***@relay:1");
	UNIT_STRING(argument(NULL, "HTTPS_PROXY=http://u:p#q@relay"),
		"HTTPS_PROXY=http://***:***@relay");
	UNIT_STRING(argument(NULL, "--proxy=http://u:passw"), "--proxy=http://u:***");
	UNIT_STRING(argument("-c", "x http://u:p@relay y"), "x http://***:***@relay y");
	UNIT_STRING(argument("-c", "curl -x http://relay:3128 -U A:S@T https://a.b/"),
		"curl -x http://***:***@*** https://a.b/");
	UNIT_STRING(argument(NULL, "https://r.corp/v2/?token=S@T"), "https://***");
	UNIT_STRING(argument("-x", "A:S T@relay:3128"), "***:***@relay:3128");
	UNIT_STRING(
		argument(NULL, "https_proxy=A:S T@relay:3128"), "https_proxy=***:***@relay:3128");
	UNIT_STRING(argument("login", "-pS3CRET"), "-p***");
	UNIT_STRING(argument("-id", "-publish-binary"), "-publish-binary");
	UNIT_STRING(argument("-c", "curl -px http://u:p@relay:3128 https://h/"),
		"curl -px http://***:***@relay:3128 https://h/");
	UNIT_STRING(argument("run", "-p8080:80"), "-p8080:80");
	UNIT_STRING(argument("-c", "NO_PROXY=reg:5000 ssh root@host ls"),
		"NO_PROXY=reg:5000 ssh root@host ls");
	UNIT_STRING(argument("-c", "PATH=/usr/bin:/bin x unit@1"), "PATH=/usr/bin:/bin x unit@1");
	UNIT_STRING(argument(NULL, "http://u:p@shanghai:3128"), "http://***:***@shanghai:3128");
	UNIT_STRING(argument(NULL, "http://u:pa ss@h"), "http://***:***@h");
	UNIT_STRING(argument("-c", "x --proxy=http://u:p a ss@h https://r/v2/ y"),
		"x --proxy=http://***:***@h https://r/v2/ y");
	UNIT_STRING(argument("-c", "a http://h b http://u:p\ts@h c@d"),
		"a http://h b http://***:***@d");
	UNIT_STRING(argument("-c", "pull https://h/a@sha256:" HEX " b"),
		"pull https://h/a@sha256:" HEX " b");
	/* A machine may have that name. */
	UNIT_STRING(argument("-c", "NOROXY=http://u:p@sha256:3128"),
		"NOROXY=http://***:***@sha256:3128");
}

static void test_relay_argument_leaves_the_rest_alone(void)
{
	static const char *const same[] = {"", "agent", "--debug", "/usr/local/bin/rke2",
		"docker.io/rancher/rke2-runtime:v1@sha256:" HEX, "docker://localhost:5000/a:v1",
		"--config=/etc/rancher/rke2/config.yaml",
		"unix:///run/k3s/containerd/containerd.sock", "https://index.docker.io/v2/",
		"getty@tty1", "tcp://[fd00::1]:80", "oci:dir:tag"};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		UNIT_STRING(argument("x", same[i]), same[i]);
}

static void test_relay_fault_names_lead_back_to_their_bits(void)
{
	for (uint32_t bit = 1; relay_fault_name(bit); bit <<= 1)
		UNIT_CHECK(relay_fault_bit(relay_fault_name(bit), strlen(relay_fault_name(bit))) ==
			   bit);
	UNIT_CHECK(relay_fault_bit("credential", 10) == 0 && relay_fault_bit("", 0) == 0);
	UNIT_CHECK(!relay_fault_name(0) && !relay_fault_name(1u << 31));
}

int main(void)
{
	UNIT_RUN(test_relay_url_reads_healthy_values);
	UNIT_RUN(test_relay_url_keeps_gos_silences);
	UNIT_RUN(test_relay_url_shows_nonsense_as_go_dials_it);
	UNIT_RUN(test_relay_url_is_misread_where_the_host_is_not_the_meant_one);
	UNIT_RUN(test_relay_url_masks_a_host_that_is_secret);
	UNIT_RUN(test_relay_url_knows_the_dials_of_a_masked_host);
	UNIT_RUN(test_relay_url_redacts_userinfo_up_to_the_last_at);
	UNIT_RUN(test_relay_url_redacts_values_cut_inside_a_password);
	UNIT_RUN(test_relay_url_hides_other_settings_behind_the_value);
	UNIT_RUN(test_relay_url_shows_what_has_no_userinfo);
	UNIT_RUN(test_relay_url_hides_all_of_a_truncated_value);
	UNIT_RUN(test_relay_list_is_shown_but_for_userinfo);
	UNIT_RUN(test_relay_argument_hides_secret_options);
	UNIT_RUN(test_relay_argument_hides_userinfo_in_urls);
	UNIT_RUN(test_relay_argument_leaves_the_rest_alone);
	UNIT_RUN(test_relay_fault_names_lead_back_to_their_bits);
	return unit_status();
}
