/* SPDX-License-Identifier: MIT */
/*
 * What a thread is to the processor: a stack pointer while it does not run,
 * the top of its kernel stack, and for user threads their vector registers
 * and thread pointers.  It is a field of struct thread.
 */
#ifndef EXO_ARCH_THREAD_H
#define EXO_ARCH_THREAD_H

#include "arch/percpu.h"
#include "lib/types.h"

/*
 * Reasons to leave the short way back to user mode, which looks at all of them
 * at once.  Each is a byte of its own, so that setting one from another
 * processor never loses another.
 */
struct arch_work {
	u8 fpu;  /* [this thread] the registers hold another thread's state */
	u8 user; /* [a] user_work() is wanted */
	u8 unused[2];
};

/* The last fault of user mode that was told to user_fault(). */
struct arch_user_fault {
	u64 address;
	u32 vector;
	u32 error;
};

static_assert(sizeof(struct arch_work) == sizeof(u32), "entry.asm");

/* Where a struct arch_thread stands in its struct thread. */
#define ARCH_THREAD_AT 40

struct arch_thread {
	u64 sp;        /* while it does not run: its callee-saved registers */
	u64 kernel_sp; /* top of its kernel stack, 16-aligned */
	void *fpu;     /* XSAVE area, NULL for a kernel thread */
	u64 fs_base;   /* [this thread] user thread pointer */
	u64 gs_base;   /* [this thread] user GS */
	struct arch_work work;
	u32 faults; /* [this thread] of pages, that were mended */
	struct arch_user_fault fault; /* [this thread] */
};

/* The running thread's. */
static inline struct arch_thread *arch_current(void)
{
	return (void *)((char *)current_thread() + ARCH_THREAD_AT);
}

/*
 * Saves the running thread in `prev` and continues `next` where it stopped.
 * Returns when somebody switches back to `prev`.  Context: interrupts off.
 */
void arch_switch(struct thread *prev, struct thread *next);

/* As arch_switch(), after thread_left(prev) on the stack of `next`. */
void arch_switch_last(struct thread *prev, struct thread *next);

/* Upward call, defined by sched/: nobody stands on its stack any more. */
void thread_left(struct thread *thread);

/*
 * What a switch from or to a user thread needs besides: kernel stack for
 * entries from user mode, vector registers, thread pointers.
 */
void arch_switch_user(struct arch_thread *prev, struct arch_thread *next);

/* Call before arch_switch(). A switch between kernel threads needs nothing. */
static inline void arch_switch_prepare(struct arch_thread *prev,
				       struct arch_thread *next)
{
	if (prev->fpu != NULL || next->fpu != NULL) {
		arch_switch_user(prev, next);
	}
}

/* The frame pointer of a thread that does not run, for a backtrace. */
u64 arch_thread_fp(const struct arch_thread *thread);

/*
 * Makes a new thread's stack such that the first switch to it calls
 * thread_begin(fn, arg) on an empty stack.
 */
void arch_thread_init(struct arch_thread *thread, u64 stack_top,
		      void (*fn)(void *), void *arg);

/* Upward call, defined by sched/: the first thing that a thread runs. */
noreturn void thread_begin(void (*fn)(void *), void *arg);

/*
 * Gives the thread vector registers in their initial state, so that it can
 * enter user mode.  Errors: -ENOMEM.
 */
must_check int arch_fpu_create(struct arch_thread *thread);
void arch_fpu_destroy(struct arch_thread *thread);

/* The same with the running thread's vector registers. Errors: -ENOMEM. */
must_check int arch_fpu_copy(struct arch_thread *thread);

/* user_work() is called before the thread goes on in user mode. Any context. */
static inline void arch_user_work_want(struct arch_thread *thread)
{
	__atomic_store_n(&thread->work.user, 1, __ATOMIC_SEQ_CST);
}

/* Vector registers and thread pointers as execve leaves them. */
void arch_user_reset(struct arch_thread *thread);

/* Bytes of an XSAVE area; upward calls get and free its memory. */
size_t arch_fpu_bytes(void);
void *arch_memory_alloc(size_t size_bytes);
void arch_memory_free(void *memory);

/* The running thread's user thread pointer, and its user GS. */
void arch_set_fs_base(u64 base);
u64 arch_fs_base(void);
void arch_set_gs_base(u64 base);
u64 arch_gs_base(void);

/* AT_HWCAP: CPUID leaf 1's EDX. */
u64 arch_user_hwcap(void);

/*
 * Makes the new thread one that calls arch_user_resume() to go on in user mode
 * as the running thread does, which is in a system call of entry.asm's
 * WHOLE_FRAME: with the same registers, but the result 0, and `sp` unless 0.
 * Errors: -ENOMEM.
 */
must_check int arch_thread_fork(struct arch_thread *thread, u64 sp);

/* Leaves for user mode by the frame that arch_thread_fork() made. */
noreturn void arch_user_resume(void);

/* The user thread pointer of a thread that was not started yet. */
static inline void arch_thread_set_fs(struct arch_thread *thread, u64 base)
{
	thread->fs_base = base;
}

/*
 * Leaves the kernel for the first time: user mode at `entry` with the stack
 * pointer `sp` and every other register zero.
 */
noreturn void arch_enter_user(u64 entry, u64 sp);

#endif
