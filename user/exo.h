/* SPDX-License-Identifier: MIT */
/*
 * What Exo-OS offers to programs beyond Linux: capabilities, fusion rings and
 * calls.  For programs of any C library; nothing has to be linked.
 *
 * Handles.  A handle is a descriptor in its lower half and, in its upper half,
 * the generation of what that descriptor means now.  (int)handle is good for
 * close(), poll(), mmap(), fcntl(); a descriptor alone is good where a handle
 * is asked for, and means whatever it means at that moment.
 *
 * Each function here returns what the kernel does: 0 or more, or a negated
 * errno (errno itself is not touched).  All that take a handle may return
 *
 *	-EBADF         no such descriptor
 *	-ESTALE        the handle's was closed since
 *	-EREMOTE       the handle was made in another process and not inherited
 *	-EKEYREVOKED   it is a copy that was revoked (exo_revoke())
 *	-EPROTOTYPE    it is not what this call is for
 *	-EACCES        it has not the right that this call needs
 *
 * docs/capabilities.md and docs/rings.md tell more.
 */
#ifndef EXO_USER_EXO_H
#define EXO_USER_EXO_H

#include <stdint.h>

/* posix/exo_calls.def, behind the number of the first. */
enum exo_call_number {
	EXO_CALL_FIRST = 65536,
	EXO_RING_CREATE = EXO_CALL_FIRST,
	EXO_RING_WAIT,
	EXO_RING_BELL,
	EXO_GATE_CREATE,
	EXO_CALL,
	EXO_SERVE,
	EXO_HANDLE,
	EXO_RIGHTS,
	EXO_COPY,
	EXO_REVOKE,
	EXO_SEND,
	EXO_RECEIVE,
	EXO_SEND_PAGES,
	EXO_RECEIVE_PAGES,
};

typedef int64_t exo_handle;

static inline long exo_syscall(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "+a"(number), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
			 :
			 : "rcx", "r8", "r9", "r11", "memory");
	return number;
}

/* ---- Handles ------------------------------------------------------------- */

/* What may be done with what a handle means. */
enum exo_right {
	EXO_READ = 1,
	EXO_WRITE = 2,
	EXO_MAP = 4,        /* mmap() */
	EXO_WAIT = 8,       /* poll() and the doorbell */
	EXO_PASS = 16,      /* call through a gate, or serve it */
	EXO_DUPLICATE = 32, /* dup(), exo_copy() */
	EXO_TRANSFER = 64,  /* exo_send_handle() */
	EXO_REVOKE_COPIES = 128,
	EXO_ALL = 255,
};

/* The handle of a descriptor. Errors: -EBADF. */
static inline exo_handle exo_handle_of(int fd)
{
	return exo_syscall(EXO_HANDLE, fd, 0, 0, 0);
}

/* What rights a handle has: enum exo_right. */
static inline long exo_rights(exo_handle handle)
{
	return exo_syscall(EXO_RIGHTS, handle, 0, 0, 0);
}

/*
 * A copy of a handle (which needs EXO_DUPLICATE) with those of its rights that
 * are in `rights`, too.  Errors: -EINVAL, -EMLINK (a copy of a copy of ... more
 * than 8 times), -EMFILE, -ENOMEM.
 */
static inline exo_handle exo_copy(exo_handle handle, unsigned rights,
				  unsigned flags)
{
	return exo_syscall(EXO_COPY, handle, rights, flags, 0);
}

/*
 * Ends all copies made from this handle, copies of copies too, whoever has
 * them: they give -EKEYREVOKED (in POSIX's calls: EBADF).  The handle itself
 * stays, and what was mapped stays mapped.
 */
static inline long exo_revoke(exo_handle handle)
{
	return exo_syscall(EXO_REVOKE, handle, 0, 0, 0);
}

/*
 * Sends a copy of `handle` (which needs EXO_TRANSFER) through the ring of which
 * `producer` is the sending end, and returns a ticket: tell it the receiver in
 * a message of the kind RING_HANDLE.  Errors: -EAGAIN (64 are on their way),
 * -EPIPE, -EOPNOTSUPP (a socket), -ELOOP (a ring through itself, or two rings
 * on their way in each other), -EMLINK, -ENOMEM, -EINVAL.
 */
static inline long exo_send_handle(exo_handle producer, exo_handle handle,
				   unsigned rights)
{
	return exo_syscall(EXO_SEND, producer, handle, rights, 0);
}

/*
 * Takes what was sent with that ticket through the ring of which `consumer` is
 * the receiving end.  Errors: -ENOENT, -EMFILE (it can be tried again).
 */
static inline exo_handle exo_receive_handle(exo_handle consumer, long ticket,
					    unsigned flags)
{
	return exo_syscall(EXO_RECEIVE, consumer, ticket, flags, 0);
}

/* ---- Rings --------------------------------------------------------------- */

/* Flags of whatever makes handles; O_CLOEXEC's value. */
#define EXO_CLOSE_ON_EXEC 02000000

enum exo_ring_end {
	EXO_PRODUCER,
	EXO_CONSUMER,
};

/*
 * Makes a ring (lib/ring.h) of `slots` messages, a power of two, and an arena
 *of `arena_bytes` behind it; ends[EXO_PRODUCER] sends, ends[EXO_CONSUMER]
 * receives.  Either end is mapped by
 *
 *	mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, (int)end, 0)
 *
 * with the ring at offset 0 and the arena at exo_ring_arena(slots).  Ends are
 * inherited by fork() and closed like any descriptor; when the last descriptor
 * of an end is closed, the other end learns of it.
 * Errors: -EINVAL (slots; more than 16 MB in all), -EMFILE, -EFAULT, -ENOMEM
 * (also if the process would have more than RLIMIT_MEMLOCK, or than half of the
 * machine's memory, in rings; each end counts for half of its ring).
 */
