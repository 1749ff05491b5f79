/* SPDX-License-Identifier: MIT */
/*
 * Frames for everybody: a stack of single frames, and a few small blocks, for
 * each processor in front of the buddies (mm/buddy.c, whose nouns this file
 * uses).  They come from the processor's own node, or while it has none from
 * the nearest that has.
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
 *	PAGE_ALLOCATED  PAGE_CACHED     frame_free_zeroed(), and back by
 *	                                frame_alloc_zeroed()
 *	PAGE_ALLOCATED  PAGE_SLAB       mm/kmem.c, and back
 *
 * A processor's stack belongs to it alone: no lock.  Single frames come and go
 * by instructions that begin anew (arch/restart.h); for all else preemption is
 * off.  It starts closed (capacity 0), so that its first use comes to the slow
 * path, which opens it, and frame_drain() closes it again.  While allocation is
 * traced it stays closed: each use comes to the slow path, which alone has the
 * events.  Where there are several nodes, each free does, which alone asks
 * whether the frame is near.
 */
#include "mm/frame.h"
#include "arch/cpu.h"
#include "arch/restart.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "trace/trace.h"

/* Here the bare functions are meant. */
#undef frame_alloc
#undef frame_alloc_zeroed
#undef frame_free

/*
 * A stack holds a burst of 64 and a batch of 32 beside it.  On a small machine
 * it holds less, so that all processors together never strand half of memory.
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

/* Frames that are known to be full of zeroes: page tables that were given back.
 */
#define ZEROED_MAX (STACK_SIZE_MAX / STACK_BATCH_DIV)

struct frame_stack {
	u32 count; /* frames in it; others only read it */
	u32 size;  /* the capacity, but 0 where there are several nodes */
	u64 frame[STACK_SIZE_MAX];          /* of phys_t */
	u32 capacity;                       /* 0: closed */
	u32 kept_size;                      /* how many of each order */
	u32 kept_count[KEPT_ORDER_MAX + 1]; /* by order, from 1 */
	phys_t kept[KEPT_ORDER_MAX + 1][KEPT_MAX];
	u32 zeroed_size;
	u32 zeroed_count;
	phys_t zeroed[ZEROED_MAX];
};

static percpu_zero struct frame_stack stack;

/* [a] The open ones, by processor. */
static struct frame_stack *stacks[MAX_CPUS];

/* As frame_page(), of a frame's own address: one shift less. */
static always_inline struct page *page_at(phys_t frame)
{
	static_assert(sizeof(struct page) == 1 << 4, "the 4 below");
	return (struct page *)((char *)frame_table.pages +
			       (frame.pa >> (PAGE_SHIFT - 4)));
}

static u32 stack_batch(const struct frame_stack *own)
{
	return own->capacity / STACK_BATCH_DIV;
}

static u64 total_count(void)
{
	u64 total = 0;

	for (u32 node = 0; node <= numa.last_node; node++) {
		total += READ_ONCE(buddies[node].total);
	}
	return total;
}

static void stack_open(struct frame_stack *own)
{
	u64 share = total_count() / STACK_SHARE;

	own->capacity = (u32)MAX(MIN(share, STACK_SIZE_MAX), STACK_SIZE_MIN);
	own->size = numa.last_node == 0 ? own->capacity : 0;
	own->kept_size = own->capacity * KEPT_MAX / STACK_SIZE_MAX;
	own->zeroed_size = stack_batch(own);
	WRITE_ONCE(stacks[cpu_id()], own);
}

static void lists_give(phys_t block, unsigned order)
{
	struct buddy *buddy = buddy_of(number_of(block));

	WITH_SPINLOCK (&buddy->lock) {
		buddy_give(buddy, number_of(block), order);
	}
}

/* Gives back the blocks that this processor keeps. */
static void kept_drain(struct frame_stack *own)
{
	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		while (own->kept_count[order] > 0) {
			u32 left = own->kept_count[order] - 1;

			WRITE_ONCE(own->kept_count[order], left);
			lists_give(own->kept[order][left], order);
		}
	}
	while (own->zeroed_count > 0) {
		u32 left = own->zeroed_count - 1;

		WRITE_ONCE(own->zeroed_count, left);
		lists_give(own->zeroed[left], 0);
	}
}

static void stack_take_block(struct frame_stack *own, struct buddy *buddy,
			     unsigned order)
{
	u32 first = buddy_take(buddy, order);
	u32 count = own->count;

	/* The lowest frame goes out first. */
	for (u32 frame = first + (1u << order); frame-- > first;) {
		page_of(frame)->state = PAGE_CACHED;
		own->frame[count++] = phys_of(frame).pa;
	}
	WRITE_ONCE(own->count, count);
}

