/* SPDX-License-Identifier: MIT */
/*
 * Tables of capabilities: what a handle gives, and why one gives nothing.
 */
#include "ipc/capability.h"

#include "lib/errno.h"
#include "mm/kmem.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

#define PLAIN_RIGHTS (CAP_ANY | CAP_READ | CAP_DUPLICATE)

static int objects[2];

static const struct cap nothing;

static struct cap plain(int object)
{
	return (struct cap){ &objects[object], PLAIN_RIGHTS, CAP_TYPE_RING };
}

static struct cap_table *table_make(void)
{
	struct cap_table *t = kmalloc(sizeof(*t));

	if (t != NULL) {
		cap_table_init(t);
	}
	return t;
}

static void put(struct cap_table *t, u32 slot, struct cap cap)
{
	struct cap old = { 0 };

	WITH_SPINLOCK (&t->lock) {
		old = cap_take_locked(t, slot);
		if (cap.entry != NULL) {
			cap_fill_locked(t, slot, cap, false);
		}
	}
	cap_node_put(old);
}

static void table_free(struct cap_table *t)
{
	for (u32 i = 0; i < t->size; i++) {
		put(t, i, nothing);
	}
	cap_table_destroy(t);
	kfree(t);
}

/* Puts an object there and tells its handle. */
static u64 open_at(struct cap_table *t, u32 slot, int object)
{
	put(t, slot, plain(object));
	return cap_handle_locked(t, slot);
}

static int check(const struct cap_table *t, u64 handle)
{
	return cap_check(t, handle, CAP_READ, CAP_TYPE_RING);
}

KTEST(capability_check, "a handle gives its object, for its rights and type")
{
	struct cap_table *t = table_make();
	u64 handle;

	EXPECT(t != NULL);
	handle = open_at(t, 3, 0);
	EXPECT_EQ(CAP_SLOT(handle), 3);
	EXPECT(cap_find(t, 3, CAP_READ) == &objects[0]);
	EXPECT(cap_find(t, 3, CAP_ANY) == &objects[0]);
	EXPECT(cap_find(t, 3, CAP_WRITE) == NULL);
	EXPECT(cap_find(t, 4, CAP_ANY) == NULL);
	EXPECT(cap_find(t, CAP_NEAR_SLOTS, CAP_ANY) == NULL);
	EXPECT(cap_find(t, UINT32_MAX, CAP_ANY) == NULL);
	EXPECT_EQ(check(t, handle), 0);
	EXPECT_EQ(check(t, 3), 0);
	EXPECT_EQ(cap_check(t, handle, CAP_WRITE, CAP_TYPE_RING), -EACCES);
	EXPECT_EQ(cap_check(t, handle, CAP_READ, CAP_TYPE_GATE), -EPROTOTYPE);
	table_free(t);
}

KTEST(capability_refused,
      "forged, stale and foreign handles are refused, each by its own error")
{
	struct cap_table *t = table_make(), *other = table_make();
	u64 first, second, foreign;

	EXPECT(t && other);
	first = open_at(t, 5, 0);
	second = open_at(t, 5, 1);
	foreign = open_at(other, 5, 0);
	EXPECT_EQ(check(t, second), 0);
	EXPECT_EQ(check(t, first), -ESTALE);
	EXPECT_EQ(check(t, foreign), -EREMOTE);
	EXPECT_EQ(check(t, 6), -EBADF);
	EXPECT_EQ(check(t, first + 1), -ESTALE);
	EXPECT_EQ(check(t, CAP_NEAR_SLOTS), -EBADF);
	EXPECT_EQ(check(t, first | 0xfffffff0u), -EBADF);
	put(t, 5, nothing);
	EXPECT_EQ(check(t, second), -ESTALE);
	EXPECT_EQ(check(t, 5), -EBADF);
	table_free(t);
	table_free(other);
}

KTEST(capability_inherited, "an inherited handle is good until it is closed")
{
	struct cap_table *t = table_make(), *child = table_make();
	u64 handle;

	EXPECT(t && child);
	handle = open_at(t, 2, 0);
	WITH_SPINLOCK (&t->lock) {
		EXPECT(cap_inherit_locked(child, t, 2) == &objects[0]);
	}
	EXPECT_EQ(check(child, handle), 0);
	EXPECT_EQ(check(t, open_at(child, 3, 1)), -EREMOTE);
	put(child, 2, nothing);
	EXPECT_EQ(check(child, handle), -EREMOTE);
	EXPECT_EQ(check(t, handle), 0);
	table_free(t);
	table_free(child);
}

