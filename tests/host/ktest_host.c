/* SPDX-License-Identifier: MIT */
/*
 * The calls of tests/ktest.h and lib/assert.h on the host.  A failure is only
 * noted here: the test leaves its function by itself, and no jump out of it
 * loses memory or a lock.  ktest_fail may be called from any thread of a
 * test; the other calls belong to the thread that runs it.
 */
#include "tests/host/ktest_host.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"
#include "lib/random.h"

static struct {
	struct random random;
	int failure_count; /* atomic */
	const char *skip_reason;
} run;

/* FNV-1a, whose two constants these are: gives each test its own numbers. */
static u64 hash_of(const char *id)
{
	u64 hash = 0xcbf29ce484222325ull;

	for (; *id != '\0'; id++) {
		hash = (hash ^ (u8)*id) * 0x100000001b3ull;
	}
	return hash;
}

void ktest_host_begin(const struct ktest *test, u64 seed)
{
	random_seed(&run.random, seed ^ hash_of(test->id));
	run.failure_count = 0;
	run.skip_reason = NULL;
}

bool ktest_host_failed(void)
{
	return __atomic_load_n(&run.failure_count, __ATOMIC_RELAXED) != 0;
}

const char *ktest_host_skip_reason(void)
{
	return run.skip_reason;
}

/* Tells of the first failure only: the later ones follow from it. */
void ktest_fail(const char *file, int line, const char *what, u64 left,
		u64 right)
{
	if (__atomic_fetch_add(&run.failure_count, 1, __ATOMIC_RELAXED) != 0) {
		return;
	}
	fprintf(stderr, "# %s:%d: not so: %s\n", file, line, what);
	if (left != right) {
		fprintf(stderr, "#   left  %#llx\n#   right %#llx\n",
			(unsigned long long)left, (unsigned long long)right);
	}
}

void ktest_skip(const char *why)
{
	run.skip_reason = why;
}

u64 ktest_random(void)
{
	return random_next(&run.random);
}

u64 ktest_rounds(u64 rounds)
{
	return rounds;
}

void assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "# %s:%d: assertion failed: %s\n", file, line, cond);
	abort();
}
