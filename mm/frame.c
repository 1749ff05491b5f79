/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: a bitmap, power-of-two free lists above it (the buddy),
 * and a stack of single frames for each processor in front.
 *
 * Nouns.  A *block* of order k is 2^k frames whose first frame number, the
 * block's name, is a multiple of 2^k.  Two blocks of order k that make up a
 * block of order k + 1 are each other's *buddy*: their names differ in bit k.
 * A block's *head* is the struct page of its first frame.
 *
 * Invariants, all under frames.lock:
 * I1  A frame's bit is set if and only if it lies in a free block, one that
 *     is in the list of its order.
 * I2  The head of a free block is valid: PAGE_FREE, the block's order, links.
 * I3  No free block's buddy is a free block of the same order (they merge).
 * I4  Bit k of frames.nonempty is set if and only if list k is not empty.
 * I5  A struct page inside a free block is never PAGE_ALLOCATED or PAGE_SLAB,
 *     unless it was never written: a frame freed twice is recognised.
 *
 * The other struct pages hold whatever memory held at power-on.  Merging may
 * look at a buddy's head nevertheless.  Let b be the buddy of a block of order
 * k that is being freed.  If b's bit is clear, b is not free and its head is
 * not looked at.  If it is set, b lies in a free block B (I1).  B cannot be
 * larger than order k: it would hold the block that is being freed too.  So
 * B's size divides 2^k, of which b is a multiple: B begins at b, and the head
 * at b is valid (I2).  Its order tells whether all of the buddy is free.
 *
 * A frame's way, with the function of each transition:
 *
 *	from            to              by
 *	PAGE_RESERVED   PAGE_FREE       run_add() (start, frame_release_range)
 *	PAGE_FREE       PAGE_CACHED     stack_refill()
 *	PAGE_CACHED     PAGE_ALLOCATED  frame_alloc(0)
 *	PAGE_ALLOCATED  PAGE_CACHED     frame_free(0), frame_put()
 *	PAGE_CACHED     PAGE_FREE       stack_spill(), frame_drain()
 *	PAGE_FREE       PAGE_ALLOCATED  block_alloc()
 *	PAGE_ALLOCATED  PAGE_FREE       block_free()
 *	PAGE_ALLOCATED  PAGE_CACHED     kept_push() (a block), and back by
 *	                                kept_pop()
 *	PAGE_ALLOCATED  PAGE_SLAB       mm/kmem.c, and back
 *
 * A processor's stack belongs to it alone: no lock, only no preemption.  It
 * starts closed (size 0), so that its first use comes to the slow path, which
 * opens it, and frame_drain() closes it again.
 */
#include "mm/frame.h"
#include "arch/cpu.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame_map.h"

/*
 * A stack holds a burst of 64 and a batch of 32 beside it.  On a small machine
 * it holds less, so that all processors' stacks never strand more than a
 * quarter of memory.
 */
#define STACK_SIZE_MAX  96
#define STACK_SIZE_MIN  8
#define STACK_SHARE     (4 * MAX_CPUS)
#define STACK_BATCH_DIV 3

/*
 * A stack keeps a few blocks of the lower orders too (kernel stacks and slabs
 * come in these), so that one freed and allocated in turn is neither merged
 * nor split.
 */
#define KEPT_ORDER_MAX 3
#define KEPT_MAX       4

struct frame_stack {
	u32 count; /* frames in it; others only read it */
	u32 size;  /* how many it may hold; 0: closed */
	phys_t frame[STACK_SIZE_MAX];
	u32 kept_size;                      /* how many of each order */
	u32 kept_count[KEPT_ORDER_MAX + 1]; /* by order, from 1 */
	phys_t kept[KEPT_ORDER_MAX + 1][KEPT_MAX];
};

static percpu struct frame_stack stack;

/* Marks: I immutable after frame_init(), the rest by the lock. */
static struct {
	struct spinlock lock;
	u32 nonempty;                  /* I4 */
	u32 head[FRAME_MAX_ORDER + 1]; /* first block of each list, or 0 */
	u64 free;                      /* frames in the lists */
	u64 total;                     /* see struct frame_stats */
	u64 *bitmap;                   /* I; the bits by lock */
	u64 meta_count;                /* I */
	u64 high_first;                /* I, where frame_init() stopped */
	struct frame_stack *stacks[MAX_CPUS]; /* the open ones */
} frames;

