/* SPDX-License-Identifier: MIT */
/*
 * The machine that the host's unit tests run on: its RAM is an array, waiting
 * gives the core to other threads, halting ends the program.
 */
#include "arch/cpu.h"
#include "arch/directmap.h"
#include "arch/record.h"

#ifdef EXO_HOST
#include <threads.h>
#endif

static char ram[HOST_RAM_BYTES] aligned(PAGE_SIZE);

char *host_ram = ram;

void arch_relax(void)
{
	thrd_yield();
}

/* Nobody is preempted here. */
struct arch_record *arch_restart(struct trap_frame *frame,
				 const struct arch_record_ring *ring)
{
	(void)frame;
	(void)ring;
	return NULL;
}

void arch_halt(void)
{
	__builtin_trap();
}

const char *arch_cpu_name(void)
{
	return "host";
}

u64 arch_cycles_hz(void)
{
	return 0;
}
