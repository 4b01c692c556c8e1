// SPDX-License-Identifier: GPL-2.0-only
/* The table.  Its order is the order in which the first row that applies is the primary cause. */
#include "diagnose/rules.h"

#include "diagnose/rules_input.h"

#include <string.h>

#define RKE2 "https://github.com/rancher/rke2/issues/"
#define K3S  "https://github.com/k3s-io/k3s/issues/"

static const struct rule rules[] = {
	{
		.id = "cluster-via-relay",
		.title = "a cluster-internal address was sent to the relay",
		.says = "The process asked the relay for an address that only the cluster knows (a "
			"service, a *.svc name, a node's etcd or API server). The NO_ list does "
			"not "
			"cover it. CONTAINERD_NO_ replaces the NO_ list in containerd, it does not "
			"extend it, and CNI plugins inherit containerd's; before v1.22.11, v1.23.8 "
			"and "
			"v1.24.2 rke2's own list won over it (k3s #5642). RKE2 adds the cluster's "
			"ranges "
			"on servers only, and nodes' addresses never.",
		.needs = "the CONNECT line to the relay; before any dial the environment of rke2's "
			 "containerd",
		.confused =
			"a registry within the cluster that is meant to be reached by the relay",
		.remedy = "add pod and service CIDRs, .svc, .cluster.local and the node network",
		.reference = RKE2 "4924",
		.latent = true,
		.inherited = true,
		.applies = rule_cluster_via_relay,
	},
	{
		.id = "relay-unresolved",
		.title = "the relay's name does not resolve",
		.says = "The variable names the relay by a name for which the node's resolver has "
			"no "
			"address.",
		.needs = "DNS questions and answers of the process, and its environment",
		.confused = "value-misread, where the name is not the one that was meant",
		.remedy = "the relay's full name, or its address",
		.reference = K3S "3030",
		.applies = rule_relay_unresolved,
	},
	{
		.id = "relay-unreachable",
		.title = "the relay cannot be reached",
		.says = "The process did go to the relay that its environment names, and that dial "
			"failed: wrong host or port (without one, 80 or 443 is assumed by the "
			"scheme), the relay is down, or a firewall stands between.",
		.needs = "the dial, and the address of the relay",
		.confused = "nothing: the dial's target is the relay",
		.remedy = "correct host and port, or open the way to the relay",
		.reference = "https://pkg.go.dev/golang.org/x/net/http/httpproxy",
		.applies = rule_relay_unreachable,
	},
	{
		.id = "relay-auth",
		.title = "the relay wants other credentials",
		.says = "The relay answered 407. The URL has no user and password, or not those "
			"that "
			"the relay accepts; quotes within the URL become part of the password.",
		.needs = "the status line of the relay",
		.confused = "relay-forbidden, which is 403",
		.remedy = "http://USER:PASSWORD@HOST:PORT, special characters as %XX",
		.reference = K3S "762",
		.applies = rule_relay_auth,
	},
	{
		.id = "relay-forbidden",
		.title = "the relay refuses this host",
		.says = "The relay answered 403: its allow list lacks the host. The puller prints "
			"only "
			"\"Forbidden\". Image layers come from other hosts than the registry's "
			"own.",
		.needs = "the CONNECT line and the status line",
		.confused = "a registry's own 403, which is inside TLS and not seen",
		.remedy = "allow the host on the relay",
		.reference = "https://github.com/docker/hub-feedback/issues/2218",
		.applies = rule_relay_forbidden,
	},
	{
		.id = "relay-upstream",
		.title = "the relay cannot serve the request",
		.says = "The relay answered 5xx: it cannot resolve or reach the host from where it "
			"is.  Or it answered 200, and the tunnel was reset or closed before the "
			"host's "
			"first TLS record: then it is the relay's way to the host, the host, or a "
			"filter.",
		.needs = "the status line; of a tunnel, its end and how few bytes came",
		.confused = "a registry's own 5xx, which is inside TLS and not seen; a host that "
			    "ends every "
			    "TLS connection at once",
		.remedy = "look from the relay's side",
		.reference = "https://www.rfc-editor.org/rfc/rfc9110#section-15.6",
		.applies = rule_relay_upstream,
	},
	{
		.id = "relay-protocol",
		.title = "what answers is no relay of this kind",
		.says = "What came back is not HTTP, or not what a relay answers to CONNECT: "
			"https:// or socks5:// was written for a plain HTTP relay, or the port "
			"belongs "
			"to another service.",
		.needs = "the first bytes of the answer",
		.confused = "a captive portal, which answers a redirect",
		.remedy = "http:// and the relay's port",
		.reference = "https://github.com/docker/for-linux/issues/415",
		.applies = rule_relay_protocol,
	},
	{
		.id = "relay-silent",
		.title = "the relay takes the connection and answers nothing",
		.says = "The connection to the relay was made and the request was not answered. "
			"containerd "
			"waits minutes for it.",
		.needs = "the state of the connection and the absence of an answer",
		.confused = "a slow upstream of the relay",
		.remedy = "the relay's log and load",
		.reference = "https://github.com/moby/moby/issues/34138",
		.applies = rule_relay_silent,
	},
	{
		.id = "not-a-relay-matter",
		.title = "no relay is involved",
		.says = "The node itself refused the dial (a route, a packet filter, a security "
			"module) "
			"and no relay is known here; or it is the node's and cluster's own "
			"traffic, "
			"which is direct by design and fails while a node starts: told as info, "
			"and only if it goes on for more than a minute. "
			"IPv6 without a route beside IPv4 is not told at all.",
		.needs = "the error of connect()",
		.confused = "a firewall that answers with a reset, which looks like refused",
		.remedy = "the node's routes and filters",
		.reference = "https://github.com/docker/hub-feedback/issues/2165",
		.applies = rule_not_a_relay_matter,
	},
	{
		.id = "value-misread",
		.title = "the relay variable's value parses into nonsense",
		.says = "Go finds a host in the value, but not the one that was meant: quotes "
			"within, "
			"a trailing space, # / ? or a backslash in the password, $VAR that nobody "
			"expanded. A lookup of the bare name \"http\" is a certain sign, also "
			"where "
			"a wildcard answers it. Where there is no host at all, Go dials this "
			"machine. What stood in the password is masked, in the dial too. Told as "
			"Go "
			"1.19 reads it; since Go 1.23 (x/net 8c07e20f) a scheme that Go does not "
			"know "
			"(htp://, socks5h://) stays the scheme, where older ones take it for the "
			"host.",
		.needs = "the environment",
		.confused = "relay-unresolved, where the name is the one that was meant",
		.remedy = "write the value plainly, special characters as %XX",
		.reference = "https://github.com/containers/podman/issues/26733",
		.latent = true,
		.applies = rule_value_misread,
	},
	{
		.id = "value-dropped",
		.title = "the relay variable's value cannot be parsed, and Go silently goes direct",
		.says = "A leading space, a CR or another control character, or a % without two "
			"hex "
			"digits: Go's parser refuses the value, the error is dropped, the dial is "
			"direct. Told as Go 1.19 does it; since Go 1.24.8 and 1.25.2 a host in "
			"brackets that is no IPv6 address is dropped too (CVE-2025-47912).",
		.needs = "the environment",
		.confused = "an unset variable: the dial looks the same",
		.remedy = "%25 for %, no CR, no space",
		.reference = "https://github.com/golang/go/issues/30293",
		.latent = true,
		.applies = rule_value_dropped,
	},
	{
		.id = "name-unread",
		.title = "the relay variables carried are not ones that this program reads",
		.says = "Go programs read HTTPS_PROXY or https_proxy. They read neither *_RELAY "
			"names "
			"nor a mix of cases.",
		.needs = "the environment",
		.confused =
			"a program that was built to read *_RELAY: once one was seen to dial such "
			"a relay, the names are taken as read (--names)",
		.remedy = "the same value under a name that is read",
		.reference = "https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment",
		.latent = true,
		.applies = rule_name_unread,
	},
	{
		.id = "no-relay-match",
		.title = "an entry of the NO_ list sent it past the relay",
		.says = "A NO_ entry covers the host. Where the entry is wide (*, a domain that "
			"holds a "
			"public registry) it has to be narrowed. Where it names just this host, or "
			"the "
			"address is private, it is meant so, and the registry itself is "
			"unreachable. curl's argument --noproxy does the same. Go before 1.19 "
			"matched "
			"no entry with letters beyond ASCII (x/net de3da570); since Go 1.23.7 and "
			"1.24.1 "
			"no name matches an IPv6 address by its zone (CVE-2025-22870).",
		.needs = "the environment, and the host's name for entries that are names",
		.confused = "a relay variable that is not set at all",
		.remedy = "narrow the entry, or see to the registry",
		.reference = "https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config",
		.latent = true,
		.applies = rule_no_relay_match,
	},
	{
		.id = "scheme-uncovered",
		.title = "a relay is set, but not for https",
		.says = "HTTP_ serves http:// alone, and Go does not read ALL_. Registries speak "
			"https. Before Go 1.16 https fell back to HTTP_ (x/net 7b1cca23).",
		.needs = "the environment",
		.confused = "curl, which does read ALL_",
		.remedy = "the same value as HTTPS_",
		.reference = "https://github.com/docker/for-linux/issues/1039",
		.latent = true,
		.applies = rule_scheme_uncovered,
	},
	{
		.id = "env-file-invalid",
		.title = "the env file sets it in a line that systemd ignores",
		.says = "An EnvironmentFile= is not a shell script: a line with export, or with a "
			"name "
			"that systemd does not accept, is ignored, and the process starts without "
			"it.",
		.needs = "the unit's files, and the process's environment",
		.confused = "env-file-stale, where the line is good",
		.remedy = "NAME=VALUE and nothing before it; a restart",
		.reference = "https://github.com/systemd/systemd/issues/2836",
		.latent = true,
		.applies = rule_env_file_invalid,
	},
	{
		.id = "env-file-unloaded",
		.title = "a file sets it, and the unit does not get it",
		.says = "The unit does not load the file, a later statement overrides it, or the "
			"unit's "
			"files changed and daemon-reload is pending.",
		.needs = "the unit's files, and the process's environment",
		.confused = "a file for another unit: rke2-server's is not rke2-agent's",
		.remedy = "set it in a file that the unit loads last; daemon-reload; a restart",
		.reference = "https://github.com/rancher/rke2/issues/3930",
		.latent = true,
		.applies = rule_env_file_unloaded,
	},
	{
		.id = "env-file-stale",
		.title = "the file was changed after the process had started",
		.says = "The environment of a process is fixed when it starts. The file is newer.",
		.needs = "the unit's files with their times, and the process's start",
		.confused = "env-file-unloaded, where a restart does not help",
		.remedy = "restart the unit",
		.reference = "https://github.com/rancher/rke2-docs/issues/144",
		.latent = true,
		.applies = rule_env_file_stale,
	},
	{
		.id = "containerd-scope",
		.title = "only CONTAINERD_ variables are set: they do not reach this process",
		.says = "rke2 hands CONTAINERD_X to its containerd child as X and uses it for "
			"nothing "
			"else. The rke2-runtime image of a new version is pulled by rke2 itself, "
			"before "
			"containerd exists: so the pull goes direct at install and at each "
			"upgrade, "
			"and the firewall drops it.",
		.needs = "the environment of rke2",
		.confused = "a node with preloaded images, where this set-up is healthy: it never "
			    "dials",
		.remedy = "the same value without the prefix, a NO_ list, a restart; or the airgap "
			  "tarball",
		.reference = RKE2 "8456",
		.latent = true,
		.applies = rule_containerd_scope,
	},
	{
		.id = "mirror-fallback",
		.title = "the mirror did not serve it, then the default endpoint was dialled "
			 "directly",
		.says = "The default endpoint is always tried last, after the mirrors of "
			"registries.yaml: the mirror could not be reached, or was reached and did "
			"not serve "
			"the image.",
		.needs = "the mirrors of registries.yaml and the names of the dials",
		.confused = "a registry that has no mirror configured",
		.remedy = "mend the mirror; disable-default-registry-endpoint for containerd",
		.reference = RKE2 "5612",
		.applies = rule_mirror_fallback,
	},
	{
		.id = "direct-reset",
		.title = "established directly, then reset at the first data",
		.says = "A filter on the way reads the server's name in the ClientHello and resets "
			"the "
			"connection. No relay is known here.",
		.needs = "the state of the connection",
		.confused = "a server that crashes at the handshake",
		.remedy = "a relay, or the filter opened for this host",
		.reference = RKE2 "4666",
		.applies = rule_direct_reset,
	},
	{
		.id = "resolver-failed",
		.title = "the registry's name did not resolve",
		.says = "A process that goes direct asks the node's resolver; with a relay it "
			"would not "
			"have asked. No relay is known here.",
		.needs = "DNS questions and answers of the process",
		.confused = "relay-unresolved, where the name is the relay's",
		.remedy = "the relay variables, or the resolver",
		.reference = RKE2 "3841",
		.applies = rule_resolver_failed,
	},
	{
		.id = "relay-missing",
		.title = "no relay variable at all",
		.says = "The process carries no relay variable and dialled a public address "
			"directly. "
			"Variables of a shell, /etc/environment or sudo do not reach a unit.",
		.needs = "the environment",
		.confused = "a node that needs no relay, whose network is down",
		.remedy = "the relay variables in the unit's env file",
		.reference = "https://github.com/rancher/rancher/issues/32363",
		.latent = true,
		.applies = rule_relay_missing,
	},
	{
		.id = "unexplained",
		.title = "a failed dial that no other rule explains",
		.says = "Told with all that was seen, because hiding it would be worse. A private "
			"address with no relay known is one.",
		.needs = "nothing",
		.confused = "anything",
		.remedy = "look at the address from the node",
		.reference = RKE2 "1834",
		.applies = rule_unexplained,
	},
	{
		.id = "case-conflict",
		.title = "both cases of a relay variable are set, to different values",
		.says = "Told beside the primary cause: Go takes the upper case one; curl takes "
			"the lower "
			"case http_proxy.  Before any dial also alone, where the two have a host "
			"that "
			"will be pulled from go different ways.  A server joins no_proxy to "
			"NO_PROXY: there both count.",
		.needs = "the environment",
		.confused = "nothing",
		.remedy = "one spelling",
		.reference = K3S "2176",
		.latent = true,
		.aside = true,
		.applies = rule_case_conflict,
	},
	{
		.id = "entry-unread",
		.title = "an entry of the NO_ list that no host can match",
		.says = "Go parts the list by commas alone.  What stands between blanks or "
			"semicolons is one "
			"entry; 10.43.* is no network, and brackets around the list belong to its "
			"first and last entry.  Such an entry matches nothing, without a word.",
		.needs = "the environment",
		.confused = "programs other than Go's, some of which take blanks or a *",
		.remedy = "commas, and networks as 10.43.0.0/16",
		.reference = "https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config",
		.latent = true,
		.aside = true,
		.applies = rule_entry_unread,
	},
};

const struct rule *rules_all(size_t *count)
{
	*count = sizeof(rules) / sizeof(rules[0]);
	return rules;
}

_Static_assert(sizeof(rules) / sizeof(rules[0]) <= RULES_MAX, "room for every rule");

size_t rule_index(const char *id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!strcmp(rules[i].id, id))
			return i;
	return RULES_MAX;
}

const struct rule *rule_find(const char *id)
{
	size_t i = rule_index(id);

	return i < RULES_MAX ? &rules[i] : NULL;
}
