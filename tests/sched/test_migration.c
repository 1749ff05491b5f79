/* SPDX-License-Identifier: MIT */
/*
 * Threads that change their processor: at once when they may not stay, to
 * idle processors when they would wait, and never against their affinity.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "lib/errno.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define MS            1000000ul
#define LIMIT_NS      (300 * MS)

#define PINNED        8
#define STORM_THREADS 64
#define STORM_ROUNDS  300
#define RUN_NS        3000ul

static struct crew crew;

/* A processor that is none of `these`, MAX_CPUS if there is none. */
static unsigned another_cpu(u64 these)
{
	u64 left = READ_ONCE(online_cpus) & ~these;

	return left ? (unsigned)__builtin_ctzll(left) : MAX_CPUS;
}

static bool single(void)
{
	if (another_cpu(1) == MAX_CPUS) {
		ktest_skip("one processor");
		return true;
	}
	return false;
}

/* Waits for `*word` to become `wanted`; false after a long time. */
static bool wait_until(const unsigned *word, unsigned wanted)
{
	u64 end = clock_ns() + LIMIT_NS;

	while (READ_ONCE(*word) != wanted && clock_ns() < end) {
		arch_relax();
	}
	return READ_ONCE(*word) == wanted;
}

static struct {
	unsigned cpu; /* [a] where the runner is */
	bool stop;    /* [a] */
	u64 steps;    /* [a] */
} run;

static void runner(void *arg)
{
	(void)arg;
	while (!READ_ONCE(run.stop)) {
		WITH_PREEMPT_OFF () {
			WRITE_ONCE(run.cpu, cpu_id());
		}
		WRITE_ONCE(run.steps, run.steps + 1);
		arch_relax();
	}
}

static void run_reset(void)
{
	run.stop = false;
	run.steps = 0;
	run.cpu = MAX_CPUS;
}

KTEST(affinity_moves_self,
      "who may not stay is elsewhere when the call returns")
{
	struct thread *self = current_thread();

	for (u64 left = READ_ONCE(online_cpus); left; left &= left - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);

		EXPECT_EQ(thread_set_affinity(self, 1ull << cpu), 0);
		EXPECT_EQ(cpu_id(), cpu);
	}
	EXPECT_EQ(thread_set_affinity(self, UINT64_MAX), 0);
	EXPECT_EQ(thread_set_affinity(self, 0), -EINVAL);
}

KTEST(affinity_moves_running,
      "a thread that runs alone leaves the processor that it may not use")
{
	struct thread *thread;
	unsigned here, there;
	bool came = false, went = false;

	if (single()) {
		return;
	}
	crew_pin_here(&crew);
	here = cpu_id();
	there = another_cpu(1ull << here);
	run_reset();
	crew.affinity = 1ull << there;
	EXPECT_EQ(crew_add(&crew, runner, NULL), 0);
	thread = crew.threads[0];
	came = wait_until(&run.cpu, there);
	EXPECT_EQ(thread_set_affinity(thread, 1ull << here), 0);
	sched_sleep_ns(MS);
	went = wait_until(&run.cpu, here);
	WRITE_ONCE(run.stop, true);
	crew_join(&crew);
	EXPECT(came);
	EXPECT(went);
}

static unsigned holding; /* [a] processors that hold() keeps */
static bool release;     /* [a] */

/* Keeps its processor from everything until it is told. */
static void hold(void *arg)
{
	u64 flags = arch_irq_save();

	(void)arg;
	__atomic_fetch_add(&holding, 1, __ATOMIC_RELAXED);
	while (!READ_ONCE(release)) {
		arch_relax();
	}
	arch_irq_restore(flags);
}

static void hold_reset(void)
{
	release = false;
	holding = 0;
}

KTEST(affinity_moves_waiting,
      "a thread that waits for a busy processor comes where it may run now")
{
	unsigned here, there;
	bool held, came;

	if (single()) {
		return;
	}
	crew_pin_here(&crew);
	here = cpu_id();
	there = another_cpu(1ull << here);
	run_reset();
	hold_reset();
	crew.affinity = 1ull << there;
	EXPECT_EQ(crew_add(&crew, hold, NULL), 0);
	held = wait_until(&holding, 1);
	EXPECT_EQ(crew_add(&crew, runner, NULL), 0);
	/* Not idle here: nobody steals it. */
	EXPECT_EQ(thread_set_affinity(crew.threads[1], 1ull << here), 0);
	came = wait_until(&run.cpu, here);
	WRITE_ONCE(release, true);
	WRITE_ONCE(run.stop, true);
	crew_join(&crew);
	EXPECT(held);
	EXPECT(came);
}

/* Wakes up before the runner here, then lets nothing else happen here. */
static void intruder(void *arg)
{
	u64 end, steps, flags;

	sched_sleep_ns(MS);
	flags = arch_irq_save();
	end = clock_ns() + LIMIT_NS;
	steps = READ_ONCE(run.steps);
	while (READ_ONCE(run.steps) == steps && clock_ns() < end) {
		arch_relax();
	}
	WRITE_ONCE(*(bool *)arg, READ_ONCE(run.steps) != steps);
	arch_irq_restore(flags);
}

