// SPDX-License-Identifier: MIT
/*
 * Every order of a few threads' accesses, by depth-first search over states.
 *
 * A state is the shared memory, the store buffers, the lock, who sleeps, and
 * of each actor its local state before the operation that it is in, with the
 * values that this has loaded so far (its log).  As an operation depends on
 * nothing else, its next access is found by running it anew on a copy of the
 * local state with the log for its loads, up to the first access that the log
 * does not answer.  A state that was seen before, told by a hash of 64 bits, is
 * not followed again.
 *
 * A state without a next one is the end of an order: then all must have
 * finished; an actor that still sleeps has lost its wake-up.
 */
#include "tests/host/interleave.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/assert.h"

#define LOG_MAX      48
#define STORES_MAX   24
#define SHARED_WORDS 192
#define LOCAL_WORDS  40
#define FIRST_SEEN   (1u << 16)
#define DEPTH_MAX    4096

enum access { LOAD, STORE, UPDATE, FENCE, LOCK, UNLOCK, SLEEP, WAKE };

struct request {
	enum access access;
	void *at;
	u64 bytes, value, and;
};

struct store {
	void *at;
	u64 bytes, value;
};

struct actor_state {
	u64 local[LOCAL_WORDS];
	u64 log[LOG_MAX];
	u64 log_count;
	struct store stores[STORES_MAX];
	u64 store_count;
	bool finished, asleep;
};

struct state {
	u64 shared[SHARED_WORDS];
	struct actor_state actors[INTERLEAVE_ACTORS];
	u64 locked; /* by whom, counted from 1 */
};

/* The search, of which there is one at a time. */
static struct {
	const struct interleave *model;
	struct interleave_result result;
	u64 *seen; /* open addressing, 0 is free */
	u64 seen_size;
	struct state *states[DEPTH_MAX]; /* on the way here */
	unsigned depth;
	/* The operation that is run now. */
	struct state *state;
	unsigned actor;
	u64 replayed;
	struct request request;
	jmp_buf out;
} search;

/* ---- States that were seen ----------------------------------------------- */

static u64 mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static u64 mix_words(u64 hash, const u64 *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		hash = mix(hash, words[i]);
	}
	return hash;
}

static u64 hash_of(const struct state *s)
{
	const struct interleave *m = search.model;
	u64 hash = mix_words(s->locked, s->shared, m->shared_bytes / 8);

	for (unsigned i = 0; i < m->actors; i++) {
		const struct actor_state *a = &s->actors[i];

		hash = mix_words(hash, a->local, m->local_bytes / 8);
		hash = mix(hash, a->log_count);
		hash = mix_words(hash, a->log, a->log_count);
		hash = mix(hash, a->store_count);
		for (u64 k = 0; k < a->store_count; k++) {
			hash = mix(hash, (u64)a->stores[k].at);
			hash = mix(hash, a->stores[k].value);
		}
		hash = mix(hash, (u64)a->finished << 1 | a->asleep);
	}
	return hash | 1;
}

static u64 *seen_place(u64 *seen, u64 size, u64 hash)
{
	u64 i = hash >> 1 & (size - 1);

	while (seen[i] != 0 && seen[i] != hash) {
		i = (i + 1) & (size - 1);
	}
	return &seen[i];
}

static void seen_grow(void)
{
	u64 size = 2 * search.seen_size;
	u64 *seen = calloc(size, sizeof(*seen));

	ASSERT(seen != NULL);
	for (u64 i = 0; i < search.seen_size; i++) {
		if (search.seen[i] != 0) {
			*seen_place(seen, size, search.seen[i]) =
				search.seen[i];
		}
	}
	free(search.seen);
	search.seen = seen;
	search.seen_size = size;
}

/* True if the state is a new one. */
static bool note(const struct state *s)
{
	u64 hash = hash_of(s);
	u64 *place = seen_place(search.seen, search.seen_size, hash);

	if (*place == hash) {
		return false;
	}
	*place = hash;
	if (++search.result.states > search.seen_size / 2) {
		seen_grow();
	}
	return true;
}

/* ---- Accesses ------------------------------------------------------------ */

