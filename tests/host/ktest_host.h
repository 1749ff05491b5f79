/* SPDX-License-Identifier: MIT */
/*
 * Between the host runner (main.c) and what a running test calls
 * (ktest_host.c): the verdict on the one test that runs.
 */
#ifndef EXO_TESTS_HOST_KTEST_HOST_H
#define EXO_TESTS_HOST_KTEST_HOST_H

#include "tests/ktest.h"

/*
 * Forgets the last verdict.  The test's random numbers depend on the seed and
 * on its own id alone, so it draws the same ones when it runs by itself.
 */
void ktest_host_begin(const struct ktest *test, u64 seed);

/* True if the running test has failed. */
bool ktest_host_failed(void);

/* Why the running test was skipped, or NULL. */
const char *ktest_host_skip_reason(void);

#endif
