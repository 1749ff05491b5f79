/* SPDX-License-Identifier: MIT */
/*
 * What the two sides of a gate share: ipc/gate_call.c, ipc/gate_serve.c.  The
 * theory stands at the head of ipc/gate.c.
 */
#ifndef EXO_IPC_GATE_PRIVATE_H
#define EXO_IPC_GATE_PRIVATE_H

#include "arch/cpu.h"
#include "arch/percpu.h"
#include "ipc/gate.h"

enum call_state {
	CALL_QUEUED,
	CALL_SERVED,
	CALL_DONE,
};

/* Marks: [l] the gate's lock. */
struct gate_call {
	struct thread *thread; /* [I]; gcc aligns what begins with a list */
	struct list link;      /* [l] in `callers` */
	struct gate_server *server; /* [l] of a SERVED one */
	s32 err;                    /* [l] of a DONE one */
	u8 state;                   /* [l] enum call_state */
	bool handed;                /* [l] by sched_pass(): done as well */
};

struct gate_server {
	struct list idle_link;    /* [l] */
	struct list link;         /* [l] in `serving` */
	struct thread *thread;    /* [I] */
	struct gate *gate;        /* [I] with a reference */
	struct gate_call *client; /* [l] */
	bool has_message;         /* [l] of a client, maybe gone */
	bool handed;              /* [l] by sched_pass(): it has one as well */
};

/* Held while a chain of calls is walked, or cut. */
extern struct spinlock gate_chain_lock; /* LOCK_GATE_CHAIN */

static inline void gate_lock(struct gate *g)
{
	arch_irq_disable();
	spin_lock_off(&g->lock);
}

static always_inline void gate_call_served_locked(struct gate_server *s,
						  struct gate_call *c)
{
	c->state = CALL_SERVED;
	c->server = s;
	s->client = c;
}

/* The running thread serves this gate from now on. Errors: -ENOMEM. */
must_check int gate_attach(struct gate *g);

/* Ends a call with an error, or 0. The lock. */
void gate_call_end_locked(struct gate_call *c, int err);

/*
 * Releases the gate's lock and sleeps until somebody wakes the thread, or a
 * signal does.  Interrupts off before and after.
 */
void gate_sleep_locked(struct gate *g);

/* Interrupts on; whoever was woken meanwhile may come first. */
void gate_irq_on(void);

#endif
