/* SPDX-License-Identifier: MIT */
/*
 * What a call to a thread that waits for it needs of the processor:
 *
 *	bool arch_may_switch_call(const struct arch_thread *running)
 *		the processor is one for it, and has its vector registers
 *	void arch_switch_call(struct arch_thread *, struct arch_thread *next)
 *		as arch_switch_prepare() from one to another of two user threads
 *in system calls, the next of which is about to return from its own: its vector
 *registers come at once, and the running one's second to sixth argument become
 *its own (arch_syscall_pass())
 */
#ifndef EXO_ARCH_PASS_H
#define EXO_ARCH_PASS_H

#include "arch/x86_64/pass.h"

#endif
