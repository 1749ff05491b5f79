/* SPDX-License-Identifier: MIT */
/*
 * IN and OUT.
 */
#ifndef EXO_ARCH_X86_64_PORT_H
#define EXO_ARCH_X86_64_PORT_H

#define X86_PORT_ACCESS(bits)                                         \
	static inline u##bits arch_in##bits(u16 port)                 \
	{                                                             \
		u##bits v;                                            \
		__asm__ volatile("in %1, %0" : "=a"(v) : "Nd"(port)); \
		return v;                                             \
	}                                                             \
	static inline void arch_out##bits(u16 port, u##bits v)        \
	{                                                             \
		__asm__ volatile("out %0, %1" ::"a"(v), "Nd"(port));  \
	}

X86_PORT_ACCESS(8)
X86_PORT_ACCESS(16)
X86_PORT_ACCESS(32)

#endif
