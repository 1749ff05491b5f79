/* SPDX-License-Identifier: MIT */
/*
 * Tables of capabilities, and the check.
 *
 * Theory.  A *slot* is plain or a *node's*.  A plain one has its rights in
 * itself: bounds, rights, object, and the check is done, however many slots
 * there are.  A node stands where copies are concerned: it knows which node
 * it was copied from and has the rights.  Its slot has none, so the quick look
 * fails and cap_find_node() decides.
 *
 * Each node counts how often its copies were revoked (`epoch`).  A copy keeps
 * what its parent's count was when it was made; it is dead once that is
 * another.  So one addition kills all copies of copies, in whatever tables,
 * rings and processors they are, and nobody has to find them.  Chains are at
 * most CAP_DEPTH_MAX long, so a look at all of one is a constant, too.
 *
 * Generations come from one counter per table, so no two things that were put
 * into a table have the same handle.  The counter begins with a tag of the
 * table's own in its upper bits: a handle with another tag, which the slot does
 * not hold, comes from elsewhere.  A forked table keeps the handles of what it
 * inherits and gives new ones of its own.
 *
 *	free --cap_fill_locked()--> plain --cap_root_locked()--> node's
 *	free --cap_fill_locked(), of a copy--> node's
 *	plain, node's --cap_take_locked()--> free
 *
 * I1  A slot's bit of `used_bits` is set iff its object is not NULL.
 * I2  A slot in use has CAP_ANY, or no right and a node that has CAP_ANY.
 * I3  A slot in use holds a reference to its object and to its node, if any.
 *     A node's object is that of each slot that has it, so it lives as long as
 *     one of them is in use.
 * I4  A node's rights are some of its parent's: rights only shrink.
 * I5  A node holds a reference to its parent.  Nothing points downward, so
 *     nothing has to be found or locked when one is revoked.
 * I6  Revoking is one atomic addition; a check that began before it may still
 *     succeed, as if it had been before it.
 */
#include "ipc/capability.h"

#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "trace/trace.h"

/* Marks: [I] immutable, [a] atomic. */
struct cap_node {
	void *object;            /* [I] */
	struct cap_node *parent; /* [I] with a reference; NULL: no copy */
	u32 refs;                /* [a] */
	u32 epoch;               /* [a] how often its copies were revoked */
	u32 parent_epoch;        /* [I] of the parent, when this was made */
	u16 rights;              /* [I] */
	u8 depth;                /* [I] how many are above */
};

static u32 next_tag; /* [a] */

void cap_table_init(struct cap_table *t)
{
	spin_init(&t->lock, LOCK_DESCRIPTORS);
	t->size = CAP_NEAR_SLOTS;
	t->tag = __atomic_add_fetch(&next_tag, 1, __ATOMIC_RELAXED) &
		 ((1u << CAP_TAG_BITS) - 1);
	t->serial = t->tag << CAP_SERIAL_BITS;
	t->slots = t->near;
	t->used_bits = &t->near_bits;
	t->near_bits = 0;
	memset(t->near, 0, sizeof(t->near));
}

void cap_table_destroy(struct cap_table *t)
{
	if (t->slots != t->near) {
		kfree(t->slots);
		kfree(t->used_bits);
	}
}

/* They are zeroed and large enough; what they replace comes back in them. */
static void table_move_locked(struct cap_table *t, struct cap_slot **slots,
			      u64 **bits, u32 size)
{
	struct cap_slot *old_slots = t->slots;
	u64 *old_bits = t->used_bits;

	memcpy(*slots, old_slots, t->size * sizeof(*old_slots));
	memcpy(*bits, old_bits, BITMAP_WORDS(t->size) * sizeof(u64));
	t->slots = *slots;
	t->used_bits = *bits;
	t->size = size;
	*slots = old_slots == t->near ? NULL : old_slots;
	*bits = old_slots == t->near ? NULL : old_bits;
}

int cap_table_grow(struct cap_table *t, u32 slot)
{
	struct cap_slot *slots;
	u32 size = 64;
	u64 *bits;

	while (size <= slot) {
		size *= 2;
	}
	slots = kzalloc(size * sizeof(*slots));
	bits = kzalloc(BITMAP_WORDS(size) * sizeof(u64));
	if (slots == NULL || bits == NULL) {
		kfree(slots);
		kfree(bits);
		return -ENOMEM;
	}
	WITH_SPINLOCK (&t->lock) {
		/* Another thread may have been faster. */
		if (t->size < size) {
			table_move_locked(t, &slots, &bits, size);
		}
	}
	kfree(slots);
	kfree(bits);
	return 0;
}

/* ---- The check ---------------------------------------------------------- */

static bool is_node(const struct cap_slot *s)
{
	return s->entry != NULL && s->rights == 0;
}

