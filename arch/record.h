/* SPDX-License-Identifier: MIT */
/*
 * A record in a ring that one processor alone writes to, in as few
 * instructions as it takes; the ring and its readers are trace/'s.
 *
 * arch_record(ring, event, a, b) reads the cycle counter, takes the slot at
 * `next` of the percpu variable `ring`, puts this processor and thread and no
 * event into it, then the time, `a` and `b`, and last the event.  So of two
 * records that interrupt each other the later one of the ring may have the
 * earlier time.  If the thread is preempted in the middle, it takes another
 * slot and begins anew: who preempts calls arch_restart().  Context: any.
 */
#ifndef EXO_ARCH_RECORD_H
#define EXO_ARCH_RECORD_H

#include "arch/restart.h"

struct arch_record {
	u64 time; /* arch_cycles() */
	union {
		struct {
			u16 cpu;
			u8 event; /* 0: not written yet */
			u8 unused;
			u32 tid;
		};
		u64 cpu_and_tid; /* of struct percpu_head; `event` is 0 */
	};
	u64 a;
	u64 b;
};

static_assert(sizeof(struct arch_record) == 32, "two records a cache line");

struct arch_record_ring {
	struct arch_record *records;
	u32 next; /* bytes ever taken */
	u32 mask; /* selects the bits of `next` that tell the slot */
};

#ifdef __SANITIZE_THREAD__
#include "arch/host/record.h"
#else
#include "arch/x86_64/record.h"
#endif

#endif