/*
 * Fills an empty stack with a batch or a little more, whole blocks, the
 * smallest first, so that large ones stay whole.
 */
static void stack_fill(struct frame_stack *own, struct buddy *buddy)
{
	u32 batch = stack_batch(own);
	int largest = 31 - __builtin_clz(batch);

	WITH_SPINLOCK (&buddy->lock) {
		while (buddy->nonempty != 0 && own->count < batch) {
			int have = __builtin_ctz(buddy->nonempty);

			stack_take_block(own, buddy,
					 (unsigned)MIN(have, largest));
		}
	}
}

/* From this node's frames, or from the nearest that has any. */
static void stack_fill_near(struct frame_stack *own)
{
	const u8 *nearest = numa.nearest[numa_here()];

	for (u32 i = 0; i <= numa.last_node && own->count == 0; i++) {
		stack_fill(own, &buddies[nearest[i]]);
	}
}

/* Fills an empty stack. */
static void stack_refill(struct frame_stack *own)
{
	stack_open(own);
	stack_fill_near(own);
	if (own->count == 0) {
		kept_drain(own);
		stack_fill_near(own);
	}
}

/* With preemption off, as all but the fast paths. */
static phys_t stack_take(struct frame_stack *own)
{
	WRITE_ONCE(own->count, own->count - 1);
	return phys(own->frame[own->count]);
}

static struct buddy *stack_top_buddy(const struct frame_stack *own)
{
	return buddy_of(number_of(phys(own->frame[own->count - 1])));
}

/* A lock is taken once for frames of one node that lie together. */
static void stack_pop_to(struct frame_stack *own, u32 count)
{
	while (own->count > count) {
		struct buddy *buddy = stack_top_buddy(own);

		WITH_SPINLOCK (&buddy->lock) {
			while (own->count > count &&
			       stack_top_buddy(own) == buddy) {
				phys_t frame = stack_take(own);

				buddy_give(buddy, number_of(frame), 0);
			}
		}
	}
}

/* Makes room where there is none. */
static void stack_spill(struct frame_stack *own)
{
	if (own->capacity == 0) {
		stack_open(own);
	} else if (own->count == own->capacity) {
		stack_pop_to(own, own->capacity - stack_batch(own));
	}
}

void frame_drain(void)
{
	WITH_PREEMPT_OFF () {
		struct frame_stack *own = this_cpu_ptr(stack);

		stack_pop_to(own, 0);
		kept_drain(own);
		own->capacity = 0;
		own->size = 0;
		own->kept_size = 0;
		own->zeroed_size = 0;
		WRITE_ONCE(stacks[cpu_id()], NULL);
	}
}

static always_inline void page_own(phys_t frame, unsigned order)
{
	struct page *page = page_at(frame);

	page->state = PAGE_ALLOCATED;
	page->order = (u8)order;
	page->table_entries = 0;
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
			page_at(block)->state = PAGE_CACHED;
			this_cpu(stack.kept_count[order]) = count + 1;
			this_cpu(stack.kept[order][count]) = block;
		}
	}
	return room;
}

