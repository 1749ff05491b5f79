/* SPDX-License-Identifier: MIT */
/*
 * What the processor of a test can do.
 */
#ifndef EXO_TESTS_ARCH_CPU_HAS_H
#define EXO_TESTS_ARCH_CPU_HAS_H

#include "arch/boot.h"
#include "lib/string.h"

/* True if the kernel uses the feature of that name (arch_cpu_features()). */
static inline bool cpu_has(const char *name)
{
	size_t len = strlen(name);
	const char *at = arch_cpu_features();

	while (*at != '\0') {
		if (strncmp(at, name, len) == 0 &&
		    (at[len] == ' ' || at[len] == '\0')) {
			return true;
		}
		while (*at != '\0' && *at++ != ' ') {
		}
	}
	return false;
}

#endif
