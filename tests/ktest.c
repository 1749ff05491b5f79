/* SPDX-License-Identifier: MIT */
/*
 * The in-kernel test runner: KTAP on the console (the kernel's test output
 * format, version 1), tests shuffled by a printed seed.
 */
#include "tests/ktest.h"

#include "arch/cpu.h"
#include "kernel/checks.h"
#include "kernel/clock.h"
#include "kernel/explore.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/timer.h"
#include "lib/parse.h"
#include "lib/random.h"
#include "lib/string.h"
#include "sched/thread.h"
#include "tests/holdings.h"
#include "tests/leaks.h"

#define TESTS_MAX  512

#define SECOND_NS  1000000000ul
#define LONGEST_NS (30 * SECOND_NS)

extern const struct ktest __start_ktests[], __stop_ktests[];

static struct {
	const struct ktest *test; /* the running one */
	struct random random;
	bool failed;         /* the running test */
	const char *skipped; /* why, NULL if it is not */
	u64 seed;
	u64 times;   /* of test=NAME*times, else 1 */
	u64 threads; /* before the first test */
	u16 order[TESTS_MAX];
} run;

u64 ktest_random(void)
{
	return random_next(&run.random);
}

void ktest_fail(const char *file, int line, const char *what, u64 left,
		u64 right)
{
	run.failed = true;
	log_raw("# %s:%d: expected %s (%#lx, %#lx)\n", file, line, what, left,
		right);
}

void ktest_skip(const char *why)
{
	run.skipped = why;
}

u64 ktest_rounds(u64 rounds)
{
	return rounds * run.times;
}

static bool is_called(const char *id, const char *which, size_t len)
{
	return strlen(id) == len && strncmp(id, which, len) == 0;
}

static bool is_chosen(const struct ktest *test, const char *which, size_t len)
{
	return is_called(test->id, which, len) ||
	       (!test->planted && is_called("all", which, len));
}

/* `which` is NAME or NAME*N. */
static unsigned collect(const char *which)
{
	unsigned all = (unsigned)(__stop_ktests - __start_ktests);
	const char *star = strchr(which, '*');
	size_t len = star ? (size_t)(star - which) : strlen(which);
	unsigned count = 0;

	if (star == NULL ||
	    parse_u64(star + 1, strlen(star + 1), &run.times) != 0) {
		run.times = 1;
	}
	for (unsigned i = 0; i < all && count < TESTS_MAX; i++) {
		if (is_chosen(&__start_ktests[i], which, len)) {
			run.order[count++] = (u16)i;
		}
	}
	return count;
}

static void shuffle(unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned j = (unsigned)random_below(&run.random, i);
		u16 swap = run.order[i - 1];

		run.order[i - 1] = run.order[j];
		run.order[j] = swap;
	}
}

static void still_runs(struct timer *timer)
{
	(void)timer;
	panic("%s still runs after %lu s", run.test->id,
	      LONGEST_NS / SECOND_NS);
}

/*
 * One that explores and hangs is ended by the clock of its own machine, which
 * under instruction counting leaps over what everybody sleeps through.
 */
static void run_explored(const struct ktest *test)
{
	static struct timer limit;

	timer_init(&limit, still_runs);
	timer_arm(&limit, clock_ns() + LONGEST_NS);
	test->run();
	timer_cancel(&limit);
}

static bool run_one(const struct ktest *test, unsigned number)
{
	run.failed = false;
	run.skipped = NULL;
	run.test = test;
	leaks_begin();
	/* The same numbers, whether it runs alone or among all. */
	random_seed(&run.random, run.seed);
	if (explore_on()) {
		run_explored(test);
	} else {
		test->run();
	}
	if (!threads_settle(run.threads)) {
		log_raw("# threads left behind: %lu were %lu\n", thread_count(),
			run.threads);
		run.failed = true;
	}
	run.failed |= leaks_told();
	if (run.failed) {
		log_raw("not ok %u %s # repeat with: test=%s seed=%lu\n",
			number, test->id, test->id, run.seed);
	} else if (run.skipped) {
		log_raw("ok %u %s # SKIP %s\n", number, test->id, run.skipped);
	} else {
		log_raw("ok %u %s\n", number, test->id);
	}
	return !run.failed;
}

int ktest_run(const char *which, u64 seed)
{
	unsigned count = collect(which);
	int failed = 0;

	run.threads = threads_settled();
	run.seed = seed ? seed : arch_entropy() & 0xffff;
	random_seed(&run.random, run.seed);
	shuffle(count);
	log_raw("KTAP version 1\n# seed %lu\n1..%u\n", run.seed, count);
	for (unsigned i = 0; i < count; i++) {
		failed += !run_one(&__start_ktests[run.order[i]], i + 1);
	}
	log_raw("# %u tests, %d failed\n", count, failed);
	return failed;
}
