/* SPDX-License-Identifier: MIT */
/*
 * Calls through gates, as who calls makes them.  The invariants stand at the
 * head of ipc/gate.c.
 */
#include "arch/trap.h"
#include "ipc/gate_private.h"
#include "lib/errno.h"
#include "sched/pass.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* A longer chain of calls that wait for each other counts as a circle. */
#define CHAIN_MAX 64

/* All threads that serve the gate wait for us. The chain lock and the lock. */
static bool is_circle(const struct gate *g)
{
	const struct thread *t = current_thread();
	u32 found = 0;

	for (unsigned n = 0; n < CHAIN_MAX; n++) {
		const struct gate_server *s = t->server;

		found += s != NULL && s->gate == g;
		if (s == NULL || s->client == NULL) {
			return g->servers > 0 && found == g->servers;
		}
		t = s->client->thread;
	}
	return true;
}

/* The server, which is in no list any more, wakes up with the message. */
static void wake_locked(struct gate_server *s)
{
	s->has_message = true;
	arch_syscall_pass(current_thread(), s->thread);
	sched_wake(s->thread);
}

/* Nobody is idle: with the chain lock, looks again. Interrupts off. */
static int call_queue(struct gate *g, struct gate_call *c)
{
	bool queued = false;
	int err = 0;

	spin_lock_off(&gate_chain_lock);
	spin_lock_off(&g->lock);
	if (g->closed[GATE_SERVER]) {
		err = -EPIPE;
	} else if (!list_empty(&g->idle)) {
		struct gate_server *s =
			list_first(&g->idle, struct gate_server, idle_link);

		list_remove(&s->idle_link);
		gate_call_served_locked(s, c);
		wake_locked(s);
	} else if (is_circle(g)) {
		err = -EDEADLK;
	} else {
		trace(TRACE_CALL, g, 0);
		c->state = CALL_QUEUED;
		queued = true;
		list_push_back(&g->callers, &c->link);
	}
	spin_unlock_off(&g->lock);
	spin_unlock_off(&gate_chain_lock);
	if (queued) {
		pollq_wake(&g->pollq);
	}
	return err;
}

/* Interrupted: nobody answers any more. Interrupts off. Errors: as told. */
static int give_up(struct gate *g, struct gate_call *c)
{
	int err = 0;

	spin_lock_off(&gate_chain_lock);
	spin_lock_off(&g->lock);
	if (c->state == CALL_QUEUED) {
		list_remove(&c->link);
		err = -ERESTART;
	} else if (c->state == CALL_SERVED) {
		c->server->client = NULL;
		err = -EINTR;
	} else {
		err = c->err;
	}
	spin_unlock_off(&g->lock);
	spin_unlock_off(&gate_chain_lock);
	return err;
}

/* Sleeps until the call is done, after whatever else. Interrupts off. */
static int call_wait(struct gate *g, struct gate_call *c)
{
	const struct thread *self = current_thread();

	while (!c->handed) {
		spin_lock_off(&g->lock);
		if (c->state == CALL_DONE) {
			spin_unlock_off(&g->lock);
			return c->err;
		}
		if (READ_ONCE(self->interrupted)) {
			spin_unlock_off(&g->lock);
			return give_up(g, c);
		}
		gate_sleep_locked(g);
	}
	return 0;
}

/* Was woken, but not by the short way back. Interrupts off. */
static noinline int call_woken(struct gate *g, struct gate_call *c)
{
	int err = call_wait(g, c);

	gate_irq_on();
	return err;
}

/* Not by the short way. Interrupts off, the lock if a server was found. */
static noinline int call_slow(struct gate *g, struct gate_server *s,
			      struct gate_call *c)
{
	int err = 0;

	if (s != NULL) {
		wake_locked(s);
		gate_sleep_locked(g);
	} else {
		err = call_queue(g, c);
	}
	if (err == 0) {
		err = call_wait(g, c);
	}
	gate_irq_on();
	return err;
}

/* No array is on its stack, and what it does is to be short. */
no_stack_protector long gate_call(struct gate *g)
{
	struct thread *self = current_thread();
	struct gate_call c;
	struct gate_server *s;

	c.thread = self;
	c.handed = false;
	gate_lock(g);
	if (unlikely(list_empty(&g->idle))) {
		spin_unlock_off(&g->lock);
		return call_slow(g, NULL, &c);
	}
	s = list_first(&g->idle, struct gate_server, idle_link);
	list_drop_front(&g->idle);
	trace_at(arch_cycles(), TRACE_CALL, g, s->thread->tid);
	gate_call_served_locked(s, &c);
	if (unlikely(!sched_pass(self, s->thread, &g->lock, &s->handed))) {
		return call_slow(g, s, &c);
	}
	if (unlikely(!c.handed)) {
		return call_woken(g, &c);
	}
	arch_irq_enable();
	return 0;
}
