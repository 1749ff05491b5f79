/* SPDX-License-Identifier: MIT */
/*
 * What it takes to hand the processor to a thread that waits for just that:
 *
 *	bool arch_may_switch_call(const struct arch_thread *running)
 *		the processor is one for it, and has its vector registers
 *	void arch_switch_call(struct arch_thread *, struct arch_thread *next)
 *		as arch_switch_prepare() from one to another of two user
 *		threads in system calls, the next of which is about to return
 *		from its own: its vector registers come at once
 *	void arch_pass_arguments(const struct arch_thread *from,
 *				 const struct arch_thread *to)
 *		as arch_syscall_pass()
 */
#ifndef EXO_ARCH_PASS_H
#define EXO_ARCH_PASS_H

#include "arch/x86_64/pass.h"

#endif