struct frame_table frame_table;

static always_inline struct page *page_of(u32 frame)
{
	return &frame_table.pages[frame];
}

static always_inline phys_t phys_of(u32 frame)
{
	return phys((u64)frame << PAGE_SHIFT);
}

static always_inline u32 number_of(phys_t frame)
{
	return (u32)(frame.pa >> PAGE_SHIFT);
}

/* Which bits of its word a block of up to 64 frames has. */
static always_inline u64 block_mask(u32 frame, unsigned order)
{
	return ~0ull >> (64 - (1u << order)) << (frame % 64);
}

static noinline bool words_are(u32 frame, unsigned order, u64 want)
{
	const u64 *word = &frames.bitmap[frame / 64];
	const u64 *end = word + (1ul << (order - 6));

	while (word < end && *word == want) {
		word++;
	}
	return word == end;
}

/* True if the bits of all frames of the block say `free`. */
static always_inline bool bits_are(u32 frame, unsigned order, bool free)
{
	u64 want = free ? ~0ull : 0;

	if (unlikely(order > 6)) {
		return words_are(frame, order, want);
	}
	return ((frames.bitmap[frame / 64] ^ want) &
		block_mask(frame, order)) == 0;
}

static always_inline void bits_write(u32 frame, unsigned order, bool free)
{
	u64 *word = &frames.bitmap[frame / 64];
	u64 mask;

	if (unlikely(order > 6)) {
		memset(word, free ? 0xff : 0, 1ul << (order - 3));
		return;
	}
	mask = block_mask(frame, order);
	*word = free ? *word | mask : *word & ~mask;
}

static void list_insert(u32 frame, unsigned order)
{
	struct page *page = page_of(frame);
	u32 next = frames.head[order];

	page->state = PAGE_FREE;
	page->order = (u8)order;
	page->next = next;
	page->prev = 0;
	if (next != 0) {
		page_of(next)->prev = frame;
	}
	frames.head[order] = frame;
	frames.nonempty |= 1u << order;
}

static void list_delete(u32 frame, unsigned order)
{
	const struct page *page = page_of(frame);

	if (page->next != 0) {
		page_of(page->next)->prev = page->prev;
	}
	if (page->prev != 0) {
		page_of(page->prev)->next = page->next;
		return;
	}
	frames.head[order] = page->next;
	if (page->next == 0) {
		frames.nonempty &= ~(1u << order);
	}
}

/*
 * Takes a block from the lowest list that has one, and returns the upper
 * halves that are too much.  0 if there is none.
 */
static u32 buddy_take(unsigned order)
{
	u32 usable = frames.nonempty >> order;
	unsigned have;
	u32 frame;

	if (usable == 0) {
		return 0;
	}
	have = order + (unsigned)__builtin_ctz(usable);
	frame = frames.head[have];
	list_delete(frame, have);
	while (have > order) {
		have--;
		list_insert(frame + (1u << have), have);
	}
	ASSERT(bits_are(frame, order, true));
	bits_write(frame, order, false);
	frames.free -= 1ull << order;
	return frame;
}

/* True if all of the buddy is one free block (see the theory above). */
static bool buddy_free(u32 buddy, unsigned order)
{
	return buddy < frame_table.count && bitmap_test(frames.bitmap, buddy) &&
	       page_of(buddy)->order == order;
}

/* Puts a block into the lists, merged with every free buddy. */
static void buddy_join(u32 frame, unsigned order)
{
	bits_write(frame, order, true);
	frames.free += 1ull << order;
	page_of(frame)->state = PAGE_FREE;
	while (order < FRAME_MAX_ORDER) {
		u32 buddy = frame ^ (1u << order);

		if (!buddy_free(buddy, order)) {
			break;
		}
		list_delete(buddy, order);
		frame &= ~(1u << order);
		order++;
	}
	list_insert(frame, order);
}

/* Takes a block back; a set bit is a frame that was freed twice. */
static void buddy_give(u32 frame, unsigned order)
{
	ASSERT(bits_are(frame, order, false));
	buddy_join(frame, order);
}

