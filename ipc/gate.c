/* SPDX-License-Identifier: MIT */
/*
 * Calls through gates.
 *
 * Theory.  A thread serves a gate from its first gate_serve() on, until it
 * ends, serves another or becomes another program.  Its struct gate_server says
 * whether it is idle (it waits at the gate) or has a client (it works, in user
 * mode or wherever).  A struct gate_call lies on the stack of the thread that
 * calls; that sleeps until the call is DONE, and its stack stays where it is.
 *
 *	NEW --an idle server--> SERVED --its next gate_serve()--> DONE
 *	NEW --none is idle--> QUEUED --gate_serve() takes it--> SERVED
 *	QUEUED, SERVED --give_up(): interrupted--> gone
 *	QUEUED, SERVED --end_locked(): the server's end--> DONE, with an error
 *
 * The short way.  If the thread that waits at the gate sleeps on this processor
 * and may run here, sched_claim() takes it out of its sleep without a queue,
 * and sched_hand_over() switches to it: the caller's slice goes on in it.  The
 * answer goes back likewise.  In any doubt the sleeper is woken as ever, and
 * the one that waits sleeps as ever.
 *
 * G1  A gate_server is in `idle` iff its thread is in gate_serve() and it has
 *no message.  A gate_call is in `callers` iff it is QUEUED. G2  A server's
 *client is the SERVED call whose `server` it is.  Both change under the gate's
 *lock. G3  Who ends a sleep by an ordinary wake-up holds the gate's lock until
 *the wake-up is done; who was not `handed` the processor takes that lock once
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

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* A longer chain of calls that wait for each other counts as a circle. */
#define CHAIN_MAX 64

enum call_state {
	CALL_NEW,
	CALL_QUEUED,
	CALL_SERVED,
	CALL_DONE,
};

struct gate_call {
	struct list link; /* [l] in `callers` */
	struct thread *thread;
	struct gate_server *server; /* [l] of a SERVED one */
	u8 state;                   /* [l] enum call_state */
	bool handed;                /* by sched_hand_over() */
	s32 err;                    /* [l] of a DONE one */
	struct gate_message *m;     /* [I] on the same stack */
};

struct gate_server {
	struct list idle_link;    /* [l] */
	struct list link;         /* [l] */
	struct thread *thread;    /* [I] */
	struct gate *gate;        /* [I] with a reference */
	struct gate_call *client; /* [l] */
	bool has_message;         /* [l] of a client, maybe gone */
	bool handed;              /* by sched_hand_over() */
	struct gate_message m;
};

/* Held while a chain of calls is walked, or cut. */
static struct spinlock chain_lock = SPINLOCK_INIT(LOCK_GATE_CHAIN);

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

/*
 * Releases the gate's lock and sleeps until somebody wakes the thread, or a
 * signal does.  Interrupts off before and after.
 */
static void sleep_locked(struct gate *g)
{
	struct thread *self = current_thread();

	/* Pairs with thread_interrupt(), as in sched/waitq.c. */
	__atomic_store_n(&self->state, THREAD_INTERRUPTIBLE, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&self->interrupted, __ATOMIC_SEQ_CST)) {
		sched_interrupt(self);
	}
	spin_unlock(&g->lock);
	sched_block();
}

/* Wakes `other`, if possible by switching to it, and sleeps. Likewise. */
static always_inline bool pass_locked(struct gate *g, struct thread *other,
				      const struct gate_message *m,
				      bool *handed)
{
	if (unlikely(!sched_claim(other))) {
		return false;
	}
	*handed = true;
	arch_syscall_give(other, m->words);
	spin_unlock(&g->lock);
	sched_hand_over(other);
	return true;
}

static inline void lock_gate(struct gate *g)
{
	arch_irq_disable();
	spin_lock(&g->lock);
}

/* Interrupts on; whoever was woken meanwhile may come first. */
static void irq_on(void)
{
	preempt_off();
	arch_irq_enable();
	preempt_on();
}

/* ---- Calling ------------------------------------------------------------- */

static always_inline void serve_locked(struct gate_server *s,
				       struct gate_call *c)
{
	c->state = CALL_SERVED;
	c->server = s;
	s->client = c;
	s->has_message = true;
}

