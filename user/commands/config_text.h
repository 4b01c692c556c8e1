/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file as text: lines `name value`, # and what stands behind it being a comment. */
#ifndef COMMANDS_CONFIG_TEXT_H
#define COMMANDS_CONFIG_TEXT_H

#include <stdbool.h>

/* All of path, to be freed; NULL after printing what is wrong with it: nothing of it counts then. */
char *config_text(const char *path);

/*
 * Cuts one line apart in place: name and value, "" where there is none.  False: there is nothing on it
 * but space and a comment.
 */
bool config_cut(char *line, char **name, char **value);

#endif