static u32 stack_batch(const struct frame_stack *own)
{
	return own->size / STACK_BATCH_DIV;
}

static void stack_open(struct frame_stack *own)
{
	u64 share = frames.total / STACK_SHARE;

	own->size = (u32)MAX(MIN(share, STACK_SIZE_MAX), STACK_SIZE_MIN);
	own->kept_size = own->size * KEPT_MAX / STACK_SIZE_MAX;
	frames.stacks[cpu_id()] = own;
}

/* Gives back the blocks that this processor keeps. */
static void kept_drain(struct frame_stack *own)
{
	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		while (own->kept_count[order] > 0) {
			u32 left = own->kept_count[order] - 1;

			WRITE_ONCE(own->kept_count[order], left);
			buddy_give(number_of(own->kept[order][left]), order);
		}
	}
}

static void stack_take_block(struct frame_stack *own, unsigned order)
{
	u32 first = buddy_take(order);
	u32 count = own->count;

	/* The lowest frame goes out first. */
	for (u32 frame = first + (1u << order); frame-- > first;) {
		page_of(frame)->state = PAGE_CACHED;
		own->frame[count++] = phys_of(frame);
	}
	WRITE_ONCE(own->count, count);
}

/*
 * Fills this processor's empty stack with a batch or a little more, whole
 * blocks, the smallest first, so that large ones stay whole.  Returns the
 * number of frames in it.
 */
static noinline u32 stack_refill(void)
{
	struct frame_stack *own = this_cpu_ptr(stack);

	WITH_SPINLOCK (&frames.lock) {
		u32 batch;
		int largest;

		stack_open(own);
		batch = stack_batch(own);
		largest = 31 - __builtin_clz(batch);
		if (frames.nonempty == 0) {
			kept_drain(own);
		}
		while (frames.nonempty != 0 && own->count < batch) {
			int have = __builtin_ctz(frames.nonempty);

			stack_take_block(own, (unsigned)MIN(have, largest));
		}
	}
	return own->count;
}

static void stack_pop_to(struct frame_stack *own, u32 count)
{
	while (own->count > count) {
		WRITE_ONCE(own->count, own->count - 1);
		buddy_give(number_of(own->frame[own->count]), 0);
	}
}

/* Makes room in this processor's stack; returns the number of frames in it. */
static noinline u32 stack_spill(void)
{
	struct frame_stack *own = this_cpu_ptr(stack);

	WITH_SPINLOCK (&frames.lock) {
		if (own->size == 0) {
			stack_open(own);
		} else {
			stack_pop_to(own, own->size - stack_batch(own));
		}
	}
	return own->count;
}

void frame_drain(void)
{
	WITH_SPINLOCK (&frames.lock) {
		struct frame_stack *own = this_cpu_ptr(stack);

		stack_pop_to(own, 0);
		kept_drain(own);
		own->size = 0;
		own->kept_size = 0;
		frames.stacks[cpu_id()] = NULL;
	}
}

static always_inline void page_own(phys_t frame, unsigned order)
{
	struct page *page = frame_page(frame);

	page->state = PAGE_ALLOCATED;
	page->order = (u8)order;
	page->slab_cache = 0;
	page->refs = 1;
}

/* A block that this processor keeps, if it has one of that order. */
static always_inline phys_t kept_pop(unsigned order)
{
	phys_t block = PHYS_NONE;

	WITH_PREEMPT_OFF () {
		u32 count = this_cpu(stack.kept_count[order]);

		if (count > 0) {
			this_cpu(stack.kept_count[order]) = count - 1;
			block = this_cpu(stack.kept[order][count - 1]);
		}
	}
	return block;
}

/* False if this processor keeps enough of that order. */
static always_inline bool kept_push(phys_t block, unsigned order)
{
	bool room = false;

	WITH_PREEMPT_OFF () {
		u32 count = this_cpu(stack.kept_count[order]);

		room = count < this_cpu(stack.kept_size);
		if (room) {
			frame_page(block)->state = PAGE_CACHED;
			this_cpu(stack.kept_count[order]) = count + 1;
			this_cpu(stack.kept[order][count]) = block;
		}
	}
	return room;
}

