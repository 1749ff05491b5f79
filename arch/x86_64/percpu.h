/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data on x86_64: the section .percpu is linked at address 0 and
 * copied for each processor, .percpu_zero follows it and takes no place in the
 * image; GS points to the processor's copy, so that a
 * variable's link address is its GS offset.  GS is always a kernel address
 * (bit 63 set) while the kernel runs: the paranoid entries rely on it.
 */
#ifndef EXO_ARCH_X86_64_PERCPU_H
#define EXO_ARCH_X86_64_PERCPU_H

#define percpu        section(".percpu")
#define percpu_zero   section(".percpu_zero")
#define percpu_first  section(".percpu.head") /* at offset 0 */

#define this_cpu(var) (*(__typeof__(var) __seg_gs *)(uintptr_t) & (var))

/* A pointer to the running processor's copy that others can follow. */
#define this_cpu_ptr(var)                                          \
	((__typeof__(&(var)))((char *)this_cpu(percpu_head).self + \
				      (uintptr_t) &                \
			      (var)))

#define cpu_ptr(cpu, var) \
	((__typeof__(&(var)))(percpu_area[cpu] + (uintptr_t) & (var)))

/* Not 0; a test of memory, as arch_any_set(). */
#define arch_percpu_any(var)                        \
	({                                          \
		bool any_;                          \
		__asm__ volatile("cmpl $0, %%gs:%1" \
				 : "=@ccne"(any_)   \
				 : "m"(var));       \
		any_;                               \
	})

#define arch_percpu_ticket(next, owner, ticket)                             \
	({                                                                  \
		bool served_;                                               \
		u16 own_ = 1;                                               \
		__asm__ volatile("lock xaddw %0, %%gs:%1\n\t"               \
				 "cmpw %0, %%gs:%3"                         \
				 : "+r"(own_), "+m"(next), "=@cce"(served_) \
				 : "m"(owner)                               \
				 : "memory");                               \
		*(ticket) = own_;                                           \
		served_;                                                    \
	})

#define arch_percpu_release_add(var, n)     \
	__asm__ volatile("addw %1, %%gs:%0" \
			 : "+m"(var)        \
			 : "i"(n)           \
			 : "memory", "cc")

#define arch_percpu_add(var, n)                                  \
	({                                                       \
		u32 old_ = (n);                                  \
		__asm__ volatile("xaddl %0, %%gs:%1"             \
				 : "+r"(old_), "+m"(var)::"cc"); \
		old_;                                            \
	})

#endif
