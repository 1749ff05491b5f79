/* SPDX-License-Identifier: MIT */
/*
 * What threads get and how long they wait, on simulated machines: the bounds
 * of docs/scheduling.md.  FAIRNESS=1 in the environment prints the figures.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/ktest.h"
#include "tests/sched/simulator.h"

#define SECONDS(n) SIM_MS(1000 * (u64)(n))

/* Interrupts and sections without preemption lengthen a slice so much. */
#define OVERRUN SIM_US(20)

static struct sim sim;

/* Of the threads [first, first + count). */
struct summary {
	double least, most; /* cycles that one ran */
	double lag;         /* slices off the ideal share, the largest */
	double wait;        /* slices from ready to running, the longest */
	double wake;        /* slices from waking to running, the longest */
};

static double in_slices(double cycles)
{
	return cycles / (double)SIM_SLICE;
}

static struct summary summary_of(unsigned first, unsigned count)
{
	struct summary s = { .least = 1e30 };

	for (unsigned i = first; i < first + count; i++) {
		const struct sim_thread *t = &sim.thread[i];
		double lag = MAX(t->lag_max, -t->lag_min);

		s.least = MIN(s.least, (double)t->ran);
		s.most = MAX(s.most, (double)t->ran);
		s.lag = MAX(s.lag, in_slices(lag));
		s.wait = MAX(s.wait, in_slices((double)t->wait_max));
		s.wake = MAX(s.wake, in_slices((double)t->wake_max));
	}
	return s;
}

static bool is_loud(void)
{
	return getenv("FAIRNESS") != NULL;
}

static void begin(unsigned cpu_count)
{
	sim_init(&sim, cpu_count, ktest_random());
	sim.overrun = OVERRUN;
}

/* ---- Equal hogs ------------------------------------------------------- */

/* How far the hog that is furthest from the mean is from it, of 1. */
static double unfairness(const struct summary *s, double ideal)
{
	return MAX(s->most - ideal, ideal - s->least) / ideal;
}

static struct summary run_hogs(unsigned cpu_count, unsigned count, double *off)
{
	double ideal = (double)SECONDS(10) * cpu_count / count;
	struct summary s;

	begin(cpu_count);
	sim_add_many(&sim, count, (struct sim_task){ .nice = 0 });
	sim_run(&sim, SECONDS(10));
	s = summary_of(0, count);
	*off = unfairness(&s, ideal);
	if (is_loud()) {
		printf("%3u hogs on %u: time within %.3f %%, lag %.2f slices, "
		       "wait %.1f slices, %llu switches, %llu moved\n",
		       count, cpu_count, *off * 100, s.lag, s.wait,
		       (unsigned long long)sim.switches,
		       (unsigned long long)(sim.steals + sim.pulled));
	}
	return s;
}

KTEST(fairness_one_cpu, "equal hogs get equal time within 1 % in 10 s")
{
	static const unsigned counts[] = { 2, 3, 7, 20, 50, 100 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		double off;
		struct summary s = run_hogs(1, counts[i], &off);

		EXPECT(off < 0.01);
		EXPECT(s.lag < 1.25);
		EXPECT(s.wait < 2.1 * counts[i]);
	}
}

