/* SPDX-License-Identifier: MIT */
/*
 * Threads: preemption, turns, time, and what is left when they have ended.
 */
#include "sched/thread.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "lib/errno.h"
#include "sched/kstack.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define MS            1000000ul

#define SPINNERS      2
#define SPIN_TURNS    4
#define SPIN_STEP_NS  (10 * MS)
#define SPIN_LIMIT_NS (10000 * MS)

#define MANY          200

#define BIRTHS        250
#define BIRTH_ROUNDS  20

#define TURN_THREADS  3
#define TURNS         1000

#define JOIN_ROUNDS   2000

#define HELD_UP_NS    (12 * MS)
#define SLEEP_ROUNDS  40
#define SLEEP_MAX_NS  (2 * MS)
#define WORK_LOAD     4
#define REGISTER_RUNS 20000
#define NAPPERS       4
#define NAP_NS        1000ul
#define NAPS_NS       (10 * MS)
#define NAPS_TRIES    100

static struct crew crew;

static struct {
	bool stop; /* [a] */
	unsigned last;
	u64 changes[SPINNERS]; /* how often this one followed the other */
} spin;

static void spinner(void *arg)
{
	unsigned self = (unsigned)(u64)arg;

	while (!READ_ONCE(spin.stop)) {
		if (READ_ONCE(spin.last) != self) {
			WRITE_ONCE(spin.last, self);
			spin.changes[self]++;
		}
		/* Under instruction counting others run only now. */
		arch_relax();
	}
}

static bool spinners_took_turns(void)
{
	for (unsigned i = 0; i < SPINNERS; i++) {
		if (READ_ONCE(spin.changes[i]) < SPIN_TURNS) {
			return false;
		}
	}
	return true;
}

KTEST(thread_preempts_kernel,
      "threads that never yield take turns, and a sleeper comes in between")
{
	u64 end = clock_ns() + SPIN_LIMIT_NS;

	spin.stop = false;
	spin.last = SPINNERS;
	for (u64 i = 0; i < SPINNERS; i++) {
		spin.changes[i] = 0;
		EXPECT_EQ(crew_add(&crew, spinner, (void *)i), 0);
	}
	do {
		sched_sleep_ns(SPIN_STEP_NS);
	} while (!spinners_took_turns() && clock_ns() < end);
	WRITE_ONCE(spin.stop, true);
	crew_join(&crew);
	EXPECT(spinners_took_turns());
}

static void nothing(void *arg)
{
	(void)arg;
}

static void yielder(void *arg)
{
	for (u64 i = (u64)arg; i > 0; i--) {
		sched_yield();
	}
}

static int run_many(void)
{
	int err = 0;

	for (u64 i = 0; i < MANY && err == 0; i++) {
		err = crew_add(&crew, yielder, (void *)(i % 5));
	}
	crew_join(&crew);
	return err;
}