static phys_t block_take(unsigned order)
{
	u32 frame = 0;

	WITH_SPINLOCK (&frames.lock) {
		frame = buddy_take(order);
	}
	return phys_of(frame);
}

/* Takes a block from the lists; what this processor has may merge to one. */
static noinline phys_t block_alloc_slow(unsigned order)
{
	phys_t block = block_take(order);

	if (phys_is_none(block)) {
		frame_drain();
		block = block_take(order);
	}
	if (!phys_is_none(block)) {
		page_own(block, order);
	}
	return block;
}

static noinline phys_t block_alloc(unsigned order)
{
	phys_t block;

	if (order > KEPT_ORDER_MAX) {
		return order > FRAME_MAX_ORDER ? PHYS_NONE
					       : block_alloc_slow(order);
	}
	block = kept_pop(order);
	if (phys_is_none(block)) {
		return block_alloc_slow(order);
	}
	page_own(block, order);
	return block;
}

static noinline void block_free_slow(phys_t block, unsigned order)
{
	WITH_SPINLOCK (&frames.lock) {
		struct frame_stack *own = this_cpu_ptr(stack);

		if (own->size == 0) {
			stack_open(own);
		}
		buddy_give(number_of(block), order);
	}
}

static noinline void block_free(phys_t block, unsigned order)
{
	if (order > KEPT_ORDER_MAX || !kept_push(block, order)) {
		block_free_slow(block, order);
	}
}

/*
 * The fast paths below call nothing but in tail position, so that they need no
 * stack frame; their slow ends are these.
 */
static noinline phys_t preempted(phys_t frame)
{
	sched_preempt();
	return frame;
}

static noinline phys_t single_alloc_slow(void)
{
	phys_t frame = PHYS_NONE;
	u32 count = stack_refill();

	if (count != 0) {
		this_cpu(stack.count) = count - 1;
		frame = this_cpu(stack.frame[count - 1]);
		page_own(frame, 0);
	}
	preempt_on();
	return frame;
}

static always_inline void stack_push(phys_t frame, u32 count)
{
	this_cpu(stack.frame[count]) = frame;
	this_cpu(stack.count) = count + 1;
	preempt_on();
}

static noinline void single_free_slow(phys_t frame)
{
	stack_push(frame, stack_spill());
}

static always_inline void single_free(phys_t frame)
{
	u32 count;

	frame_page(frame)->state = PAGE_CACHED;
	preempt_off();
	count = this_cpu(stack.count);
	if (unlikely(count == this_cpu(stack.size))) {
		single_free_slow(frame);
		return;
	}
	stack_push(frame, count);
}

phys_t frame_alloc(unsigned order)
{
	phys_t frame;
	u32 count;

	if (unlikely(order != 0)) {
		return block_alloc(order);
	}
	preempt_off();
	count = this_cpu(stack.count);
	if (unlikely(count == 0)) {
		return single_alloc_slow();
	}
	this_cpu(stack.count) = count - 1;
	frame = this_cpu(stack.frame[count - 1]);
	DEBUG_ASSERT(frame_page(frame)->state == PAGE_CACHED);
	page_own(frame, 0);
	if (unlikely(arch_preempt_dec())) {
		return preempted(frame);
	}
	return frame;
}

phys_t frame_alloc_zeroed(void)
{
	phys_t frame = frame_alloc(0);

	if (!phys_is_none(frame)) {
		memset(phys_to_virt(frame), 0, PAGE_SIZE);
	}
	return frame;
}

/* State, order and references as one word, to be compared at once. */
static always_inline u64 page_word(const struct page *page)
{
	u64 word;

	__builtin_memcpy(&word, page, sizeof(word));
	return word;
}

/* That word of a block that one owner holds (little-endian). */
static always_inline u64 owned_word(unsigned order)
{
	static_assert(offsetof(struct page, order) == 1, "bits 8 to 15");
	static_assert(offsetof(struct page, refs) == 4, "bits 32 to 63");
	return PAGE_ALLOCATED | order << 8 | 1ull << 32;
}

void frame_free(phys_t block, unsigned order)
{
	u64 word = page_word(frame_page(block));

	DEBUG_ASSERT(block.pa < frame_limit().pa);
	/* Else it was freed before, is shared, or never was this block. */
	if (likely(order == 0)) {
		ASSERT(word == owned_word(0));
		single_free(block);
		return;
	}
	ASSERT(word == owned_word(order));
	block_free(block, order);
}

