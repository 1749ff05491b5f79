/* SPDX-License-Identifier: MIT */
/*
 * What arch/x86_64/smp.c leaves for arch/x86_64/trampoline.asm.
 */
#ifndef EXO_ARCH_X86_64_SMP_H
#define EXO_ARCH_X86_64_SMP_H

#include "lib/types.h"

/* A page of low memory that boot/ keeps out of the frame allocator. */
#define TRAMPOLINE_BASE 0x8000

struct x86_ap_start {
	u64 cr3;
	u64 stack_top;
	u64 area;
	u64 tables;
	u64 cycles; /* [a] the new processor's counter; 0: not there yet */
	u32 cpu;
	u32 go; /* [a] enum ap_go: what it is told then */
};

extern struct x86_ap_start x86_ap_start;

#endif