KTEST(fairness_many_cpus, "equal hogs that do not divide evenly within 5 %")
{
	static const unsigned cases[][2] = {
		{ 2, 3 }, { 4, 5 }, { 3, 7 }, { 8, 9 }, { 8, 15 }, { 8, 100 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned cpu_count = cases[i][0];
		double off;
		struct summary s = run_hogs(cpu_count, cases[i][1], &off);

		EXPECT(off < 0.01);
		EXPECT(s.lag < 8);
		EXPECT(s.wait < 2.1 * cases[i][1] / cpu_count + 8);
	}
}

KTEST(fairness_tickless, "hogs alone that nobody interrupts share later on")
{
	struct summary s;

	begin(2);
	sim.tickless = true;
	sim_add_many(&sim, 2, (struct sim_task){ .nice = 0 });
	sim_run(&sim, SECONDS(5));
	EXPECT(sim.switches < 10);
	sim_add_many(&sim, 3, (struct sim_task){ .start = SECONDS(5) });
	sim_run(&sim, SECONDS(5) + 1);
	sim_forget(&sim);
	sim_run(&sim, SECONDS(15));
	s = summary_of(0, 5);
	EXPECT(unfairness(&s, (double)SECONDS(4)) < 0.01);
	EXPECT(s.wait < 20);
}

/* ---- Weights ---------------------------------------------------------- */

KTEST(fairness_weights, "time goes by weight within 2 %, from nice -20 to 19")
{
	double least = 1e30, most = 0;

	begin(1);
	for (int nice = FAIR_NICE_MIN; nice <= FAIR_NICE_MAX; nice += 3) {
		sim_add(&sim, (struct sim_task){ .nice = nice });
	}
	sim_run(&sim, SECONDS(200));
	for (unsigned i = 0; i < sim.thread_count; i++) {
		const struct sim_thread *t = &sim.thread[i];
		double each = (double)t->ran * fair_factor(t->task.nice);

		least = MIN(least, each);
		most = MAX(most, each);
		/* A day of virtual time is many slices of a heavy thread. */
		EXPECT(in_slices(MAX(t->lag_max, -t->lag_min)) <
		       1.25 + 0.25 * FAIR_ONE / fair_factor(t->task.nice));
	}
	if (is_loud()) {
		printf("nice -20 to 19: time by weight within %.3f %%\n",
		       (most / least - 1) * 100);
	}
	EXPECT(most / least < 1.02);
}

KTEST(fairness_weights_many_cpus, "weights hold across processors within 2 %")
{
	double least = 1e30, most = 0;

	begin(4);
	sim_add_many(&sim, 3, (struct sim_task){ .nice = -5 });
	sim_add_many(&sim, 10, (struct sim_task){ .nice = 0 });
	sim_add_many(&sim, 3, (struct sim_task){ .nice = 10 });
	sim_run(&sim, SECONDS(40));
	for (unsigned i = 0; i < sim.thread_count; i++) {
		const struct sim_thread *t = &sim.thread[i];
		double each = (double)t->ran * fair_factor(t->task.nice);

		least = MIN(least, each);
		most = MAX(most, each);
	}
	if (is_loud()) {
		printf("nice -5, 0, 10 on 4: time by weight within %.3f %%\n",
		       (most / least - 1) * 100);
	}
	EXPECT(most / least < 1.02);
}

/* ---- Waking ----------------------------------------------------------- */

/* A light sleeper of this nice among 100 hogs and one of `odd` nice. */
static struct summary run_sleeper(int nice, int odd)
{
	struct summary s;

	begin(1);
	sim_add(&sim, (struct sim_task){
			      .nice = nice,
			      .burst = SIM_US(nice > 0 ? 1 : 100),
			      .pause = SIM_MS(37),
			      .then = SIM_SLEEP,
		      });
	sim_add(&sim, (struct sim_task){ .nice = odd });
	sim_add_many(&sim, 100, (struct sim_task){ .nice = 0 });
	sim_run(&sim, SECONDS(2));
	sim_forget(&sim);
	sim_run(&sim, SECONDS(12));
	s = summary_of(0, 1);
	if (is_loud()) {
		printf("sleeper of nice %3d among 100 hogs and one of nice "
		       "%3d: runs after %.3f slices\n",
		       nice, odd, s.wake);
	}
	return s;
}

KTEST(fairness_wake_latency, "who wakes among hogs runs within one slice")
{
	static const int nices[] = { FAIR_NICE_MIN, 0, FAIR_NICE_MAX };

	for (size_t i = 0; i < 9; i++) {
		struct summary s = run_sleeper(nices[i / 3], nices[i % 3]);

		EXPECT(s.wake < 1);
	}
}

KTEST(fairness_wake_many_cpus, "and beside hogs that move between processors")
{
	static const unsigned cases[][2] = { { 2, 3 }, { 4, 9 }, { 8, 100 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct summary s;

		begin(cases[i][0]);
		for (unsigned j = 0; j < 8; j++) {
			sim_add(&sim, (struct sim_task){
					      .cpu = j % sim.cpu_count,
					      .burst = SIM_US(20),
					      .pause = SIM_US(7100 + 531 * j),
					      .then = SIM_SLEEP,
				      });
		}
		sim_add_many(&sim, cases[i][1], (struct sim_task){ .nice = 0 });
		sim_run(&sim, SECONDS(1));
		sim_forget(&sim);
		sim_run(&sim, SECONDS(5));
		s = summary_of(0, 8);
		if (is_loud()) {
			printf("8 light sleepers, %u hogs on %u: run after "
			       "%.2f slices\n",
			       cases[i][1], cases[i][0], s.wake);
		}
		/* A slice, its overrun and the others' bursts. */
		EXPECT(s.wake < 1.2);
	}
}

KTEST(fairness_no_gain_by_sleep, "who sleeps for a moment gets no more by it")
{
	double most = 0;

	for (u64 us = 100; us < 2000; us += 300) {
		for (u64 pause = 1; pause <= 1000; pause *= 10) {
			struct summary hogs;

			begin(1);
			sim_add(&sim, (struct sim_task){
					      .burst = SIM_US(us),
					      .pause = SIM_US(pause),
					      .then = SIM_SLEEP,
				      });
			sim_add_many(&sim, 3, (struct sim_task){ .nice = 0 });
			sim_run(&sim, SECONDS(4));
			hogs = summary_of(1, 3);
			most = MAX(most,
				   (double)sim.thread[0].ran / hogs.least);
			EXPECT(most < 1.01);
			EXPECT(hogs.wait < 8);
		}
	}
	if (is_loud()) {
		printf("sleeper of a moment: %.3f times a hog's time\n", most);
	}
}

KTEST(fairness_sleepers_share, "sleepers that want more than their share wait")
{
	struct summary hogs, sleepers;

	begin(1);
	sim_add_many(&sim, 2, (struct sim_task){ .nice = 0 });
	for (unsigned i = 0; i < 100; i++) {
		sim_add(&sim, (struct sim_task){
				      .burst = SIM_MS(1),
				      .pause = SIM_US(3000 + 10 * i),
				      .then = SIM_SLEEP,
			      });
	}
	sim_run(&sim, SECONDS(20));
	hogs = summary_of(0, 2);
	sleepers = summary_of(2, 100);
	EXPECT(sleepers.most < 1.05 * hogs.least);
	EXPECT(sleepers.least > 0.95 * hogs.most);
	EXPECT(hogs.wait < 2.1 * 102);
}

/* ---- Starting and ending ---------------------------------------------- */

/* What a family of threads gets of 10 s, and three hogs the rest. */
static double family_share(struct sim_task family, double *hog_wait)
{
	struct summary hogs;
	double share;

	begin(1);
	sim_add(&sim, family);
	sim_add_many(&sim, 3, (struct sim_task){ .nice = 0 });
	sim_run(&sim, SECONDS(10));
	hogs = summary_of(1, 3);
	*hog_wait = hogs.wait;
	share = (double)sim.thread[0].ran / hogs.least;
	if (is_loud()) {
		u64 each = family.pause != 0 ? family.pause : family.burst;

		printf("%s of nice %3d, %4llu us each, beside 3 hogs: %.2f "
		       "shares, hogs wait %.1f slices\n",
		       family.then == SIM_SUCCEED ? "chain" : "spawner",
		       family.nice, (unsigned long long)each / 1000,
		       share * fair_factor(family.nice) / FAIR_ONE, *hog_wait);
	}
	return share;
}

KTEST(fairness_chain, "short-lived threads in a chain get the share of one")
{
	for (int nice = FAIR_NICE_MIN; nice <= FAIR_NICE_MAX; nice += 13) {
		for (u64 us = 10; us <= 2000; us *= 5) {
			double wait;
			double share = family_share(
				(struct sim_task){ .nice = nice,
						   .burst = SIM_US(us),
						   .then = SIM_SUCCEED },
				&wait);

			EXPECT(share * fair_factor(nice) < 1.1 * FAIR_ONE);
			EXPECT(share * fair_factor(nice) > 0.9 * FAIR_ONE);
		}
	}
}

KTEST(fairness_spawner, "a parent and children one by one get five shares")
{
	for (int nice = FAIR_NICE_MIN; nice <= FAIR_NICE_MAX; nice += 5) {
		for (u64 us = 50; us <= 2000; us *= 4) {
			double wait;
			double share = family_share(
				(struct sim_task){ .nice = nice,
						   .burst = SIM_US(10),
						   .pause = SIM_US(us),
						   .then = SIM_SPAWN },
				&wait);

			EXPECT(share * fair_factor(nice) < 5.1 * FAIR_ONE);
		}
	}
}

KTEST(fairness_arrivals, "a crowd of arrivals neither starves nor is starved")
{
	struct summary old, young;

	begin(2);
	sim_add_many(&sim, 4, (struct sim_task){ .nice = 0 });
	for (unsigned i = 0; i < 200; i++) {
		sim_add(&sim, (struct sim_task){
				      .start = SECONDS(1) + i % 8 * SIM_MS(200),
				      .burst = SIM_US(100 + 100 * (i % 20)),
				      .then = SIM_END,
			      });
	}
	sim_run(&sim, SECONDS(10));
	old = summary_of(0, 4);
	young = summary_of(4, 200);
	EXPECT(old.most / old.least < 1.01);
	EXPECT(old.wait < 60);
	EXPECT(young.wait < 60);
	for (unsigned i = 4; i < sim.thread_count; i++) {
		EXPECT(sim.thread[i].state == SIM_DEAD);
	}
}

/* ---- Queues that part ------------------------------------------------- */

KTEST(fairness_after_nice_alone, "a queue that ran far ahead finds the others")
{
	struct summary s;

	begin(2);
	for (unsigned i = 0; i < 2; i++) {
		sim_add(&sim, (struct sim_task){
				      .nice = i == 0 ? FAIR_NICE_MAX : 0,
				      .cpu = i,
				      .burst = SECONDS(5),
				      .then = SIM_END,
			      });
	}
	sim_add_many(&sim, 5, (struct sim_task){ .start = SECONDS(5) });
	sim_run(&sim, SECONDS(15) + SIM_MS(1));
	s = summary_of(2, 5);
	EXPECT(unfairness(&s, (double)SECONDS(4)) < 0.01);
	EXPECT(s.wait < 20);
}

KTEST(fairness_beside_pinned, "bound threads do not upset those that move")
{
	struct summary bound, free;

	begin(4);
	sim_add_many(&sim, 8, (struct sim_task){ .pinned = true });
	sim_add(&sim, (struct sim_task){ .cpu = 1, .pinned = true });
	sim_add_many(&sim, 6,
		     (struct sim_task){ .cpu = 2, .start = SECONDS(5) });
	sim_run(&sim, SECONDS(15));
	bound = summary_of(0, 8);
	free = summary_of(9, 6);
	if (is_loud()) {
		printf("8 bound to one of 4, 1 to another, 6 free: wait %.1f "
		       "and %.1f slices\n",
		       bound.wait, free.wait);
	}
	EXPECT(bound.most / bound.least < 1.01);
	EXPECT(free.most / free.least < 1.05);
	EXPECT(bound.wait < 20);
	EXPECT(free.wait < 20);
}

KTEST(fairness_idle_now_and_then, "hogs share beside sleepers that come and go")
{
	struct summary hogs, sleepers;

	begin(4);
	sim.tickless = true;
	sim_add_many(&sim, 8, (struct sim_task){ .cpu = 1 });
	for (unsigned i = 0; i < 8; i++) {
		sim_add(&sim, (struct sim_task){
				      .burst = SIM_US(700 + 100 * i),
				      .pause = SIM_MS(30 + 7 * i),
				      .then = SIM_SLEEP,
			      });
	}
	sim_run(&sim, SECONDS(10));
	hogs = summary_of(0, 8);
	sleepers = summary_of(8, 8);
	if (is_loud()) {
		printf("8 hogs and 8 sleepers on 4: hogs within %.3f %%, "
		       "sleepers run after %.2f slices\n",
		       (hogs.most / hogs.least - 1) * 100, sleepers.wake);
	}
	EXPECT(hogs.most / hogs.least < 1.05);
	EXPECT(hogs.wait < 20);
	EXPECT(sleepers.wake < 10);
}

/* ---- Anything --------------------------------------------------------- */

static struct sim_task random_task(void)
{
	return (struct sim_task){
		.nice = (int)(ktest_random() % 40) - 20,
		.cpu = ktest_random() % 2,
		.pinned = ktest_random() % 4 == 0,
		.start = ktest_random() % SECONDS(1),
		.burst = ktest_random() % 4 == 0
				 ? 0
				 : 1 + ktest_random() % SIM_MS(5),
		.pause = 1 + ktest_random() % SIM_MS(20),
		.then = (enum sim_then)(ktest_random() % 4),
	};
}

/*
 * Cycles that a thread may wait: for three rounds, and for half a calendar
 * after a move, with all the weight on its processor.
 */
static double wait_bound(const struct sim_thread *t, double weight)
{
	double factor = (double)fair_factor(t->task.nice) / FAIR_ONE;
	double slice = (double)FAIR_SLICE_DAYS * MAX(factor, 0.25);
	double days = MIN(slice, (double)FAIR_SLICE_DAYS_MAX);

	return (3 * days + FAIR_DAYS / 2) * (double)SIM_DAY * weight;
}

KTEST(fairness_no_starvation, "in any mix, each that is ready runs in its time")
{
	for (int round = 0; round < 20; round++) {
		double weight = 0;

		begin(1 + ktest_random() % 4);
		for (int i = 0; i < 30; i++) {
			struct sim_task task = random_task();

			task.cpu %= sim.cpu_count;
			sim_add(&sim, task);
			weight += (double)FAIR_ONE / fair_factor(task.nice);
		}
		sim_run(&sim, SECONDS(4));
		for (unsigned i = 0; i < sim.thread_count; i++) {
			const struct sim_thread *t = &sim.thread[i];
			u64 wait = t->wait_max;

			if (t->state == SIM_READY) {
				wait = MAX(wait, sim.now - t->ready_since);
			}
			EXPECT((double)wait < wait_bound(t, weight + 30));
		}
	}
}
