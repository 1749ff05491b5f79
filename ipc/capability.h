/* SPDX-License-Identifier: MIT */
/*
 * Capabilities: the one way from a number that a process has to an object of
 * the kernel.  A table's slot holds an object, its type and what may be done
 * with it; a handle is the slot's number and, in its upper half, the
 * generation of what was put there.  A descriptor of POSIX is a handle without
 * a generation: it means whatever the slot holds.
 *
 * The theory stands at the head of ipc/capability.c.  The table counts no
 * references to objects: what it holds for a slot is what was given to it, and
 * who takes a slot out gets it back.
 */
#ifndef EXO_IPC_CAPABILITY_H
#define EXO_IPC_CAPABILITY_H

#include "kernel/spinlock.h"
#include "lib/bitmap.h"
#include "lib/types.h"

/* What may be done with an object. */
enum cap_right {
	CAP_READ = 1,
	CAP_WRITE = 2,
	CAP_MAP = 4,        /* mmap() */
	CAP_WAIT = 8,       /* poll() and the doorbell */
	CAP_CALL = 16,      /* call through a gate, or answer at it */
	CAP_DUPLICATE = 32, /* dup() and copies */
	CAP_TRANSFER = 64,  /* send it through a ring */
	CAP_REVOKE = 128,   /* kill the copies made from it */
	CAP_ALL = 255,
	CAP_ANY = 256, /* have it at all; every capability has this one */
};

/* What an object is; only these calls that need one look at it. */
enum cap_type {
	CAP_TYPE_FILE,
	CAP_TYPE_RING,
	CAP_TYPE_GATE,
	CAP_TYPE_ANY, /* asked for: whatever it is */
};

/* A number of our own calls: slot, and generation << 32 unless that is 0. */
#define CAP_SLOT(handle)       ((u32)(handle))
#define CAP_GENERATION(handle) ((u32)((handle) >> 32))

/*
 * A capability outside of a table, with references to what it points to.  Of
 * 16 bytes, so that it travels in registers.
 */
struct cap {
	void *entry; /* the object; without rights: a struct cap_node */
	u16 rights;  /* enum cap_right, CAP_ANY among them; 0: the node's */
	u8 type;     /* enum cap_type */
};

/* Of 16 bytes, so that finding one is a shift and an addition. */
struct cap_slot {
	void *entry; /* as in struct cap; NULL: free */
	u16 rights;  /* 0: free, or the node has them */
	u8 type;
	bool marked;    /* close on exec */
	u32 generation; /* of what was put here last */
};

static_assert(sizeof(struct cap_slot) == 16, "ipc/capability.h");

/* Of a table's counter: a tag above, the sign stays clear. */
#define CAP_SERIAL_BITS 16
#define CAP_TAG_BITS    15
#define CAP_SERIAL_MASK 0x7fffffffu

static_assert(CAP_SERIAL_MASK == (1u << (CAP_SERIAL_BITS + CAP_TAG_BITS)) - 1,
	      "handles are positive numbers");

/* Slots that need no memory of their own. */
#define CAP_NEAR_SLOTS 16u

/* Marks: [l] the lock. */
struct cap_table {
	struct spinlock lock;   /* LOCK_DESCRIPTORS */
	u32 size;               /* [l] slots: CAP_NEAR_SLOTS, 64, 128 ... */
	u32 serial;             /* [l] the last generation given */
	u32 tag;                /* [I] what the first one began with */
	struct cap_slot *slots; /* [l] */
	u64 *used_bits;         /* [l] a bit for each slot in use */
	u64 near_bits;
	struct cap_slot near[CAP_NEAR_SLOTS];
};

/* A node's capability, if it is alive and has the right; else NULL. */
void *cap_find_node(const struct cap_slot *slot, u32 right);

/*
 * The object in a slot if one of `right`, a single one, is there; else NULL.
 * This is the check.  Context: the lock, or nobody else changes the table.
 */
static inline void *cap_find(const struct cap_table *t, u32 slot, u32 right)
{
	const struct cap_slot *s = &t->slots[slot];

	if (unlikely(slot >= t->size)) {
		return NULL;
	}
	return likely((s->rights & right) != 0) ? s->entry
						: cap_find_node(s, right);
}

/* Rights and type as one word, to be compared at once (little-endian). */
static always_inline u32 cap_word_(const struct cap_slot *s)
{
	u32 word;

	static_assert(offsetof(struct cap_slot, rights) + 2 ==
			      offsetof(struct cap_slot, type),
		      "bits 0 to 15, 16 to 23");
	__builtin_memcpy(&word, &s->rights, sizeof(word));
	return word;
}

/*
 * The same by a handle, which may have a generation, for several rights and
 * one type: NULL if cap_check() says why not, or has to ask a node.
 */
static always_inline void *cap_find_handle(const struct cap_table *t,
					   u64 handle, u32 rights,
					   enum cap_type type)
{
	u32 slot = CAP_SLOT(handle), generation = CAP_GENERATION(handle);
	const struct cap_slot *s = &t->slots[slot];
	u32 wanted = rights | (u32)type << 16;

