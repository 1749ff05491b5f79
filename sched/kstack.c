/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks.  A slot is an unmapped guard of the stack's size and the
 * stack above it.  A few freed stacks stay mapped, with the owner that ended,
 * for the next threads; the others give their frames back.
 *
 * I1  A struct kstack is in `here` (in use and mapped), in `kept` (not in use
 *     and mapped), or in the hands of its creator, of who frees it or of
 *     sched/keeper.c.
 * I2  The slot's number is the owner's physical address in units of 2^shift
 *     bytes, at most the distance of two owners: a slot has one owner.
 * I3  An owner's memory is given back after every processor has forgotten
 *     what was mapped in its slot.
 */
#include "sched/kstack.h"

#include "arch/paging.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "mm/frame.h"
#include "mm/tlb.h"
#include "sched/stack_depth.h"
#include "trace/trace.h"

#define KEPT_MAX 16

/* Stacks that one round of flushes releases. */
#define RELEASE_COUNT (TLB_BATCH_FRAMES / (KSTACK_BYTES / PAGE_SIZE))

/* kstack_choose() looks at so many stacks at most, with the lock held. */
#define LOOK_COUNT 64

/* 2^SHIFT_MIN is KSTACK_OWNER_BYTES. */
#define SHIFT_MIN  8
#define AREA_SLOTS ((KSTACK_AREA_END - KSTACK_AREA_BASE) / KSTACK_SLOT_BYTES)

static struct {
	struct spinlock lock;
	struct list here; /* who is here longest first */
	struct list kept;
	u64 here_count;
	u64 kept_count;
	u64 in_use;
	unsigned shift; /* I */
} kstacks = {
	.lock = SPINLOCK_INIT(LOCK_KSTACK),
	.here = LIST_INIT(kstacks.here),
	.kept = LIST_INIT(kstacks.kept),
	.shift = SHIFT_MIN,
};

static inline struct kstack *kstack_of(struct list *link)
{
	return link ? container_of(link, struct kstack, link) : NULL;
}

static u64 slot_of(phys_t owner)
{
	return owner.pa >> kstacks.shift;
}

size_t kstack_init(void)
{
	static_assert(1 << SHIFT_MIN == KSTACK_OWNER_BYTES, "I2");

	while (slot_of(frame_limit()) > AREA_SLOTS) {
		kstacks.shift++;
	}
	return kstacks.shift == SHIFT_MIN ? 64 : 1ul << kstacks.shift;
}

void kstack_unmap(const struct kstack *stack, struct tlb_batch *batch)
{
	for (u64 at = 0; at < KSTACK_BYTES; at += PAGE_SIZE) {
		u64 va = (u64)stack->base + at;
		struct page_mapping old;

		if (arch_unmap_page(&kernel_page_table, va, &old)) {
			tlb_batch_add(batch, va, old.frame);
		}
	}
}

/*
 * Takes the frames of `stacks` away.  No lock is held while other processors
 * are asked to forget them: one that spins for it with interrupts off would
 * never answer.
 */
static void stacks_release(struct list *stacks)
{
	struct tlb_batch batch;
	struct kstack *stack;

	tlb_batch_init(&batch, NULL);
	list_for_each (link, stacks) {
		kstack_unmap(kstack_of(link), &batch);
	}
	tlb_batch_flush(&batch);
	while ((stack = kstack_of(list_pop_front(stacks))) != NULL) {
		kstack_gone(stack);
	}
}

/* Lock held: tables are made. */
static bool page_map_locked(u64 va)
{
	phys_t frame = frame_alloc(0);

	if (phys_is_none(frame)) {
		return false;
	}
	if (arch_map_page(&kernel_page_table, va, frame, PROT_PAGE_WRITE)) {
		frame_put(frame);
		return false;
	}
	return true;
}

bool kstack_map(struct kstack *stack)
{
	bool mapped = true;

	WITH_SPINLOCK (&kstacks.lock) {
		for (u64 at = 0; mapped && at < KSTACK_BYTES; at += PAGE_SIZE) {
			mapped = page_map_locked((u64)stack->base + at);
		}
	}
	if (!mapped) {
		struct tlb_batch batch;

		tlb_batch_init(&batch, NULL);
		kstack_unmap(stack, &batch);
		tlb_batch_flush(&batch);
		return false;
	}
	stack_depth_paint(stack);
	return true;
}

