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
 *	PAGE_FREE       PAGE_CACHED     frame_stack_refill()
 *	PAGE_CACHED     PAGE_ALLOCATED  frame_alloc(0)
 *	PAGE_ALLOCATED  PAGE_CACHED     frame_free(0), frame_put()
 *	PAGE_CACHED     PAGE_FREE       frame_stack_spill(), frame_drain()
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
#include "mm/frame_stack.h"
#include "trace/trace.h"

/* Here the bare functions are meant. */
#undef frame_alloc
#undef frame_alloc_zeroed
#undef frame_free

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
		u32 count = this_cpu(frame_stack.kept_count[order]);

		if (count > 0) {
			this_cpu(frame_stack.kept_count[order]) = count - 1;
			block = this_cpu(frame_stack.kept[order][count - 1]);
		}
	}
	return block;
}

/* False if this processor keeps enough of that order. */
static always_inline bool kept_push(phys_t block, unsigned order)
{
	bool room = false;

	WITH_PREEMPT_OFF () {
		u32 count = this_cpu(frame_stack.kept_count[order]);

		room = count < this_cpu(frame_stack.kept_size);
		if (room) {
			page_at(block)->state = PAGE_CACHED;
			this_cpu(frame_stack.kept_count[order]) = count + 1;
			this_cpu(frame_stack.kept[order][count]) = block;
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
		struct frame_stack *own = this_cpu_ptr(frame_stack);

		if (own->capacity == 0 && !trace_wants(TRACE_FRAMES)) {
			frame_stack_open(own);
		}
	}
	trace(TRACE_FRAMES_FREE, block.pa, order);
	frame_lists_give(block, order);
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
		struct frame_stack *own = this_cpu_ptr(frame_stack);

		if (own->count == 0) {
			frame_stack_refill(own);
		}
		if (own->count != 0) {
			frame = frame_stack_take(own);
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
		struct frame_stack *own = this_cpu_ptr(frame_stack);

		frame_stack_spill(own);
		own->frame[own->count] = frame.pa;
		WRITE_ONCE(own->count, own->count + 1);
	}
}

static always_inline void single_free(phys_t frame)
{
	DEBUG_ASSERT(this_cpu(percpu_head).irq_depth == 0);
	page_at(frame)->state = PAGE_CACHED;
	if (unlikely(!arch_stack_push(&frame_stack.count, &frame_stack.size,
				      frame_stack.frame, frame.pa))) {
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
	if (unlikely(!arch_stack_pop(&frame_stack.count, frame_stack.frame,
				     &frame.pa))) {
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
		u32 count = this_cpu(frame_stack.zeroed_count);

		if (count > 0) {
			this_cpu(frame_stack.zeroed_count) = count - 1;
			frame = this_cpu(frame_stack.zeroed[count - 1]);
		}
	}
	return frame;
}

phys_t frame_alloc_zeroed(void)
{
	phys_t frame = PHYS_NONE;

	if (unlikely(this_cpu(frame_stack.zeroed_count) != 0)) {
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
		u32 count = this_cpu(frame_stack.zeroed_count);

		room = count < this_cpu(frame_stack.zeroed_size) &&
		       !is_far(frame);
		if (room) {
			page_at(frame)->state = PAGE_CACHED;
			this_cpu(frame_stack.zeroed_count) = count + 1;
			this_cpu(frame_stack.zeroed[count]) = frame;
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
