/* SPDX-License-Identifier: MIT */
/*
 * The processor as portable code sees it: interrupts on and off, waiting,
 * the cycle counter, the preemption word.
 *
 *	u64 arch_irq_save(void)		off; returns what arch_irq_restore takes
 *	void arch_irq_restore(u64)
 *	void arch_irq_enable(void), arch_irq_disable(void)
 *	bool arch_irq_enabled(void)
 *	void arch_relax(void)		in a spin loop
 *	void arch_wait_irq(void)	interrupts on and sleep, in one step
 *	u64 arch_cycles(void)		cycle counter, may be reordered
 *	u64 arch_cycles_ordered(void)	after all before it, before all after
 *	void arch_counted_loop(u64)	that many (not 0) rounds of exactly
 *					ARCH_COUNTED_LOOP instructions, which
 *					take far more cycles than that
 *	void arch_spin_wait(const void *lock, u16)	calls spin_wait()
 *	void arch_release_add(u16 *, u16)	to a word that nobody else
 *					writes, with release order
 *	bool arch_any_set(const u32 *word, u32 bits)	the shortest way to ask
 *	bool arch_equals(const u16 *word, u16 n)	the same, with acquire
 *					order
 *	void arch_root_load(u64 pa)	the page table there is this processor's
 *	void arch_preempt_inc(void)
 *	bool arch_preempt_dec(void)	true: depth is 0 and somebody waits
 *	void arch_preempt(void)		calls sched_preempt()
 *	void arch_preempt_want(void)	somebody waits for this processor
 *	void arch_preempt_unwant(void)
 *
 * All of them may be called in any context.
 */
#ifndef EXO_ARCH_CPU_H
#define EXO_ARCH_CPU_H

#include "arch/percpu.h"

#ifdef EXO_HOST
#include "arch/host/cpu.h"
#else
#include "arch/x86_64/cpu.h"
#endif

/*
 * Upward call, defined by kernel/, for arch_spin_wait(lock, ticket) alone: the
 * call that keeps all registers, so that a lock which is free costs its taker
 * none.
 */
void spin_wait(const void *lock, u16 ticket);

/*
 * Upward call, defined by sched/: gives the processor to who waits for it.
 * Returns at once where that is not allowed (interrupts off).  Likewise:
 * arch_preempt() keeps all registers.
 */
void sched_preempt(void);

/* A number that is hard to guess: the processor's generator, or cycles. */
u64 arch_entropy(void);

/* Takes a fault without a stack to take it on. */
noreturn void arch_double_fault(void);

/* Stops this processor for good, interrupts off. */
noreturn void arch_halt(void);

/* The processor's brand string, "" if it has none; lives for ever. */
const char *arch_cpu_name(void);

/* Who runs this machine ("KVMKVMKVM", "TCGTCGTCGTCG"), "" if nobody says so. */
const char *arch_hypervisor(void);

/* What arch_cycles() counts in, once it is known; 0 before. */
u64 arch_cycles_hz(void);

#endif