/* Ends a call with an error. The lock. */
static void end_locked(struct gate_call *c, int err)
{
	c->state = CALL_DONE;
	c->err = err;
	sched_wake(c->thread);
}

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

/* Nobody is idle: with the chain lock, looks again. Interrupts off. */
static noinline int call_queue(struct gate *g, struct gate_call *c)
{
	int err = 0;

	spin_lock(&chain_lock);
	spin_lock(&g->lock);
	if (g->closed[GATE_SERVER]) {
		err = -EPIPE;
	} else if (!list_empty(&g->idle)) {
		struct gate_server *s =
			list_first(&g->idle, struct gate_server, idle_link);

		list_remove(&s->idle_link);
		serve_locked(s, c);
		s->m = *c->m;
		sched_wake(s->thread);
	} else if (is_circle(g)) {
		err = -EDEADLK;
	} else {
		trace(TRACE_CALL, g, 0);
		c->state = CALL_QUEUED;
		list_push_back(&g->callers, &c->link);
	}
	spin_unlock(&g->lock);
	spin_unlock(&chain_lock);
	if (c->state == CALL_QUEUED) {
		pollq_wake(&g->pollq);
	}
	return err;
}

/* Interrupted: nobody answers any more. Interrupts off. Errors: as told. */
static int give_up(struct gate *g, struct gate_call *c)
{
	int err = c->err;

	spin_lock(&chain_lock);
	spin_lock(&g->lock);
	if (c->state == CALL_QUEUED) {
		list_remove(&c->link);
		err = -ERESTART;
	} else if (c->state == CALL_SERVED) {
		c->server->client = NULL;
		err = -EINTR;
	}
	spin_unlock(&g->lock);
	spin_unlock(&chain_lock);
	return err;
}

/* Sleeps until the call is done, after whatever else. Interrupts off. */
static noinline int call_wait(struct gate *g, struct gate_call *c)
{
	const struct thread *self = current_thread();

	for (;;) {
		spin_lock(&g->lock);
		if (c->handed || c->state == CALL_DONE) {
			spin_unlock(&g->lock);
			return c->err;
		}
		if (READ_ONCE(self->interrupted)) {
			spin_unlock(&g->lock);
			return give_up(g, c);
		}
		sleep_locked(g);
	}
}

/* Not by the short way. Interrupts off, the lock if a server was found. */
static noinline int call_slow(struct gate *g, struct gate_server *s,
			      struct gate_call *c)
{
	int err = 0;

	if (s != NULL) {
		s->m = *c->m;
		sched_wake(s->thread);
		sleep_locked(g);
	} else {
		err = call_queue(g, c);
	}
	if (err == 0) {
		err = call_wait(g, c);
	}
	irq_on();
	return err ? err : c->handed;
}

int gate_call(struct gate *g, struct gate_message *m)
{
	struct gate_call c;
	struct gate_server *s;

	c.thread = current_thread();
	c.handed = false;
	c.state = CALL_NEW;
	c.err = 0;
	c.m = m;
	lock_gate(g);
	if (unlikely(list_empty(&g->idle))) {
		spin_unlock(&g->lock);
		return call_slow(g, NULL, &c);
	}
	s = list_first(&g->idle, struct gate_server, idle_link);
	list_remove(&s->idle_link);
	trace(TRACE_CALL, g, s->thread->tid);
	serve_locked(s, &c);
	if (unlikely(!pass_locked(g, s->thread, m, &s->handed))) {
		return call_slow(g, s, &c);
	}
	if (unlikely(!c.handed)) {
		int err = call_wait(g, &c);

		irq_on();
		return err ? err : c.handed;
	}
	arch_irq_enable();
	return GATE_GIVEN;
}

/* ---- Serving ------------------------------------------------------------- */

/* The running thread serves this gate from now on. Errors: -ENOMEM. */
static noinline int attach(struct gate *g)
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
	flags = spin_lock_irq(&chain_lock);
	spin_lock(&s->gate->lock);
	s->gate->servers--;
	list_remove(&s->link);
	if (s->client != NULL) {
		end_locked(s->client, -EPIPE);
	}
	spin_unlock(&s->gate->lock);
	spin_unlock_irq(&chain_lock, flags);
	current_thread()->server = NULL;
	gate_put(s->gate);
	kfree(s);
}

