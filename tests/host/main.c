/* SPDX-License-Identifier: MIT */
/*
 * The host test program: runs the `ktests` section under cmocka, in an order
 * drawn from a seed.
 *
 *	host_tests              every test
 *	host_tests NAME ...     these tests
 *	SEED=n host_tests       with the order and the numbers of that run
 *
 * Leaves with 0 if nothing failed, 1 if something did, 2 on wrong usage.
 */
#include "tests/host/ktest_host.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/parse.h"
#include "lib/random.h"

/* The linker's names for the two ends of the section. */
extern const struct ktest __start_ktests[];
extern const struct ktest __stop_ktests[];

static struct {
	const char *program;
	u64 seed;
} run;

/* The seed from the environment, or a new one; false if it is no number. */
static bool choose_seed(void)
{
	const char *text = getenv("SEED");
	struct timespec now;

	if (text != NULL && *text != '\0') {
		return parse_u64(text, strlen(text), &run.seed) == 0;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	run.seed = (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
	return true;
}

/* cmocka's view of a test: its state is our description of it. */
static void run_one(void **state)
{
	const struct ktest *test = *state;

	ktest_host_begin(test, run.seed);
	test->run();
	if (ktest_host_failed()) {
		fprintf(stderr, "# broken: %s\n# repeat: SEED=%llu %s %s\n",
			test->sentence, (unsigned long long)run.seed,
			run.program, test->id);
		fail();
	}
	if (ktest_host_skip_reason() != NULL) {
		fprintf(stderr, "# skipped: %s\n", ktest_host_skip_reason());
		skip();
	}
}

static bool is_wanted(const struct ktest *test, int name_count, char **names)
{
	for (int i = 0; i < name_count; i++) {
		if (strcmp(names[i], test->id) == 0) {
			return true;
		}
	}
	return name_count == 0;
}

/* Fills `tests` with what is wanted and returns how many those are. */
static size_t select_tests(struct CMUnitTest *tests, int name_count,
			   char **names)
{
	size_t count = 0;

	for (const struct ktest *t = __start_ktests; t < __stop_ktests; t++) {
		if (is_wanted(t, name_count, names)) {
			tests[count++] = (struct CMUnitTest){
				.name = t->id,
				.test_func = run_one,
				.initial_state = (void *)t,
			};
		}
	}
	return count;
}

/* Fisher and Yates: every order is equally likely. */
static void shuffle(struct CMUnitTest *tests, size_t count)
{
	struct random random;

	random_seed(&random, run.seed);
	for (size_t left = count; left > 1; left--) {
		size_t chosen = random_below(&random, left);
		struct CMUnitTest last = tests[left - 1];

		tests[left - 1] = tests[chosen];
		tests[chosen] = last;
	}
}

/* Runs what the arguments name; returns how many failed, or -1. */
static int run_selection(struct CMUnitTest *tests, int name_count, char **names)
{
	size_t count = select_tests(tests, name_count, names);

	if (count == 0 || count < (size_t)name_count) {
		fprintf(stderr, "%s: no such test\n", run.program);
		return -1;
	}
	shuffle(tests, count);
	fprintf(stderr, "# seed %llu; to repeat the whole run: SEED=%llu %s\n",
		(unsigned long long)run.seed, (unsigned long long)run.seed,
		run.program);
	return _cmocka_run_group_tests("host", tests, count, NULL, NULL);
}

int main(int argc, char **argv)
{
	size_t all = (size_t)(__stop_ktests - __start_ktests);
	struct CMUnitTest *tests = calloc(all, sizeof(*tests));
	int failed = -1;

	run.program = argv[0];
	if (!choose_seed()) {
		fprintf(stderr, "%s: SEED is not a number\n", run.program);
	} else if (tests != NULL) {
		failed = run_selection(tests, argc - 1, argv + 1);
	}
	free(tests);
	return failed < 0 ? 2 : failed != 0;
}