static phys_t block_take(unsigned order)
{
	const u8 *nearest = numa.nearest[numa_here()];
	u32 frame = 0;

	for (u32 i = 0; i <= numa.last_node && frame == 0; i++) {
		struct buddy *buddy = &buddies[nearest[i]];

		WITH_SPINLOCK (&buddy->lock) {
			frame = buddy_take(buddy, order);
		}
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
	trace(TRACE_FRAMES, block.pa, order);
	return block;
}

#ifdef OWNER_HERE
phys_t frame_owned(phys_t block, unsigned order, enum owner who)
{
	u8 *owner = &frame_owners[number_of(block)];
	long count = 1l << order;

	if (phys_is_none(block)) {
		return block;
	}
	if (*owner != OWNER_none) {
		owner_count(*owner, (struct owner_held){ .frames = -count });
	}
	*owner = (u8)who;
	if (who != OWNER_none) {
		owner_count(who, (struct owner_held){ .frames = count });
	}
	return block;
}

/* The same owner for each of its frames. */
static void frame_owners_split(phys_t block, unsigned order)
{
	u8 *owners = &frame_owners[number_of(block)];

	memset(owners, owners[0], 1ul << order);
}

/* It comes back. */
static void disown(phys_t block, unsigned order)
{
	ASSERT(!phys_is_none(frame_owned(block, order, OWNER_none)));
}
#else
#define frame_owners_split(block, order)
#define disown(block, order)
#endif

void frame_split(phys_t block, unsigned order)
{
	frame_owners_split(block, order);
	for (u64 i = 0; i < 1ul << order; i++) {
		page_own(phys_add(block, i * PAGE_SIZE), 0);
	}
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
	WITH_PREEMPT_OFF () {
		struct frame_stack *own = this_cpu_ptr(stack);

		if (own->capacity == 0 && !trace_wants(TRACE_FRAMES)) {
			stack_open(own);
		}
	}
	trace(TRACE_FRAMES_FREE, block.pa, order);
	lists_give(block, order);
}

/* Memory of another node goes back there: what a stack has is near. */
static always_inline bool is_far(phys_t block)
{
	return numa_node_of(block) != numa_here();
}

static noinline void block_free(phys_t block, unsigned order)
{
	if (order > KEPT_ORDER_MAX || is_far(block) ||
	    !kept_push(block, order)) {
		block_free_slow(block, order);
	}
}

/*
 * The fast paths below call nothing but in tail position, so that they need no
 * stack frame; their slow ends are these.  The thread may have come to another
 * processor meanwhile, whose stack is not empty or not full.
 */
static noinline phys_t single_alloc_slow(void)
{
	phys_t frame = PHYS_NONE;

	if (trace_wants(TRACE_FRAMES)) {
		return block_alloc_slow(0);
	}
	WITH_PREEMPT_OFF () {
		struct frame_stack *own = this_cpu_ptr(stack);

		if (own->count == 0) {
			stack_refill(own);
		}
		if (own->count != 0) {
			frame = stack_take(own);
			page_own(frame, 0);
		}
	}
	return frame;
}

static noinline void single_free_slow(phys_t frame)
{
	if (trace_wants(TRACE_FRAMES_FREE) || is_far(frame)) {
		block_free_slow(frame, 0);
		return;
	}
	WITH_PREEMPT_OFF () {
		struct frame_stack *own = this_cpu_ptr(stack);

		stack_spill(own);
		own->frame[own->count] = frame.pa;
		WRITE_ONCE(own->count, own->count + 1);
	}
}

static always_inline void single_free(phys_t frame)
{
	DEBUG_ASSERT(this_cpu(percpu_head).irq_depth == 0);
	page_at(frame)->state = PAGE_CACHED;
	if (unlikely(!arch_stack_push(&stack.count, &stack.size, stack.frame,
				      frame.pa))) {
		single_free_slow(frame);
	}
}

/* For the debug build. */
static inline bool holds_zeroes(phys_t frame)
{
	const u64 *words = phys_to_virt(frame);
	u64 any = 0;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		any |= words[i];
	}
	return any == 0;
}

#ifdef EXO_DEBUG
static u64 fail_after = FRAME_FAIL_NEVER; /* [a] allocations from now */

void frame_fail_after(u64 count)
{
	WRITE_ONCE(fail_after, count);
}

static bool fail_now(void)
{
	u64 left = READ_ONCE(fail_after);

	if (left != 0 && left != FRAME_FAIL_NEVER) {
		WRITE_ONCE(fail_after, left - 1);
	}
	return left == 0;
}
#else
static always_inline bool fail_now(void)
{
	return false;
}
#endif

phys_t frame_alloc_single(void)
{
	phys_t frame;

	DEBUG_ASSERT(this_cpu(percpu_head).irq_depth == 0);
	if (fail_now()) {
		return PHYS_NONE;
	}
	if (unlikely(!arch_stack_pop(&stack.count, stack.frame, &frame.pa))) {
		return single_alloc_slow();
	}
	DEBUG_ASSERT(page_at(frame)->state == PAGE_CACHED);
	page_own(frame, 0);
	return frame;
}

phys_t frame_alloc(unsigned order)
{
	if (order == 0) {
		return frame_alloc_single();
	}
	return fail_now() ? PHYS_NONE : block_alloc(order);
}

/* One of those that this processor keeps, if there is any. */
static always_inline phys_t zeroed_pop(void)
{
	phys_t frame = PHYS_NONE;

	WITH_PREEMPT_OFF () {
		u32 count = this_cpu(stack.zeroed_count);

		if (count > 0) {
			this_cpu(stack.zeroed_count) = count - 1;
			frame = this_cpu(stack.zeroed[count - 1]);
		}
	}
	return frame;
}