void frame_get(phys_t frame)
{
	struct page *page = frame_page(frame);

	DEBUG_ASSERT(frame.pa < frame_limit().pa);
	DEBUG_ASSERT(page->state == PAGE_ALLOCATED ||
		     page->state == PAGE_RESERVED);
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}

void frame_put(phys_t frame)
{
	struct page *page = frame_page(frame);
	u32 refs;

	DEBUG_ASSERT(frame.pa < frame_limit().pa);
	/*
	 * Release, so that what we did with the frame comes before its last
	 * holder frees it; acquire for that last holder.
	 */
	refs = __atomic_sub_fetch(&page->refs, 1, __ATOMIC_ACQ_REL);
	ASSERT(refs != ~0u);
	if (refs == 0) {
		ASSERT(page->state == PAGE_ALLOCATED && page->order == 0);
		single_free(frame);
	}
}

u32 frame_refs(phys_t frame)
{
	/* Pairs with the release of whoever gave up his reference. */
	return __atomic_load_n(&frame_page(frame)->refs, __ATOMIC_ACQUIRE);
}

/* The largest block that begins at `first` and ends within the run. */
static cold unsigned run_order(u64 first, u64 end)
{
	unsigned fits = 63 - (unsigned)__builtin_clzll(end - first);
	unsigned is_aligned = (unsigned)__builtin_ctzll(first);

	return MIN(MIN(fits, is_aligned), FRAME_MAX_ORDER);
}

/*
 * Hands reserved frames to the buddy, in blocks that double and halve.  The
 * caller knows that none of them is free.
 */
static cold void run_add(u64 first, u64 end)
{
	end = MIN(end, frame_table.count);
	first = MIN(MAX(first, 1), end);
	WITH_SPINLOCK (&frames.lock) {
		frames.total += end - first;
		while (first < end) {
			unsigned order = run_order(first, end);

			buddy_join((u32)first, order);
			first += 1ull << order;
		}
	}
}

/* Hands out the map's frames from `from` to `to`, but not those of `hole`. */
static cold void map_add(const struct frame_map *map, u64 from, u64 to,
			 struct frame_run hole)
{
	struct frame_run run = frame_map_next(map, from);

	while (run.first < MIN(run.end, to)) {
		if (run.first == hole.first) {
			run.first = hole.end;
		}
		run_add(run.first, MIN(run.end, to));
		run = frame_map_next(map, run.end);
	}
}

/* The first run that `count` frames fit in, below `limit`. */
static cold struct frame_run meta_place(const struct frame_map *map, u64 count,
					u64 limit)
{
	struct frame_run run = frame_map_next(map, 1);

	while (run.first < MIN(run.end, limit)) {
		if (run.first + count <= MIN(run.end, limit)) {
			return (struct frame_run){ run.first,
						   run.first + count };
		}
		run = frame_map_next(map, run.end);
	}
	return (struct frame_run){ 0, 0 };
}

/* The struct pages are left as they are; the bitmap says: nothing is free. */
static cold void meta_init(struct frame_run meta, u64 count)
{
	u64 bitmap_bytes = BITMAP_WORDS(count) * sizeof(u64);
	char *start = phys_to_virt(phys(meta.first << PAGE_SHIFT));

	memset(&frames, 0, sizeof(frames));
	spin_init(&frames.lock, LOCK_FRAME);
	frames.meta_count = meta.end - meta.first;
	frames.bitmap = (u64 *)start;
	memset(start, 0, bitmap_bytes);
	/* A struct page must not straddle cache lines. */
	frame_table.pages = (struct page *)(start + ALIGN_UP(bitmap_bytes, 64));
	frame_table.count = count;
}

int frame_init(const struct frame_range *usable, size_t usable_count,
	       const struct frame_range *reserved, size_t reserved_count,
	       phys_t limit)
{
	const struct frame_map map = { usable, usable_count, reserved,
				       reserved_count };
	u64 count = frame_map_end(&map);
	u64 bytes = ALIGN_UP(BITMAP_WORDS(count) * sizeof(u64), 64) +
		    count * sizeof(struct page);
	struct frame_run meta = meta_place(&map, DIV_ROUND_UP(bytes, PAGE_SIZE),
					   limit.pa >> PAGE_SHIFT);

	if (meta.first == meta.end) {
		return -ENOMEM;
	}
	meta_init(meta, count);
	frames.high_first = limit.pa >> PAGE_SHIFT;
	map_add(&map, 1, frames.high_first, meta);
	return 0;
}

