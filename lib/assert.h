/* SPDX-License-Identifier: MIT */
/*
 * Assertions.  ASSERT is always compiled in, DEBUG_ASSERT in the debug build.
 * The report is an upward call: kernel/panic.c defines it in the kernel, the
 * test runner on the host.
 */
#ifndef EXO_LIB_ASSERT_H
#define EXO_LIB_ASSERT_H

#include "lib/types.h"

/* Reports a broken assertion and stops the machine. Context: any. */
noreturn cold void assert_failed(const char *cond, const char *file, int line);

#define ASSERT(cond)                                              \
	do {                                                      \
		if (unlikely(!(cond))) {                          \
			assert_failed(#cond, __FILE__, __LINE__); \
		}                                                 \
	} while (0)

#ifdef EXO_DEBUG
#define DEBUG_ASSERT(cond) ASSERT(cond)
#else
#define DEBUG_ASSERT(cond)              \
	do {                            \
		(void)sizeof(!!(cond)); \
	} while (0)
#endif

#endif
