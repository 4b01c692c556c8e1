// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program of the units: writes the environment that systemd gave it to /run/out/UNIT, but what
 * systemd adds itself.  usage: unit_show UNIT
 */
#include <stdio.h>
#include <string.h>

extern char **environ;

int main(int argc, char **argv)
{
	static const char *const added[] = {
		"PATH=", "LANG=", "INVOCATION_ID=", "JOURNAL_STREAM=", "SYSTEMD_EXEC_PID="};
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "/run/out/%s", argc > 1 ? argv[1] : "unnamed");
	out = fopen(path, "w");
	if (!out)
		return 1;
	for (char **e = environ; *e; e++) {
		const char *value = strchr(*e, '=');
		int skip = 0;

		for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
			skip |= strncmp(*e, added[i], strlen(added[i])) == 0;
		if (skip)
			continue;
		if (value && strlen(value + 1) > 4096) {
			fprintf(out, "%.*s=(%zu bytes)\n", (int)(value - *e), *e,
				strlen(value + 1));
			continue;
		}
		for (const unsigned char *p = (const unsigned char *)*e; *p; p++)
			if (*p < 0x21 || *p > 0x7e || *p == '\\')
				fprintf(out, "\\x%02x", *p);
			else
				fputc(*p, out);
		fputc('\n', out);
	}
	return fclose(out) != 0;
}