/* Takes the call that waits longest; false: none does. The lock. */
static bool take_locked(struct gate *g, struct gate_server *s)
{
	struct gate_call *c;

	if (list_empty(&g->callers)) {
		return false;
	}
	c = list_first(&g->callers, struct gate_call, link);
	list_remove(&c->link);
	serve_locked(s, c);
	s->m = *c->m;
	return true;
}

/* Not idle any more, unless a call has ended that. The lock. */
static int idle_end_locked(struct gate *g, struct gate_server *s)
{
	list_remove(&s->idle_link);
	return g->closed[GATE_CLIENT] ? -EPIPE : -ERESTART;
}

/* Sleeps until there is a call, after whatever else. Interrupts off. */
static noinline int serve_wait(struct gate *g, struct gate_server *s)
{
	const struct thread *self = current_thread();
	int err = 0;

	for (;;) {
		spin_lock(&g->lock);
		if (s->has_message) {
			break;
		}
		if (g->closed[GATE_CLIENT] || READ_ONCE(self->interrupted)) {
			err = idle_end_locked(g, s);
			break;
		}
		sleep_locked(g);
		if (s->handed) {
			return 0;
		}
	}
	spin_unlock(&g->lock);
	return err;
}

/* Becomes idle and answers; false, and neither, if that is not possible. */
static always_inline bool pass_idle_locked(struct gate *g,
					   struct gate_server *s,
					   struct gate_call *c,
					   const struct gate_message *m)
{
	list_push_back(&g->idle, &s->idle_link);
	if (likely(pass_locked(g, c->thread, m, &c->handed))) {
		return true;
	}
	list_remove(&s->idle_link);
	return false;
}

/*
 * Not by the short way: there is no answer to give, or another call waits, or
 * who waits for the answer is not here.  Interrupts off, the lock.
 */
static noinline int serve_slow(struct gate *g, struct gate_server *s,
			       struct gate_call *answered,
			       struct gate_message *m)
{
	int err = 0;

	if (answered != NULL) {
		*answered->m = *m;
		sched_wake(answered->thread);
	}
	if (take_locked(g, s)) {
		spin_unlock(&g->lock);
	} else {
		list_push_back(&g->idle, &s->idle_link);
		spin_unlock(&g->lock);
		err = serve_wait(g, s);
	}
	irq_on();
	*m = s->m;
	return err ? err : s->handed;
}

int gate_serve(struct gate *g, struct gate_message *m)
{
	struct gate_server *s = current_thread()->server;
	struct gate_call *c;
	int err = 0;

	if (unlikely(s == NULL || s->gate != g)) {
		err = attach(g);
		if (err) {
			return err;
		}
		s = current_thread()->server;
	}
	lock_gate(g);
	s->handed = s->has_message = false;
	c = s->client;
	if (unlikely(c == NULL)) {
		return serve_slow(g, s, NULL, m);
	}
	trace(TRACE_REPLY, g, c->thread->tid);
	s->client = NULL;
	c->state = CALL_DONE;
	if (unlikely(!list_empty(&g->callers) ||
		     !pass_idle_locked(g, s, c, m))) {
		return serve_slow(g, s, c, m);
	}
	if (unlikely(!s->handed)) {
		err = serve_wait(g, s);
		irq_on();
		*m = s->m;
		return err ? err : s->handed;
	}
	arch_irq_enable();
	return GATE_GIVEN;
}

/* ---- Ends ---------------------------------------------------------------- */

static void server_end_locked(struct gate *g)
{
	while (!list_empty(&g->callers)) {
		struct gate_call *c =
			list_first(&g->callers, struct gate_call, link);

		list_remove(&c->link);
		end_locked(c, -EPIPE);
	}
	list_for_each (at, &g->serving) {
		struct gate_server *s =
			list_entry(at, struct gate_server, link);

		if (s->client != NULL) {
			end_locked(s->client, -EPIPE);
			s->client = NULL;
		}
	}
}

void gate_close(struct gate *g, enum gate_side side)
{
	u64 flags = spin_lock_irq(&chain_lock);

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
	spin_unlock_irq(&chain_lock, flags);
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