/* The log's answer, or the way out with the request. */
static u64 ask(struct request request)
{
	struct actor_state *a = &search.state->actors[search.actor];

	if (search.replayed < a->log_count) {
		return a->log[search.replayed++];
	}
	search.request = request;
	longjmp(search.out, 1);
}

u64 interleave_load(const void *at, size_t bytes)
{
	return ask((struct request){ LOAD, (void *)at, bytes, 0, 0 });
}

void interleave_store(void *at, size_t bytes, u64 value)
{
	ask((struct request){ STORE, at, bytes, value, 0 });
}

u64 interleave_update(void *at, size_t bytes, u64 and, u64 or)
{
	return ask((struct request){ UPDATE, at, bytes, or, and});
}

void interleave_fence(void)
{
	ask((struct request){ .access = FENCE });
}

void interleave_lock(void)
{
	ask((struct request){ .access = LOCK });
}

void interleave_unlock(void)
{
	ask((struct request){ .access = UNLOCK });
}

void interleave_sleep(void)
{
	ask((struct request){ .access = SLEEP });
}

void interleave_wake(unsigned actor)
{
	ask((struct request){ .access = WAKE, .value = actor });
}

void interleave_wrong(const char *why)
{
	search.result.wrong = why;
}

static bool is_shared(const void *at)
{
	const u8 *from = search.model->shared;

	return (const u8 *)at >= from &&
	       (const u8 *)at < from + search.model->shared_bytes;
}

void interleave_copy(void *dst, const void *src, size_t bytes)
{
	if (!is_shared(dst) && !is_shared(src)) {
		memcpy(dst, src, bytes);
		return;
	}
	for (size_t i = 0; i < bytes; i += 8) {
		u64 word;

		if (is_shared(src)) {
			word = interleave_load((const u8 *)src + i, 8);
			memcpy((u8 *)dst + i, &word, 8);
		} else {
			memcpy(&word, (const u8 *)src + i, 8);
			interleave_store((u8 *)dst + i, 8, word);
		}
	}
}

static u8 *in_memory(struct state *s, const void *at)
{
	return (u8 *)s->shared +
	       ((const u8 *)at - (const u8 *)search.model->shared);
}

static u64 read_memory(struct state *s, const struct request *r)
{
	u64 value = 0;

	memcpy(&value, in_memory(s, r->at), r->bytes);
	return value;
}

/* What the actor sees: its newest store, else memory. */
static u64 load(struct state *s, const struct actor_state *a,
		const struct request *r)
{
	for (u64 i = a->store_count; i > 0; i--) {
		if (a->stores[i - 1].at == r->at) {
			return a->stores[i - 1].value;
		}
	}
	return read_memory(s, r);
}

static void store(struct actor_state *a, const struct request *r, u64 value)
{
	ASSERT(a->store_count < STORES_MAX);
	a->stores[a->store_count++] = (struct store){ r->at, r->bytes, value };
}

/* The store leaves the buffer. */
static void drain(struct state *s, struct actor_state *a, u64 i)
{
	memcpy(in_memory(s, a->stores[i].at), &a->stores[i].value,
	       a->stores[i].bytes);
	a->store_count--;
	memmove(&a->stores[i], &a->stores[i + 1],
		(a->store_count - i) * sizeof(a->stores[0]));
}

/* Does what the actor asks for; false: it cannot be done now. */
static bool perform(struct state *s, unsigned actor, u64 *answer)
{
	struct actor_state *a = &s->actors[actor];
	const struct request *r = &search.request;
	bool weak = search.model->no_fence[actor];

	*answer = 0;
	switch (r->access) {
	case LOAD: *answer = load(s, a, r); return true;
	case STORE: store(a, r, r->value); return true;
	case UPDATE:
		*answer = load(s, a, r);
		store(a, r, (*answer & r->and) | r->value);
		if (!weak && a->store_count == 1) {
			drain(s, a, 0);
			return true;
		}
		return weak;
	case FENCE: return weak || a->store_count == 0;
	case UNLOCK: s->locked = 0; return true;
	case SLEEP:
		s->locked = 0;
		a->asleep = true;
		return true;
	case LOCK:
		if (s->locked != 0 || a->store_count != 0) {
			return false;
		}
		s->locked = actor + 1;
		return true;
	case WAKE:
		if (s->locked != 0 || a->store_count != 0) {
			return false;
		}
		s->actors[r->value].asleep = false;
		return true;
	}
	return false;
}

