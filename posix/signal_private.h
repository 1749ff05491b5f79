/* SPDX-License-Identifier: MIT */
/*
 * What posix/signal.c, posix/signal_take.c and posix/posix_timer.c share.
 * Private to them.
 */
#ifndef EXO_POSIX_SIGNAL_PRIVATE_H
#define EXO_POSIX_SIGNAL_PRIVATE_H

#include "posix/signal.h"

/* A signal with its note. */
struct queued {
	struct list link; /* [g] */
	struct abi_siginfo info;
	struct signal_pending *in; /* [g] of a lent one: where it is, or NULL */
	bool lent;                 /* [I] its owner frees it */
};

/*
 * Sends a signal with a lent note that is in no queue, to the thread of that
 * number or (0) to the process.  Context: as signal_send_process(). [g]
 */
void signal_lend_locked(struct process_signals *ps, struct queued *note,
			u32 tid);

/* The note is in no queue any more, nor pending its signal. Context: thread. */
void signal_take_back(struct process_signals *ps, struct queued *note);

/*
 * A note that has left its queue: one of ours comes back for the caller to
 * free, a lent one is its owner's again (NULL).  [g]
 */
struct queued *signal_note_left_locked(struct process_signals *ps,
				       struct queued *q);

/* By instructions, not by others: these come first. */
#define SIGNALS_SYNCHRONOUS                                     \
	(1ull << (ABI_SIGSEGV - 1) | 1ull << (ABI_SIGBUS - 1) | \
	 1ull << (ABI_SIGILL - 1) | 1ull << (ABI_SIGTRAP - 1) | \
	 1ull << (ABI_SIGFPE - 1) | 1ull << (ABI_SIGSYS - 1))

#define SIGNALS_STOPPING                                         \
	(1ull << (ABI_SIGSTOP - 1) | 1ull << (ABI_SIGTSTP - 1) | \
	 1ull << (ABI_SIGTTIN - 1) | 1ull << (ABI_SIGTTOU - 1))

static inline void signal_pending_init(struct signal_pending *pending)
{
	pending->set = 0;
	list_init(&pending->queue);
}

/* Frees the notes of a list. Context: thread, no lock held. */
void signal_queue_free(struct list *queue);

/* Frees what interrupts could not. Context: as above. */
void signal_waste_free(struct process_signals *ps);

#endif
