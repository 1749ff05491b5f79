/* SPDX-License-Identifier: MIT */
/*
 * Segment selectors, in the order that SYSCALL and SYSRET want (SDM vol. 3,
 * 5.8.8): SYSRET takes SS from STAR[63:48] + 8 and CS from + 16.
 */
#ifndef EXO_ARCH_X86_64_SEGMENTS_H
#define EXO_ARCH_X86_64_SEGMENTS_H

#define KERNEL_CS    0x08
#define KERNEL_SS    0x10
#define SYSRET_BASE  0x18 /* 32-bit user code, which nobody uses */
#define USER_SS      (0x20 | 3)
#define USER_CS      (0x28 | 3)
#define TSS_SELECTOR 0x30

#endif
