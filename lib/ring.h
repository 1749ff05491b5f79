/* SPDX-License-Identifier: MIT */
/*
 * Rings: index arithmetic for rings of bytes behind a lock, and the fusion
 * ring, a queue of messages in memory that two programs map and neither
 * trusts.  No state, no lock, no call: the kernel, programs and the host's
 * tests and benchmarks compile this very source.  docs/rings.md tells how to
 * use it.
 *
 * ---- Theory of the fusion ring ----
 *
 * A ring has one producer and one consumer (lib/ring_lanes.h: many producers,
 * a ring each; lib/ring_batch.h: many messages at once).  Messages are
 * numbered from 0, modulo 2^32; `count`, a power of two of at most
 * RING_SLOTS_MAX, is the number of slots; message n stands in slot n mod
 * count.  What is shared is the slots and a line for each end; what an end
 * knows (struct ring_producer, struct ring_consumer) is its own.
 *
 * I1  The first word of a slot carries the sequence, kind, length and tag of
 *     its message, and is read and written as one.  The sequence of message n
 *     is the number of the first message of the next lap,
 *     S(n) = n - n mod count + count; what was there before had S(n) - count.
 *     So a slot tells by itself whether it is full, and zeroed memory is an
 *     empty ring whose next message is 0.
 * I2  Only the producer writes slots: in order, the bytes first, the word
 *     last; where it dies, there the ring ends.  The consumer reads the word
 *     first.  (Release in ring_word_set() pairs with acquire in
 *     ring_word_at().)
 * I3  Only the consumer writes `taken`: all messages before that number have
 *     been copied out.  The producer does not write message n before it read
 *     a `taken` with n - taken < count.  (Release in publish() pairs with
 *     acquire in ring_refill().)  It reads it when it has used up what it
 *     knew to be free, not before: the line crosses once a lap, not once a
 *     message.
 * I4  `taken` is published at the end of each quarter of the ring, and when
 *     the ring is found empty.  So a producer that found the ring full goes on
 *     when the consumer comes to the next quarter, and a consumer that found
 *     the ring empty has nothing to publish before it sleeps.  Only where a
 *     lap ends is that followed by a barrier (see below): a producer sleeps
 *     when all slots are full, and before the consumer has emptied them it
 *     comes to the end of its lap.  At the other quarters it sees the sleeper
 *     as soon as the processor lets it.  A consumer that stops in the middle
 *     publishes by ring_taken_publish(), which has the barrier.
 * I5  Nothing that is read from shared memory is used before it was checked,
 *     nothing is read twice: the word is one load, the bytes are copied once
 *     and looked at in the copy.  A count, a pointer or an index never comes
 *     from there.  Whatever the other side writes, an operation ends with a
 *     result after a bounded number of steps.
 *
 * Wrap-around: 0 <= head - taken <= count <= 2^16 holds as integers, so the
 * difference modulo 2^32 is the difference, also when head has wrapped and
 * taken has not.  count divides 2^32, so n mod count goes on over the wrap,
 * and S(n) - S(n - count) = count does, too.  Slot n mod count holds
 * S(n) - count or S(n) while the consumer waits for n: it held the former
 * when n - count was taken, and by I3 the producer writes nothing further
 * there before n is taken.  Hence any other sequence is a lie, and is reported
 * as RING_CORRUPT.
 *
 * Sleeping: an end that has nothing to do spins a little, then has the kernel
 * put it to sleep.  The kernel sets RING_SLEEPS in the end's state, *then*
 * looks whether there is something to do (ring_readable(), ring_writable()),
 * and if not sleeps, all under the lock of the wait queue.  The other end
 * publishes, *then* looks at the state (ring_producer_bell(),
 * ring_taken_publish()), and if it is not 0 has the kernel wake all that wait
 * in that queue.  On each side a full barrier stands between the write and the
 * read.  Of two such pairs at least one reads what the other wrote: either
 * who would sleep sees the message, or who publishes sees the flag; and in the
 * latter case the lock puts the wake-up behind the sleep or the sleep behind
 * the message.  Without either barrier both may read old values, and the
 * message lies there while its reader sleeps
 * (tests/lib/test_ring_model_host.c shows both).
 */
#ifndef EXO_LIB_RING_H
#define EXO_LIB_RING_H

#include "lib/types.h"

