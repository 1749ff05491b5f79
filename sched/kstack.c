/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks.  A slot is an unmapped guard of the stack's size and the
 * stack above it.  A few freed stacks stay mapped for the next threads; the
 * others give their frames back and keep their slot.
 *
 * I1  A struct kstack is in use, or in `kept` (mapped), or in `empty` (not
 *     mapped), and keeps its slot for ever.
 */
#include "sched/kstack.h"

#include "arch/paging.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/tlb.h"
#include "trace/trace.h"

#define KEPT_MAX 16

/* Stacks that one round of flushes releases. */
#define RELEASE_COUNT (TLB_BATCH_FRAMES / (KSTACK_BYTES / PAGE_SIZE))

static struct {
	struct spinlock lock;
	struct kstack *kept;
	struct kstack *empty;
	u64 kept_count;
	u64 slots; /* used so far */
	u64 in_use;
} kstacks = { .lock = SPINLOCK_INIT(LOCK_KSTACK) };

static struct kstack *pop(struct kstack **list)
{
	struct kstack *stack = *list;

	if (stack != NULL) {
		*list = stack->next;
	}
	return stack;
}

static void push(struct kstack **list, struct kstack *stack)
{
	stack->next = *list;
	*list = stack;
}

/* Adds the pages of a stack to a batch of what is taken away. */
static void stack_unmap(struct tlb_batch *batch, const struct kstack *stack)
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
 * Takes the frames of `stacks` away and makes their slots empty ones.  No lock
 * is held while other processors are asked to forget them: one that spins for
 * it with interrupts off would never answer.
 */
static void stacks_release(struct kstack *stacks)
{
	struct kstack *stack;
	struct kstack *empty = NULL;
	struct tlb_batch batch;

	if (stacks == NULL) {
		return;
	}
	tlb_batch_init(&batch, NULL);
	while ((stack = pop(&stacks)) != NULL) {
		stack_unmap(&batch, stack);
		push(&empty, stack);
	}
	tlb_batch_flush(&batch);
	WITH_SPINLOCK (&kstacks.lock) {
		while ((stack = pop(&empty)) != NULL) {
			push(&kstacks.empty, stack);
		}
	}
}

/* Lock held: tables are made. False if there is no memory. */
static bool stack_map(const struct kstack *stack)
{
	for (u64 at = 0; at < KSTACK_BYTES; at += PAGE_SIZE) {
		phys_t frame = frame_alloc(0);

		if (phys_is_none(frame)) {
			return false;
		}
		if (arch_map_page(&kernel_page_table, (u64)stack->base + at,
				  frame, PROT_PAGE_WRITE) != 0) {
			frame_put(frame);
			return false;
		}
	}
	return true;
}

/* An unused slot, new if there is no other; NULL if there is no memory. */
static struct kstack *slot_take(void)
{
	struct kstack *stack = pop(&kstacks.empty);

	if (stack == NULL) {
		stack = kmalloc(sizeof(*stack));
		if (stack != NULL) {
			stack->base = (u8 *)KSTACK_AREA_BASE +
				      kstacks.slots++ * KSTACK_SLOT_BYTES +
				      KSTACK_BYTES;
		}
	}
	return stack;
}

struct kstack *kstack_alloc(void)
{
	struct kstack *stack;
	bool mapped = true;

	WITH_SPINLOCK (&kstacks.lock) {
		stack = pop(&kstacks.kept);
		if (stack != NULL) {
			kstacks.kept_count--;
		} else {
			stack = slot_take();
			if (stack == NULL) {
				return NULL;
			}
			mapped = stack_map(stack);
		}
		kstacks.in_use += mapped;
	}
	if (!mapped) {
		stack->next = NULL;
		stacks_release(stack);
		return NULL;
	}
	trace(TRACE_KSTACK, stack->base, kstacks.kept_count);
	return stack;
}

/* Takes kept stacks out until no more than `count` are left. */
static struct kstack *surplus_locked(u64 count)
{
	struct kstack *surplus = NULL;

	while (kstacks.kept_count > count) {
		kstacks.kept_count--;
		push(&surplus, pop(&kstacks.kept));
	}
	return surplus;
}

void kstack_free(struct kstack *stack)
{
	struct kstack *surplus = NULL;

	WITH_SPINLOCK (&kstacks.lock) {
		kstacks.in_use--;
		kstacks.kept_count++;
		push(&kstacks.kept, stack);
		if (kstacks.kept_count > KEPT_MAX) {
			surplus = surplus_locked(KEPT_MAX - RELEASE_COUNT);
		}
	}
	stacks_release(surplus);
}

void kstack_drain(void)
{
	struct kstack *surplus = NULL;

	WITH_SPINLOCK (&kstacks.lock) {
		surplus = surplus_locked(0);
	}
	stacks_release(surplus);
}

u64 kstack_in_use(void)
{
	return READ_ONCE(kstacks.in_use);
}