KTEST(thread_many_leave_nothing,
      "hundreds of threads come and go, and the kernel holds what it held")
{
	struct holdings before, after;
	u64 threads = threads_settled();

	EXPECT_EQ(run_many(), 0);
	before = holdings_now(threads);
	EXPECT_EQ(before.threads, threads);
	EXPECT_EQ(run_many(), 0);
	after = holdings_now(threads);
	EXPECT_EQ(after.threads, before.threads);
	EXPECT_EQ(after.kernel_stacks, before.kernel_stacks);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

KTEST(thread_spawned_goes_alone,
      "a thread that nobody joins is gone when it has ended")
{
	u64 threads = threads_settled();

	for (unsigned i = 0; i < MANY; i++) {
		EXPECT_EQ(thread_spawn("alone", nothing, NULL), 0);
	}
	EXPECT_EQ(holdings_now(threads).threads, threads);
}

/* Days that the running thread is ahead of its queue. */
static s64 days_ahead(void)
{
	const struct fair_queue *q = &this_cpu_ptr(runq)->ready;

	return (s64)(current_thread()->fair.vtime >> q->shift) -
	       (s64)q->first_day;
}

/* Once in a while somebody else waits here: what is least counts. */
KTEST(thread_births_pass_time,
      "a parent that pays for births alone takes the queue's time along")
{
	s64 least = BIRTHS * BIRTH_ROUNDS;

	crew_pin_here(&crew);
	for (unsigned i = 0; i < BIRTH_ROUNDS; i++) {
		u64 threads = thread_count();

		WITH_PREEMPT_OFF () {
			EXPECT_EQ(thread_spawn("born", nothing, NULL), 0);
			if (i >= BIRTH_ROUNDS / 2) {
				least = MIN(least, days_ahead());
			}
		}
		for (unsigned born = 1; born < BIRTHS; born++) {
			EXPECT_EQ(thread_spawn("born", nothing, NULL), 0);
		}
		while (thread_count() > threads) {
			sched_yield();
		}
	}
	crew_join(&crew);
	EXPECT(least < FAIR_DAYS);
}

KTEST(thread_stacks_coloured, "stacks in a row begin on lines of their own")
{
	u64 lines = 0;

	for (u64 slot = 0; slot < KSTACK_COLOURS; slot++) {
		struct kstack stack = { 0 };
		u64 line;

		stack.base = (u8 *)(slot * KSTACK_SLOT_BYTES);
		line = kstack_top(&stack) % PAGE_SIZE / KSTACK_COLOUR_BYTES;
		EXPECT_EQ(kstack_top(&stack) % KSTACK_COLOUR_BYTES, 0);
		EXPECT_EQ(lines >> line & 1, 0);
		lines |= 1ull << line;
	}
	EXPECT_EQ(current_thread()->arch.kernel_sp,
		  kstack_top(&current_thread()->kstack));
}

KTEST(thread_never_started, "a thread that was not started can be dropped")
{
	u64 threads = threads_settled();
	struct thread *thread = thread_create("never", nothing, NULL);

	EXPECT(thread != NULL);
	EXPECT_EQ(thread_count(), threads + 1);
	/* Its own reference, which its end would drop, and ours. */
	thread_put(thread);
	thread_put(thread);
	EXPECT_EQ(thread_count(), threads);
}

static struct {
	unsigned ready;  /* [a] */
	unsigned left;   /* [a] */
	unsigned stayed; /* yields that came back without a switch */
} turns;

static void turn_taker(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&turns.ready, 1, __ATOMIC_RELAXED);
	while (READ_ONCE(turns.ready) < TURN_THREADS) {
		sched_yield();
	}
	for (unsigned i = 0; i < TURNS; i++) {
		u64 switches = sched_switches();

		sched_yield();
		turns.stayed += sched_switches() == switches &&
				READ_ONCE(turns.left) > 1;
	}
	__atomic_fetch_sub(&turns.left, 1, __ATOMIC_RELAXED);
}

