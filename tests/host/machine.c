/* SPDX-License-Identifier: MIT */
/*
 * The machine that kernel code sees in the host test program: its per-CPU
 * data, its ports, a scheduler that has nobody else to run.
 */
#include "arch/port.h"
#include "kernel/spinlock.h"

percpu struct percpu_head percpu_head = { .preempt = PREEMPT_NO_WORK };

char *percpu_area[MAX_CPUS];

const struct host_ports *host_ports;

void sched_preempt(void)
{
}

/* Weak: kernel/lockcheck.c takes their place where it is linked. */
__attribute__((weak)) void lockcheck_take(const void *lock,
					  enum lock_class class)
{
	(void)lock;
	(void)class;
}

__attribute__((weak)) void lockcheck_release(const void *lock,
					     enum lock_class class)
{
	(void)lock;
	(void)class;
}
