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
		ring_quarter_done(c);
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

/* Copies words, up to as many as a message holds. */
static inline void ring_copy_words(u8 *to, const u8 *from, u32 n)
{
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

/* The word of a message of n words of that kind, whose tag is 0. */
static inline u64 ring_words_word(u32 sequence, u8 kind, u32 n)
{
	static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&
			      offsetof(struct ring_head, kind) == 0 &&
			      offsetof(struct ring_head, len) == 1,
		      "the word is put together of its parts");
	return sequence | (u64)kind << 32 | (u64)(8 * n) << 40;
}

/* Behind n slots, or at `stop`. */
static inline struct ring_slot *
ring_slots_end(struct ring_slot *slot, const struct ring_slot *stop, u32 n)
{
	return slot + MIN(n, (u32)(stop - slot));
}

/* Puts n words into a slot and shows them. */
static inline void ring_words_set(struct ring_slot *slot, u32 sequence, u8 kind,
				  const u8 *from, u32 n)
{
	if (n == RING_WORDS) {
		__builtin_memcpy(slot->data, from, RING_DATA_BYTES);
	} else {
		ring_copy_words(slot->data, from, n);
	}
	/* Pairs with the acquire in ring_word_at(). */
	__atomic_store_n(&slot->word, ring_words_word(sequence, kind, n),
			 __ATOMIC_RELEASE);
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
	u32 full = n / RING_WORDS, rest = n % RING_WORDS;
	const u8 *from = words;
	bool has_rest = rest > 0;

	for (*result = RING_OK; full > 0 || has_rest;) {
		struct ring_slot *slot, *end;
		u32 sequence;

		*result = ring_room(p);
		if (unlikely(*result != RING_OK)) {
			break;
		}
		sequence = p->sequence;
		slot = p->next;
		end = ring_slots_end(slot, p->stop, full);
		full -= (u32)(end - slot);
		for (; slot != end; slot++, from += RING_DATA_BYTES) {
			ring_words_set(slot, sequence, kind, from, RING_WORDS);
		}
		if (has_rest && full == 0 && likely(slot != p->stop)) {
			ring_words_set(slot++, sequence, kind, from, rest);
			has_rest = false;
		}
		p->next = slot;
	}
	return n - RING_WORDS * full - (has_rest ? rest : 0);
}

/* Takes up to n messages that are full of words; returns how many. */
static inline u32 ring_receive_full(struct ring_consumer *c, u8 kind, u8 *to,
				    u32 n)
{
	struct ring_slot *slot = c->next, *from, *end;
	u32 left = n;

	do {
		u64 word = ring_words_word(c->sequence, kind, RING_WORDS);

		from = slot;
		end = ring_slots_end(slot, c->stop, left);
		while (slot != end && likely(ring_word_at(slot) == word)) {
			ring_copy_from(slot, to, RING_DATA_BYTES);
			to += RING_DATA_BYTES;
			slot++;
		}
		left -= (u32)(slot - from);
		from = slot;
		slot = ring_go_on(c, slot);
	} while (from == end && left > 0);
	c->next = slot;
	return n - left;
}

/* Takes the next message if it holds just n words. */
static inline bool ring_receive_rest(struct ring_consumer *c, u8 kind, u8 *to,
				     u32 n)
{
	struct ring_slot *slot = c->next;

	if (unlikely(ring_word_at(slot) !=
		     ring_words_word(c->sequence, kind, n))) {
		return false;
	}
	ring_copy_words(to, slot->data, n);
	/* As in ring_copy_from(). */
	__asm__ volatile("" : "+m"(*(u8(*)[])to));
	c->next = ring_go_on(c, slot + 1);
	return true;
}

/* ring_receive_words() of messages that hold any number of words: slower. */
static inline u32 ring_receive_mixed(struct ring_consumer *c, u8 kind, u8 *to,
				     u32 n, enum ring_result *result)
{
	u32 got = 0;

	while (got < n) {
		struct ring_head head;

		*result = ring_look(c, &head, 8 * MIN(n - got, RING_WORDS));
		if (*result != RING_OK || head.kind != kind ||
		    head.len % 8 != 0) {
			break;
		}
		ring_copy_words(to, c->next->data, head.len / 8);
		/* As in ring_copy_from(). */
		__asm__ volatile("" : "+m"(*(u8(*)[])to));
		to += head.len;
		got += head.len / 8;
		ring_consume(c);
	}
	return got;
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
	u32 full = n / RING_WORDS, rest = n % RING_WORDS;
	u32 got = ring_receive_full(c, kind, words, full);
	u8 *to = (u8 *)words + (u64)RING_DATA_BYTES * got;

	*result = RING_OK;
	if (likely(got == full) &&
	    (rest == 0 || likely(ring_receive_rest(c, kind, to, rest)))) {
		return n;
	}
	got *= RING_WORDS;
	return got + ring_receive_mixed(c, kind, to, n - got, result);
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
