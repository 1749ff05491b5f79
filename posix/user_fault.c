/* SPDX-License-Identifier: MIT */
/*
 * What user mode did wrong.  Until signals are delivered, every fault has the
 * default action of its signal: the process ends.
 */
#include "arch/trap.h"
#include "kernel/log.h"
#include "lib/types.h"
#include "posix/abi.h"
#include "posix/process.h"

static enum abi_signal signal_of(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_ILLEGAL: return ABI_SIGILL;
	case FAULT_ARITHMETIC: return ABI_SIGFPE;
	case FAULT_BREAKPOINT: return ABI_SIGTRAP;
	case FAULT_ALIGNMENT: return ABI_SIGBUS;
	default: return ABI_SIGSEGV;
	}
}

void user_fault(const struct fault *fault, struct trap_frame *frame)
{
	const struct process *p = process_current();
	enum abi_signal signal = signal_of(fault->kind);
	const char *how = fault->access & FAULT_EXEC    ? "executing"
			  : fault->access & FAULT_WRITE ? "writing"
							: "reading";

	if (fault->no_memory) {
		log_warn("process %u (%s) killed: out of memory", p->pid,
			 p->name);
		signal = ABI_SIGKILL;
	} else if (fault->kind == FAULT_PAGE) {
		log_warn("process %u (%s) killed: %s %s %#lx at %#lx", p->pid,
			 p->name, fault->name, how, fault->address,
			 arch_frame_ip(frame));
	} else {
		log_warn("process %u (%s) killed: %s at %#lx", p->pid, p->name,
			 fault->name, arch_frame_ip(frame));
	}
	process_exit_group(STATUS_KILLED(signal));
}
