/* SPDX-License-Identifier: MIT */
/*
 * Seeded exploration of schedules, in a kernel of its own (build/explore/).
 * `make explore` runs a test with one seed after the other.
 *
 * Theory.  The compiler puts a call before each access to memory of the files
 * that the Makefile calls explored: a point.  Points are where a race can go
 * either way.  QEMU that counts instructions runs one processor at a time, and
 * another only when that one pauses, sleeps or comes to a timer's end; so what
 * happens at the points is all that happens, and equal seeds give equal runs.
 * (With processors that run side by side exploration stirs; nothing repeats.)
 *
 * Every few points there is a change.  Either the processor pauses a while and
 * the others go on without it, or the thread is preempted, as an interrupt
 * could, and the scheduler draws who runs next, for how long and where a
 * thread that wakes up goes (explore_choose()).
 *
 * A bug of depth d shows when d points are passed in the wrong order.  PCT
 * (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010) runs n threads
 * by random priority and lowers one at d - 1 of k steps; it finds the bug with
 * a chance of at least 1 / (n k^(d-1)) a run.  Our runs have k of millions, but
 * our tests are storms: the same few points again and again, N times.  So the
 * chance should depend on the width of the window where it can go wrong, not on
 * the length of the run:
 *
 * - A gap between changes is uniform below 2m.  In the long run a change falls
 *   on a given point with 1/m, and the next on another, fewer than 2m later,
 *   with 1/2m.  With c for the chance that a change is of the kind that
 *   matters, a window of fewer than 2m points is hit with at least
 *   p = c^d / (m (2m)^(d-1)), and one of N windows with 1 - (1 - p)^N.
 * - Where others must get far before the one that fell behind goes on, PCT's
 *   lowered priority, the pause must be long: it lasts a power of two of turns
 *   below m, each power as likely, and each turn is worth a gap of another
 *   processor.  So the time for pauses is in bounds for each m.
 * - How wide the window is nobody knows, so each seed draws its m, a power of
 *   two; one seed in SHIFTS has the one that fits.
 *
 * docs/testing.md has how many seeds the planted races take.
 *
 * The state is nobody's own: an interrupt, or another processor, between two
 * of its words makes another draw of it, not a wrong one.
 */
#include "kernel/explore.h"

#include "arch/cpu.h"
#include "kernel/preempt.h"
#include "lib/random.h"

#define SHIFT_LEAST 4
#define SHIFTS      8

static struct {
	bool on;
	s32 left;       /* points before the next change */
	unsigned shift; /* [I] log2 of the theory's m */
	struct random random;
} explore = { .left = INT32_MAX };

int explore_start(u64 seed)
{
	random_seed(&explore.random, seed);
	explore.shift =
		SHIFT_LEAST + (unsigned)random_below(&explore.random, SHIFTS);
	explore.on = true;
	explore.left = 0;
	return 0;
}

bool explore_on(void)
{
	return explore.on;
}

unsigned explore_choose(unsigned n)
{
	return explore.on ? (unsigned)random_below(&explore.random, n) : 0;
}

static void fall_behind(void)
{
	for (unsigned turns = 1u << explore_choose(explore.shift); turns > 0;
	     turns--) {
		arch_relax();
	}
}

static noinline void change(void)
{
	if (!explore.on) {
		explore.left = INT32_MAX;
		return;
	}
	explore.left = (s32)explore_choose(2u << explore.shift);
	if (preempt_depth() == 0 && arch_irq_enabled() &&
	    explore_choose(2) != 0) {
		sched_preempt();
	} else {
		fall_behind();
	}
}

void explore_point(void)
{
	if (unlikely(--explore.left < 0)) {
		change();
	}
}
