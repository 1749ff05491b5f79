/* SPDX-License-Identifier: MIT */
/*
 * Calls through gates, as who serves them takes and answers them.  The
 * invariants stand at the head of ipc/gate.c.
 */
#include "arch/trap.h"
#include "ipc/gate_private.h"
#include "lib/errno.h"
#include "sched/pass.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* Takes the call that waits longest; false: none does. The lock. */
static bool take_locked(struct gate *g, struct gate_server *s)
{
	struct gate_call *c;

	if (list_empty(&g->callers)) {
		return false;
	}
	c = list_first(&g->callers, struct gate_call, link);
	list_remove(&c->link);
	gate_call_served_locked(s, c);
	arch_syscall_pass(c->thread, s->thread);
	return true;
}

/* Sleeps until there is a call, after whatever else. Interrupts off. */
static int serve_wait(struct gate *g, struct gate_server *s)
{
	const struct thread *self = current_thread();
	int err = 0;

	while (!s->handed) {
		spin_lock_off(&g->lock);
		if (!s->has_message &&
		    (g->closed[GATE_CLIENT] || READ_ONCE(self->interrupted))) {
			list_remove(&s->idle_link);
			err = g->closed[GATE_CLIENT] ? -EPIPE : -ERESTART;
		}
		if (err || s->has_message) {
			s->has_message = false;
			spin_unlock_off(&g->lock);
			return err;
		}
		gate_sleep_locked(g);
	}
	return 0;
}

/* Was woken, but not by the short way. Interrupts off. */
static noinline int serve_woken(struct gate *g, struct gate_server *s)
{
	int err = serve_wait(g, s);

	gate_irq_on();
	return err;
}

/*
 * Not by the short way: there is no answer to give, or another call waits, or
 * who waits for the answer is not here.  Interrupts off, the lock.
 */
static noinline int serve_slow(struct gate *g, struct gate_server *s,
			       struct gate_call *answered)
{
	int err = 0;

	if (answered != NULL) {
		arch_syscall_pass(s->thread, answered->thread);
		gate_call_end_locked(answered, 0);
	}
	if (take_locked(g, s)) {
		spin_unlock_off(&g->lock);
	} else {
		list_push_front(&g->idle, &s->idle_link);
		spin_unlock_off(&g->lock);
		err = serve_wait(g, s);
	}
	gate_irq_on();
	return err;
}

long gate_serve(struct gate *g)
{
	struct thread *self = current_thread();
	struct gate_server *s = self->server;
	struct gate_call *c;

	if (unlikely(s == NULL || s->gate != g)) {
		int err = gate_attach(g);

		if (err) {
			return err;
		}
		s = self->server;
	}
	gate_lock(g);
	s->handed = false;
	c = s->client;
	s->client = NULL;
	if (unlikely(c == NULL)) {
		return serve_slow(g, s, NULL);
	}
	trace_at(arch_cycles(), TRACE_REPLY, g, c->thread->tid);
	if (unlikely(!list_empty(&g->callers))) {
		return serve_slow(g, s, c);
	}
	list_push_front(&g->idle, &s->idle_link);
	if (unlikely(!sched_pass(self, c->thread, &g->lock, &c->handed))) {
		list_remove(&s->idle_link);
		return serve_slow(g, s, c);
	}
	if (unlikely(!s->handed)) {
		return serve_woken(g, s);
	}
	arch_irq_enable();
	return 0;
}