bool kstack_create(struct kstack *stack)
{
	u64 slot = slot_of(virt_to_phys(stack));

	*stack = (struct kstack){
		.base = (u8 *)KSTACK_AREA_BASE + slot * KSTACK_SLOT_BYTES +
			KSTACK_BYTES,
		.place = KSTACK_HERE,
	};
	return kstack_map(stack);
}

struct kstack *kstack_reuse(void)
{
	struct kstack *stack = NULL;

	if (READ_ONCE(kstacks.kept_count) == 0) {
		return NULL;
	}
	WITH_SPINLOCK (&kstacks.lock) {
		stack = kstack_of(list_pop_front(&kstacks.kept));
		kstacks.kept_count -= stack != NULL;
	}
	return stack;
}

static void here_add_locked(struct kstack *stack)
{
	kstacks.here_count++;
	list_push_back(&kstacks.here, &stack->link);
}

void kstack_use(struct kstack *stack)
{
	WITH_SPINLOCK (&kstacks.lock) {
		kstacks.in_use++;
		here_add_locked(stack);
	}
	trace(TRACE_KSTACK, stack->base, kstacks.kept_count);
}

void kstack_return(struct kstack *stack)
{
	WITH_SPINLOCK (&kstacks.lock) {
		here_add_locked(stack);
	}
}

/* Takes kept stacks out until no more than `count` are left. */
static void surplus_locked(u64 count, struct list *surplus)
{
	while (kstacks.kept_count > count) {
		kstacks.kept_count--;
		list_push_back(surplus, list_pop_front(&kstacks.kept));
	}
}

void kstack_free(struct kstack *stack)
{
	struct list surplus = LIST_INIT(surplus);

	stack_depth_note(stack);
	WITH_SPINLOCK (&kstacks.lock) {
		kstacks.in_use--;
		kstacks.here_count--;
		list_remove(&stack->link);
		kstacks.kept_count++;
		list_push_front(&kstacks.kept, &stack->link);
		if (kstacks.kept_count > KEPT_MAX) {
			surplus_locked(KEPT_MAX - RELEASE_COUNT, &surplus);
		}
	}
	if (!list_empty(&surplus)) {
		stacks_release(&surplus);
	}
}

u32 kstack_choose(struct kstack **chosen, u32 count,
		  bool (*may_go)(struct kstack *stack))
{
	u32 taken = 0;

	WITH_SPINLOCK (&kstacks.lock) {
		u64 left = MIN(kstacks.here_count, (u64)LOOK_COUNT);

		for (; left > 0 && taken < count; left--) {
			struct kstack *stack =
				kstack_of(list_pop_front(&kstacks.here));

			/* Its link is whoever's it goes to, once it may go. */
			if (may_go(stack)) {
				chosen[taken++] = stack;
			} else {
				list_push_back(&kstacks.here, &stack->link);
			}
		}
		kstacks.here_count -= taken;
	}
	return taken;
}

/* Gives back the tables of one level that map nothing. */
static void tables_trim(unsigned level)
{
	u64 slots = MIN(slot_of(frame_limit()) + 1, AREA_SLOTS);
	u64 end = KSTACK_AREA_BASE + slots * KSTACK_SLOT_BYTES;
	u64 va = KSTACK_AREA_BASE;
	struct tlb_batch batch;

	tlb_batch_init(&batch, NULL);
	while (va < end) {
		phys_t table;

		WITH_SPINLOCK (&kstacks.lock) {
			table = arch_take_empty_table(&kernel_page_table, level,
						      &va, end);
		}
		if (!phys_is_none(table)) {
			tlb_batch_add(&batch, va - PAGE_SIZE, table);
		}
	}
	tlb_batch_flush(&batch);
}

void kstack_drain(void)
{
	struct list surplus = LIST_INIT(surplus);

	WITH_SPINLOCK (&kstacks.lock) {
		surplus_locked(0, &surplus);
	}
	stacks_release(&surplus);
	tables_trim(0);
	tables_trim(1);
}

u64 kstack_in_use(void)
{
	return READ_ONCE(kstacks.in_use);
}

u64 kstack_here_count(void)
{
	return READ_ONCE(kstacks.here_count);
}
