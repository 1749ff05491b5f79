/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine.  See tests/sched/simulator.h.
 */
#include "tests/sched/simulator.h"

#include "lib/assert.h"
#include "lib/string.h"

#define NEVER (~0ull)

static struct fair_entity *entity_of(struct sim_thread *t)
{
	return &t->entity[t->who].fair;
}

static struct sim_thread *thread_of(struct fair_entity *e)
{
	return container_of(e, struct sim_entity, fair)->thread;
}

/* The processor on which the thread is, or was last. */
static struct sim_cpu *cpu_of(struct sim *sim, const struct sim_thread *t)
{
	return &sim->cpu[t->entity[t->who].cpu];
}

static void set_cpu(struct sim *sim, struct sim_thread *t,
		    const struct sim_cpu *cpu)
{
	t->entity[t->who].cpu = (unsigned)(cpu - sim->cpu);
}

static double weight_of(const struct sim_thread *t)
{
	return (double)FAIR_ONE / fair_factor(t->task.nice);
}

/* ---- Measuring -------------------------------------------------------- */

/*
 * Moves the time on.  The ideal machine shares it by weight; on several
 * processors that holds for equal threads, none of which can use two.
 */
static void advance(struct sim *sim, u64 to)
{
	double cpus = sim->cpu_count;
	double share = cpus > sim->weight ? 1 : cpus / sim->weight;

	if (sim->cpu_count == 1) {
		share = sim->weight > 0 ? 1 / sim->weight : 0;
	}
	sim->fluid += share * (double)(to - sim->now);
	sim->now = to;
}

/* The thread wants to run from now on. */
static void join(struct sim *sim, struct sim_thread *t)
{
	sim->weight += weight_of(t);
	t->fluid_start = sim->fluid;
	t->ran_at_start = t->ran;
}

static void leave(struct sim *sim, struct sim_thread *t)
{
	sim->weight -= weight_of(t);
}

/* What the thread should have had since it wants to run, less what it had. */
static void note_lag(struct sim *sim, struct sim_thread *t)
{
	double lag = weight_of(t) * (sim->fluid - t->fluid_start) -
		     (double)(t->ran - t->ran_at_start);

	t->lag_max = MAX(t->lag_max, lag);
	t->lag_min = MIN(t->lag_min, lag);
}

static void note_wait(struct sim *sim, struct sim_thread *t)
{
	u64 wait = sim->now - t->ready_since;

	t->wait_max = MAX(t->wait_max, wait);
	if (t->woken) {
		t->wake_max = MAX(t->wake_max, wait);
	}
	t->woken = false;
}

/* ---- Running ---------------------------------------------------------- */

/* Charges the running thread for the time up to now. */
static void account(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *t = cpu->running;
	u64 cycles = sim->now - cpu->run_since;

	fair_charge(entity_of(t), cycles);
	t->ran += cycles;
	t->left -= MIN(t->left, cycles);
	cpu->run_since = sim->now;
	note_lag(sim, t);
}

static void become_ready(struct sim *sim, struct sim_thread *t)
{
	t->state = SIM_READY;
	t->ready_since = sim->now;
}

/* Takes the processor from the running thread, which stays ready. */
static void put_back(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *t = cpu->running;

	account(sim, cpu);
	become_ready(sim, t);
	fair_insert(&cpu->queue, entity_of(t));
	cpu->running = NULL;
}

/* Time for the running thread to end its slice, if it may run on and on. */
static void arm(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *t = cpu->running;
	u64 slice = fair_slice_cycles(&cpu->queue, entity_of(t));

	if (sim->overrun != 0) {
		slice += random_below(&sim->random, sim->overrun);
	}
	if (sim->tickless && cpu->queue.count == 0) {
		slice = NEVER - sim->now;
	}
	if (t->task.burst != 0) {
		slice = MIN(slice, t->left);
	}
	cpu->run_until = sim->now + slice;
}

static void dispatch(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *t)
{
	note_wait(sim, t);
	note_lag(sim, t);
	t->state = SIM_RUNNING;
	cpu->running = t;
	cpu->run_since = sim->now;
	sim->switches++;
	arm(sim, cpu);
}

/* ---- Waking and ending ------------------------------------------------ */

static bool is_idle(const struct sim_cpu *cpu)
{
	return cpu->running == NULL && cpu->queue.count == 0;
}

/* The processor on which the thread wakes up: an idle one, or its own. */
static struct sim_cpu *place(struct sim *sim, const struct sim_thread *t)
{
	struct sim_cpu *own = cpu_of(sim, t);

	if (t->task.pinned || is_idle(own)) {
		return own;
	}
	for (unsigned i = 0; i < sim->cpu_count; i++) {
		if (is_idle(&sim->cpu[i])) {
			return &sim->cpu[i];
		}
	}
	return own;
}