KTEST(thread_yield_gives_way,
      "who yields does not run again before another ready thread did")
{
	turns.ready = turns.stayed = 0;
	turns.left = TURN_THREADS;
	crew_pin_here(&crew);
	for (u64 i = 0; i < TURN_THREADS; i++) {
		EXPECT_EQ(crew_add(&crew, turn_taker, NULL), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(turns.left, 0);
	/* A thief looks at waiting threads in its own hands. */
	EXPECT(turns.stayed <= TURNS / 4);
}

KTEST(thread_join_races_exit,
      "joining works before, while and after the thread ends")
{
	u64 threads = threads_settled();

	for (unsigned i = 0; i < JOIN_ROUNDS; i++) {
		u64 random = ktest_random();
		struct thread *thread =
			thread_create("racer", yielder, (void *)(random % 4));

		EXPECT(thread != NULL);
		thread_start(thread);
		yielder((void *)(random >> 8 & 3));
		thread_join(thread);
	}
	EXPECT_EQ(holdings_now(threads).threads, threads);
}

static void mark_ran(void *arg)
{
	WRITE_ONCE(*(bool *)arg, true);
}

static void busy_wait(u64 ns)
{
	u64 end = clock_ns() + ns;

	while (clock_ns() < end) {
		arch_relax();
	}
}

KTEST(preempt_off_holds,
      "nobody else runs while preemption is off, and at once afterwards")
{
	bool ran = false, ran_early = false;
	u64 switches = 0;

	crew_pin_here(&crew);
	WITH_PREEMPT_OFF () {
		EXPECT_EQ(crew_add(&crew, mark_ran, &ran), 0);
		busy_wait(HELD_UP_NS);
		WITH_PREEMPT_OFF () {
			busy_wait(HELD_UP_NS);
		}
		/* An emulator's interrupts come later than its clock says. */
		while (this_cpu(percpu_head).preempt & PREEMPT_NO_WORK) {
			arch_relax();
		}
		ran_early = READ_ONCE(ran);
		switches = sched_switches();
	}
	EXPECT(sched_switches() > switches);
	EXPECT(!ran_early);
	crew_join(&crew);
	EXPECT(ran);
}

KTEST(sleep_is_long_enough, "a sleep never ends early, among busy threads too")
{
	spin.stop = false;
	for (u64 i = 0; i < WORK_LOAD; i++) {
		EXPECT_EQ(crew_add(&crew, spinner, (void *)(i % SPINNERS)), 0);
	}
	for (unsigned i = 0; i < SLEEP_ROUNDS; i++) {
		u64 ns = ktest_random() % SLEEP_MAX_NS;
		u64 from = clock_ns();

		sched_sleep_ns(ns);
		if (clock_ns() - from < ns) {
			WRITE_ONCE(spin.stop, true);
		}
	}
	EXPECT(!READ_ONCE(spin.stop));
	WRITE_ONCE(spin.stop, true);
	crew_join(&crew);
}

static struct {
	bool stop;  /* [a] */
	u64 rounds; /* of the worker */
} nappers;

static void napper(void *arg)
{
	(void)arg;
	while (!READ_ONCE(nappers.stop)) {
		sched_sleep_ns(NAP_NS);
	}
}

static void napless(void *arg)
{
	(void)arg;
	while (!READ_ONCE(nappers.stop)) {
		nappers.rounds++;
	}
}

/* What the worker gets done beside so many nappers; 0: no memory. */
static u64 work_beside(unsigned count)
{
	int err;

	nappers.stop = false;
	nappers.rounds = 0;
	crew_pin_here(&crew);
	err = crew_add(&crew, napless, NULL);
	for (unsigned i = 0; i < count; i++) {
		err |= crew_add(&crew, napper, NULL);
	}
	sched_sleep_ns(NAPS_NS);
	WRITE_ONCE(nappers.stop, true);
	crew_join(&crew);
	return err ? 0 : nappers.rounds;
}

KTEST(sleep_leaves_time, "who sleeps for a moment again and again leaves an "
			 "eighth of the time to one that works")
{
	u64 alone = work_beside(0);

	EXPECT(alone > 0);
	for (unsigned count = 1; count <= NAPPERS; count++) {
		u64 most = 0;

		/* A busy host may take the time. */
		for (u32 i = 0; i < NAPS_TRIES && most < alone / 8; i++) {
			most = MAX(most, work_beside(count));
		}
		EXPECT(most >= alone / 8);
	}
}

/* Fills every register that a switch must keep, yields, and compares. */
static u64 registers_survive(u64 seed)
{
	u64 wrong;

	__asm__ volatile("movq %1, %%rbx\n\t"
			 "leaq 1(%1), %%r12\n\t"
			 "leaq 2(%1), %%r13\n\t"
			 "leaq 3(%1), %%r14\n\t"
			 "leaq 4(%1), %%r15\n\t"
			 "pushq %1\n\t"
			 "pushq %1\n\t"
			 "call sched_yield\n\t"
			 "popq %%rax\n\t"
			 "popq %%rcx\n\t"
			 "xorq %%rax, %%rbx\n\t"
			 "subq %%rax, %%r12\n\t"
			 "subq %%rax, %%r13\n\t"
			 "subq %%rax, %%r14\n\t"
			 "subq %%rax, %%r15\n\t"
			 "decq %%r12\n\t"
			 "subq $2, %%r13\n\t"
			 "subq $3, %%r14\n\t"
			 "subq $4, %%r15\n\t"
			 "orq %%r12, %%rbx\n\t"
			 "orq %%r13, %%rbx\n\t"
			 "orq %%r14, %%rbx\n\t"
			 "orq %%r15, %%rbx\n\t"
			 "movq %%rbx, %0"
			 : "=&a"(wrong)
			 : "D"(seed)
			 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11",
			   "r12", "r13", "r14", "r15", "memory", "cc");
	return wrong;
}

static void register_keeper(void *arg)
{
	u64 wrong = 0;

	for (u64 i = 0; i < REGISTER_RUNS; i++) {
		wrong |= registers_survive(*(u64 *)arg * (i + 1));
	}
	*(u64 *)arg = wrong;
}

KTEST(switch_keeps_registers,
      "a thread finds the registers that the ABI promises after each switch")
{
	u64 seeds[SPINNERS];

	for (unsigned i = 0; i < SPINNERS; i++) {
		seeds[i] = ktest_random();
		EXPECT_EQ(crew_add(&crew, register_keeper, &seeds[i]), 0);
	}
	crew_join(&crew);
	for (unsigned i = 0; i < SPINNERS; i++) {
		EXPECT_EQ(seeds[i], 0);
	}
}