/* ---- Indices ------------------------------------------------------------ */

/*
 * Free-running 32-bit indices over a power-of-two array: `head` counts what
 * was put in, `tail` what was taken out; their difference is the fill, so full
 * and empty never look alike.
 */

/* Entries in the ring now; correct over the wrap of either index. */
static inline u32 ring_fill(u32 head, u32 tail)
{
	return head - tail;
}

/* Entries that still fit; `size` is a power of two. */
static inline u32 ring_space(u32 head, u32 tail, u32 size)
{
	return size - (head - tail);
}

/* The slot of an index. */
static inline u32 ring_slot(u32 index, u32 size)
{
	return index & (size - 1);
}

/* Slots from `index` to the end of the array: one copy's longest run. */
static inline u32 ring_run(u32 index, u32 size)
{
	return size - (index & (size - 1));
}

/* ---- What is shared ------------------------------------------------------ */

#define RING_LINE_BYTES 64u
#define RING_DATA_BYTES 56u
#define RING_SLOTS_MAX  65536u

enum ring_kind {
	RING_DATA,   /* `len` bytes */
	RING_ARENA,  /* struct ring_extent (lib/ring_batch.h) */
	RING_PAGES,  /* pages handed over: the kernel's word for them */
	RING_HANDLE, /* a capability: the kernel's word for it */
	RING_KINDS,
};

struct ring_slot {
	u64 word; /* [a] sequence, struct ring_head << 32 */
	u8 data[RING_DATA_BYTES];
} aligned(RING_LINE_BYTES);

/* In the state of an end, set and cleared by the kernel alone. */
#define RING_SLEEPS 1u /* somebody waits there: ring when you publish */
#define RING_CLOSED 2u /* nobody will come any more */

/* Two lines, for processors that fetch lines in pairs. */
struct ring_end {
	u32 state; /* [a] */
	u32 taken; /* [a] the consumer's: see I3 */
} aligned(2 * RING_LINE_BYTES);

struct ring_shared {
	struct ring_end producer;
	struct ring_end consumer;
	struct ring_slot slots[];
};

static_assert(sizeof(struct ring_slot) == RING_LINE_BYTES,
	      "a message and its sequence share a line");
static_assert(sizeof(struct ring_shared) == 4 * RING_LINE_BYTES,
	      "programs map rings: the layout is part of the interface");

static inline bool ring_count_valid(u32 count)
{
	return IS_POW2(count) && count <= RING_SLOTS_MAX;
}

/* Bytes of shared memory for a ring; all 0 is an empty ring. */
static inline size_t ring_bytes(u32 count)
{
	return sizeof(struct ring_shared) + count * sizeof(struct ring_slot);
}

/* ---- What an end knows --------------------------------------------------- */

enum ring_result {
	RING_OK,
	RING_EMPTY,     /* nothing to receive now */
	RING_FULL,      /* no room now */
	RING_GONE,      /* nor ever: the other end is closed */
	RING_CORRUPT,   /* the other side broke the protocol: give it up */
	RING_MALFORMED, /* kind or length makes no sense; not consumed */
	RING_TOO_LONG,  /* longer than the caller can take; not consumed */
};

/* What a message is beside its bytes. */
struct ring_head {
	u8 kind; /* enum ring_kind */
	u8 len;  /* bytes, up to RING_DATA_BYTES */
	u16 tag; /* the sender's own */
};

/*
 * Own memory of one thread.  `next` is the slot of the next message; from
 * `stop` on there is no room, as far as is known, or the array ends.
 */
struct ring_producer {
	struct ring_slot *next;
	struct ring_slot *stop;
	u32 sequence; /* of the next message, and of the rest of its lap */
	u32 count;
	struct ring_shared *shared;
} aligned(RING_LINE_BYTES);

/* Own memory of one thread.  At `stop` it is time to publish `taken`. */
struct ring_consumer {
	struct ring_slot *next;
	struct ring_slot *stop;
	u32 sequence; /* of the next message, and of the rest of its lap */
	u32 count;
	struct ring_shared *shared;
	u32 published; /* what `taken` says */
	bool wake;     /* the producer sleeps and there is room: wake it */
} aligned(RING_LINE_BYTES);