/* ---- The search ---------------------------------------------------------- */

/* Finds the next access of an actor; false: it has finished. */
static bool find_access(struct state *s, unsigned actor)
{
	struct actor_state *a = &s->actors[actor];
	size_t bytes = search.model->local_bytes;
	u8 *local = (u8 *)search.model->locals + actor * bytes;

	search.state = s;
	search.actor = actor;
	if (setjmp(search.out) != 0) {
		return true;
	}
	while (!a->finished) {
		search.replayed = 0;
		memcpy(local, a->local, bytes);
		a->finished = !search.model->run(actor);
		/* An operation is complete. */
		memcpy(a->local, local, bytes);
		a->log_count = 0;
		memset(a->log, 0, sizeof(a->log));
	}
	return false;
}

static bool step(struct state *s, unsigned actor)
{
	struct actor_state *a = &s->actors[actor];
	u64 answer;

	if (a->finished || a->asleep) {
		return false;
	}
	if (!find_access(s, actor)) {
		return true;
	}
	if (!perform(s, actor, &answer)) {
		return false;
	}
	ASSERT(a->log_count < LOG_MAX);
	a->log[a->log_count++] = answer;
	return true;
}

/* The i-th store may leave before those in front of it. */
static bool may_drain(const struct actor_state *a, u64 i)
{
	for (u64 k = 0; k < i; k++) {
		if (!search.model->any_order ||
		    a->stores[k].at == a->stores[i].at) {
			return false;
		}
	}
	return i < a->store_count;
}

/* A state for one more step, of those that the search has once had. */
static struct state *state_push(void)
{
	ASSERT(search.depth < DEPTH_MAX);
	if (search.states[search.depth] == NULL) {
		search.states[search.depth] = malloc(sizeof(struct state));
		ASSERT(search.states[search.depth] != NULL);
	}
	return search.states[search.depth++];
}

static void explore(const struct state *from);

/* Goes on from each state that one move of the actor leads to. */
static bool explore_actor(const struct state *from, unsigned actor)
{
	struct state *next = state_push();
	bool moved;

	*next = *from;
	moved = step(next, actor);
	if (moved && note(next)) {
		explore(next);
	}
	for (u64 i = 0; may_drain(&from->actors[actor], i); i++) {
		moved = true;
		*next = *from;
		drain(next, &next->actors[actor], i);
		if (note(next)) {
			explore(next);
		}
	}
	search.depth--;
	return moved;
}

static void explore(const struct state *from)
{
	bool moved = false;

	for (unsigned i = 0; i < search.model->actors; i++) {
		if (search.result.wrong == NULL) {
			moved |= explore_actor(from, i);
		}
	}
	for (unsigned i = 0; i < search.model->actors; i++) {
		if (!moved && !from->actors[i].finished &&
		    search.result.wrong == NULL) {
			search.result.wrong = "nobody can go on";
		}
	}
}

struct interleave_result interleave_run(const struct interleave *model)
{
	struct state *first = calloc(1, sizeof(*first));

	ASSERT(first != NULL && model->actors <= INTERLEAVE_ACTORS &&
	       model->shared_bytes <= sizeof(first->shared) &&
	       model->local_bytes <= sizeof(first->actors[0].local));
	search.model = model;
	search.result = (struct interleave_result){ 0, NULL };
	search.seen_size = FIRST_SEEN;
	search.seen = calloc(FIRST_SEEN, sizeof(*search.seen));
	ASSERT(search.seen != NULL);
	memcpy(first->shared, model->shared, model->shared_bytes);
	for (unsigned i = 0; i < model->actors; i++) {
		memcpy(first->actors[i].local,
		       (u8 *)model->locals + i * model->local_bytes,
		       model->local_bytes);
	}
	explore(first);
	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		free(search.states[i]);
		search.states[i] = NULL;
	}
	free(search.seen);
	free(first);
	return search.result;
}
