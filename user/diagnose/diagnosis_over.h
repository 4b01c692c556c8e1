/* SPDX-License-Identifier: GPL-2.0-only */
/* What a dial that succeeded proves of a finding: is its cause gone, and in what words? */
#ifndef DIAGNOSE_DIAGNOSIS_OVER_H
#define DIAGNOSE_DIAGNOSIS_OVER_H

#include "diagnose/finding.h"

/* A relay that was reached may still refuse, and a tunnel that it granted may still be broken off. */
enum success {
	SUCCESS_REACHED,
	SUCCESS_ANSWERED,
	SUCCESS_LASTED /* or the answer cannot be seen, and nothing else was by then */
};

/*
 * Is what f tells of over, by the success of d, a dial of f's role?  Then says is what can be said of
 * it, to be freed (NULL when out of memory): that the target is reached again only where it was.
 */
bool finding_is_over(
	const struct finding *f, const struct dial *d, enum success success, char **says);

#endif
