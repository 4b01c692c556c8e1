/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk through a file of YAML that keeps where it is, for node_config.c.  Pure.
 *
 * libyaml's events are read one by one and no tree is built: memory does not grow with the nesting of the file.  An
 * alias of one value is followed, one of a collection is not: an alias bomb is as long as its text.
 */
#ifndef NODE_NODE_YAML_H
#define NODE_NODE_YAML_H

#include "node/node_config.h"

/* What lies deeper than this is passed over: mirrors, registry, endpoint, item are four. */
#define DEPTH_KEPT 4

struct level {
	bool mapping;
	bool has_key; /* the key was read, its value comes */
	char key[256];
};

/* A value with a name that aliases have. */
struct anchor {
	char name[64];
	bool is_value; /* it is one value that fits: else a collection */
	size_t len;
	char value[512];
};

#define ANCHORS_KEPT 16

struct walk {
	struct level levels[DEPTH_KEPT + 1];
	size_t depth; /* of open collections; those beyond DEPTH_KEPT are only counted */
	struct node_config *config;
	unsigned int file;
	enum node_setting replaced; /* the setting whose list is being read; NODE_SETTINGS: none */
	unsigned int line;	    /* of what is being read */
	struct anchor anchors[ANCHORS_KEPT];
	size_t anchor_count; /* all that there were: the oldest make room */
	void (*value)(struct walk *w, const char *value, size_t len, unsigned int line);
	void (*key)(struct walk *w); /* a key was read, of the level that depth says */
	void (*open)(struct walk *w,
		bool mapping);		    /* a collection began, of the level that depth says */
	void (*unfollowed)(struct walk *w); /* an alias that is not followed stands for a value */
};

/* Is it without control characters? */
bool node_yaml_is_text(const char *value, size_t len);

/* 0; -EINVAL with *fault where it is no YAML, too large or too deep; -ENOMEM. */
int node_yaml_walk(struct walk *w, const char *bytes, size_t len, struct node_config_fault *fault);

#endif
