/* SPDX-License-Identifier: MIT */
/*
 * What user mode did wrong becomes a signal.  A process without a handler for
 * it ends, with a line in the log.
 */
#include "arch/trap.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "lib/types.h"
#include "posix/oom.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/time.h"

/* Of the lines about processes that end, so many are shown in a second. */
#define LINES_PER_S 20

static const struct {
	u8 signal;
	u8 code; /* 0: SI_KERNEL, without an address */
} causes[] = {
	[FAULT_PAGE] = { ABI_SIGSEGV, ABI_SEGV_MAPERR },
	[FAULT_ILLEGAL] = { ABI_SIGILL, ABI_ILL_ILLOPN },
	[FAULT_DIVIDE] = { ABI_SIGFPE, ABI_FPE_INTDIV },
	[FAULT_FLOAT] = { ABI_SIGFPE, ABI_FPE_FLTINV },
	[FAULT_BREAKPOINT] = { ABI_SIGTRAP, 0 },
	[FAULT_STEP] = { ABI_SIGTRAP, ABI_TRAP_TRACE },
	[FAULT_PROTECTION] = { ABI_SIGSEGV, 0 },
	[FAULT_STACK] = { ABI_SIGBUS, 0 },
	[FAULT_ALIGNMENT] = { ABI_SIGBUS, ABI_BUS_ADRALN },
};

/* The first that applies, as Linux has it. */
static s32 float_code(unsigned floats)
{
	return floats & FLOAT_INVALID                        ? ABI_FPE_FLTINV
	       : floats & FLOAT_DIVIDE                       ? ABI_FPE_FLTDIV
	       : floats & FLOAT_OVERFLOW                     ? ABI_FPE_FLTOVF
	       : floats & (FLOAT_UNDERFLOW | FLOAT_DENORMAL) ? ABI_FPE_FLTUND
							     : ABI_FPE_FLTRES;
}

static struct abi_siginfo info_of(const struct fault *fault,
				  const struct trap_frame *frame)
{
	struct abi_siginfo info = {
		.signal = causes[fault->kind].signal,
		.code = causes[fault->kind].code,
		.fault.address = arch_frame_ip(frame),
	};

	if (fault->kind == FAULT_PAGE) {
		info.fault.address = fault->address;
		info.code = fault->unmapped ? ABI_SEGV_MAPERR : ABI_SEGV_ACCERR;
		if (fault->behind_end) {
			info.signal = ABI_SIGBUS;
			info.code = ABI_BUS_ADRERR;
		}
	} else if (fault->kind == FAULT_FLOAT) {
		info.code = float_code(fault->floats);
	} else if (fault->kind == FAULT_ALIGNMENT) {
		info.fault.address = 0;
	} else if (info.code == 0) {
		info = signal_info_kernel(info.signal);
	}
	return info;
}

/* True for LINES_PER_S calls in a second. */
static bool line_allowed(void)
{
	static u64 second;
	static u32 count;
	u64 now = clock_ns() / (u64)NS_PER_S;

	if (__atomic_exchange_n(&second, now, __ATOMIC_RELAXED) != now) {
		WRITE_ONCE(count, 0);
	}
	return __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) < LINES_PER_S;
}

static void tell(const struct fault *fault, const struct trap_frame *frame)
{
	const struct process *p = process_current();
	const char *how = fault->access & FAULT_EXEC    ? "executing"
			  : fault->access & FAULT_WRITE ? "writing"
							: "reading";

	if (!line_allowed()) {
		return;
	}
	if (fault->no_memory) {
		log_warn("process %u (%s) killed: out of memory", p->pid,
			 p->name);
	} else if (fault->kind == FAULT_PAGE) {
		log_warn("process %u (%s) killed: %s %s %#lx at %#lx", p->pid,
			 p->name, fault->name, how, fault->address,
			 arch_frame_ip(frame));
	} else {
		log_warn("process %u (%s) killed: %s at %#lx", p->pid, p->name,
			 fault->name, arch_frame_ip(frame));
	}
}

void user_fault(const struct fault *fault, struct trap_frame *frame)
{
	struct abi_siginfo info = info_of(fault, frame);

	if (fault->no_memory ? out_of_memory()
			     : signal_handle_fault(frame, &info)) {
		return;
	}
	if (!task_is_ending(task_current())) {
		tell(fault, frame);
	}
	signal_die(fault->no_memory ? ABI_SIGKILL : info.signal);
}
