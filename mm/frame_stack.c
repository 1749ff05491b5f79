/* SPDX-License-Identifier: MIT */
/*
 * What a processor keeps of frames: how that is opened, filled, emptied,
 * counted and checked.  What comes and goes without a look at the lists is in
 * mm/frame.c, where the theory stands.
 */
#include "mm/frame_stack.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/buddy.h"

/* All processors together never strand half of a small machine's memory. */
#define STACK_SIZE_MIN 8
#define STACK_SHARE    (4 * MAX_CPUS)

percpu_zero struct frame_stack frame_stack;

/* [a] The open ones, by processor. */
static struct frame_stack *stacks[MAX_CPUS];

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

void frame_stack_open(struct frame_stack *own)
{
	u64 share = total_count() / STACK_SHARE;

	own->capacity = (u32)MAX(MIN(share, STACK_SIZE_MAX), STACK_SIZE_MIN);
	own->size = numa.last_node == 0 ? own->capacity : 0;
	own->kept_size = own->capacity * KEPT_MAX / STACK_SIZE_MAX;
	own->zeroed_size = stack_batch(own);
	WRITE_ONCE(stacks[cpu_id()], own);
}

void frame_lists_give(phys_t block, unsigned order)
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
			frame_lists_give(own->kept[order][left], order);
		}
	}
	while (own->zeroed_count > 0) {
		u32 left = own->zeroed_count - 1;

		WRITE_ONCE(own->zeroed_count, left);
		frame_lists_give(own->zeroed[left], 0);
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

void frame_stack_refill(struct frame_stack *own)
{
	frame_stack_open(own);
	stack_fill_near(own);
	if (own->count == 0) {
		kept_drain(own);
		stack_fill_near(own);
	}
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
				phys_t frame = frame_stack_take(own);

				buddy_give(buddy, number_of(frame), 0);
			}
		}
	}
}

void frame_stack_spill(struct frame_stack *own)
{
	if (own->capacity == 0) {
		frame_stack_open(own);
	} else if (own->count == own->capacity) {
		stack_pop_to(own, own->capacity - stack_batch(own));
	}
}

void frame_drain(void)
{
	WITH_PREEMPT_OFF () {
		struct frame_stack *own = this_cpu_ptr(frame_stack);

		stack_pop_to(own, 0);
		kept_drain(own);
		own->capacity = 0;
		own->size = 0;
		own->kept_size = 0;
		own->zeroed_size = 0;
		WRITE_ONCE(stacks[cpu_id()], NULL);
	}
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
		check_stack(this_cpu_ptr(frame_stack));
	}
}
