/* SPDX-License-Identifier: MIT */
/*
 * The machine that kernel code sees in the host's benchmark: one processor,
 * with nobody else who could run on it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "arch/percpu.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "trace/trace.h"

percpu struct percpu_head percpu_head = { .preempt = PREEMPT_NO_WORK };

char *percpu_area[MAX_CPUS];

void sched_preempt(void)
{
}

noreturn void assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, cond);
	abort();
}