/* Brings the queue's time up to now, for somebody is about to stand in it. */
static void catch_up(struct sim *sim, struct sim_cpu *cpu)
{
	if (cpu->running != NULL) {
		account(sim, cpu);
		fair_advance(&cpu->queue, entity_of(cpu->running));
	} else if (is_idle(cpu) && sim->pacer != NULL && sim->pacer != cpu) {
		fair_follow(&cpu->queue, &sim->pacer->queue);
	}
}

/* The running thread has company now, which may be more urgent. */
static void compare(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *t)
{
	if (cpu->running == NULL) {
		return;
	}
	if (fair_preempts(&cpu->queue, entity_of(t), entity_of(cpu->running))) {
		put_back(sim, cpu);
	} else if (cpu->run_until == NEVER) {
		arm(sim, cpu);
	}
}

static void wake(struct sim *sim, struct sim_thread *t)
{
	struct sim_cpu *from = cpu_of(sim, t);
	struct sim_cpu *to = place(sim, t);

	become_ready(sim, t);
	t->woken = true;
	catch_up(sim, to);
	fair_move(entity_of(t), &from->queue, &to->queue);
	set_cpu(sim, t, to);
	fair_wake(&to->queue, entity_of(t));
	compare(sim, to, t);
}

/* A new thread stands where its parent runs; an idle processor steals it. */
static void start_new(struct sim *sim, struct sim_thread *t,
		      struct fair_entity *parent)
{
	struct sim_cpu *cpu = cpu_of(sim, t);

	become_ready(sim, t);
	fair_entity_init(entity_of(t), t->task.nice);
	catch_up(sim, cpu);
	fair_start(&cpu->queue, entity_of(t), parent);
	compare(sim, cpu, t);
}

/* The running thread's burst is over. */
static void end_burst(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *t = cpu->running;
	struct fair_entity parent = *entity_of(t);
	bool was_child = t->who == 1;

	cpu->running = NULL;
	t->left = t->task.burst;
	switch (t->task.then) {
	case SIM_SLEEP:
		leave(sim, t);
		t->state = SIM_PAUSED;
		t->wake_at = sim->now + t->task.pause;
		break;
	case SIM_SUCCEED: start_new(sim, t, &parent); break;
	case SIM_SPAWN:
		t->who = !was_child;
		if (was_child) {
			wake(sim, t);
		} else {
			t->left = t->task.pause;
			set_cpu(sim, t, cpu);
			start_new(sim, t, &t->entity[0].fair);
		}
		break;
	case SIM_END:
		leave(sim, t);
		t->state = SIM_DEAD;
		break;
	}
}

static void stop(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *t = cpu->running;

	if (t->task.burst != 0 && sim->now - cpu->run_since >= t->left) {
		account(sim, cpu);
		end_burst(sim, cpu);
	} else {
		put_back(sim, cpu);
	}
}

/* ---- Between processors ----------------------------------------------- */

/* Moves a thread that waits on `from`, if there is one that may move. */
static bool move_one(struct sim *sim, struct sim_cpu *from, struct sim_cpu *to)
{
	struct fair_entity *e = fair_take_last(&from->queue);

	if (e == NULL) {
		return false;
	}
	if (thread_of(e)->task.pinned) {
		fair_insert(&from->queue, e);
		return false;
	}
	set_cpu(sim, thread_of(e), to);
	fair_move(e, &from->queue, &to->queue);
	fair_insert(&to->queue, e);
	compare(sim, to, thread_of(e));
	return true;
}

/* An idle processor takes half of what waits on the fullest. */
static void steal(struct sim *sim, struct sim_cpu *thief)
{
	struct sim_cpu *fullest = thief;

	for (unsigned i = 0; i < sim->cpu_count; i++) {
		if (sim->cpu[i].queue.count > fullest->queue.count) {
			fullest = &sim->cpu[i];
		}
	}
	if (fullest != thief) {
		fair_follow(&thief->queue, &fullest->queue);
	}
	for (u64 half = (fullest->queue.count + 1) / 2; half > 0; half--) {
		if (!move_one(sim, fullest, thief)) {
			return;
		}
		sim->steals++;
	}
}

/* Of the other processors that have threads to give, the one behind all. */
static struct sim_cpu *slowest(struct sim *sim, const struct sim_cpu *cpu)
{
	struct sim_cpu *found = NULL;

	for (unsigned i = 0; i < sim->cpu_count; i++) {
		struct sim_cpu *other = &sim->cpu[i];

		if (other != cpu && other->queue.count > 0 &&
		    (found == NULL || (s64)(fair_pace(&other->queue) -
					    fair_pace(&found->queue)) < 0)) {
			found = other;
		}
	}
	return found;
}

