/* SPDX-License-Identifier: MIT */
/*
 * Gates: synchronous calls to another process.  A caller hands a message of a
 * few words, and its processor, to a thread that waits at the gate; the answer
 * comes back the same way.  The theory stands at the head of ipc/gate.c.
 */
#ifndef EXO_IPC_GATE_H
#define EXO_IPC_GATE_H

#include "kernel/spinlock.h"
#include "lib/list.h"
#include "lib/types.h"
#include "sched/poll.h"

enum gate_side {
	GATE_CLIENT,
	GATE_SERVER,
	GATE_SIDES,
};

/* Marks: [l] the lock, [a] atomic. */
struct gate {
	struct spinlock lock; /* LOCK_GATE */
	u32 refs;    /* [a] of its two ends and of threads that serve */
	u32 servers; /* [l] threads that serve it */
	bool closed[GATE_SIDES]; /* [l] nobody has the end any more */
	struct list serving;     /* [l] struct gate_server.link */
	struct list idle;    /* [l] of these, struct gate_server.idle_link */
	struct list callers; /* [l] struct gate_call, first come first */
	struct pollq pollq;
};

struct gate_server;

/* A gate with a reference for each end; NULL: no memory. */
must_check struct gate *gate_create(void);

/* Nobody has that end any more. Context: thread. */
void gate_close(struct gate *g, enum gate_side side);

/*
 * A message is the second to sixth argument of a system call of which this is
 * the end; what comes back takes their place (arch_syscall_pass()).
 *
 * Hands over the message and waits for the answer.  Errors: -EPIPE (nobody
 * serves the gate any more, or who served this call ended), -EDEADLK (all who
 * serve it wait for the caller), -ERESTART (interrupted before anybody had the
 * message), -EINTR (after that).  Context: thread.
 */
must_check long gate_call(struct gate *g);

/*
 * Answers the call that the running thread serves, if any, with the message,
 * and waits for the next one's.
 * Errors: -EPIPE (nobody can call any more), -ERESTART, -ENOMEM.
 */
must_check long gate_serve(struct gate *g);

/* The running thread serves no gate any more: its caller gets -EPIPE. */
void gate_leave(void);

/* True if somebody waits to be served; tells the poller of changes. */
bool gate_poll(struct gate *g, struct poller *poller);

/* True if nobody has that end any more. */
static inline bool gate_closed(const struct gate *g, enum gate_side side)
{
	return READ_ONCE(g->closed[side]);
}

#endif
