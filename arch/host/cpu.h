/* SPDX-License-Identifier: MIT */
/*
 * The host machine of the unit tests: no interrupts to mask, threads as
 * processors, nobody to preempt.
 */
#ifndef EXO_ARCH_HOST_CPU_H
#define EXO_ARCH_HOST_CPU_H

static inline u64 arch_irq_save(void)
{
	return 0;
}

static inline void arch_irq_restore(u64 flags)
{
	(void)flags;
}

static inline void arch_irq_enable(void)
{
}

static inline void arch_irq_disable(void)
{
}

static inline bool arch_irq_enabled(void)
{
	return true;
}

/* Lets other threads run: whoever holds the lock may have lost its core. */
void arch_relax(void);

static inline void arch_wait_irq(void)
{
}

static inline u64 arch_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

static inline u64 arch_cycles_ordered(void)
{
	return __builtin_ia32_rdtsc();
}

void spin_wait(const void *lock, u16 ticket);

static inline void arch_spin_wait(const void *lock, u16 ticket)
{
	spin_wait(lock, ticket);
}

static inline void arch_release_add(u16 *word, u16 n)
{
	__atomic_fetch_add(word, n, __ATOMIC_RELEASE);
}

/* As the kernel's, but where ThreadSanitizer must see it. */
static inline bool arch_any_set(const u32 *word, u32 bits)
{
#ifdef __SANITIZE_THREAD__
	return (READ_ONCE(*word) & bits) != 0;
#else
	bool any;

	__asm__ volatile("testl %2, %1"
			 : "=@ccnz"(any)
			 : "m"(*word), "ri"(bits)
			 : "cc");
	return any;
#endif
}

static inline bool arch_equals(const u16 *word, u16 n)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE) == n;
}

static inline void arch_preempt_inc(void)
{
	this_cpu(percpu_head).preempt++;
}

void sched_preempt(void);

static inline void arch_preempt(void)
{
	sched_preempt();
}

static inline bool arch_preempt_dec(void)
{
	return --this_cpu(percpu_head).preempt == 0;
}

static inline void arch_preempt_want(void)
{
	this_cpu(percpu_head).preempt &= ~PREEMPT_NO_WORK;
}

static inline void arch_preempt_unwant(void)
{
	this_cpu(percpu_head).preempt |= PREEMPT_NO_WORK;
}

#endif
