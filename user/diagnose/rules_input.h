/* SPDX-License-Identifier: GPL-2.0-only */
/* All that a rule may look at, and the words that rules share.  For the rules' own files only. */
#ifndef DIAGNOSE_RULES_INPUT_H
#define DIAGNOSE_RULES_INPUT_H

#include "base/buffer.h"
#include "diagnose/diagnosis_relays.h"
#include "diagnose/rules.h"
#include "model/path.h"
#include "relay/relay_choice.h"
#include "relay/supervisor_environment.h"

struct node_facts_kept; /* diagnosis_facts.h */

struct rule_input {
	const struct dial *dial;
	const struct process *process;
	const struct environment *environment; /* what the process carried when it dialled */
	struct supervisor supervisor; /* what the rke2 or k3s above it does with its variables */
	struct environment
		*effective; /* owned: what a supervisor made of environment; NULL: it is that */
	bool names_given;   /* family is what --names says, not what was seen */
	enum relay_family family; /* the names that this program is taken to read */
	bool site_says_relay;	  /* the site's own names are *_RELAY, yet family is PROXY */
	const struct relay_knowledge *relays;
	const struct known_relay *known;	  /* a relay known in this tree; NULL: none */
	const struct node_facts_kept *facts;	  /* NULL: no fact about a unit came */
	const struct node_facts_kept *facts_kept; /* all that came, of units or not */
	const struct path_settings *cluster; /* what config.yaml says of it, beyond the defaults */
	int64_t wall_offset_ns;		     /* CLOCK_REALTIME - CLOCK_BOOTTIME; 0: not known */
	bool public_target;  /* the address dialled, or the name that did not resolve, is public */
	bool alone;	     /* a rule that is told beside others: there is no other */
	enum pull_when when; /* of latent: when it will be dialled */
	bool latent; /* nothing was dialled: dial is what the process would do, without an address */
	uint64_t failed_for_ns, failed_times; /* a local matter: how long and how often by now */
	const char *scheme;		      /* "https", or "http" on port 80 */
	struct choice choice; /* Go's decision for this host (the address where it has no name) */
	const char
		*mirror; /* a configured mirror of the host that this process tried just before */
	bool mirror_reached; /* and did it reach that? */
};

/* Frees what in owns. */
void rule_input_free(struct rule_input *in);

/* Which variable of this kind would the scheme of the dial need: RELAY_KIND_HTTPS or _HTTP. */
enum relay_kind rule_kind(const struct rule_input *in);

/* "HTTPS_PROXY": the variable that this program would have to carry for this dial. */
const char *rule_needed(const struct rule_input *in);

/* "went", or of a latent finding "would go": how the process took the way that it takes. */
const char *rule_went(const struct rule_input *in);

/* Adds that registries.yaml names the host as an endpoint, where it does. */
void rule_endpoint(const struct rule_input *in, struct finding *out);

/* Is it rke2 that sends an etcd snapshot to S3? */
bool rule_is_snapshot_upload(const struct rule_input *in);

/* Did the process go for the registry itself, without a relay? */
bool rule_is_direct(const struct rule_input *in);

/* Is it a dial to a relay that a sound value names? */
bool rule_to_relay(const struct rule_input *in);

/* Was the relay reached at all? */
bool rule_reached(const struct dial *d);

/* The program's name, for a sentence. */
const char *rule_who(const struct rule_input *in);

/* The variable that Go takes for this dial's scheme, where it is set. */
const struct variable *rule_effective(const struct rule_input *in);

/* rules_list.c: does an entry of a NO_ list name just this host, not a domain or a network that holds it? */
bool rule_entry_is_exact(const struct rule_input *in, const char *entry);

/*
 * rules_list.c: the relay was asked by name for a host of the site's own, and the NO_ list has networks: Go
 * compares those with addresses in URLs alone (x/net httpproxy, cidrMatch), which is not what people expect.
 * Adds that to the chain, and the entry that would be needed.
 */
void rule_networks(const struct rule_input *in, struct finding *out);

/*
 * Is this a dial of the node's and cluster's own: loopback, cluster, supervisor, link-local, DNS over TCP?
 * Such dials fail and are repeated while a node starts.
 */
bool dial_is_local_matter(const struct dial *d);

