/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as system calls see them: regions, demand zero, copy on
 * write, the archive's pages, stacks, and running out of memory.
 */
#include "mm/aspace.h"

#include "arch/cpu.h"
#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

#define BASE        0x40000000ul
#define RW          (REGION_READ | REGION_WRITE)

#define STACK_TOP   0x7fff00000000ul
#define STACK_FIRST (4 * PAGE_SIZE)
#define STACK_MAX   (8ul << 20)
#define STACK_GAP   (64ul << 10)

#define FAIL_MAX    200

static u64 page_at(unsigned i)
{
	return BASE + i * PAGE_SIZE;
}

static int poke(u64 va, u64 word)
{
	return copy_to_user(uaddr(va), &word, sizeof(word));
}

/* The word at `va`, or all ones where it cannot be read. */
static u64 peek(u64 va)
{
	u64 word;

	return copy_from_user(&word, uaddr(va), sizeof(word)) ? UINT64_MAX
							      : word;
}

static u64 frame_at(const struct aspace *aspace, u64 va)
{
	struct page_mapping m;

	return arch_query_page(&aspace->table, va, &m) ? m.frame.pa : 0;
}

KTEST(aspace_demand_zero, "a page costs nothing until touched, then it is zero")
{
	struct aspace *a = user_space_enter();
	u64 sum = 0, resident[3];

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, 8 * PAGE_SIZE, RW), 0);
	resident[0] = a->resident_pages;
	for (u64 at = 0; at < 4 * PAGE_SIZE; at += 8) {
		sum |= peek(BASE + at);
	}
	resident[1] = a->resident_pages;
	EXPECT_EQ(poke(page_at(7) - 4, 0x1122334455667788), 0);
	EXPECT_EQ(peek(page_at(7) - 4), 0x1122334455667788);
	EXPECT_EQ(peek(page_at(7)), 0x11223344);
	resident[2] = a->resident_pages;
	EXPECT_EQ(a->mapped_pages, 8);
	user_space_leave(a);
	EXPECT_EQ(sum, 0);
	EXPECT_EQ(resident[0], 0);
	EXPECT_EQ(resident[1], 4);
	EXPECT_EQ(resident[2], 6);
}

