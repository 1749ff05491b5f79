/* SPDX-License-Identifier: MIT */
/*
 * Gates: their theory, and their ends.
 *
 * Theory.  A thread serves a gate from its first gate_serve() on, until it
 * ends, serves another or becomes another program.  Its struct gate_server says
 * whether it is idle (it waits at the gate) or has a client (it works, in user
 * mode or wherever).  A struct gate_call lies on the stack of the thread that
 * calls; that sleeps until the call is done, and its stack stays where it is.
 *
 *	new --an idle server--> SERVED --its next gate_serve()--> DONE
 *	new --none is idle--> QUEUED --gate_serve() takes it--> SERVED
 *	QUEUED, SERVED --give_up(): interrupted--> gone
 *	QUEUED, SERVED --gate_call_end_locked(): the server's end--> DONE
 *
 * A message never lies anywhere: it goes from the system call of who sends it
 * to that of who waits for it (arch_syscall_pass()), under the gate's lock: who
 * has answered is idle, and may be given a message, once the lock is released.
 *
 * The short way.  If the thread that waits at the gate sleeps on this processor
 * and may run here, sched_pass() takes it out of its sleep without a queue and
 * switches to it: the caller's slice goes on in it.  The answer goes back
 * likewise.  In any doubt the sleeper is woken as ever, and the one that waits
 * sleeps as ever.
 *
 * G1  A gate_server is in `idle` iff its thread is in gate_serve() and nobody
 *     has given it a message.  A gate_call is in `callers` iff it is QUEUED.
 * G2  A server's client is the SERVED call whose `server` it is.  Both change
 *     under the gate's lock.
 * G3  Who ends a sleep by an ordinary wake-up holds the gate's lock until the
 *     wake-up is done; who was not `handed` the processor takes that lock once
 *     before it goes on.  So nobody's call is gone while another touches it.
 *     Who was handed it knows that the other side touches nothing any more.
 * G4  A call ends by its server's answer, or with the chain lock held.
 *
 * Deadlock.  The running thread serves at most one call, whose thread serves at
 * most one, and so on: these are who waits for us, a chain.  Who would queue at
 * a gate looks whether all threads that serve it are in its own chain; then
 * nobody could ever answer.  The threads of the chain all sleep, and by G4 it
 * stays as it is while the chain lock is held.  Two threads that would close a
 * circle at once take turns at that lock, and the second sees the first.
 */
#include "ipc/gate.h"

#include "ipc/gate_private.h"
#include "kernel/preempt.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "sched/sched.h"
#include "sched/thread.h"

struct spinlock gate_chain_lock = SPINLOCK_INIT(LOCK_GATE_CHAIN);

struct gate *gate_create(void)
{
	struct gate *g = kzalloc(sizeof(*g));

	if (g != NULL) {
		spin_init(&g->lock, LOCK_GATE);
		g->refs = GATE_SIDES;
		list_init(&g->serving);
		list_init(&g->idle);
		list_init(&g->callers);
		pollq_init(&g->pollq);
	}
	return g;
}

static void gate_put(struct gate *g)
{
	if (__atomic_fetch_sub(&g->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		kfree(g);
	}
}

/* ---- Sleeping ------------------------------------------------------------ */

void gate_sleep_locked(struct gate *g)
{
	struct thread *self = current_thread();

	/* Pairs with thread_interrupt(), as in sched/waitq.c. */
	__atomic_store_n(&self->state, THREAD_INTERRUPTIBLE, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&self->interrupted, __ATOMIC_SEQ_CST)) {
		sched_interrupt(self);
	}
	spin_unlock_off(&g->lock);
	sched_block();
}

void gate_irq_on(void)
{
	preempt_off();
	arch_irq_enable();
	preempt_on();
}

void gate_call_end_locked(struct gate_call *c, int err)
{
	c->state = CALL_DONE;
	c->err = err;
	sched_wake(c->thread);
}

/* ---- Who serves ---------------------------------------------------------- */

int gate_attach(struct gate *g)
{
	struct gate_server *s = kzalloc(sizeof(*s));

	if (s == NULL) {
		return -ENOMEM;
	}
	gate_leave();
	s->thread = current_thread();
	s->gate = g;
	__atomic_fetch_add(&g->refs, 1, __ATOMIC_RELAXED);
	WITH_SPINLOCK_IRQ (&g->lock) {
		g->servers++;
		list_push_back(&g->serving, &s->link);
	}
	current_thread()->server = s;
	return 0;
}

void gate_leave(void)
{
	struct gate_server *s = current_thread()->server;
	u64 flags;

	if (s == NULL) {
		return;
	}
	flags = spin_lock_irq(&gate_chain_lock);
	spin_lock(&s->gate->lock);
	s->gate->servers--;
	list_remove(&s->link);
	if (s->client != NULL) {
		gate_call_end_locked(s->client, -EPIPE);
	}
	spin_unlock(&s->gate->lock);
	spin_unlock_irq(&gate_chain_lock, flags);
	current_thread()->server = NULL;
	gate_put(s->gate);
	kfree(s);
}

/* ---- Ends ---------------------------------------------------------------- */

static void server_end_locked(struct gate *g)
{
	while (!list_empty(&g->callers)) {
		struct gate_call *c =
			list_first(&g->callers, struct gate_call, link);

		list_remove(&c->link);
		gate_call_end_locked(c, -EPIPE);
	}
	list_for_each (at, &g->serving) {
		struct gate_server *s =
			list_entry(at, struct gate_server, link);

		if (s->client != NULL) {
			gate_call_end_locked(s->client, -EPIPE);
			s->client = NULL;
		}
	}
}

void gate_close(struct gate *g, enum gate_side side)
{
	u64 flags = spin_lock_irq(&gate_chain_lock);

	spin_lock(&g->lock);
	g->closed[side] = true;
	if (side == GATE_SERVER) {
		server_end_locked(g);
	} else {
		list_for_each (at, &g->idle) {
			sched_wake(list_entry(at, struct gate_server, idle_link)
					   ->thread);
		}
	}
	spin_unlock(&g->lock);
	spin_unlock_irq(&gate_chain_lock, flags);
	pollq_wake(&g->pollq);
	gate_put(g);
}

bool gate_poll(struct gate *g, struct poller *poller)
{
	bool waits = false;

	poller_watch(poller, &g->pollq);
	WITH_SPINLOCK_IRQ (&g->lock) {
		waits = !list_empty(&g->callers);
	}
	return waits;
}