/* Makes what is in a slot something to copy from. */
static bool root(struct cap_table *t, u32 slot)
{
	struct cap made;
	bool rooted = false;

	if (cap_root(cap_at(t, slot), &made) == 0) {
		WITH_SPINLOCK (&t->lock) {
			rooted = cap_root_locked(t, slot, made);
		}
		if (!rooted) {
			cap_node_put(made);
		}
	}
	return rooted;
}

/* Copies from one table to a slot of another; the copy's error. */
static int copy(const struct cap_table *from, u32 slot, u32 rights,
		struct cap_table *to, u32 to_slot)
{
	struct cap made;
	int err = cap_copy(cap_at(from, slot), rights, &made);

	if (err == 0) {
		put(to, to_slot, made);
	}
	return err;
}

KTEST(capability_rights_shrink, "a copy has no right that its source has not")
{
	struct cap_table *t = table_make();
	u64 handle;

	EXPECT(t != NULL);
	handle = open_at(t, 0, 0);
	EXPECT(root(t, 0));
	EXPECT_EQ(check(t, handle), 0);
	EXPECT_EQ(copy(t, 0, CAP_DUPLICATE, t, 1), 0);
	EXPECT_EQ(copy(t, 1, CAP_ALL, t, 2), 0);
	EXPECT_EQ(copy(t, 0, CAP_ALL, t, 3), 0);
	EXPECT_EQ(check(t, 1), -EACCES);
	EXPECT_EQ(check(t, 2), -EACCES);
	EXPECT_EQ(check(t, 3), 0);
	EXPECT(cap_find(t, 2, CAP_DUPLICATE) == &objects[0]);
	EXPECT(cap_find(t, 2, CAP_READ) == NULL);
	EXPECT_EQ(cap_rights(cap_at(t, 3)), PLAIN_RIGHTS);
	table_free(t);
}

KTEST(capability_revoke, "revoking ends all copies of copies and nothing else")
{
	struct cap_table *t = table_make(), *other = table_make();

	EXPECT(t && other);
	put(t, 0, plain(0));
	EXPECT(root(t, 0));
	EXPECT_EQ(copy(t, 0, CAP_ALL, other, 1), 0);
	EXPECT_EQ(copy(other, 1, CAP_ALL, other, 2), 0);
	EXPECT_EQ(copy(t, 0, CAP_ALL, t, 3), 0);
	cap_revoke(cap_at(other, 1));
	EXPECT_EQ(check(other, 2), -EKEYREVOKED);
	EXPECT_EQ(check(other, 1), 0);
	EXPECT_EQ(check(t, 3), 0);
	EXPECT(cap_find(other, 2, CAP_READ) == NULL);
	cap_revoke(cap_at(t, 0));
	EXPECT_EQ(check(other, 1), -EKEYREVOKED);
	EXPECT_EQ(check(t, 3), -EKEYREVOKED);
	EXPECT_EQ(check(t, 0), 0);
	EXPECT_EQ(copy(t, 0, CAP_ALL, t, 4), 0);
	EXPECT_EQ(check(t, 4), 0);
	EXPECT_EQ(copy(other, 1, CAP_ALL, t, 5), 0);
	EXPECT_EQ(check(t, 5), -EKEYREVOKED);
	table_free(t);
	table_free(other);
}

KTEST(capability_chain, "a chain of copies has an end, and all is given back")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads), after;
	struct cap_table *t = table_make();
	u32 slot = 0;

	EXPECT(t != NULL && cap_table_grow(t, 100) == 0);
	put(t, 0, plain(0));
	EXPECT(root(t, 0) && !root(t, 0));
	while (slot < 90 && copy(t, slot, CAP_ALL, t, slot + 1) == 0) {
		put(t, slot++, nothing);
	}
	EXPECT_EQ(slot, CAP_DEPTH_MAX);
	EXPECT_EQ(check(t, slot), 0);
	EXPECT_EQ(copy(t, slot, CAP_ALL, t, slot + 1), -EMLINK);
	table_free(t);
	after = holdings_now(threads);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}