KTEST(aspace_bad_ranges, "ranges outside user space and across regions fail")
{
	struct aspace *a = aspace_create();

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(user_space_map(a, BASE, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(user_space_map(a, BASE - PAGE_SIZE, 3 * PAGE_SIZE, RW),
		  -EEXIST);
	EXPECT_EQ(user_space_map(a, BASE + 1, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, BASE, 1, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, BASE, 0, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, 0, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, USER_END - PAGE_SIZE, 2 * PAGE_SIZE, RW),
		  -EINVAL);
	EXPECT_EQ(user_space_map(a, USER_END, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, KERNEL_BASE, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(user_space_map(a, BASE, -PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(aspace_unmap(a, KERNEL_BASE, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(aspace_unmap(a, BASE, -PAGE_SIZE), -EINVAL);
	EXPECT_EQ(aspace_protect(a, BASE, 2 * PAGE_SIZE, RW), -ENOMEM);
	EXPECT_EQ(user_space_map(a, USER_END - PAGE_SIZE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(user_space_map(a, USER_START, PAGE_SIZE, RW), 0);
	EXPECT_EQ(aspace_unmap(a, USER_START, USER_END - USER_START), 0);
	EXPECT_EQ(a->mapped_pages, 0);
	aspace_put(a);
}

KTEST(aspace_cow_copies, "after a clone, each side has its own writes")
{
	struct aspace *a = user_space_enter(), *b;
	u64 shared, own;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(poke(BASE, 1), 0);
	EXPECT_EQ(poke(page_at(1), 2), 0);
	b = aspace_clone(a);
	EXPECT(b != NULL);
	shared = frame_at(a, BASE);
	EXPECT_EQ(frame_at(b, BASE), shared);
	EXPECT_EQ(frame_refs(phys(shared)), 2);
	EXPECT_EQ(poke(BASE, 3), 0);
	EXPECT(frame_at(a, BASE) != shared);
	EXPECT_EQ(frame_refs(phys(shared)), 1);
	user_space_switch(b);
	EXPECT_EQ(peek(BASE), 1);
	EXPECT_EQ(peek(page_at(1)), 2);
	/* The last reference is made writable as it is. */
	EXPECT_EQ(poke(BASE, 4), 0);
	EXPECT_EQ(frame_at(b, BASE), shared);
	EXPECT_EQ(poke(page_at(1), 5), 0);
	own = frame_at(b, page_at(1));
	user_space_switch(a);
	EXPECT(frame_at(a, page_at(1)) != own);
	EXPECT_EQ(peek(BASE), 3);
	EXPECT_EQ(peek(page_at(1)), 2);
	aspace_put(b);
	user_space_leave(a);
}

KTEST(aspace_cow_last_owner, "when the clone is gone, a write copies nothing")
{
	struct aspace *a = user_space_enter(), *b;
	u64 frame;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(poke(BASE, 1), 0);
	frame = frame_at(a, BASE);
	b = aspace_clone(a);
	EXPECT(b != NULL);
	aspace_put(b);
	EXPECT_EQ(poke(BASE, 2), 0);
	EXPECT_EQ(frame_at(a, BASE), frame);
	EXPECT_EQ(frame_refs(phys(frame)), 1);
	user_space_leave(a);
}

#define TREE_SPACES 12
#define TREE_PAGES  6
#define TREE_STEPS  3000

static struct {
	struct aspace *space;
	u64 words[TREE_PAGES];
} tree[TREE_SPACES];

/* Drops the space in slot `to` and clones that of `from` into it. */
static bool tree_clone(unsigned from, unsigned to)
{
	if (from == to || tree[from].space == NULL) {
		return true;
	}
	if (tree[to].space != NULL) {
		user_space_switch(tree[from].space);
		aspace_put(tree[to].space);
	}
	tree[to] = tree[from];
	tree[to].space = aspace_clone(tree[from].space);
	return tree[to].space != NULL;
}

static bool tree_step(void)
{
	u64 random = ktest_random();
	unsigned at = (unsigned)(random % TREE_SPACES);
	unsigned page = (unsigned)(random >> 16) % TREE_PAGES;

	if (tree[at].space == NULL) {
		return true;
	}
	user_space_switch(tree[at].space);
	switch (random >> 32 & 3) {
	case 0: return tree_clone(at, (random >> 40) % TREE_SPACES);
	case 1:
		tree[at].words[page] = random >> 8;
		return poke(page_at(page) + 800, random >> 8) == 0;
	default: return peek(page_at(page) + 800) == tree[at].words[page];
	}
}

/* Two full tables of pages and a part of a third. */
#define LARGE_PAGES 1100

KTEST(aspace_clone_shares_tables,
      "a clone takes few frames, and each side still has its own writes")
{
	struct aspace *a = user_space_enter(), *b;
	u64 before, cloned, shared;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, LARGE_PAGES * PAGE_SIZE, RW), 0);
	EXPECT_EQ(clear_user(uaddr(BASE), LARGE_PAGES * PAGE_SIZE), 0);
	before = frame_stats().free;
	b = aspace_clone(a);
	EXPECT(b != NULL);
	cloned = before - frame_stats().free;
	EXPECT(cloned < LARGE_PAGES / 100);
	EXPECT_EQ(b->resident_pages, LARGE_PAGES);
	shared = frame_at(a, page_at(600));
	EXPECT_EQ(frame_refs(phys(shared)), 1);
	EXPECT_EQ(poke(page_at(600), 3), 0);
	EXPECT(frame_at(a, page_at(600)) != shared);
	EXPECT_EQ(frame_at(b, page_at(600)), shared);
	EXPECT_EQ(frame_at(b, page_at(601)), frame_at(a, page_at(601)));
	EXPECT_EQ(frame_refs(phys(frame_at(b, page_at(601)))), 2);
	EXPECT_EQ(frame_refs(phys(frame_at(b, page_at(100)))), 1);
	user_space_switch(b);
	EXPECT_EQ(peek(page_at(600)), 0);
	EXPECT_EQ(poke(page_at(100), 4), 0);
	EXPECT_EQ(aspace_unmap(b, page_at(1), 2 * PAGE_SIZE), 0);
	user_space_switch(a);
	EXPECT_EQ(peek(page_at(100)), 0);
	EXPECT_EQ(peek(page_at(1)), 0);
	aspace_put(b);
	EXPECT_EQ(a->resident_pages, LARGE_PAGES);
	user_space_leave(a);
}

KTEST(aspace_clone_tree, "clones of clones keep apart, in any order of ends")
{
	struct holdings before = holdings_now(UINT64_MAX), after;
	bool ok = true;

	memset(tree, 0, sizeof(tree));
	tree[0].space = user_space_enter();
	EXPECT(tree[0].space != NULL);
	EXPECT_EQ(
		user_space_map(tree[0].space, BASE, TREE_PAGES * PAGE_SIZE, RW),
		0);
	for (unsigned i = 0; i < TREE_STEPS && ok; i++) {
		ok = tree_step();
	}
	for (unsigned i = 0; i < TREE_SPACES; i++) {
		if (tree[i].space != NULL) {
			user_space_leave(tree[i].space);
		}
	}
	EXPECT(ok);
	after = holdings_now(UINT64_MAX);
	EXPECT_EQ(after.free_frames, before.free_frames);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
}

/* A file of the boot archive, where it lies. */
struct archive_file {
	const u8 *data;
	u64 size_bytes;
};

static bool archive_file(struct archive_file *out)
{
	struct mem_object *object;
	struct file *file;
	phys_t first;
	u32 flags = 0;
	int err;

	if (file_open("/bin/busybox", 0, &file) != 0) {
		return false;
	}
	out->size_bytes = file->vnode->size_bytes;
	err = file->ops->object(file, &flags, &object);
	file_put(file);
	if (err != 0) {
		return false;
	}
	err = object->ops->page(object, 0, 0, &first);
	mem_object_put(object);
	if (err != 0) {
		return false;
	}
	out->data = phys_to_virt(first);
	frame_put(first);
	return out->size_bytes > 8 * PAGE_SIZE;
}

KTEST(aspace_archive_in_place, "the archive's pages are mapped, then copied")
{
	struct archive_file file;
	struct mem_object *object;
	struct aspace *a;
	u64 first, frame;
	u32 refs;

	if (!archive_file(&file)) {
		ktest_skip("the archive has no such file");
		return;
	}
	EXPECT(IS_ALIGNED((u64)file.data, PAGE_SIZE));
	memcpy(&first, file.data, sizeof(first));
	a = user_space_enter();
	EXPECT(a != NULL);
	object = mem_object_bytes(file.data, file.size_bytes);
	EXPECT(object != NULL);
	EXPECT_EQ(aspace_map(a, BASE, 4 * PAGE_SIZE, RW,
			     (struct region_source){ object, 0,
						     3 * PAGE_SIZE + 5 }),
		  0);
	mem_object_put(object);
	frame = virt_to_phys(file.data).pa;
	refs = frame_refs(phys(frame));
	EXPECT_EQ(peek(BASE), first);
	EXPECT_EQ(frame_at(a, BASE), frame);
	EXPECT_EQ(frame_refs(phys(frame)), refs + 1);
	EXPECT_EQ(poke(BASE, 77), 0);
	EXPECT(frame_at(a, BASE) != frame);
	EXPECT_EQ(frame_refs(phys(frame)), refs);
	EXPECT_EQ(memcmp(file.data, &first, sizeof(first)), 0);
	EXPECT_EQ(peek(BASE), 77);
	/* A write without a read before it copies at once. */
	EXPECT_EQ(poke(page_at(1) + 8, 78), 0);
	EXPECT(frame_at(a, page_at(1)) != frame + PAGE_SIZE);
	memcpy(&first, file.data + PAGE_SIZE, sizeof(first));
	EXPECT_EQ(peek(page_at(1)), first);
	/* Beyond the source are zeroes. */
	EXPECT_EQ(peek(page_at(3) + 5), 0);
	EXPECT_EQ(peek(page_at(3) + 4) & 0xff, file.data[3 * PAGE_SIZE + 4]);
	user_space_leave(a);
	EXPECT_EQ(frame_refs(phys(frame)), refs);
}

/* True if the region shows `len` bytes of `data` and zeroes behind them. */
static bool shows(u64 start, const u8 *data, u64 len)
{
	for (u64 at = 0; at < ALIGN_UP(len, PAGE_SIZE); at++) {
		u8 byte = 1;

		if (copy_from_user(&byte, uaddr(start + at), 1) != 0 ||
		    byte != (at < len ? data[at] : 0)) {
			return false;
		}
	}
	return true;
}

KTEST(aspace_archive_unaligned, "unaligned and split sources show right bytes")
{
	static const u32 cuts[][2] = { { 1, 5000 },    { 4095, 4096 },
				       { 100, 12188 }, { 0, 8192 },
				       { 0, 8193 },    { 4096, 1 } };
	struct archive_file file;
	struct mem_object *object;
	struct aspace *a;

	if (!archive_file(&file)) {
		ktest_skip("the archive has no such file");
		return;
	}
	a = user_space_enter();
	EXPECT(a != NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(cuts); i++) {
		const u8 *data = file.data + cuts[i][0];
		u64 len = ALIGN_UP(cuts[i][1], PAGE_SIZE);

		object = mem_object_bytes(data, file.size_bytes - cuts[i][0]);
		EXPECT_EQ(aspace_map(a, BASE, len, RW,
				     (struct region_source){ object, 0,
							     cuts[i][1] }),
			  0);
		mem_object_put(object);
		/* Splitting a region must not move what it shows. */
		EXPECT_EQ(aspace_protect(a, BASE + len - PAGE_SIZE, PAGE_SIZE,
					 REGION_READ),
			  0);
		EXPECT(shows(BASE, data, cuts[i][1]));
		EXPECT_EQ(aspace_unmap(a, BASE, len), 0);
	}
	user_space_leave(a);
}

#define MODEL_PAGES 48
#define MODEL_STEPS 2500

static struct {
	bool mapped;
	u8 prot;
	u64 word; /* what the page holds, 0 if nobody wrote */
} model[MODEL_PAGES];

static bool model_mapped(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		if (!model[i].mapped) {
			return false;
		}
	}
	return true;
}

static bool model_free(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		if (model[i].mapped) {
			return false;
		}
	}
	return true;
}

static bool model_map(struct aspace *a, unsigned from, unsigned to, u8 prot)
{
	int wanted = model_free(from, to) ? 0 : -EEXIST;

	if (user_space_map(a, page_at(from), (to - from) * PAGE_SIZE, prot) !=
	    wanted) {
		return false;
	}
	for (unsigned i = from; i < to && wanted == 0; i++) {
		model[i].mapped = true;
		model[i].prot = prot;
		model[i].word = 0;
	}
	return true;
}

static bool model_unmap(struct aspace *a, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		model[i].mapped = false;
	}
	return aspace_unmap(a, page_at(from), (to - from) * PAGE_SIZE) == 0;
}

static bool model_protect(struct aspace *a, unsigned from, unsigned to, u8 prot)
{
	int wanted = model_mapped(from, to) ? 0 : -ENOMEM;

	for (unsigned i = from; i < to && wanted == 0; i++) {
		model[i].prot = prot;
	}
	return aspace_protect(a, page_at(from), (to - from) * PAGE_SIZE,
			      prot) == wanted;
}

static bool model_touch(unsigned i, u64 word)
{
	bool can_read = model[i].mapped && model[i].prot != 0;
	bool can_write = model[i].mapped && (model[i].prot & REGION_WRITE);
	u64 at = page_at(i) + word % 512 * 8;
	u64 wanted = can_read ? model[i].word : UINT64_MAX;

	if (peek(page_at(i)) != wanted) {
		return false;
	}
	if (word & 1) {
		return true;
	}
	if ((poke(page_at(i), word) == 0) != can_write) {
		return false;
	}
	model[i].word = can_write ? word : model[i].word;
	return at != page_at(i) ||
	       peek(at) == (can_read ? model[i].word : UINT64_MAX);
}

/* A clone that lives for a moment leaves its marks on every page. */
static bool model_clone(struct aspace *a)
{
	struct aspace *b = aspace_clone(a);

	if (b == NULL) {
		return false;
	}
	aspace_put(b);
	return true;
}

static bool model_step(struct aspace *a)
{
	u64 random = ktest_random();
	unsigned from = (unsigned)(random % MODEL_PAGES);
	unsigned to = from + 1 + (unsigned)(random >> 8 & 7);
	u8 prot = random >> 16 & REGION_PROT;

	to = MIN(to, (unsigned)MODEL_PAGES);
	switch (random >> 24 & 15) {
	case 0:
	case 1:
	case 2: return model_map(a, from, to, prot);
	case 3:
	case 4: return model_unmap(a, from, to);
	case 5:
	case 6:
	case 7: return model_protect(a, from, to, prot);
	case 8: return model_clone(a);
	default: return model_touch(from, random >> 32);
	}
}

static u64 model_pages(void)
{
	u64 count = 0;

	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		count += model[i].mapped;
	}
	return count;
}

/* How many regions what the model maps makes: no two could be one. */
static u64 model_regions(void)
{
	u64 count = 0;

	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		bool follows = i > 0 && model[i - 1].mapped &&
			       model[i - 1].prot == model[i].prot;

		count += model[i].mapped && !follows;
	}
	return count;
}

KTEST(aspace_model, "random maps, unmaps and protections agree with a model")
{
	struct holdings before = holdings_now(UINT64_MAX), after;
	struct aspace *a = user_space_enter();
	bool ok = true;

	EXPECT(a != NULL);
	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < MODEL_STEPS && ok; i++) {
		ok = model_step(a) && a->mapped_pages == model_pages() &&
		     user_space_regions(a) == model_regions();
	}
	for (unsigned i = 0; i < MODEL_PAGES && ok; i++) {
		ok = model_touch(i, 1);
	}
	user_space_leave(a);
	EXPECT(ok);
	after = holdings_now(UINT64_MAX);
	EXPECT_EQ(after.free_frames, before.free_frames);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
}

KTEST(aspace_hidden_keeps, "a page without rights keeps what it holds")
{
	struct aspace *a = user_space_enter(), *b;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(poke(BASE, 11), 0);
	EXPECT_EQ(aspace_protect(a, BASE, 2 * PAGE_SIZE, 0), 0);
	EXPECT_EQ(peek(BASE), UINT64_MAX);
	EXPECT_EQ(peek(page_at(1)), UINT64_MAX);
	EXPECT(poke(BASE, 12) != 0);
	b = aspace_clone(a);
	EXPECT(b != NULL);
	user_space_switch(b);
	EXPECT_EQ(peek(BASE), UINT64_MAX);
	EXPECT_EQ(aspace_protect(b, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(peek(BASE), 11);
	EXPECT_EQ(poke(BASE, 13), 0);
	user_space_switch(a);
	aspace_put(b);
	EXPECT_EQ(aspace_protect(a, BASE, PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(peek(BASE), 11);
	EXPECT(poke(BASE, 14) != 0);
	user_space_leave(a);
}

KTEST(aspace_stack_grows, "a stack grows to its limit and no further")
{
	struct aspace *a = user_space_enter();
	u64 low = STACK_TOP - STACK_MAX;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, STACK_TOP - STACK_FIRST, STACK_FIRST,
				 RW | REGION_GROWS_DOWN),
		  0);
	EXPECT_EQ(poke(STACK_TOP - STACK_FIRST - 8, 1), 0);
	EXPECT_EQ(a->mapped_pages, STACK_FIRST / PAGE_SIZE + 1);
	EXPECT_EQ(peek(low + PAGE_SIZE), 0);
	EXPECT_EQ(poke(low, 2), 0);
	EXPECT_EQ(a->mapped_pages, STACK_MAX / PAGE_SIZE);
	EXPECT(poke(low - 8, 3) != 0);
	EXPECT(poke(low - PAGE_SIZE, 3) != 0);
	EXPECT_EQ(peek(STACK_TOP - STACK_FIRST - 8), 1);
	EXPECT(poke(STACK_TOP, 3) != 0);
	EXPECT_EQ(a->resident_pages, 3);
	user_space_leave(a);
}

KTEST(aspace_stack_gap, "a stack keeps its distance from what lies below")
{
	struct aspace *a = user_space_enter();
	u64 other = STACK_TOP - (1ul << 20);
	u64 lowest = other + PAGE_SIZE + STACK_GAP;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, STACK_TOP - STACK_FIRST, STACK_FIRST,
				 RW | REGION_GROWS_DOWN),
		  0);
	EXPECT_EQ(user_space_map(a, other, PAGE_SIZE, RW), 0);
	EXPECT(poke(lowest - 8, 1) != 0);
	EXPECT(poke(other + PAGE_SIZE, 1) != 0);
	EXPECT_EQ(poke(lowest, 1), 0);
	EXPECT_EQ(aspace_unmap(a, other, PAGE_SIZE), 0);
	EXPECT_EQ(poke(lowest - 8, 1), 0);
	user_space_leave(a);
}

KTEST(aspace_find_free, "free ranges are found from the top, also exact ones")
{
	struct aspace *a = aspace_create();
	u64 top = page_at(100), found[5];

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, page_at(90), 5 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(user_space_map(a, page_at(97), PAGE_SIZE, RW), 0);
	WITH_MUTEX (&a->mutex) {
		found[0] = aspace_find_free_locked(a, 2 * PAGE_SIZE, top);
		found[1] = aspace_find_free_locked(a, 3 * PAGE_SIZE, top);
		found[2] = aspace_find_free_locked(a, PAGE_SIZE, page_at(97));
		found[3] = aspace_find_free_locked(a, top, top);
		found[4] = aspace_find_free_locked(a, page_at(90) - USER_START,
						   top);
	}
	aspace_put(a);
	EXPECT_EQ(found[0], page_at(98));
	EXPECT_EQ(found[1], page_at(87));
	EXPECT_EQ(found[2], page_at(96));
	EXPECT_EQ(found[3], 0);
	EXPECT_EQ(found[4], USER_START);
}

KTEST(aspace_extends, "neighbours of the same kind are one region")
{
	struct mem_object *object = mem_object_zeroes();
	const struct region_source source = { object, 0, 8 };
	struct aspace *a = user_space_enter();
	u64 counts[4];

	EXPECT(a != NULL);
	for (unsigned i = 0; i < 8; i++) {
		EXPECT_EQ(user_space_map(a, page_at(i), PAGE_SIZE, RW), 0);
		EXPECT_EQ(poke(page_at(i), i), 0);
	}
	counts[0] = user_space_regions(a);
	EXPECT_EQ(user_space_map(a, page_at(8), PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(user_space_map(a, page_at(9), PAGE_SIZE,
				 REGION_READ | REGION_GROWS_DOWN),
		  0);
	/* As on Linux: two that grow are one, too. */
	EXPECT_EQ(user_space_map(a, page_at(10), PAGE_SIZE,
				 REGION_READ | REGION_GROWS_DOWN),
		  0);
	EXPECT_EQ(aspace_map(a, page_at(11), PAGE_SIZE, RW, source), 0);
	EXPECT_EQ(user_space_map(a, page_at(12), PAGE_SIZE, RW), 0);
	counts[1] = user_space_regions(a);
	EXPECT_EQ(aspace_unmap(a, page_at(3), PAGE_SIZE), 0);
	EXPECT_EQ(peek(page_at(2)), 2);
	EXPECT_EQ(peek(page_at(3)), UINT64_MAX);
	EXPECT_EQ(peek(page_at(4)), 4);
	counts[2] = a->mapped_pages;
	user_space_leave(a);
	mem_object_put(object);
	EXPECT_EQ(counts[0], 1);
	EXPECT_EQ(counts[1], 5);
	EXPECT_EQ(counts[2], 12);
}

KTEST(aspace_copies_recover, "a copy that faults half-way leaves all in order")
{
	struct aspace *a = user_space_enter();
	char text[64];
	u8 block[128];

	EXPECT(a != NULL);
	memset(block, 'x', sizeof(block));
	EXPECT_EQ(user_space_map(a, BASE, PAGE_SIZE, RW), 0);
	for (unsigned in = 0; in < 40; in++) {
		u64 at = page_at(1) - in;

		EXPECT_EQ(copy_to_user(uaddr(at), block, in), 0);
		EXPECT_EQ(copy_to_user(uaddr(at), block, in + 1), -EFAULT);
		EXPECT_EQ(copy_from_user(block, uaddr(at), in + 1), -EFAULT);
		EXPECT_EQ(clear_user(uaddr(at), in + 1), -EFAULT);
		EXPECT_EQ(copy_to_user(uaddr(at), block + 64, in), 0);
		EXPECT_EQ(copy_string_from_user(text, uaddr(at), 64), -EFAULT);
		EXPECT_EQ(copy_string_from_user(text, uaddr(at), in),
			  -ENAMETOOLONG);
	}
	EXPECT_EQ(clear_user(uaddr(BASE), PAGE_SIZE), 0);
	EXPECT_EQ(copy_string_from_user(text, uaddr(page_at(1) - 1), 64), 0);
	EXPECT_EQ(preempt_depth(), 0);
	EXPECT(arch_irq_enabled());
	user_space_leave(a);
	EXPECT_EQ(copy_from_user(block, uaddr(BASE), 1), -EFAULT);
}

KTEST(aspace_copy_ranges, "no copy reaches beyond user space")
{
	static const u64 bad[] = { USER_END - 3,
				   USER_END,
				   0x7ffffffffffful,
				   0x800000000000ul,
				   DIRECT_MAP_BASE,
				   DIRECT_MAP_BASE + 0x100000,
				   KERNEL_BASE + 0x100000,
				   UINT64_MAX - 3,
				   UINT64_MAX };
	struct aspace *a = user_space_enter();
	char buf[8];

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, USER_END - PAGE_SIZE, PAGE_SIZE, RW), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		uaddr_t at = uaddr(bad[i]);

		EXPECT_EQ(copy_from_user(buf, at, 4), -EFAULT);
		EXPECT_EQ(copy_to_user(at, buf, 4), -EFAULT);
		EXPECT_EQ(clear_user(at, 4), -EFAULT);
		EXPECT_EQ(copy_from_user(buf, uaddr(USER_END - PAGE_SIZE),
					 bad[i]),
			  -EFAULT);
		EXPECT(i == 0 || copy_string_from_user(buf, at, 8) == -EFAULT);
	}
	EXPECT_EQ(poke(USER_END - 8, UINT64_MAX >> 1), 0);
	EXPECT_EQ(peek(USER_END - 8), UINT64_MAX >> 1);
	EXPECT_EQ(copy_string_from_user(buf, uaddr(USER_END - 3), 8), -EFAULT);
	user_space_leave(a);
}

/* One process's life: map, touch, clone, write, protect, unmap, end. */
static void life(void)
{
	struct aspace *a = user_space_enter(), *b;
	int err;

	if (a == NULL) {
		return;
	}
	err = user_space_map(a, BASE, 8 * PAGE_SIZE, RW);
	err = err ? err : user_space_map(a, 1ul << 40, 2 * PAGE_SIZE, RW);
	err = err ? err : poke(BASE, 1);
	err = err ? err : poke(1ul << 40, 1);
	err = err ? err : aspace_protect(a, page_at(2), PAGE_SIZE, REGION_READ);
	err = err ? err : (int)peek(page_at(2));
	b = err ? NULL : aspace_clone(a);
	if (b != NULL) {
		err = poke(BASE, 2);
		user_space_switch(b);
		err = err ? err : poke(BASE, 3);
		err = err ? err : aspace_unmap(b, page_at(4), PAGE_SIZE);
		user_space_switch(a);
		aspace_put(b);
	}
	user_space_leave(a);
}

KTEST(aspace_out_of_memory, "wherever memory runs out, all is given back")
{
	struct holdings before, after;

	life();
	before = holdings_now(UINT64_MAX);
	for (u64 n = 0; n < FAIL_MAX; n++) {
		frame_fail_after(n);
		life();
		frame_fail_after(FRAME_FAIL_NEVER);
		after = holdings_now(UINT64_MAX);
		EXPECT_EQ(after.free_frames, before.free_frames);
		EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	}
}

KTEST(aspace_clone_fails_clean, "a clone that fails leaves the parent's data")
{
	struct aspace *a = user_space_enter();
	bool failed = false;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, 2048 * PAGE_SIZE, RW), 0);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(poke(page_at(i * 512), i), 0);
	}
	for (u64 n = 0; n < 12; n++) {
		struct aspace *b;

		frame_fail_after(n);
		b = aspace_clone(a);
		frame_fail_after(FRAME_FAIL_NEVER);
		failed = failed || b == NULL;
		for (unsigned i = 0; i < 4; i++) {
			EXPECT_EQ(peek(page_at(i * 512)), i + 16 * n);
			EXPECT_EQ(poke(page_at(i * 512), i + 16 * n + 16), 0);
		}
		if (b != NULL) {
			aspace_put(b);
		}
	}
	EXPECT(failed);
	user_space_leave(a);
}