phys_t frame_alloc_zeroed(void)
{
	phys_t frame = PHYS_NONE;

	if (unlikely(this_cpu(stack.zeroed_count) != 0)) {
		frame = zeroed_pop();
	}
	if (phys_is_none(frame)) {
		frame = frame_alloc_single();
		if (!phys_is_none(frame)) {
			memset(phys_to_virt(frame), 0, PAGE_SIZE);
		}
		return frame;
	}
	DEBUG_ASSERT(page_at(frame)->state == PAGE_CACHED &&
		     holds_zeroes(frame));
	page_own(frame, 0);
	if (fail_now()) {
		frame_free_zeroed(frame);
		return PHYS_NONE;
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

/* Else it was freed before, is shared, or never was this block. */
static noinline void check_owned(phys_t block, unsigned order)
{
	ASSERT(page_word(page_at(block)) == owned_word(order));
}

void frame_free_single(phys_t frame)
{
	DEBUG_ASSERT(frame.pa < frame_limit().pa);
	if (unlikely(page_word(page_at(frame)) != owned_word(0))) {
		check_owned(frame, 0);
		return;
	}
	disown(frame, 0);
	single_free(frame);
}

void frame_free(phys_t block, unsigned order)
{
	if (order == 0) {
		frame_free_single(block);
		return;
	}
	DEBUG_ASSERT(block.pa < frame_limit().pa);
	if (unlikely(page_word(page_at(block)) != owned_word(order))) {
		check_owned(block, order);
		return;
	}
	disown(block, order);
	block_free(block, order);
}

void frame_free_zeroed(phys_t frame)
{
	bool room = false;

	ASSERT(page_word(page_at(frame)) == owned_word(0));
	DEBUG_ASSERT(holds_zeroes(frame));
	disown(frame, 0);
	WITH_PREEMPT_OFF () {
		u32 count = this_cpu(stack.zeroed_count);

		room = count < this_cpu(stack.zeroed_size) && !is_far(frame);
		if (room) {
			page_at(frame)->state = PAGE_CACHED;
			this_cpu(stack.zeroed_count) = count + 1;
			this_cpu(stack.zeroed[count]) = frame;
		}
	}
	if (!room) {
		frame_free_single(frame);
	}
}

void frame_get(phys_t frame)
{
	struct page *page = page_at(frame);

	DEBUG_ASSERT(frame.pa < frame_limit().pa);
	DEBUG_ASSERT(page->state == PAGE_ALLOCATED ||
		     page->state == PAGE_RESERVED);
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}

void frame_put(phys_t frame)
{
	struct page *page = page_at(frame);
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
		disown(frame, 0);
		single_free(frame);
	}
}

u32 frame_refs(phys_t frame)
{
	/* Pairs with the release of whoever gave up his reference. */
	return __atomic_load_n(&page_at(frame)->refs, __ATOMIC_ACQUIRE);
}

static u64 stack_frames(const struct frame_stack *of)
{
	u64 count = READ_ONCE(of->count) + READ_ONCE(of->zeroed_count);

	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		count += (u64)READ_ONCE(of->kept_count[order]) << order;
	}
	return count;
}

/* The stacks are counted under a lock, so that one node's sum is exact. */
struct frame_stats frame_stats(void)
{
	struct frame_stats stats = { .meta = frame_meta_count };

	for (u32 node = 1; node <= numa.last_node; node++) {
		struct frame_node_stats one = frame_node_stats(node);

		stats.total += one.total;
		stats.free += one.free;
	}
	WITH_SPINLOCK (&buddies[0].lock) {
		for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
			const struct frame_stack *of = READ_ONCE(stacks[cpu]);

			stats.cached += of ? stack_frames(of) : 0;
		}
		stats.total += buddies[0].total;
		stats.free += buddies[0].free + stats.cached;
	}
	return stats;
}

struct frame_node_stats frame_node_stats(u32 node)
{
	struct frame_node_stats stats = { 0 };

	WITH_SPINLOCK (&buddies[node].lock) {
		stats.total = buddies[node].total;
		stats.free = buddies[node].free;
	}
	return stats;
}

static cold void check_cached(phys_t block, unsigned order)
{
	struct buddy *buddy = buddy_of(number_of(block));

	ASSERT(page_at(block)->state == PAGE_CACHED);
	WITH_SPINLOCK (&buddy->lock) {
		ASSERT(buddy_lacks(number_of(block), order));
	}
}

static cold void check_stack(const struct frame_stack *own)
{
	ASSERT(own->count <= own->capacity && own->capacity <= STACK_SIZE_MAX);
	for (u32 i = 0; i < own->count; i++) {
		check_cached(phys(own->frame[i]), 0);
	}
	for (unsigned order = 1; order <= KEPT_ORDER_MAX; order++) {
		ASSERT(own->kept_count[order] <= own->kept_size);
		for (u32 i = 0; i < own->kept_count[order]; i++) {
			check_cached(own->kept[order][i], order);
		}
	}
	for (u32 i = 0; i < own->zeroed_count; i++) {
		check_cached(own->zeroed[i], 0);
	}
}

void frame_check(void)
{
	for (u32 node = 0; node <= numa.last_node; node++) {
		WITH_SPINLOCK (&buddies[node].lock) {
			buddy_check(&buddies[node]);
		}
	}
	WITH_PREEMPT_OFF () {
		check_stack(this_cpu_ptr(stack));
	}
}
