/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The name of a container image, as docker, containerd and go-containerregistry read it, and what tells it from a
 * URL.
 *
 * Source of the rules: github.com/distribution/reference (grammar in reference.go, ParseNormalizedNamed),
 * go-containerregistry pkg/name.
 */
#ifndef NODE_IMAGE_REFERENCE_H
#define NODE_IMAGE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

/* distribution/reference: NameTotalLengthMax. */
#define IMAGE_NAME_MAX 255

struct image_reference {
	char registry[IMAGE_NAME_MAX + 1]; /* "docker.io", "registry.corp:5000", "[fd00::1]:5000" */
	char repository[IMAGE_NAME_MAX + 1]; /* "library/ubuntu" */
	char tag[129];	  /* "latest" where neither tag nor digest is given; else "" */
	char digest[160]; /* "sha256:..." or "" */
	bool named;	  /* the registry was written down, and is not docker.io by default */
};

enum image_word {
	IMAGE_WORD_URL,	      /* it has a scheme: "://" in it, or http: or https: before it */
	IMAGE_WORD_REFERENCE, /* an image */
	IMAGE_WORD_HOST,      /* without a slash: a dot in it, localhost, or an IPv6 address */
	IMAGE_WORD_NEITHER,
};

/*
 * What a word is.  *out is filled for an image.  A word without a slash is a host, not an image of
 * Docker Hub, where docker's rule for the first component would make it a registry (but for its port:
 * ubuntu:22 is an image), because that is what is meant: example.com, registry-1.docker.io:443.
 */
enum image_word image_word_of(const char *word, struct image_reference *out);

/* "docker.io/library/ubuntu:latest": in full, into text. */
void image_reference_text(const struct image_reference *image, char *text, size_t size);

/*
 * Go's regexp.ReplaceAllString(repository) into out, as registries.yaml's rewrite: has it.  False where it cannot
 * be told: a pattern that Go reads in its own way (\d, (?i), lazy ones), x{2}, or one that does not fit.
 */
bool image_repository_rewrite(const char *repository, const char *pattern, const char *replacement,
	char *out, size_t size);

#endif
