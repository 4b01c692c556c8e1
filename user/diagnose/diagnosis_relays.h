/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which relays are known in which tree, and which family of names a program evidently reads.
 * Learnt from every process and dial; never forgotten but for newer ones (bounded).
 */
#ifndef DIAGNOSE_DIAGNOSIS_RELAYS_H
#define DIAGNOSE_DIAGNOSIS_RELAYS_H

#include "model/dial.h"

struct known_relay {
	char tree[64];
	char holder[64];   /* name of the process that carries it; "" where only a file has it */
	uint32_t pid;	   /* of the holder that was learnt last; 0: a file */
	char variable[64]; /* as it is spelt there, prefix and all */
	char value[256];   /* redacted, cut to fit */
	char source[256];  /* "/etc/default/rke2-agent:3", or "" */
	struct relay_name name;
	struct relay_url url;
};

#define RELAYS_KNOWN  64
#define RELAY_READERS 32

struct relay_knowledge {
	size_t count, oldest;
	struct known_relay relays[RELAYS_KNOWN];
	size_t reader_count;
	struct {
		char tree[64];
		uint32_t roles; /* bits of enum role that were seen to read the RELAY family */
	} readers[RELAY_READERS];
};

/* Does this value name a relay that can be dialled: usable, and not misread into nonsense? */
bool relay_url_is_sound(const struct relay_url *url);

/* Takes in the relay variables that p carries. */
void relays_learn(struct relay_knowledge *k, const struct process *p);

/* The same for one variable of a file that a unit of tree loads. */
void relays_learn_file(struct relay_knowledge *k, const char *tree, const struct variable *v);

/*
 * A dial to (or a lookup of) a relay that no PROXY variable of the process names, but a RELAY one
 * does, proves that programs of its role read the RELAY family.
 */
void relays_learn_dial(struct relay_knowledge *k, const struct dial *d);

/* Does a program of this role in this tree read the RELAY family, by such a proof? */
bool relays_role_reads_relay(const struct relay_knowledge *k, const char *tree, enum role role);

/* A relay known in that tree (NULL: in any), one for https and of the PROXY family first; or NULL. */
const struct known_relay *relays_known(const struct relay_knowledge *k, const char *tree);

/* Does the tree's site name its relay variables *_RELAY and none *_PROXY? */
bool relays_site_says_relay(const struct relay_knowledge *k, const char *tree);

/*
 * The variable of e, of any family and without a prefix, whose sound value names host, the one that
 * is read first; NULL where there is none.  Mixed spellings are not looked at.
 */
const struct variable *relays_variable_of_host(const struct environment *e, const char *host);

#endif
