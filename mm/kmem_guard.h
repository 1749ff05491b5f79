/* SPDX-License-Identifier: MIT */
/*
 * What the debug build adds to each kernel object: a footer behind it whose
 * mark says whether it is handed out, a red zone from its requested end to the
 * footer, poison while it is free.  Private to mm/kmem.c.
 *
 * The mark is changed last when an object becomes checkable and first when it
 * stops being so: who looks at another processor's objects sees a state that
 * holds, or GUARD_BUSY.
 */
#ifndef EXO_MM_KMEM_GUARD_H
#define EXO_MM_KMEM_GUARD_H

#include "arch/restart.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/kmem.h"

#ifdef EXO_DEBUG
#define KMEM_GUARDED 1
#else
#define KMEM_GUARDED 0
#endif

/* Bytes no pointer, count or text looks like. */
#define GUARD_POISON 0x6b /* in free objects */
#define GUARD_FRESH  0xa5 /* in new ones: arbitrary content, as promised */
#define GUARD_SLACK  0xbb /* between the requested and the real end */
#define GUARD_ZONE   0xbbbbbbbbbbbbbbbbull

/* A free object's first bytes link it into a list. */
#define GUARD_LINK_BYTES sizeof(struct arch_link)

enum guard_mark {
	GUARD_BUSY,
	GUARD_FREE = 0x66726565,
	GUARD_LIVE = 0x6c697665
};

struct guard {
	u64 zone;
	u16 len_bytes; /* what the caller asked for */
	u16 owner;     /* enum owner, by kmem_owned() */
	u32 mark;      /* [a] enum guard_mark */
};

static_assert(KMEM_OBJECT_MAX <= UINT16_MAX, "struct guard");

#define KMEM_GUARD_BYTES (KMEM_GUARDED * sizeof(struct guard))

/* An object with its footer, and the cache's name for the report. */
struct guarded {
	const char *name;
	u8 *object;
	size_t size_bytes; /* the footer stands there */
};

static inline struct guard *guard_of(struct guarded g)
{
	return (struct guard *)(g.object + g.size_bytes);
}

noreturn static cold inline void guard_stop(struct guarded g, const char *what)
{
	char text[96];

	format(text, sizeof(text), "%s: %s (object %p)", g.name, what,
	       (void *)g.object);
	assert_failed(text, __FILE__, __LINE__);
}

static inline bool guard_filled(const u8 *from, const u8 *to, u8 byte)
{
	while (from < to && *from == byte) {
		from++;
	}
	return from == to;
}

static inline void guard_check_live(struct guarded g)
{
	const struct guard *guard = guard_of(g);

	if (guard->zone != GUARD_ZONE || guard->len_bytes > g.size_bytes ||
	    !guard_filled(g.object + guard->len_bytes, g.object + g.size_bytes,
			  GUARD_SLACK)) {
		guard_stop(g, "written behind its end");
	}
}

static inline void guard_check_free(struct guarded g)
{
	if (!guard_filled(g.object + GUARD_LINK_BYTES, g.object + g.size_bytes,
			  GUARD_POISON)) {
		guard_stop(g, "written after it was freed");
	}
}

/* Checks an object in whatever state it is. */
static inline void guard_check(struct guarded g)
{
	switch (READ_ONCE(guard_of(g)->mark)) {
	case GUARD_LIVE: guard_check_live(g); break;
	case GUARD_FREE: guard_check_free(g); break;
	case GUARD_BUSY: break;
	default: guard_stop(g, "written behind its end");
	}
}

/* The object of a new slab becomes a free one. */
static inline void guard_start(struct guarded g)
{
	guard_of(g)->zone = GUARD_ZONE;
	memset(g.object + GUARD_LINK_BYTES, GUARD_POISON,
	       g.size_bytes - GUARD_LINK_BYTES);
	WRITE_ONCE(guard_of(g)->mark, GUARD_FREE);
}

/* A free object is handed out to a caller who asked for `len_bytes`. */
static inline void guard_open(struct guarded g, size_t len_bytes)
{
	struct guard *guard = guard_of(g);

	if (guard->mark != GUARD_FREE || guard->zone != GUARD_ZONE) {
		guard_stop(g, "written behind its end");
	}
	guard_check_free(g);
	WRITE_ONCE(guard->mark, GUARD_BUSY);
	guard->len_bytes = (u16)len_bytes;
	guard->owner = 0;
	memset(g.object, GUARD_FRESH, len_bytes);
	memset(g.object + len_bytes, GUARD_SLACK, g.size_bytes - len_bytes);
	WRITE_ONCE(guard->mark, GUARD_LIVE);
}

/* An object comes back from its owner. */
static inline void guard_close(struct guarded g)
{
	struct guard *guard = guard_of(g);

	if (guard->mark == GUARD_FREE) {
		guard_stop(g, "freed twice");
	}
	if (guard->mark != GUARD_LIVE) {
		guard_stop(g, "written behind its end, or no object");
	}
	guard_check_live(g);
	WRITE_ONCE(guard->mark, GUARD_BUSY);
	memset(g.object + GUARD_LINK_BYTES, GUARD_POISON,
	       g.size_bytes - GUARD_LINK_BYTES);
	WRITE_ONCE(guard->mark, GUARD_FREE);
}

#endif