	if (unlikely(slot >= t->size ||
		     (cap_word_(s) & (rights | 0xff0000)) != wanted ||
		     (s->generation != generation && generation != 0))) {
		return NULL;
	}
	if (s->entry == NULL) {
		__builtin_unreachable(); /* I2: free slots have no rights */
	}
	return s->entry;
}

/* No slot in use. */
void cap_table_init(struct cap_table *t);

/* Gives back the memory of a table without slots in use. Context: thread. */
void cap_table_destroy(struct cap_table *t);

/* Makes room for `slot`. Errors: -ENOMEM. Context: no lock held. */
must_check int cap_table_grow(struct cap_table *t, u32 slot);

/*
 * Why a handle does not give these rights to an object of this type; 0 if it
 * does.  Errors: -EBADF (no such slot, or free), -EREMOTE (of another table),
 * -ESTALE (closed since), -EKEYREVOKED, -EPROTOTYPE (another type), -EACCES
 * (fewer rights).  Context: as cap_find().
 */
must_check int cap_check(const struct cap_table *t, u64 handle, u32 rights,
			 enum cap_type type);

/* What the slot holds, without references; an entry of NULL: nothing. */
struct cap cap_at(const struct cap_table *t, u32 slot);

/* The lowest free slot from `from` on, -1: none below `size`. The lock. */
static inline s64 cap_free_locked(const struct cap_table *t, u32 from)
{
	size_t slot = from < t->size
			      ? bitmap_find_clear(t->used_bits, t->size, from)
			      : t->size;

	return slot < t->size ? (s64)slot : -1;
}

/*
 * The same where nothing is to be sought: `size` or more unless it is among the
 * 64 slots around `from`.
 */
static always_inline u32 cap_free_near_locked(const struct cap_table *t,
					      u32 from)
{
	u64 free = from < t->size ? ~t->used_bits[from / 64] >> from % 64 : 0;

	return likely(free != 0) ? from + (u32)__builtin_ctzll(free) : t->size;
}

/* A free slot below `size` holds `cap`, with its references. The lock. */
static inline void cap_fill_locked(struct cap_table *t, u32 slot,
				   struct cap cap, bool marked)
{
	u32 serial = t->serial + 1;

	serial &= CAP_SERIAL_MASK;
	serial += serial == 0; /* 0 means any */
	t->serial = serial;
	t->slots[slot] = (struct cap_slot){ cap.entry, cap.rights, cap.type,
					    marked, serial };
	t->used_bits[slot / 64] |= 1ull << slot % 64;
}

/* Takes out what the slot below `size` holds, if anything. The lock. */
static inline struct cap cap_take_locked(struct cap_table *t, u32 slot)
{
	struct cap_slot *s = &t->slots[slot];
	struct cap old = { s->entry, s->rights, s->type };

	s->entry = NULL;
	s->rights = 0;
	t->used_bits[slot / 64] &= ~(1ull << slot % 64);
	return old;
}

/*
 * A slot of `to`, which is large enough, becomes what that of `from`, which is
 * in use, is: the same handle.  The caller adds the reference to the object,
 * which is returned.  Context: the lock of `from`.
 */
void *cap_inherit_locked(struct cap_table *to, const struct cap_table *from,
			 u32 slot);

/* The first slot in use at or after `from`, -1: none. Context: the lock. */
s64 cap_next_locked(const struct cap_table *t, u32 from);

/* The handle of a slot in use. Context: the lock. */
static inline u64 cap_handle_locked(const struct cap_table *t, u32 slot)
{
	return (u64)t->slots[slot].generation << 32 | slot;
}

/*
 * Upward call, defined by posix/: drops the references to object and node;
 * nothing if it has no entry.  Context: thread, may sleep.
 */
void cap_drop(struct cap cap);

/* ---- Copies ------------------------------------------------------------- */

/* So long may a chain of copies of copies be. */
#define CAP_DEPTH_MAX 8

/* What it points to, and what may be done with that. */
void *cap_object(struct cap cap);
u32 cap_rights(struct cap cap);

/* One reference to its node more or less, if it has one. */
void cap_node_get(struct cap cap);
void cap_node_put(struct cap cap);

/* The same capability with a node of its own. Errors: -ENOMEM. */
must_check int cap_root(struct cap cap, struct cap *out);

/* The slot in use has that node from now on; false: it has one already. */
must_check bool cap_root_locked(struct cap_table *t, u32 slot, struct cap cap);

/*
 * A copy of `from`, which has a node, with those of its rights that `rights`
 * has, too; the caller adds the reference to the object.  cap_revoke() of
 * `from` ends it.  Errors: -EMLINK (CAP_DEPTH_MAX), -ENOMEM.
 */
must_check int cap_copy(struct cap from, u32 rights, struct cap *out);

/* All copies made from it, and copies of them, are dead when this returns. */
void cap_revoke(struct cap cap);

#endif
