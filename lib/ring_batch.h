/* SPDX-License-Identifier: MIT */
/*
 * Many messages of a fusion ring at once, and messages that only name bytes: a
 * batch keeps the ring's pointers in registers, and whoever sends it rings the
 * bell once, behind it.  The invariants are those of lib/ring.h.
 */
#ifndef EXO_LIB_RING_BATCH_H
#define EXO_LIB_RING_BATCH_H

#include "lib/ring.h"

/* ---- Messages ------------------------------------------------------------ */

/* A message in own memory. */
struct ring_message {
	struct ring_head head;
	u32 unused;
	u8 data[RING_DATA_BYTES];
} aligned(8);

/*
 * Puts in up to n messages, whose heads the caller has bounded, and returns
 * how many; if less than n, *result says why, as ring_send().  Wakes nobody.
 */
static inline u32 ring_send_batch(struct ring_producer *p,
				  const struct ring_message *messages, u32 n,
				  enum ring_result *result)
{
	u32 sent = 0;

	for (*result = RING_OK; sent < n;) {
		struct ring_slot *slot;

		*result = ring_room(p);
		if (unlikely(*result != RING_OK)) {
			break;
		}
		for (slot = p->next; sent < n && slot != p->stop; slot++) {
			const struct ring_message *m = &messages[sent++];

			__builtin_memcpy(slot->data, m->data, RING_DATA_BYTES);
			ring_word_set(slot, p->sequence, m->head);
		}
		p->next = slot;
	}
	return sent;
}

/* `next` goes on to that slot. */
static inline struct ring_slot *ring_go_on(struct ring_consumer *c,
					   struct ring_slot *slot)
{
	if (unlikely(slot == c->stop)) {
		c->next = slot;
		ring_taken_publish(c);
		slot = c->next;
	}
	return slot;
}

/*
 * Takes up to n messages and returns how many; if less than n, *result says
 * why, as ring_look().  Then, if c->wake: has the kernel wake the producer.
 */
static inline u32 ring_receive_batch(struct ring_consumer *c,
				     struct ring_message *messages, u32 n,
				     enum ring_result *result)
{
	struct ring_slot *slot = c->next;
	u32 got;

	*result = RING_OK;
	for (got = 0; got < n; got++) {
		struct ring_message *m = &messages[got];
		u64 word = ring_word_at(slot);

		if (!ring_accepts(c, word, &m->head, RING_DATA_BYTES)) {
			c->next = slot;
			*result = ring_refusal(c, word);
			return got;
		}
		ring_copy_from(slot, m->data, RING_DATA_BYTES);
		slot = ring_go_on(c, slot + 1);
	}
	c->next = slot;
	return got;
}

/* ---- Words --------------------------------------------------------------- */

#define RING_WORDS (RING_DATA_BYTES / 8)

/* Copies words, most often as many as a message holds. */
static inline void ring_copy_words(u8 *to, const u8 *from, u32 n)
{
	if (likely(n == RING_WORDS)) {
		__builtin_memcpy(to, from, RING_DATA_BYTES);
		return;
	}
	if (n & 4) {
		__builtin_memcpy(to, from, 32);
		to += 32;
		from += 32;
	}
	if (n & 2) {
		__builtin_memcpy(to, from, 16);
		to += 16;
		from += 16;
	}
	if (n & 1) {
		__builtin_memcpy(to, from, 8);
	}
}

/*
 * Puts in up to n words of 8 bytes as messages of one kind, as many to a
 * message as it holds, and returns how many; if less than n, *result says why,
 * as ring_send().  Wakes nobody.
 */
static inline u32 ring_send_words(struct ring_producer *p, u8 kind,
				  const void *words, u32 n,
				  enum ring_result *result)
{
	const u8 *from = words;
	u32 sent = 0;

	for (*result = RING_OK; sent < n;) {
		struct ring_slot *slot;

		*result = ring_room(p);
		if (unlikely(*result != RING_OK)) {
			break;
		}
		for (slot = p->next; sent < n && slot != p->stop; slot++) {
			u32 some = MIN(n - sent, RING_WORDS);
			struct ring_head head = { kind, (u8)(8 * some), 0 };

			ring_copy_words(slot->data, from + 8ul * sent, some);
			ring_word_set(slot, p->sequence, head);
			sent += some;
		}
		p->next = slot;
	}
	return sent;
}

/*
 * Takes messages of one kind that hold whole words, as many as fit into n
 * words, and returns how many words; if less than n, *result says why, as
 * ring_look(), RING_OK of a message of another kind.  Then, if c->wake: has the
 * kernel wake the producer.
 */
static inline u32 ring_receive_words(struct ring_consumer *c, u8 kind,
				     void *words, u32 n,
				     enum ring_result *result)
{
	struct ring_slot *slot = c->next;
	u32 got = 0;

	*result = RING_OK;
	while (got < n) {
		u32 room = MIN(n - got, RING_WORDS);
		u8 *to = (u8 *)words + 8ul * got;
		u64 word = ring_word_at(slot);
		struct ring_head head;

		if (!ring_accepts(c, word, &head, 8 * room)) {
			c->next = slot;
			*result = ring_refusal(c, word);
			return got;
		}
		if (unlikely(head.kind != kind || head.len % 8 != 0)) {
			break;
		}
		ring_copy_words(to, slot->data, head.len / 8);
		/* As in ring_copy_from(). */
		__asm__ volatile("" : "+m"(*(u8(*)[])to));
		got += head.len / 8;
		slot = ring_go_on(c, slot + 1);
	}
	c->next = slot;
	return got;
}

/* ---- Arenas -------------------------------------------------------------- */

/* Bytes of an arena that both sides map: what a message names, not holds. */
struct ring_extent {
	u32 offset;
	u32 len;
};

static_assert(sizeof(struct ring_extent) == 8, "an extent is a word");

/* All of it lies inside the arena; on a copy, never in the slot. */
static inline bool ring_extent_inside(struct ring_extent e, u64 arena_bytes)
{
	return e.offset <= arena_bytes && e.len <= arena_bytes - e.offset;
}

/*
 * How many extents the copy of a RING_ARENA message holds; 0: it is none, or
 * one of them leaves the arena.
 */
static inline u32 ring_extents(struct ring_head head,
			       const struct ring_extent *extents,
			       u64 arena_bytes)
{
	u32 n = head.len / sizeof(*extents);

	if (head.kind != RING_ARENA || head.len % sizeof(*extents) != 0) {
		return 0;
	}
	for (u32 i = 0; i < n; i++) {
		if (!ring_extent_inside(extents[i], arena_bytes)) {
			return 0;
		}
	}
	return n;
}

#endif