/* The number of the message that goes to slot `next` in the lap of S(n). */
static inline u32 ring_number(const struct ring_shared *shared,
			      const struct ring_slot *next, u32 sequence,
			      u32 count)
{
	return sequence - count + (u32)(next - shared->slots);
}

/* S(n) of invariant I1. */
static inline u32 ring_sequence(u32 n, u32 count)
{
	return (n | (count - 1)) + 1;
}

static inline u64 ring_word(u32 sequence, struct ring_head head)
{
	u32 bits;

	__builtin_memcpy(&bits, &head, sizeof(bits));
	return sequence | (u64)bits << 32;
}

/* Shows the message whose bytes stand in the slot. */
static inline void ring_word_set(struct ring_slot *slot, u32 sequence,
				 struct ring_head head)
{
	/* Pairs with the acquire in ring_word_at(). */
	__atomic_store_n(&slot->word, ring_word(sequence, head),
			 __ATOMIC_RELEASE);
}

static inline u64 ring_word_at(const struct ring_slot *slot)
{
	/* Pairs with the release in ring_word_set(). */
	return __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);
}

static inline struct ring_head ring_head_of(u64 word)
{
	u32 bits = (u32)(word >> 32);
	struct ring_head head;

	__builtin_memcpy(&head, &bits, sizeof(head));
	return head;
}

/*
 * Between a write of one's own and a read of what the other side writes: the
 * barrier of the sleeping protocol.
 */