/* A selection of relay variables of an environment. */
enum carried {
	CARRIED_READ,	 /* without prefix, of the family and a spelling that is read */
	CARRIED_UNREAD,	 /* without prefix, of the other family or in mixed case */
	CARRIED_PREFIXED /* CONTAINERD_ */
};

/*
 * Fills found with the variables of that sort that name a relay (HTTP, HTTPS, ALL; not empty), at
 * most max; returns how many.
 */
size_t rule_carried(const struct environment *e, enum relay_family family, enum carried sort,
	const struct variable **found, size_t max);

/* Appends "A", "A and B", "A, B and C". */
void words_names(struct buffer *b, const struct variable *const *v, size_t count);

/* Appends "12 ms" or "30.0 s". */
void words_duration(struct buffer *b, uint64_t ns);

/* Appends "host:port", "[v6]:port", or the host alone where port is 0. */
void words_endpoint(struct buffer *b, const char *host, uint16_t port);

/* "ECONNREFUSED", or "errno 7" in text (16 bytes). */
const char *words_errno(int error, char text[16]);

/* Appends "rke2 (pid 4121)". */
void words_process(struct buffer *b, const struct process *p);

/* Appends "was refused after 2 ms", "gave up after 30.0 s" ...: how the dial ended. */
void words_outcome(struct buffer *b, const struct dial *d);

/* Appends "rke2 (pid 4121) dialled index.docker.io:443 directly and gave up after 30.0 s". */
void words_dial(struct buffer *b, const struct rule_input *in);

/*
 * Sets out->message to words_dial(), ": " and the sentence, and adds the first link of the chain,
 * what the kernel saw.
 */
void rule_message(const struct rule_input *in, struct finding *out, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds "NAME is not in rke2's environment (read at exec)", or "was not seen in" a snapshot. */
void rule_absent(const struct rule_input *in, struct finding *out);

/* Adds the variables that would have to be there, in both spellings where the site says RELAY. */
void rule_missing(const struct rule_input *in, struct finding *out);

/* "is set"/"are set", or with an environment that proves no absence "was seen"/"were seen". */
const char *rule_set(const struct rule_input *in, size_t count);

/* Copies host, address and port of what was wanted, and of the relay on path relay, into out. */
void rule_targets(const struct rule_input *in, struct finding *out);

/* A name for a kept or remembered endpoint: the name, else the address. */
const char *rule_host(const struct dial *d, char text[ADDRESS_TEXT]);

/* rules_list.c */
bool rule_cluster_via_relay(const struct rule_input *in, struct finding *out);
bool rule_no_relay_match(const struct rule_input *in, struct finding *out);
bool rule_entry_unread(const struct rule_input *in, struct finding *out);
/* rules_relay.c */
bool rule_relay_unresolved(const struct rule_input *in, struct finding *out);
bool rule_relay_unreachable(const struct rule_input *in, struct finding *out);
bool rule_relay_auth(const struct rule_input *in, struct finding *out);
bool rule_relay_forbidden(const struct rule_input *in, struct finding *out);
bool rule_relay_upstream(const struct rule_input *in, struct finding *out);
bool rule_relay_protocol(const struct rule_input *in, struct finding *out);
bool rule_relay_silent(const struct rule_input *in, struct finding *out);
/* rules_environment.c */
bool rule_value_misread(const struct rule_input *in, struct finding *out);
bool rule_value_dropped(const struct rule_input *in, struct finding *out);
bool rule_name_unread(const struct rule_input *in, struct finding *out);
bool rule_scheme_uncovered(const struct rule_input *in, struct finding *out);
bool rule_containerd_scope(const struct rule_input *in, struct finding *out);
bool rule_relay_missing(const struct rule_input *in, struct finding *out);
/* rules_case.c */
bool rule_case_conflict(const struct rule_input *in, struct finding *out);
/* rules_files.c */
bool rule_env_file_invalid(const struct rule_input *in, struct finding *out);
bool rule_env_file_unloaded(const struct rule_input *in, struct finding *out);
bool rule_env_file_stale(const struct rule_input *in, struct finding *out);
/* rules_network.c */
bool rule_not_a_relay_matter(const struct rule_input *in, struct finding *out);
bool rule_mirror_fallback(const struct rule_input *in, struct finding *out);
bool rule_direct_reset(const struct rule_input *in, struct finding *out);
bool rule_resolver_failed(const struct rule_input *in, struct finding *out);
bool rule_unexplained(const struct rule_input *in, struct finding *out);

#endif