KTEST(preempted_goes_to_idle,
      "who is preempted by a bound thread runs on where a processor is idle")
{
	bool went_on = false, came;
	unsigned there;

	if (single()) {
		return;
	}
	crew_pin_here(&crew);
	there = another_cpu(1ull << cpu_id());
	run_reset();
	crew.affinity = 1ull << there;
	EXPECT_EQ(crew_add(&crew, runner, NULL), 0);
	came = wait_until(&run.cpu, there);
	EXPECT_EQ(thread_set_affinity(crew.threads[0], UINT64_MAX), 0);
	EXPECT_EQ(crew_add(&crew, intruder, &went_on), 0);
	thread_join(crew.threads[--crew.count]);
	WRITE_ONCE(run.stop, true);
	crew_join(&crew);
	EXPECT(came);
	EXPECT(went_on);
}

static void nothing(void *arg)
{
	(void)arg;
}

static unsigned stolen_on; /* [a] */

static void note_cpu(void *arg)
{
	(void)arg;
	WRITE_ONCE(stolen_on, cpu_id());
}

/*
 * `there` is held and has bound threads waiting, this processor one thread
 * that any may run, and all others but the thief are held.
 */
static int steal_scene(unsigned there, unsigned thief)
{
	u64 left = READ_ONCE(online_cpus) & ~(1ull << cpu_id() | 1ull << thief);
	unsigned count = 0;
	int err = 0;

	for (; left; left &= left - 1, count++) {
		crew.affinity = left & -left;
		err = err ? err : crew_add(&crew, hold, NULL);
	}
	if (!wait_until(&holding, count)) {
		return -ETIMEDOUT;
	}
	crew.affinity = 1ull << there;
	for (unsigned i = 0; i < PINNED; i++) {
		err = err ? err : crew_add(&crew, nothing, NULL);
	}
	crew.affinity = 1ull << cpu_id() | 1ull << thief;
	return err ? err : crew_add(&crew, note_cpu, NULL);
}

KTEST(steal_passes_to_the_next,
      "an idle processor finds the queue behind a fuller one of bound threads")
{
	unsigned there, thief = MAX_CPUS;
	bool found = false;
	int err = 0;

	crew_pin_here(&crew);
	there = another_cpu(1ull << cpu_id());
	if (there < MAX_CPUS) {
		thief = another_cpu(1ull << cpu_id() | 1ull << there);
	}
	if (thief == MAX_CPUS) {
		crew_join(&crew);
		ktest_skip("fewer than three processors");
		return;
	}
	hold_reset();
	stolen_on = MAX_CPUS;
	WITH_PREEMPT_OFF () {
		err = steal_scene(there, thief);
		found = wait_until(&stolen_on, thief);
		WRITE_ONCE(release, true);
	}
	crew.affinity = 1ull << cpu_id();
	crew_join(&crew);
	EXPECT_EQ(err, 0);
	EXPECT(found);
}

static struct {
	u64 finished; /* [a] */
	u64 astray;   /* [a] rounds on a forbidden processor */
} storm;

/* Runs a little, sleeps a little, and looks where it is; 0: anywhere. */
static void storm_member(void *arg)
{
	u64 rounds = ktest_rounds(STORM_ROUNDS);
	unsigned bound = (unsigned)(u64)arg;
	u64 astray = 0;

	for (u64 i = 0; i < rounds; i++) {
		u64 end = clock_ns() + RUN_NS;

		do {
			astray += bound != 0 && cpu_id() != bound - 1;
		} while (clock_ns() < end);
		if (i % 4 == 0) {
			sched_sleep_ns(RUN_NS);
		} else {
			sched_yield();
		}
	}
	__atomic_fetch_add(&storm.astray, astray, __ATOMIC_RELAXED);
	__atomic_fetch_add(&storm.finished, 1, __ATOMIC_RELAXED);
}

KTEST(steal_storm, "bound threads among free ones stay, and all of them end")
{
	u64 threads = threads_settled();
	u64 cpus = READ_ONCE(online_cpus), left = cpus;

	storm.finished = storm.astray = 0;
	for (u64 i = 0; i < STORM_THREADS; i++) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);
		bool bound = i % 2 != 0;

		crew.affinity = bound ? 1ull << cpu : UINT64_MAX;
		EXPECT_EQ(crew_add(&crew, storm_member,
				   (void *)(u64)(bound ? cpu + 1 : 0)),
			  0);
		left &= bound ? left - 1 : left;
		left = left ? left : cpus;
	}
	crew_join(&crew);
	EXPECT_EQ(storm.finished, STORM_THREADS);
	EXPECT_EQ(storm.astray, 0);
	EXPECT_EQ(holdings_now(threads).threads, threads);
}

static u64 random_cpus(void)
{
	u64 cpus = ktest_random() & READ_ONCE(online_cpus);

	return cpus ? cpus : 1;
}

KTEST(affinity_storm,
      "affinities change under load and every thread ends where it may be")
{
	u64 rounds = ktest_rounds(STORM_ROUNDS);

	storm.finished = storm.astray = 0;
	for (u64 i = 0; i < STORM_THREADS; i++) {
		crew.affinity = random_cpus();
		EXPECT_EQ(crew_add(&crew, storm_member, NULL), 0);
	}
	for (u64 i = 0; i < rounds; i++) {
		unsigned who = (unsigned)(ktest_random() % STORM_THREADS);

		EXPECT_EQ(thread_set_affinity(crew.threads[who], random_cpus()),
			  0);
		EXPECT_EQ(thread_set_affinity(current_thread(), random_cpus()),
			  0);
		EXPECT(current_thread()->affinity >> cpu_id() & 1);
	}
	crew_join(&crew);
	EXPECT_EQ(thread_set_affinity(current_thread(), UINT64_MAX), 0);
	EXPECT_EQ(storm.finished, STORM_THREADS);
}