static inline void ring_barrier(void)
{
#ifdef __SANITIZE_THREAD__
	/* ThreadSanitizer knows no fences; this is one, too. */
	u32 own = 0;

	__atomic_fetch_add(&own, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* ---- The producer -------------------------------------------------------- */

/* Begins, or goes on where another holder of this end has stopped. */
void ring_producer_attach(struct ring_producer *p, struct ring_shared *shared,
			  u32 count);

/*
 * Goes on to the next lap at the end of one, and looks how far the consumer
 * is.  RING_OK: there is room; else RING_FULL, RING_GONE, RING_CORRUPT.
 */
must_check enum ring_result ring_refill(struct ring_producer *p);

/* RING_OK if the next message has room. */
static inline must_check enum ring_result ring_room(struct ring_producer *p)
{
	return likely(p->next != p->stop) ? RING_OK : ring_refill(p);
}

/* Where the bytes of the next message go, if it has room; never read there. */
static inline u8 *ring_place(const struct ring_producer *p)
{
	return p->next->data;
}

/* Shows the message whose bytes, up to RING_DATA_BYTES, stand in its place. */
static inline void ring_publish(struct ring_producer *p, struct ring_head head)
{
	struct ring_slot *slot = p->next;

	p->next = slot + 1;
	ring_word_set(slot, p->sequence, head);
}

/*
 * Puts in a message of head.len bytes, which the caller has bounded.
 * Errors: RING_FULL, RING_GONE, RING_CORRUPT.  Wakes nobody: after the last of
 * several, see ring_producer_bell().
 */
static inline must_check enum ring_result
ring_send(struct ring_producer *p, struct ring_head head, const void *data)
{
	enum ring_result result = ring_room(p);

	if (unlikely(result != RING_OK)) {
		return result;
	}
	__builtin_memcpy(ring_place(p), data, head.len);
	ring_publish(p, head);
	return RING_OK;
}

/*
 * After the last message of a batch, and before this end sleeps for room in the
 * middle of one: true if the kernel must be asked to wake the consumer, or
 * would say that it is gone.
 */
static inline must_check bool ring_producer_bell(const struct ring_producer *p)
{
	/* Pairs with the barrier in ring_end_sleeps(). */
	ring_barrier();
	return READ_ONCE(p->shared->consumer.state) != 0;
}

/* ---- The consumer -------------------------------------------------------- */

/* Begins, or goes on where another holder of this end has stopped. */
void ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared,
			  u32 count);

/*
 * Tells the producer what has been taken; sets `wake` if it waits for that.
 * Before the consumer leaves messages where they are and does something else
 * for long, and before it gives its end to another.
 */
void ring_taken_publish(struct ring_consumer *c);

/*
 * `next` is at `stop`: the same for a consumer that goes on.  Without a barrier
 * but at the end of a lap: see I6.
 */
void ring_quarter_done(struct ring_consumer *c);

/*
 * Why ring_accepts() said no to that word of the next slot; publishes `taken`
 * if there is nothing more.
 */
must_check enum ring_result ring_refusal(struct ring_consumer *c, u64 word);

/* The word is that of the next message, and its head makes sense. */
static inline bool ring_accepts(const struct ring_consumer *c, u64 word,
				struct ring_head *head, u32 size_bytes)
{
	*head = ring_head_of(word);
	return likely((u32)word == c->sequence) &&
	       likely(head->kind < RING_KINDS && head->len <= size_bytes);
}

/*
 * The ring is empty as it was the last time, and nothing has to be done: what
 * an end finds that looks again and again.
 */
static inline bool ring_is_idle(const struct ring_consumer *c, u64 word)
{
	return (u32)word == c->sequence - c->count &&
	       c->published ==
		       ring_number(c->shared, c->next, c->sequence, c->count) &&
	       !(__atomic_load_n(&c->shared->producer.state, __ATOMIC_ACQUIRE) &
		 RING_CLOSED);
}

static inline void ring_copy_from(const struct ring_slot *slot, void *data,
				  u32 len_bytes)
{
	__builtin_memcpy(data, slot->data, len_bytes);
	/* Who looks at the copy never looks into the slot instead. */
	__asm__ volatile("" : "+m"(*(u8(*)[])data));
}

/*
 * Looks at the next message and classifies it; consumes nothing.
 * Errors: RING_EMPTY, RING_GONE, RING_CORRUPT, RING_MALFORMED, and
 * RING_TOO_LONG if it has more than size_bytes (at most RING_DATA_BYTES).
 */
static inline must_check enum ring_result
ring_look(struct ring_consumer *c, struct ring_head *head, u32 size_bytes)
{
	u64 word = ring_word_at(c->next);

	if (ring_accepts(c, word, head, size_bytes)) {
		return RING_OK;
	}
	return ring_is_idle(c, word) ? RING_EMPTY : ring_refusal(c, word);
}

/* After ring_look(): copies bytes of the next message, once. */
static inline void ring_copy(const struct ring_consumer *c, void *data,
			     u32 len_bytes)
{
	ring_copy_from(c->next, data, len_bytes);
}

/* Consumes the next message, after which its slot may change. */
static inline void ring_consume(struct ring_consumer *c)
{
	c->next++;
	if (unlikely(c->next == c->stop)) {
		ring_quarter_done(c);
	}
}

/*
 * Takes a message of up to `size_bytes` (at most RING_DATA_BYTES) bytes into
 * `data`, all of which is written; a constant size makes a short copy.
 * Errors: as ring_look().  Then, if c->wake: has the kernel wake the producer.
 */
static inline must_check enum ring_result ring_receive(struct ring_consumer *c,
						       struct ring_head *head,
						       void *data,
						       u32 size_bytes)
{
	enum ring_result result = ring_look(c, head, size_bytes);

	if (likely(result == RING_OK)) {
		ring_copy(c, data, size_bytes);
		ring_consume(c);
	}
	return result;
}

/* ---- For who puts ends to sleep ------------------------------------------ */

/*
 * The kernel's look at a ring, all of it from memory that lies: true if the
 * end has something to do, be it to find an error.  Before sleeping, under the
 * lock of the wait queue, after ring_end_sleeps(); and for poll.
 */
bool ring_readable(const struct ring_shared *shared, u32 count);
bool ring_writable(const struct ring_shared *shared, u32 count);

/* How many messages a ring holds, as far as its memory can be believed. */
u32 ring_messages(const struct ring_shared *shared, u32 count);

/* Before the last look. */
static inline void ring_end_sleeps(struct ring_end *end)
{
	/* Pairs with the barriers in the functions that look at `state`. */
	__atomic_fetch_or(&end->state, RING_SLEEPS, __ATOMIC_SEQ_CST);
	ring_barrier();
}

/* When the last who waited has woken. */
static inline void ring_end_woke(struct ring_end *end)
{
	__atomic_fetch_and(&end->state, ~RING_SLEEPS, __ATOMIC_SEQ_CST);
}

/* The last holder of the end has gone: then wake who waits at the other. */
static inline void ring_end_close(struct ring_end *end)
{
	__atomic_fetch_or(&end->state, RING_CLOSED, __ATOMIC_SEQ_CST);
}

#endif
