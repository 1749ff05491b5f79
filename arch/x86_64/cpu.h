/* SPDX-License-Identifier: MIT */
/*
 * Single instructions of x86_64 behind the names of arch/cpu.h, and those
 * that arch/x86_64/ alone uses (control registers, MSRs, CPUID).
 */
#ifndef EXO_ARCH_X86_64_CPU_H
#define EXO_ARCH_X86_64_CPU_H

#define X86_RFLAGS_IF (1ul << 9)

static inline void arch_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline u64 x86_rflags(void)
{
	u64 flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags;
}

static inline bool arch_irq_enabled(void)
{
	return (x86_rflags() & X86_RFLAGS_IF) != 0;
}

static inline u64 arch_irq_save(void)
{
	u64 flags = x86_rflags();

	arch_irq_disable();
	return flags;
}

static inline void arch_irq_restore(u64 flags)
{
	if (flags & X86_RFLAGS_IF) {
		arch_irq_enable();
	}
}

static inline void arch_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* STI holds interrupts off for one more instruction: no wake-up slips in. */
static inline void arch_wait_irq(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

static inline u64 arch_cycles(void)
{
	u64 lo, hi; /* RDTSC clears the upper halves */

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return hi << 32 | lo;
}

/* LFENCE on both sides serialises RDTSC (SDM vol. 2, RDTSC). */
static always_inline u64 arch_cycles_ordered(void)
{
	u64 lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi)::"memory");
	return hi << 32 | lo;
}

/* PAUSE takes ten cycles and more: no processor runs a round in three. */
#define ARCH_COUNTED_LOOP 3

static inline void arch_counted_loop(u64 rounds)
{
	__asm__ volatile("1: pause; decq %0; jnz 1b" : "+r"(rounds)::"cc");
}

/* Through arch/x86_64/spin.asm. */
static inline void arch_spin_wait(const void *lock, u16 ticket)
{
	__asm__ volatile("call x86_spin_wait" ::"D"(lock), "a"(ticket)
			 : "memory", "cc");
}

/* No store passes an older access (SDM vol. 3, 9.2.2). */
static inline void arch_release_add(u16 *word, u16 n)
{
	__asm__ volatile("addw %1, %0"
			 : "+m"(*word)
			 : "ri"(n)
			 : "memory", "cc");
}

/* A test of memory, which the compiler makes two of for a volatile word. */
static inline bool arch_any_set(const u32 *word, u32 bits)
{
	bool any;

	__asm__ volatile("testl %2, %1"
			 : "=@ccnz"(any)
			 : "m"(*word), "ri"(bits)
			 : "cc");
	return any;
}

/* No load passes an older one (SDM vol. 3, 9.2.2). */
static inline bool arch_equals(const u16 *word, u16 n)
{
	bool equal;

	__asm__ volatile("cmpw %2, %1"
			 : "=@cce"(equal)
			 : "m"(*word), "ri"(n)
			 : "memory", "cc");
	return equal;
}

static inline void arch_preempt_inc(void)
{
	__asm__ volatile("incl %%gs:%0"
			 : "+m"(percpu_head.preempt)::"memory", "cc");
}

/* One instruction, so that no interrupt comes between count and test. */
static inline bool arch_preempt_dec(void)
{
	bool zero;

	__asm__ volatile("decl %%gs:%0"
			 : "+m"(percpu_head.preempt), "=@ccz"(zero)::"memory");
	return zero;
}

/* Through arch/x86_64/spin.asm. */
static inline void arch_preempt(void)
{
	__asm__ volatile("call x86_preempt" ::: "memory", "cc");
}

static inline void arch_preempt_want(void)
{
	__asm__ volatile("andl %1, %%gs:%0"
			 : "+m"(percpu_head.preempt)
			 : "i"(~PREEMPT_NO_WORK)
			 : "memory", "cc");
}

static inline void arch_preempt_unwant(void)
{
	__asm__ volatile("orl %1, %%gs:%0"
			 : "+m"(percpu_head.preempt)
			 : "i"(PREEMPT_NO_WORK)
			 : "memory", "cc");
}

struct x86_cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(u32 leaf, u32 subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 x86_rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void x86_wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)value),
			 "d"((u32)(value >> 32))
			 : "memory");
}

#define X86_CONTROL_REGISTER(reg)                                         \
	static inline u64 x86_read_##reg(void)                            \
	{                                                                 \
		u64 v;                                                    \
		__asm__ volatile("movq %%" #reg ", %0" : "=r"(v));        \
		return v;                                                 \
	}                                                                 \
	static inline void x86_write_##reg(u64 v)                         \
	{                                                                 \
		__asm__ volatile("movq %0, %%" #reg ::"r"(v) : "memory"); \
	}

X86_CONTROL_REGISTER(cr0)
X86_CONTROL_REGISTER(cr3)
X86_CONTROL_REGISTER(cr4)

static inline void arch_root_load(u64 pa)
{
	x86_write_cr3(pa);
}

static inline u64 x86_read_cr2(void)
{
	u64 v;

	__asm__ volatile("movq %%cr2, %0" : "=r"(v));
	return v;
}

static inline void x86_invlpg(u64 va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

#endif
