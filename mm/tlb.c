/* SPDX-License-Identifier: MIT */
/*
 * TLB shootdown.
 *
 * An initiator changes page tables, then asks every processor that may hold
 * what was there: `cpus` of the address space, all for kernel space.  It
 * fills its own request (one per processor, so initiators do not wait for
 * each other), sets the set of those who are asked, interrupts them, and
 * waits until each has flushed and cleared its bit.
 *
 * I1  A processor's bit in aspace->cpus is set before it loads the page table
 *     and cleared after it loaded another.  Setting it and reading it are
 *     sequentially consistent with the loads and stores of the tables: either
 *     the initiator sees the bit, or the processor sees the new tables.
 * I2  A request stands still while `asked` is not 0.
 * I3  Whoever waits for others serves the requests of others meanwhile: two
 *     initiators with interrupts off do not wait for each other for ever.
 * I4  Nobody waits for an answer while holding a spinlock: a processor that
 *     spins for it with interrupts off would not answer.
 * I5  A processor that starts runs on kernel space before it is asked; what it
 *     read then, it forgets once it will be asked.
 */
#include "mm/tlb.h"

#include "arch/paging.h"
#include "arch/smp.h"
#include "arch/vectors.h"
#include "kernel/irq.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"

struct tlb_request {
	u64 asked; /* [a] processors that have not answered */
	const struct tlb_batch *batch; /* NULL: give up `evict` */
	const struct aspace *evict;
};

static percpu_zero struct tlb_request tlb_request;

/* Processors that answer: those that take interrupts. */
static u64 listening; /* [a] */

static void flush_local(const struct tlb_batch *batch)
{
	if (batch->all) {
		arch_tlb_flush_user();
		return;
	}
	for (u32 i = 0; i < batch->page_count; i++) {
		arch_tlb_flush_page(batch->pages[i]);
	}
}

static void serve(const struct tlb_request *request)
{
	if (request->batch != NULL) {
		flush_local(request->batch);
	} else if (aspace_is_loaded(request->evict)) {
		aspace_leave();
	}
}

/* Answers whoever asks this processor. Interrupts off. */
static void serve_all(void)
{
	u64 self = 1ull << cpu_id();

	for (u64 left = READ_ONCE(listening); left != 0; left &= left - 1) {
		struct tlb_request *request =
			cpu_ptr((unsigned)__builtin_ctzll(left), tlb_request);

		/* Pairs with the release in ask(). */
		if (__atomic_load_n(&request->asked, __ATOMIC_ACQUIRE) & self) {
			serve(request);
			/* Pairs with the acquire in ask(). */
			__atomic_fetch_and(&request->asked, ~self,
					   __ATOMIC_RELEASE);
		}
	}
}

static void interrupt_each(u64 cpus)
{
	for (; cpus != 0; cpus &= cpus - 1) {
		arch_ipi_send((unsigned)__builtin_ctzll(cpus), VECTOR_TLB);
	}
}

/* Returns when every processor of `cpus`, not this one, has answered. */
static void ask(u64 cpus, const struct tlb_batch *batch,
		const struct aspace *evict)
{
	u64 flags = arch_irq_save();
	struct tlb_request *request = this_cpu_ptr(tlb_request);

	DEBUG_ASSERT(lockcheck_held() == 0);
	request->batch = batch;
	request->evict = evict;
	__atomic_store_n(&request->asked, cpus, __ATOMIC_RELEASE);
	interrupt_each(cpus);
	while (__atomic_load_n(&request->asked, __ATOMIC_ACQUIRE) != 0) {
		serve_all();
		arch_relax();
	}
	arch_irq_restore(flags);
}

static u64 others_of(const struct aspace *aspace)
{
	u64 cpus;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpus = aspace ? READ_ONCE(aspace->cpus) : READ_ONCE(listening);
	return cpus & ~(1ull << cpu_id());
}

void tlb_batch_init(struct tlb_batch *batch, struct aspace *aspace)
{
	batch->aspace = aspace;
	batch->frame_count = 0;
	batch->page_count = 0;
	batch->all = false;
}

void tlb_batch_add_all(struct tlb_batch *batch)
{
	batch->all = true;
}

void tlb_batch_add(struct tlb_batch *batch, u64 va, phys_t frame)
{
	if (batch->page_count == TLB_BATCH_FRAMES) {
		tlb_batch_flush(batch);
	}
	batch->pages[batch->page_count++] = va;
	if (!phys_is_none(frame)) {
		batch->frames[batch->frame_count++] = frame;
	}
}

static void flush_everywhere(const struct tlb_batch *batch)
{
	u64 others;

	WITH_PREEMPT_OFF () {
		others = others_of(batch->aspace);
		if (batch->aspace == NULL || aspace_is_loaded(batch->aspace)) {
			flush_local(batch);
		}
		if (others != 0) {
			ask(others, batch, NULL);
		}
	}
}

void tlb_batch_flush(struct tlb_batch *batch)
{
	if (batch->page_count > 0 || batch->all) {
		flush_everywhere(batch);
	}
	for (u32 i = 0; i < batch->frame_count; i++) {
		frame_put(batch->frames[i]);
	}
	tlb_batch_init(batch, batch->aspace);
}

void tlb_flush_range(struct aspace *aspace, u64 start, u64 len_bytes)
{
	struct tlb_batch batch;

	tlb_batch_init(&batch, aspace);
	if (len_bytes > TLB_BATCH_FRAMES * PAGE_SIZE) {
		tlb_batch_add_all(&batch);
	} else {
		for (u64 done = 0; done < len_bytes; done += PAGE_SIZE) {
			tlb_batch_add(&batch, start + done, PHYS_NONE);
		}
	}
	tlb_batch_flush(&batch);
}

/* The one who asks may have come back to a processor that still has it. */
void tlb_evict(struct aspace *aspace)
{
	WITH_PREEMPT_OFF () {
		u64 others = others_of(aspace);

		if (aspace_is_loaded(aspace)) {
			aspace_leave();
		}
		if (others != 0) {
			ask(others, NULL, aspace);
		}
	}
}

static void tlb_interrupt(void *arg)
{
	(void)arg;
	serve_all();
}

/* I5 */
void tlb_listen(void)
{
	__atomic_fetch_or(&listening, 1ull << cpu_id(), __ATOMIC_SEQ_CST);
	arch_tlb_flush_all();
}

int tlb_start(void)
{
	tlb_listen();
	return irq_register_vector(VECTOR_TLB, tlb_interrupt, NULL);
}
