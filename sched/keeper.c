/* SPDX-License-Identifier: MIT */
/*
 * The keeper of stacks.
 *
 * Theory.  A sleeping thread needs of its stack only what lies above its stack
 * pointer, a few hundred bytes of 8 KB.  The keeper copies that into a kernel
 * object and gives the frames back; when the thread is woken it maps fresh
 * frames at the same addresses, copies the bytes back and lets the wake-up go
 * on.  Nothing of this is seen by a switch: a thread in a run queue has its
 * stack.  What a wake-up pays is one look at kstack.place.
 *
 * Only a thread that says so (thread_private_stack()) may lose its stack, for
 * nobody else may use what lies on it meanwhile.  Who does faults on an absent
 * page; it reads nothing stale.
 *
 * The stacks to go are those mapped longest, as a few are looked at in turn.
 * So the work is done when stacks are many, never for a few threads that
 * sleep and wake.
 *
 *	HERE --may_go()--> AWAY --sched_wake()--> WANTED --bring_back()--> HERE
 *
 * I1  kstack.place changes under the run queue's lock of its thread, and is
 *     not HERE only while the thread sleeps.  It sleeps on until the keeper
 *     wakes it: a wake-up that finds AWAY makes it WANTED and hands it over,
 *     one that finds WANTED does nothing, for the thread is on its way.
 * I2  The keeper is one thread: a stack is never put away and brought back at
 *     the same time, and is mapped again only after every processor has
 *     forgotten its old frames.
 * I3  It is woken only out of its own sleep (`idle`), never out of a wait
 *     queue.
 * I4  Without memory nothing is lost: a stack that cannot be saved stays, a
 *     thread that cannot have its stack yet sleeps on while the keeper puts
 *     others away or waits.
 */
#include "sched/keeper.h"

#include "arch/cpu.h"
#include "kernel/spinlock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/tlb.h"
#include "sched/kstack.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "trace/trace.h"

/* Stacks that go at once: one round of flushes. */
#define BATCH (TLB_BATCH_FRAMES / (KSTACK_BYTES / PAGE_SIZE))

/* Mapped stacks take this part of memory before the keeper begins. */
#define MEMORY_PART 8

/* When none may go, so many more may come before it looks again. */
#define PATIENCE 64

/* How long it waits when there is no memory. */
#define RETRY_NS 1000000ul

static struct {
	struct spinlock lock;
	struct list wanted;    /* [lock] struct kstack.link */
	bool idle;             /* [lock] it sleeps for want of work */
	struct thread *thread; /* [I] NULL: not started */
	u64 limit;             /* [a] mapped stacks */
	u64 patience;          /* [a] and more of them, if none may go */
} keeper = {
	.lock = SPINLOCK_INIT(LOCK_KEEPER),
	.wanted = LIST_INIT(keeper.wanted),
	.limit = UINT64_MAX,
};

static struct thread *owner_of(struct kstack *stack)
{
	return container_of(stack, struct thread, kstack);
}

static u64 live_bytes(const struct thread *thread)
{
	return kstack_top(&thread->kstack) - thread->arch.sp;
}

static bool crowded(void)
{
	return kstack_here_count() >
	       MAX(READ_ONCE(keeper.limit), READ_ONCE(keeper.patience));
}

/* LOCK_KSTACK held. True: the stack is the keeper's. */
static bool may_go(struct kstack *stack)
{
	struct thread *thread = owner_of(stack);
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);
	bool may = thread->private_stack && thread != runq_current(rq) &&
		   (thread->state == THREAD_SLEEPING ||
		    thread->state == THREAD_INTERRUPTIBLE) &&
		   live_bytes(thread) <= KMEM_OBJECT_MAX;

	if (may) {
		stack->place = KSTACK_AWAY;
	}
	spin_unlock_irq(&rq->lock, flags);
	return may;
}

