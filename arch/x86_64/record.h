/* SPDX-License-Identifier: MIT */
/*
 * Twelve instructions a record.  The counter is read first: processors wait
 * with that for what came before, and what comes after goes on meanwhile.  XADD
 * takes the slot in one, so that an interrupt or NMI between any two of them
 * takes the next one and leaves ours alone.  From then on RCX tells the slot
 * (see arch_restart()), as what `next` was and then as an address;
 * .restart_sites tells where.
 *
 * The host measures the same lines: there a percpu variable names its segment
 * itself, and nobody is preempted.
 */
#ifndef EXO_ARCH_X86_64_RECORD_H
#define EXO_ARCH_X86_64_RECORD_H

#define X86_RECORD_STEP 32

#ifdef EXO_HOST
#define X86_RECORD_CPU  ""
#define X86_RECORD_SITE ""
#else
#define X86_RECORD_CPU  "%%gs:"
#define X86_RECORD_SITE X86_RESTART_SITE(1b, 2b, 3b)
#endif

#define arch_record(ring, number, first, second)                          \
	do {                                                              \
		u64 slot_ = X86_RECORD_STEP, who_;                        \
		__asm__ volatile(                                         \
			"1: rdtsc\n\t"                                    \
			"xaddl %k[slot], " X86_RECORD_CPU "%[next]\n"     \
			"2: andl " X86_RECORD_CPU "%[mask], %k[slot]\n\t" \
			"addq " X86_RECORD_CPU "%[records], %[slot]\n\t"  \
			"movq " X86_RECORD_CPU "%[head], %[who]\n\t"      \
			"movq %[who], 8(%[slot])\n\t"                     \
			"movl %%eax, (%[slot])\n\t"                       \
			"movl %%edx, 4(%[slot])\n\t"                      \
			"movq %[a], 16(%[slot])\n\t"                      \
			"movq %[b], 24(%[slot])\n\t"                      \
			"movb %b[event], 10(%[slot])\n"                   \
			"3:\n" X86_RECORD_SITE                            \
			: [slot] "+&c"(slot_), [who] "=&r"(who_),         \
			  [next] "+m"((ring).next)                        \
			: [mask] "m"((ring).mask),                        \
			  [records] "m"((ring).records),                  \
			  [head] "m"(percpu_head.cpu_and_tid),            \
			  [event] "iq"(number), [a] "er"((u64)(first)),   \
			  [b] "er"((u64)(second))                         \
			: "rax", "rdx", "memory", "cc");                  \
	} while (0)

static_assert(sizeof(struct arch_record) == X86_RECORD_STEP &&
		      offsetof(struct arch_record, cpu_and_tid) == 8 &&
		      offsetof(struct arch_record, event) == 10 &&
		      offsetof(struct arch_record, a) == 16 &&
		      offsetof(struct arch_record, b) == 24,
	      "as the instructions above have it");

#endif
