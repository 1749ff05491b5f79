/* SPDX-License-Identifier: MIT */
/*
 * A machine of several processors that share threads by sched/fair.h, in
 * simulated time: what would each thread get, how long would it wait, how far
 * would it stray from its ideal share.  Host only, for tests of fairness.
 *
 * Each processor has a fair_queue and runs the thread that it picks for a
 * slice, unless the thread ends its burst or a woken one preempts it.  An idle
 * processor steals half of the fullest queue; every SIM_BALANCE a processor
 * looks whether another lags.  Time is in cycles of a 1 GHz clock.
 */
#ifndef EXO_TESTS_SCHED_SIMULATOR_H
#define EXO_TESTS_SCHED_SIMULATOR_H

#include "lib/random.h"
#include "sched/fair.h"

#define SIM_US(n)       ((u64)(n)*1000)
#define SIM_MS(n)       ((u64)(n)*1000000)
#define SIM_BALANCE     SIM_MS(4)
#define SIM_SLICE       ((u64)FAIR_SLICE_DAYS * SIM_DAY)
#define SIM_DAY         (1ull << 18)

#define SIM_CPUS_MAX    8
#define SIM_THREADS_MAX 256

/* What a thread does at the end of a burst. */
enum sim_then {
	SIM_SLEEP,   /* sleeps for its pause */
	SIM_SUCCEED, /* starts a new thread that does the same, and ends */
	SIM_SPAWN,   /* sleeps while a new thread runs for its pause */
	SIM_END,
};

struct sim_task {
	int nice;
	unsigned cpu; /* where it starts */
	bool pinned;  /* it stays there */
	u64 start;    /* cycles; when it is made */
	u64 burst;    /* cycles that it runs at a time; 0: for ever */
	u64 pause;    /* cycles */
	enum sim_then then;
};

enum sim_state { SIM_PAUSED, SIM_READY, SIM_RUNNING, SIM_DEAD };

struct sim_entity {
	struct fair_entity fair;
	unsigned cpu; /* by whose queue's time it goes */
	struct sim_thread *thread;
};

/* With SIM_SUCCEED and SIM_SPAWN also its descendants, one at a time. */
struct sim_thread {
	struct sim_entity entity[2]; /* the parent, the child that it awaits */
	unsigned who;                /* which of them is at work */
	struct sim_task task;
	enum sim_state state;
	bool born;
	u64 wake_at;     /* cycles; while PAUSED */
	u64 left;        /* cycles of the burst */
	u64 ready_since; /* cycles; while READY */
	bool woken;      /* it has not run since it woke up */
	double fluid_start;
	u64 ran_at_start;

	/* Results, in cycles. */
	u64 ran;
	u64 wait_max;            /* from ready to running */
	u64 wake_max;            /* the same after sleep alone */
	double lag_max, lag_min; /* behind and ahead of the ideal share */
};

struct sim_cpu {
	struct fair_queue queue;
	struct sim_thread *running;
	u64 run_since; /* cycles; the running thread is charged up to here */
	u64 run_until;
	u64 next_balance;
};

struct sim {
	unsigned cpu_count;
	unsigned thread_count;
	u64 overrun;   /* a slice may end up to so many cycles late */
	bool tickless; /* a thread alone is not interrupted */
	u64 now;
	double weight; /* of all that are ready or running */
	double fluid;  /* what a weight of 1 got so far of one processor */
	struct random random;
	struct sim_cpu *pacer; /* the last to balance that was not idle */
	struct sim_cpu cpu[SIM_CPUS_MAX];
	struct sim_thread thread[SIM_THREADS_MAX];

	/* Results. */
	u64 switches;
	u64 steals; /* threads that an idle processor took */
	u64 pulled; /* threads that a processor took that was ahead */
	u64 idle;   /* cycles that processors had nothing to run */
};

/* An empty machine at time 0. */
void sim_init(struct sim *sim, unsigned cpu_count, u64 seed);

/* Adds a thread; the result stays valid. */
struct sim_thread *sim_add(struct sim *sim, struct sim_task task);

/* Adds `count` threads of the same task. */
void sim_add_many(struct sim *sim, unsigned count, struct sim_task task);

/* Lets the machine run to the time `until`. */
void sim_run(struct sim *sim, u64 until);

/* Forgets the results so far: what follows is measured alone. */
void sim_forget(struct sim *sim);

#endif
