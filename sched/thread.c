/* SPDX-License-Identifier: MIT */
/*
 * The life of threads, apart from running (sched/sched.c).
 */
#include "sched/thread.h"

#include "kernel/panic.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "sched/keeper.h"
#include "sched/kstack.h"
#include "sched/sched.h"
#include "trace/trace.h"

/* XSAVE wants its area on a cache line (SDM vol. 1, 13.4). */
#define FPU_ALIGN 64

static struct {
	struct spinlock lock;
	struct list all;          /* [lock] struct thread.all_link */
	u64 count;                /* [lock] */
	u32 next_tid;             /* [lock] */
	struct kmem_cache *cache; /* [I] */
	struct kmem_cache *fpu;   /* [I] NULL: too large for a cache */
} threads = {
	.lock = SPINLOCK_INIT(LOCK_THREADS),
	.all = LIST_INIT(threads.all),
	.next_tid = 1,
};

/* What runs before there are threads, and idles afterwards. */
static struct thread boot_thread = { .name = "idle", .refs = 1 };

extern u8 boot_stack_top[];

void thread_init(void)
{
	static_assert(ALIGN_UP(sizeof(struct thread), 64) >= KSTACK_OWNER_BYTES,
		      "no two threads share a slot");

	threads.cache = kmem_cache_create("thread", sizeof(struct thread),
					  kstack_init());
	ASSERT(threads.cache != NULL);
	if (arch_fpu_bytes() <= KMEM_OBJECT_MAX) {
		threads.fpu =
			kmem_cache_create("fpu", arch_fpu_bytes(), FPU_ALIGN);
	}
}

struct thread *thread_boot_idle(void)
{
	boot_thread.arch.kernel_sp = (u64)boot_stack_top;
	fair_entity_init(&boot_thread.fair, 0);
	boot_thread.factor = boot_thread.fair.factor;
	waitq_init(&boot_thread.exit_waitq);
	return &boot_thread;
}

static void enlist(struct thread *thread)
{
	WITH_SPINLOCK (&threads.lock) {
		thread->tid = threads.next_tid++;
		threads.count++;
		list_push_back(&threads.all, &thread->all_link);
	}
}

/* One with a stack, maybe an ended one with its own. */
static struct thread *thread_alloc(void)
{
	struct kstack *left = kstack_reuse();
	struct thread *thread;

	if (left != NULL) {
		return container_of(left, struct thread, kstack);
	}
	thread = kmem_cache_alloc(threads.cache);
	if (thread != NULL && !kstack_create(&thread->kstack)) {
		kmem_cache_free(threads.cache, thread);
		return NULL;
	}
	return thread;
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_alloc();

	if (thread == NULL) {
		return NULL;
	}
	memset(thread, 0, offsetof(struct thread, kstack));
	thread->state = THREAD_NEW;
	thread->refs = 2;
	string_copy(thread->name, name, sizeof(thread->name));
	fair_entity_init(&thread->fair, 0);
	thread->factor = thread->fair.factor;
	thread->fair.special = true; /* unless it proves not to be */
	thread->affinity = UINT64_MAX;
	waitq_init(&thread->exit_waitq);
	arch_thread_init(&thread->arch, kstack_top(&thread->kstack), fn, arg);
	kstack_use(&thread->kstack);
	enlist(thread);
	keeper_notice();
	return thread;
}

bool thread_private_stack(bool is_private)
{
	struct thread *self = current_thread();
	bool before = self->private_stack;

	self->private_stack = is_private;
	return before;
}

static void never_runs(void *arg)
{
	(void)arg;
	panic("an idle thread was started");
}

struct thread *thread_create_idle(unsigned cpu)
{
	struct thread *thread = thread_create("idle", never_runs, NULL);

	if (thread != NULL) {
		thread->cpu = (u16)cpu;
		thread->affinity = 1ull << cpu;
	}
	return thread;
}

void thread_start(struct thread *thread)
{
	sched_start(thread);
}

int thread_spawn(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_create(name, fn, arg);

	if (thread == NULL) {
		return -ENOMEM;
	}
	thread_start(thread);
	thread_put(thread);
	return 0;
}

void thread_begin(void (*fn)(void *), void *arg)
{
	sched_switch_finish();
	arch_irq_enable();
	trace(TRACE_THREAD_START, current_thread()->tid, fn);
	fn(arg);
	thread_exit();
}

/* Interrupts stay off: who sees `exited` finds it on its last switch. */
void thread_exit(void)
{
	struct thread *self = current_thread();

	trace(TRACE_THREAD_EXIT, self->tid, 0);
	DEBUG_ASSERT(preempt_depth() == 0);
	arch_irq_disable();
	WITH_SPINLOCK (&self->exit_waitq.lock) {
		self->exited = true;
		while (waitq_wake_one_locked(&self->exit_waitq)) {
		}
	}
	self->state = THREAD_DEAD;
	sched_block();
	panic("a dead thread ran");
}

void thread_join(struct thread *thread)
{
	u64 flags = waitq_lock(&thread->exit_waitq);

	while (!thread->exited) {
		waitq_sleep(&thread->exit_waitq, WAITQ_FOREVER);
	}
	waitq_unlock(&thread->exit_waitq, flags);
	thread_put(thread);
}

struct thread *thread_get(struct thread *thread)
{
	__atomic_fetch_add(&thread->refs, 1, __ATOMIC_RELAXED);
	return thread;
}

static void thread_free(struct thread *thread)
{
	WITH_SPINLOCK (&threads.lock) {
		list_remove(&thread->all_link);
		threads.count--;
	}
	if (thread->arch.fpu != NULL) {
		arch_fpu_destroy(&thread->arch);
	}
	kstack_free(&thread->kstack);
}

void kstack_gone(struct kstack *stack)
{
	kmem_cache_free(threads.cache,
			container_of(stack, struct thread, kstack));
}

void thread_put(struct thread *thread)
{
	/* The last one sees what all others did with the thread. */
	if (__atomic_fetch_sub(&thread->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		thread_free(thread);
	}
}

void thread_discard(struct thread *thread)
{
	DEBUG_ASSERT(thread->state == THREAD_NEW);
	thread_put(thread);
	thread_put(thread);
}

u64 thread_count(void)
{
	return READ_ONCE(threads.count);
}

bool panic_thread(struct panic_thread *out)
{
	const struct thread *thread = current_thread();

	if (thread == NULL || thread->kstack.base == NULL) {
		return false;
	}
	*out = (struct panic_thread){
		.tid = thread->tid,
		.name = thread->name,
		.stack_low = (u64)thread->kstack.base,
		.stack_high = kstack_top(&thread->kstack),
	};
	return true;
}

void *arch_memory_alloc(size_t size_bytes)
{
	return threads.fpu ? kmem_cache_alloc(threads.fpu)
			   : kmalloc(size_bytes);
}

void arch_memory_free(void *memory)
{
	if (threads.fpu) {
		kmem_cache_free(threads.fpu, memory);
	} else {
		kfree(memory);
	}
}
