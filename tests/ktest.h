/* SPDX-License-Identifier: MIT */
/*
 * The test vocabulary, one for both machines: a test file that needs no
 * hardware is compiled into the test kernel (run by tests/ktest.c, reported
 * as KTAP) and into the host runner (tests/host/main.c, run by cmocka under
 * sanitizers).  A test is an id, a sentence that states the contract, and a
 * function.
 *
 *	KTEST(frame_split_merges, "freeing both halves gives back the block")
 *	{
 *		EXPECT_EQ(frame_free_count(), before);
 *	}
 */
#ifndef EXO_TESTS_KTEST_H
#define EXO_TESTS_KTEST_H

#include "lib/types.h"

struct ktest {
	const char *id;
	const char *sentence;
	void (*run)(void);
	bool planted;
};

#define KTEST_ENTRY_(name, text, is_planted)                           \
	static void ktest_##name(void);                                \
	static const struct ktest ktest_entry_##name section("ktests") \
		used aligned(8) = { .id = #name,                       \
				    .sentence = text,                  \
				    .run = ktest_##name,               \
				    .planted = is_planted };           \
	static void ktest_##name(void)

#define KTEST(name, text) KTEST_ENTRY_(name, text, false)

/* One that is meant to fail, always or under some seeds: by its name alone. */
#define KTEST_PLANTED(name, text) KTEST_ENTRY_(name, text, true)

/* Fail the running test and leave its function; never called on success. */
#define EXPECT(cond)                                                 \
	do {                                                         \
		if (!(cond)) {                                       \
			ktest_fail(__FILE__, __LINE__, #cond, 0, 0); \
			return;                                      \
		}                                                    \
	} while (0)

#define EXPECT_EQ(a, b)                                                     \
	do {                                                                \
		u64 left_ = (u64)(a), right_ = (u64)(b);                    \
		if (left_ != right_) {                                      \
			ktest_fail(__FILE__, __LINE__, #a " == " #b, left_, \
				   right_);                                 \
			return;                                             \
		}                                                           \
	} while (0)

/* Marks the running test as failed, with where and what, and both values. */
void ktest_fail(const char *file, int line, const char *what, u64 left,
		u64 right);

/*
 * Marks the running test as skipped ("not here: ...") unless it fails; the
 * test then returns by itself.
 */
void ktest_skip(const char *why);

/* Pseudo-random numbers from the run's seed: the same seed, the same run. */
u64 ktest_random(void);

/*
 * How many rounds a storm goes: `rounds`, times N if the run was asked for as
 * test=NAME*N.
 */
u64 ktest_rounds(u64 rounds);

#endif