/* Without memory to save it, it stays mapped and `saved` is NULL. */
static void put_away_one(struct kstack *stack, struct tlb_batch *batch)
{
	struct thread *thread = owner_of(stack);
	u64 bytes = live_bytes(thread);

	stack->saved = kmalloc(bytes);
	if (stack->saved != NULL) {
		memcpy(stack->saved, (void *)thread->arch.sp, bytes);
		kstack_unmap(stack, batch);
		trace(TRACE_KSTACK_AWAY, thread->tid, bytes);
	}
}

/* False if no stack may go. */
static bool put_away(void)
{
	struct kstack *chosen[BATCH];
	u32 count = kstack_choose(chosen, BATCH, may_go);
	struct tlb_batch batch;

	tlb_batch_init(&batch, NULL);
	for (u32 i = 0; i < count; i++) {
		put_away_one(chosen[i], &batch);
	}
	tlb_batch_flush(&batch);
	return count > 0;
}

static void restore(struct kstack *stack)
{
	struct thread *thread = owner_of(stack);

	if (stack->saved == NULL) {
		return;
	}
	while (!kstack_map(stack)) {
		if (!put_away()) {
			sched_sleep_ns(RETRY_NS);
		}
	}
	memcpy((void *)thread->arch.sp, stack->saved, live_bytes(thread));
	kfree(stack->saved);
	stack->saved = NULL;
}

/*
 * An interruption may wake the thread as soon as its stack is here; it may
 * end before our own wake-up comes.
 */
static void bring_back(struct kstack *stack)
{
	struct thread *thread = thread_get(owner_of(stack));
	u64 flags;

	restore(stack);
	kstack_return(stack);
	WITH_PREEMPT_OFF () {
		struct runq *rq = runq_lock_of(thread, &flags);

		stack->place = KSTACK_HERE;
		spin_unlock(&rq->lock);
		sched_wake(thread);
		arch_irq_restore(flags);
	}
	thread_put(thread);
}

/* The next stack that is wanted; NULL: none, but too many are mapped. */
static struct kstack *next_wanted(void)
{
	for (;;) {
		u64 flags = spin_lock_irq(&keeper.lock);
		struct list *link = list_pop_front(&keeper.wanted);

		if (link != NULL || crowded()) {
			spin_unlock_irq(&keeper.lock, flags);
			return link ? container_of(link, struct kstack, link)
				    : NULL;
		}
		/* As in waitq_sleep(): who adds something finds it asleep. */
		keeper.idle = true;
		keeper.thread->state = THREAD_SLEEPING;
		spin_unlock(&keeper.lock);
		sched_block();
		arch_irq_restore(flags);
	}
}

static noreturn void keeper_loop(void *arg)
{
	(void)arg;
	for (;;) {
		struct kstack *stack = next_wanted();

		if (stack != NULL) {
			bring_back(stack);
		}
		if (crowded()) {
			u64 more = put_away() ? 0 : PATIENCE;

			WRITE_ONCE(keeper.patience,
				   more ? kstack_here_count() + more : 0);
		}
	}
}

static void keeper_wake_locked(void)
{
	if (keeper.idle) {
		keeper.idle = false;
		sched_wake(keeper.thread);
	}
}

void keeper_ask(struct thread *thread)
{
	WITH_SPINLOCK_IRQ (&keeper.lock) {
		list_push_back(&keeper.wanted, &thread->kstack.link);
		keeper_wake_locked();
	}
}

void keeper_notice(void)
{
	if (crowded()) {
		WITH_SPINLOCK_IRQ (&keeper.lock) {
			keeper_wake_locked();
		}
	}
}

u64 keeper_set_limit(u64 stacks)
{
	u64 before = READ_ONCE(keeper.limit);

	WRITE_ONCE(keeper.patience, 0);
	WRITE_ONCE(keeper.limit, stacks);
	keeper_notice();
	return before;
}

int keeper_start(void)
{
	keeper.thread = thread_create("keeper", keeper_loop, NULL);
	if (keeper.thread == NULL) {
		return -ENOMEM;
	}
	thread_start(keeper.thread);
	keeper_set_limit(frame_stats().total / MEMORY_PART /
			 (KSTACK_BYTES / PAGE_SIZE));
	return 0;
}