void frame_init_high(const struct frame_range *usable, size_t usable_count,
		     const struct frame_range *reserved, size_t reserved_count)
{
	const struct frame_map map = { usable, usable_count, reserved,
				       reserved_count };

	map_add(&map, frames.high_first, frame_table.count,
		(struct frame_run){ 0, 0 });
}

void frame_release_range(struct frame_range range)
{
	struct frame_run run = frame_run_inside(range);

	ASSERT(run.end <= frame_table.count);
	ASSERT(bitmap_all_clear(frames.bitmap, run.first, run.end - run.first));
	run_add(run.first, run.end);
}

void frame_share_range(struct frame_range range)
{
	struct frame_run run = frame_run_around(range);

	ASSERT(run.end <= frame_table.count);
	for (u64 frame = run.first; frame < run.end; frame++) {
		ASSERT(!bitmap_test(frames.bitmap, frame));
		*page_of((u32)frame) =
			(struct page){ .state = PAGE_RESERVED, .refs = 1 };
	}
}

static u64 stack_frames(const struct frame_stack *of)
{
	u64 count = READ_ONCE(of->count);

	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		count += (u64)READ_ONCE(of->kept_count[order]) << order;
	}
	return count;
}

struct frame_stats frame_stats(void)
{
	struct frame_stats stats = { 0 };

	WITH_SPINLOCK (&frames.lock) {
		for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (frames.stacks[cpu] != NULL) {
				stats.cached +=
					stack_frames(frames.stacks[cpu]);
			}
		}
		stats.total = frames.total;
		stats.free = frames.free + stats.cached;
		stats.meta = frames.meta_count;
	}
	return stats;
}

/* I1 to I3 for one free block. */
static cold void check_block(u32 frame, unsigned order, u32 prev)
{
	const struct page *page = page_of(frame);

	ASSERT(frame != 0 && IS_ALIGNED(frame, 1u << order));
	ASSERT(frame + (1ull << order) <= frame_table.count);
	ASSERT(page->state == PAGE_FREE);
	ASSERT(page->order == order);
	ASSERT(page->prev == prev);
	ASSERT(bitmap_all_set(frames.bitmap, frame, 1ul << order));
	ASSERT(order == FRAME_MAX_ORDER ||
	       !buddy_free(frame ^ (1u << order), order));
}

/* Returns the number of frames in the list. */
static cold u64 check_list(unsigned order)
{
	u64 count = 0;
	u32 prev = 0;

	ASSERT(((frames.nonempty >> order) & 1) == (frames.head[order] != 0));
	for (u32 f = frames.head[order]; f != 0; f = page_of(f)->next) {
		check_block(f, order, prev);
		count += 1ull << order;
		ASSERT(count <= frames.free); /* else the list is a circle */
		prev = f;
	}
	return count;
}

static cold void check_cached(phys_t block, unsigned order)
{
	ASSERT(frame_page(block)->state == PAGE_CACHED);
	ASSERT(bits_are(number_of(block), order, false));
}

static cold void check_stack(const struct frame_stack *own)
{
	ASSERT(own->count <= own->size && own->size <= STACK_SIZE_MAX);
	for (u32 i = 0; i < own->count; i++) {
		check_cached(own->frame[i], 0);
	}
	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		ASSERT(own->kept_count[order] <= own->kept_size);
		for (u32 i = 0; i < own->kept_count[order]; i++) {
			check_cached(own->kept[order][i], order);
		}
	}
}

void frame_check(void)
{
	WITH_SPINLOCK (&frames.lock) {
		u64 count = 0;

		for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
			count += check_list(order);
		}
		ASSERT(count == frames.free);
		ASSERT(count == bitmap_count(frames.bitmap, frame_table.count));
		ASSERT(count <= frames.total);
		check_stack(this_cpu_ptr(stack));
	}
}