static inline long exo_ring_create(uint32_t slots, uint64_t arena_bytes,
				   exo_handle ends[2], unsigned flags)
{
	return exo_syscall(EXO_RING_CREATE, slots, (long)arena_bytes,
			   (long)ends, flags);
}

/* Where the arena begins: the first page behind the slots. */
static inline uint64_t exo_ring_arena(uint32_t slots)
{
	return (256 + (uint64_t)slots * 64 + 4095) & ~4095ul;
}

#define EXO_FOREVER UINT64_MAX
#define EXO_NO_BELL ((exo_handle)-1)

/*
 * Sleeps until the end has something to do, at most `timeout_ns` (0: only
 * asks); before that rings the bell of the end `bell`, unless it is
 * EXO_NO_BELL.  With EXO_FOREVER, whom the bell wakes may go on at once on this
 * processor, in the rest of this thread's time: the short way to an answer.
 * Errors: -EPIPE (the other end is closed and nothing is left, or that of
 * `bell` is closed), -ETIMEDOUT, -EINTR.
 */
static inline long exo_ring_wait(exo_handle end, uint64_t timeout_ns,
				 exo_handle bell)
{
	return exo_syscall(EXO_RING_WAIT, end, (long)timeout_ns, bell, 0);
}

/*
 * Wakes who waits at the other end.  Needed when ring_producer_bell() or
 * ring_consumer.wake says so.  Errors: -EPIPE: it is closed.
 */
static inline long exo_ring_bell(exo_handle end)
{
	return exo_syscall(EXO_RING_BELL, end, 0, 0, 0);
}

/*
 * Hands the pages [start, start + len_bytes) over to the other end of the ring
 * of which `producer` (with EXO_WRITE) is the sending end, without a copy: they
 * are no longer mapped here when this returns.  It returns a ticket: tell it
 * the receiver in a message of the kind RING_PAGES.  What of them was shared
 * with others until a write, as after fork() or of a file, is copied first.
 * If nobody receives them, they are given back to the system when the other end
 * is closed.
 * Errors: -EINVAL (not whole pages, none, more than 4 MB, MAP_SHARED), -EFAULT
 * (not all is mapped), -EACCES (not writable), -EBUSY (the kernel is at work
 * there), -EPIPE (the other end is closed), -EAGAIN (16 MB, or 64 of what is
 * sent apart from messages, are on their way), -ENOMEM (also as of
 * exo_ring_create(): what is on its way counts for both ends).  After an error
 * nothing has changed.
 */
static inline long exo_send_pages(exo_handle producer, void *start,
				  uint64_t len_bytes)
{
	return exo_syscall(EXO_SEND_PAGES, producer, (long)start,
			   (long)len_bytes, 0);
}

/*
 * Maps what was sent with that ticket through the ring of which `consumer`
 * (with EXO_READ) is the receiving end, at a free place, readable and writable;
 * returns its address and tells in *len_bytes how long it is.  From then on it
 * is memory as of mmap() with MAP_PRIVATE | MAP_ANONYMOUS, for munmap().
 * Errors: -ENOENT, -EFAULT, -ENOMEM (RLIMIT_AS, too; it can be tried again).
 */
static inline long exo_receive_pages(exo_handle consumer, long ticket,
				     uint64_t *len_bytes)
{
	return exo_syscall(EXO_RECEIVE_PAGES, consumer, ticket, (long)len_bytes,
			   0);
}

/* ---- Calls --------------------------------------------------------------- */

enum exo_gate_end {
	EXO_CLIENT,
	EXO_SERVER,
};

/* A message: five words, which travel in registers. */
struct exo_message {
	uint64_t words[5];
};

/*
 * Makes a gate: calls go in at ends[EXO_CLIENT] and are served at
 * ends[EXO_SERVER].  Errors: -EINVAL, -EMFILE, -ENOMEM, -EFAULT.
 */
static inline long exo_gate_create(exo_handle ends[2], unsigned flags)
{
	return exo_syscall(EXO_GATE_CREATE, (long)ends, flags, 0, 0);
}

static inline long exo_pass_(long number, exo_handle end, struct exo_message *m)
{
	register uint64_t r10 __asm__("r10") = m->words[2];
	register uint64_t r8 __asm__("r8") = m->words[3];
	register uint64_t r9 __asm__("r9") = m->words[4];

	__asm__ volatile("syscall"
			 : "+a"(number), "+S"(m->words[0]), "+d"(m->words[1]),
			   "+r"(r10), "+r"(r8), "+r"(r9)
			 : "D"(end)
			 : "rcx", "r11", "memory");
	m->words[2] = r10;
	m->words[3] = r8;
	m->words[4] = r9;
	return number;
}

/*
 * Sends `m` to whoever serves the gate and waits for the answer, which takes
 * its place.  If a server waits on this processor, it goes on at once. Errors:
 * -EPIPE (nobody serves any more, or the one who had the message ended before
 * it answered), -EDEADLK (all who serve the gate wait for this thread), -EINTR
 * (somebody had the message already; else it is sent again).
 */
static inline long exo_call(exo_handle client, struct exo_message *m)
{
	return exo_pass_(EXO_CALL, client, m);
}

/*
 * Answers the message that this thread got last, if it has not been answered,
 * with `m`, then waits for the next one.  Errors: -EPIPE (nobody can call any
 * more), -ENOMEM.
 */
static inline long exo_serve(exo_handle server, struct exo_message *m)
{
	return exo_pass_(EXO_SERVE, server, m);
}

#endif