/* A processor that is ahead of another takes a thread from it. */
static void balance(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_cpu *other = slowest(sim, cpu);

	if (cpu->running == NULL) {
		return;
	}
	catch_up(sim, cpu);
	sim->pacer = cpu;
	if (other != NULL && fair_should_take(&cpu->queue, &other->queue)) {
		sim->pulled += move_one(sim, other, cpu);
	}
}

static void run_next(struct sim *sim, struct sim_cpu *cpu)
{
	struct fair_entity *e;

	if (cpu->queue.count == 0) {
		steal(sim, cpu);
	}
	e = fair_pick(&cpu->queue);
	if (e != NULL) {
		dispatch(sim, cpu, thread_of(e));
	}
}

/* ---- Events ----------------------------------------------------------- */

static u64 next_event(const struct sim *sim)
{
	u64 when = NEVER;

	for (unsigned i = 0; i < sim->cpu_count; i++) {
		const struct sim_cpu *cpu = &sim->cpu[i];

		when = MIN(when, cpu->next_balance);
		if (cpu->running != NULL) {
			when = MIN(when, cpu->run_until);
		}
	}
	for (unsigned i = 0; i < sim->thread_count; i++) {
		if (sim->thread[i].state == SIM_PAUSED) {
			when = MIN(when, sim->thread[i].wake_at);
		}
	}
	return when;
}

static void wake_due(struct sim *sim)
{
	for (unsigned i = 0; i < sim->thread_count; i++) {
		struct sim_thread *t = &sim->thread[i];

		if (t->state != SIM_PAUSED || t->wake_at > sim->now) {
			continue;
		}
		join(sim, t);
		if (t->born) {
			wake(sim, t);
		} else {
			t->born = true;
			start_new(sim, t, NULL);
		}
	}
}

static void cpu_event(struct sim *sim, struct sim_cpu *cpu)
{
	if (cpu->running != NULL && cpu->run_until <= sim->now) {
		stop(sim, cpu);
	}
	if (cpu->next_balance <= sim->now) {
		cpu->next_balance += SIM_BALANCE;
		balance(sim, cpu);
	}
}

void sim_run(struct sim *sim, u64 until)
{
	u64 when;

	for (when = next_event(sim); when <= until; when = next_event(sim)) {
		advance(sim, when);
		for (unsigned i = 0; i < sim->cpu_count; i++) {
			cpu_event(sim, &sim->cpu[i]);
		}
		wake_due(sim);
		for (unsigned i = 0; i < sim->cpu_count; i++) {
			if (sim->cpu[i].running == NULL) {
				run_next(sim, &sim->cpu[i]);
			}
		}
	}
	advance(sim, until);
	for (unsigned i = 0; i < sim->cpu_count; i++) {
		if (sim->cpu[i].running != NULL) {
			account(sim, &sim->cpu[i]);
		}
	}
}

/* ---- Setting up ------------------------------------------------------- */

void sim_init(struct sim *sim, unsigned cpu_count, u64 seed)
{
	ASSERT(cpu_count <= SIM_CPUS_MAX);
	memset(sim, 0, sizeof(*sim));
	sim->cpu_count = cpu_count;
	random_seed(&sim->random, seed);
	for (unsigned i = 0; i < cpu_count; i++) {
		fair_queue_init(&sim->cpu[i].queue, SIM_DAY);
		/* Each at its own time, as on a real machine. */
		sim->cpu[i].next_balance = SIM_BALANCE * (i + 1) / cpu_count;
	}
}

struct sim_thread *sim_add(struct sim *sim, struct sim_task task)
{
	struct sim_thread *t = &sim->thread[sim->thread_count++];

	ASSERT(sim->thread_count <= SIM_THREADS_MAX);
	t->task = task;
	t->entity[0].cpu = task.cpu;
	t->left = task.burst;
	t->wake_at = task.start;
	t->entity[0].thread = t;
	t->entity[1].thread = t;
	return t;
}

void sim_add_many(struct sim *sim, unsigned count, struct sim_task task)
{
	for (unsigned i = 0; i < count; i++) {
		sim_add(sim, task);
	}
}

void sim_forget(struct sim *sim)
{
	sim->switches = 0;
	sim->steals = 0;
	sim->pulled = 0;
	for (unsigned i = 0; i < sim->thread_count; i++) {
		struct sim_thread *t = &sim->thread[i];

		t->ran = 0;
		t->wait_max = 0;
		t->wake_max = 0;
		t->lag_max = 0;
		t->lag_min = 0;
		t->fluid_start = sim->fluid;
		t->ran_at_start = 0;
	}
}
