/* SPDX-License-Identifier: MIT */
/*
 * A record in C, for ThreadSanitizer to see.
 */
#ifndef EXO_ARCH_HOST_RECORD_H
#define EXO_ARCH_HOST_RECORD_H

#include "arch/cpu.h"

#define arch_record(ring, number, first, second)                        \
	do {                                                            \
		u32 at_ = arch_percpu_add((ring).next,                  \
					  sizeof(struct arch_record)) & \
			  this_cpu(ring).mask;                          \
		struct arch_record *r_ =                                \
			&this_cpu(ring).records[at_ / sizeof(*r_)];     \
		r_->cpu_and_tid = this_cpu(percpu_head).cpu_and_tid;    \
		r_->time = arch_cycles();                               \
		r_->a = (first);                                        \
		r_->b = (second);                                       \
		r_->event = (u8)(number);                               \
	} while (0)

#endif
