/* SPDX-License-Identifier: MIT */
/*
 * Twelve instructions a record.  XADD takes the slot in one, so that an
 * interrupt or NMI between any two of them takes the next one and leaves ours
 * alone.  From then on RCX tells the slot (see arch_record_restart()), as what
 * `next` was and then as an address; .record_sites tells where.
 *
 * The host measures the same lines: there a percpu variable names its segment
 * itself, and nobody is preempted.
 */
#ifndef EXO_ARCH_X86_64_RECORD_H
#define EXO_ARCH_X86_64_RECORD_H

/* Where a thread is in the middle of a record, and how to begin anew. */
struct x86_record_site {
	s32 taken;     /* behind the XADD, from here */
	u8 len_bytes;  /* to the end of the record */
	u8 back_bytes; /* to the XADD */
	u16 unused;
};

#define X86_RECORD_STEP 32

#ifdef EXO_HOST
#define X86_RECORD_CPU  ""
#define X86_RECORD_SITE ""
#else
#define X86_RECORD_CPU "%%gs:"
#define X86_RECORD_SITE                                  \
	".pushsection .record_sites, \"a\", @progbits\n" \
	".long 2b - .\n"                                 \
	".byte 3b - 2b, 2b - 1b, 0, 0\n"                 \
	".popsection"
#endif

#define arch_record(ring, number, first, second)                               \
	do {                                                                   \
		u64 slot_ = X86_RECORD_STEP;                                   \
		__asm__ volatile("1: xaddl %k0, " X86_RECORD_CPU "%1\n"        \
				 "2: andl " X86_RECORD_CPU "%2, %k0\n\t"       \
				 "addq " X86_RECORD_CPU "%3, %0\n\t"           \
				 "movq " X86_RECORD_CPU "%4, %%rax\n\t"        \
				 "movq %%rax, 8(%0)\n\t"                       \
				 "rdtsc\n\t"                                   \
				 "movl %%eax, (%0)\n\t"                        \
				 "movl %%edx, 4(%0)\n\t"                       \
				 "movq %6, 16(%0)\n\t"                         \
				 "movq %7, 24(%0)\n\t"                         \
				 "movb %b5, 10(%0)\n"                          \
				 "3:\n" X86_RECORD_SITE                        \
				 : "+&c"(slot_), "+m"((ring).next)             \
				 : "m"((ring).mask), "m"((ring).records),      \
				   "m"(percpu_head.cpu_and_tid), "iq"(number), \
				   "er"((u64)(first)), "er"((u64)(second))     \
				 : "rax", "rdx", "memory", "cc");              \
	} while (0)

static_assert(sizeof(struct arch_record) == X86_RECORD_STEP &&
		      offsetof(struct arch_record, cpu_and_tid) == 8 &&
		      offsetof(struct arch_record, event) == 10 &&
		      offsetof(struct arch_record, a) == 16 &&
		      offsetof(struct arch_record, b) == 24,
	      "as the instructions above have it");

#endif
