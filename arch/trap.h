/* SPDX-License-Identifier: MIT */
/*
 * Entries into the kernel.  Every trap, interrupt and system call leaves a
 * struct trap_frame on the kernel stack; portable code reads it through the
 * accessors here and is called by the upward calls at the end.
 */
#ifndef EXO_ARCH_TRAP_H
#define EXO_ARCH_TRAP_H

#include "lib/types.h"

struct thread;
struct trap_frame;

bool arch_frame_is_user(const struct trap_frame *frame);
u64 arch_frame_ip(const struct trap_frame *frame);
u64 arch_frame_sp(const struct trap_frame *frame);
u64 arch_frame_fp(const struct trap_frame *frame);
unsigned arch_frame_vector(const struct trap_frame *frame);
bool arch_frame_irqs_on(const struct trap_frame *frame);

/* The frame of the running thread's entry from user mode. */
struct trap_frame *arch_user_frame(void);

/* Prints all registers, for a panic. */
void arch_frame_print(const struct trap_frame *frame,
		      void (*print)(const char *fmt, ...));

enum fault_kind {
	FAULT_PAGE,       /* memory: struct fault says which and how */
	FAULT_ILLEGAL,    /* an instruction that is not one */
	FAULT_DIVIDE,     /* of integers */
	FAULT_FLOAT,      /* struct fault says what */
	FAULT_BREAKPOINT, /* the instruction */
	FAULT_STEP,       /* after an instruction */
	FAULT_PROTECTION, /* segment, privilege, non-canonical address */
	FAULT_STACK,      /* non-canonical stack, absent segment */
	FAULT_ALIGNMENT,
};

/* What the floating point unit complains of. */
enum fault_float {
	FLOAT_INVALID = 1,
	FLOAT_DENORMAL = 2,
	FLOAT_DIVIDE = 4,
	FLOAT_OVERFLOW = 8,
	FLOAT_UNDERFLOW = 16,
	FLOAT_INEXACT = 32,
};

enum fault_access {
	FAULT_PRESENT = 1, /* a mapping was there and did not allow it */
	FAULT_WRITE = 2,
	FAULT_EXEC = 16,
};

struct fault {
	enum fault_kind kind;
	const char *name; /* for people: "page fault" */
	u64 address;      /* FAULT_PAGE: what was accessed */
	unsigned access;  /* FAULT_PAGE: enum fault_access */
	bool no_memory;   /* FAULT_PAGE: allowed, but there was no frame */
	bool unmapped;    /* FAULT_PAGE: nothing is mapped there */
	bool behind_end;  /* FAULT_PAGE: behind the end of the file there */
	unsigned floats;  /* FAULT_FLOAT: enum fault_float */
};

/*
 * Upward calls, in the order of the floors that define them.  All run on the
 * thread's kernel stack with interrupts off unless said otherwise.
 */

/* kernel/: a device or local interrupt. */
void irq_dispatch(unsigned vector, struct trap_frame *frame);

/* mm/: a fault at a user address. Interrupts on. True: repeat the access. */
bool aspace_fault(struct fault *fault);

/*
 * posix/: the kernel's own access to user memory found no frame.  Interrupts
 * on; the thread may hold mutexes.  True: try again.
 */
bool user_memory_wait(void);

/* kernel/: a fault that nobody can mend, or an NMI or machine check. */
noreturn void panic_trap(const char *reason, struct trap_frame *frame);

/*
 * posix/: user mode did something that it may not.  Interrupts on.  Returns if
 * it may go on at the frame.
 */
void user_fault(const struct fault *fault, struct trap_frame *frame);

/*
 * sched/, debug build: the thread is about to go on in user mode, interrupts
 * off; stops the machine if it holds a lock or keeps preemption off.
 */
void user_return_check(void);

/*
 * posix/: the thread was told (arch_user_work_want()) and is about to go on in
 * user mode at `frame`, which is complete and may be changed.  Interrupts on.
 */
void user_work(struct trap_frame *frame);

/*
 * The second to sixth argument of the system call that `from` is in become
 * those of the one that `to` is in, whose caller finds them in its registers.
 * Both have their stacks, and neither goes on meanwhile.
 */
void arch_syscall_pass(const struct thread *from, const struct thread *to);

/* The number of the system call that the running thread is in. */
u64 arch_syscall_number(void);

/*
 * posix/: the handlers by number, and how many of them are called at once.  For
 * a greater number, syscall_other() tells the handler, and gets its result and
 * gives it back in syscall_other_done().  Interrupts on.
 */
typedef long syscall_fn(u64, u64, u64, u64, u64, u64);

extern syscall_fn *const syscall_table[];
extern u64 syscall_count;

/* The same for our own, whose numbers begin far above Linux's. */
#define EXO_CALL_FIRST 65536u
extern syscall_fn *const exo_call_table[];
extern u64 exo_call_count;
syscall_fn *syscall_other(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
long syscall_other_done(long result);

#endif