/* True unless an ancestor's copies were revoked since. */
static bool node_alive(const struct cap_node *n)
{
	for (; n->parent != NULL; n = n->parent) {
		if (n->parent_epoch != READ_ONCE(n->parent->epoch)) {
			return false;
		}
	}
	return true;
}

void *cap_find_node(const struct cap_slot *slot, u32 right)
{
	const struct cap_node *n = slot->entry;

	return is_node(slot) && (n->rights & right) && node_alive(n) ? n->object
								     : NULL;
}

int cap_check(const struct cap_table *t, u64 handle, u32 rights,
	      enum cap_type type)
{
	u32 slot = CAP_SLOT(handle), generation = CAP_GENERATION(handle);
	const struct cap_slot *s = &t->slots[slot];

	if (slot >= t->size) {
		return -EBADF;
	}
	if (generation != 0 &&
	    (generation != s->generation || s->entry == NULL)) {
		return generation >> CAP_SERIAL_BITS == t->tag ? -ESTALE
							       : -EREMOTE;
	}
	if (s->entry == NULL) {
		return -EBADF;
	}
	if (is_node(s) && !node_alive(s->entry)) {
		return -EKEYREVOKED;
	}
	if (s->type != type && type != CAP_TYPE_ANY) {
		return -EPROTOTYPE;
	}
	return (cap_rights(cap_at(t, slot)) & rights) == rights ? 0 : -EACCES;
}

/* ---- Slots -------------------------------------------------------------- */

struct cap cap_at(const struct cap_table *t, u32 slot)
{
	const struct cap_slot *s = &t->slots[slot];

	if (slot >= t->size) {
		return (struct cap){ 0 };
	}
	return (struct cap){ s->entry, s->rights, s->type };
}

void *cap_inherit_locked(struct cap_table *to, const struct cap_table *from,
			 u32 slot)
{
	struct cap cap = cap_at(from, slot);

	cap_node_get(cap);
	to->slots[slot] = from->slots[slot];
	bitmap_set(to->used_bits, slot);
	return cap_object(cap);
}

s64 cap_next_locked(const struct cap_table *t, u32 from)
{
	size_t slot = from < t->size
			      ? bitmap_find_set(t->used_bits, t->size, from)
			      : t->size;

	return slot < t->size ? (s64)slot : -1;
}

/* ---- Copies ------------------------------------------------------------- */

static struct cap_node *node_of(struct cap cap)
{
	return cap.rights == 0 ? cap.entry : NULL;
}

void *cap_object(struct cap cap)
{
	const struct cap_node *node = node_of(cap);

	return node ? node->object : cap.entry;
}

u32 cap_rights(struct cap cap)
{
	const struct cap_node *node = node_of(cap);

	return node ? node->rights : cap.rights;
}

void cap_node_get(struct cap cap)
{
	struct cap_node *node = node_of(cap);

	if (node != NULL) {
		__atomic_fetch_add(&node->refs, 1, __ATOMIC_RELAXED);
	}
}

void cap_node_put(struct cap cap)
{
	struct cap_node *node = node_of(cap);

	/* At most CAP_DEPTH_MAX go at once. */
	while (node != NULL &&
	       __atomic_fetch_sub(&node->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		struct cap_node *parent = node->parent;

		kfree(node);
		node = parent;
	}
}

static struct cap_node *node_make(struct cap cap, u32 rights, struct cap *out)
{
	struct cap_node *node = kzalloc(sizeof(*node));

	if (node != NULL) {
		node->object = cap_object(cap);
		node->refs = 1;
		node->rights = (u16)(cap_rights(cap) & rights);
	}
	*out = (struct cap){ node, 0, cap.type };
	return node;
}

int cap_root(struct cap cap, struct cap *out)
{
	return node_make(cap, cap.rights, out) ? 0 : -ENOMEM;
}

bool cap_root_locked(struct cap_table *t, u32 slot, struct cap cap)
{
	struct cap_slot *s = &t->slots[slot];

	if (is_node(s)) {
		return false;
	}
	s->entry = cap.entry;
	s->rights = 0;
	return true;
}

int cap_copy(struct cap from, u32 rights, struct cap *out)
{
	struct cap_node *parent = node_of(from), *node;

	if (parent->depth == CAP_DEPTH_MAX) {
		return -EMLINK;
	}
	node = node_make(from, rights | CAP_ANY, out);
	if (node == NULL) {
		return -ENOMEM;
	}
	cap_node_get(from);
	node->parent = parent;
	node->parent_epoch = READ_ONCE(parent->epoch);
	node->depth = parent->depth + 1;
	return 0;
}

void cap_revoke(struct cap cap)
{
	struct cap_node *node = node_of(cap);

	if (node != NULL) {
		trace(TRACE_REVOKE, node, node->depth);
		__atomic_fetch_add(&node->epoch, 1, __ATOMIC_SEQ_CST);
	}
}
