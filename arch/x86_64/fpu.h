/* SPDX-License-Identifier: MIT */
/*
 * Vector registers.  Used by arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_FPU_H
#define EXO_ARCH_X86_64_FPU_H

struct arch_thread;

/* Chooses what is saved (XCR0). Context: boot, each processor. */
void x86_fpu_init(void);

/* work.fpu: the running thread's registers come back. Interrupts off. */
void x86_fpu_restore(struct arch_thread *thread);

#endif
