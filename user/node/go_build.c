// SPDX-License-Identifier: GPL-2.0-only
#include "node/go_build.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_MAX  (1U << 20) /* build information has some KB, names of sections less */
#define HEADER	     32		/* of the build information, before its strings */
#define FLAGS_AT     15
#define FLAG_STRINGS 2 /* they stand behind the header and are not pointed to: since Go 1.18 */

/* A section's bytes, new; NULL where there is none, or it is larger than such a section is. */
static char *read_section(go_read_fn *read, void *context, const Elf64_Shdr *s)
{
	char *bytes;

	if (s->sh_type == SHT_NOBITS || !s->sh_size || s->sh_size > SECTION_MAX)
		return NULL;
	bytes = malloc(s->sh_size + 1);
	if (bytes && !read(context, s->sh_offset, bytes, s->sh_size)) {
		free(bytes);
		bytes = NULL;
	}
	if (bytes)
		bytes[s->sh_size] = '\0';
	return bytes;
}

/* The section of that name: new, or NULL. */
static char *section(go_read_fn *read, void *context, const char *name, size_t *size)
{
	char *names, *found = NULL;
	Elf64_Ehdr head;
	Elf64_Shdr s;

	if (!read(context, 0, &head, sizeof(head)) || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
		head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
		head.e_shentsize != sizeof(s) || head.e_shoff > INT64_MAX / 2 ||
		!read(context, head.e_shoff + head.e_shstrndx * sizeof(s), &s, sizeof(s)))
		return NULL;
	names = read_section(read, context, &s);
	*size = s.sh_size;
	for (size_t i = 0, end = s.sh_size; names && !found && i < head.e_shnum; i++) {
		if (!read(context, head.e_shoff + i * sizeof(s), &s, sizeof(s)))
			break;
		if (s.sh_name >= end || strcmp(names + s.sh_name, name))
			continue;
		found = read_section(read, context, &s);
		*size = s.sh_size;
		break;
	}
	free(names);
	return found;
}

/* A string with its length before it (encoding/binary's Uvarint); moves *at behind it. */
static const char *string(const char **at, const char *end, size_t *len)
{
	const char *begin;

	*len = 0;
	for (int shift = 0; *at < end && shift < 35; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;

		*len |= (size_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (*len > (size_t)(end - *at))
			return NULL;
		begin = *at;
		*at += *len;
		return begin;
	}
	return NULL;
}

/* "-X .../pkg/version.Version=VALUE" in len bytes of text. */
static bool find_flag(const char *text, size_t len, char *out, size_t size)
{
	static const char flag[] = "/pkg/version.Version=";
	const char *at = memmem(text, len, flag, sizeof(flag) - 1), *end = text + len;
	size_t n = 0;

	if (!at)
		return false;
	at += sizeof(flag) - 1;
	while (at + n < end &&
		((at[n] >= '0' && at[n] <= '9') || (at[n] >= 'a' && at[n] <= 'z') ||
			(at[n] >= 'A' && at[n] <= 'Z') || (at[n] && strchr("+-._", at[n]))))
		n++;
	if (!n || n >= size)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

bool go_build_version(go_read_fn *read, void *context, char *out, size_t size)
{
	size_t len, text_len;
	char *bytes = section(read, context, ".go.buildinfo", &len);
	const char *at = bytes, *text = NULL;
	bool found = false;

	if (bytes && len >= HEADER && !memcmp(bytes, "\xff Go buildinf:", 14) &&
		bytes[FLAGS_AT] & FLAG_STRINGS) {
		at += HEADER;
		/* First Go's own version, then modules and settings as text. */
		if (string(&at, bytes + len, &text_len))
			text = string(&at, bytes + len, &text_len);
		found = text && find_flag(text, text_len, out, size);
	}
	free(bytes);
	return found;
}
