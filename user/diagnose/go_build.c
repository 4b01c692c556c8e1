// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/go_build.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define HEADER	     32 /* of the build information, before its strings */
#define FLAGS_AT     15
#define FLAG_STRINGS 2 /* they stand behind the header and are not pointed to: since Go 1.18 */

/* The section's bytes, or NULL. */
static const char *section(const char *elf, size_t len, const char *name, size_t *size)
{
	Elf64_Ehdr head;
	Elf64_Shdr names, s;

	if (len < sizeof(head) || memcmp(elf, ELFMAG, SELFMAG) || elf[EI_CLASS] != ELFCLASS64 ||
		elf[EI_DATA] != ELFDATA2LSB)
		return NULL;
	memcpy(&head, elf, sizeof(head));
	if (head.e_shentsize != sizeof(s) || head.e_shoff > len ||
		(len - head.e_shoff) / sizeof(s) < head.e_shnum || head.e_shstrndx >= head.e_shnum)
		return NULL;
	memcpy(&names, elf + head.e_shoff + head.e_shstrndx * sizeof(s), sizeof(names));
	if (names.sh_offset > len || names.sh_size > len - names.sh_offset)
		return NULL;
	for (size_t i = 0; i < head.e_shnum; i++) {
		const char *own;

		memcpy(&s, elf + head.e_shoff + i * sizeof(s), sizeof(s));
		if (s.sh_name >= names.sh_size || s.sh_type == SHT_NOBITS || s.sh_offset > len ||
			s.sh_size > len - s.sh_offset)
			continue;
		own = elf + names.sh_offset + s.sh_name;
		if (strlen(name) < names.sh_size - s.sh_name &&
			!memcmp(own, name, strlen(name) + 1)) {
			*size = s.sh_size;
			return elf + s.sh_offset;
		}
	}
	return NULL;
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

bool go_build_version(const char *elf, size_t len, char *out, size_t size)
{
	static const char flag[] = "/pkg/version.Version=";
	size_t section_len, text_len, n = 0;
	const char *at = section(elf, len, ".go.buildinfo", &section_len), *end, *text;

	if (!at || section_len < HEADER || memcmp(at, "\xff Go buildinf:", 14) ||
		!(at[FLAGS_AT] & FLAG_STRINGS))
		return false;
	end = at + section_len;
	at += HEADER;
	/* First Go's own version, then modules and settings as text. */
	if (!string(&at, end, &text_len))
		return false;
	text = string(&at, end, &text_len);
	at = text ? memmem(text, text_len, flag, sizeof(flag) - 1) : NULL;
	if (!at)
		return false;
	at += sizeof(flag) - 1;
	end = text + text_len;
	while (at + n < end && (strchr("+-._", at[n]) ? at[n] != '\0'
						      : (at[n] >= '0' && at[n] <= '9') ||
								(at[n] >= 'a' && at[n] <= 'z') ||
								(at[n] >= 'A' && at[n] <= 'Z')))
		n++;
	if (!n || n >= size)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}
