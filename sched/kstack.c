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

#define SLOT_BYTES (2 * KSTACK_BYTES)
#define KEPT_MAX   16

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

static void stack_unmap(u8 *stack, u64 len_bytes)
{
	struct tlb_batch batch;

	tlb_batch_init(&batch, NULL);
	for (u64 at = 0; at < len_bytes; at += PAGE_SIZE) {
		struct page_mapping old;

		if (arch_unmap_page(&kernel_page_table, (u64)stack + at,
				    &old)) {
			tlb_batch_add(&batch, (u64)stack + at, old.frame);
		}
	}
	tlb_batch_flush(&batch);
}

static bool stack_map(u8 *stack)
{
	for (u64 at = 0; at < KSTACK_BYTES; at += PAGE_SIZE) {
		phys_t frame = frame_alloc(0);

		if (phys_is_none(frame)) {
			stack_unmap(stack, at);
			return false;
		}
		if (arch_map_page(&kernel_page_table, (u64)stack + at, frame,
				  PROT_PAGE_WRITE) != 0) {
			frame_put(frame);
			stack_unmap(stack, at);
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
				      kstacks.slots++ * SLOT_BYTES +
				      KSTACK_BYTES;
		}
	}
	return stack;
}

struct kstack *kstack_alloc(void)
{
	struct kstack *stack;

	WITH_SPINLOCK (&kstacks.lock) {
		stack = pop(&kstacks.kept);
		if (stack != NULL) {
			kstacks.kept_count--;
		} else {
			stack = slot_take();
			if (stack == NULL) {
				return NULL;
			}
			if (!stack_map(stack->base)) {
				push(&kstacks.empty, stack);
				return NULL;
			}
		}
		kstacks.in_use++;
		trace(TRACE_KSTACK, stack->base, kstacks.kept_count);
	}
	return stack;
}

void kstack_free(struct kstack *stack)
{
	WITH_SPINLOCK (&kstacks.lock) {
		kstacks.in_use--;
		if (kstacks.kept_count < KEPT_MAX) {
			kstacks.kept_count++;
			push(&kstacks.kept, stack);
		} else {
			stack_unmap(stack->base, KSTACK_BYTES);
			push(&kstacks.empty, stack);
		}
	}
}

u64 kstack_in_use(void)
{
	return READ_ONCE(kstacks.in_use);
}
