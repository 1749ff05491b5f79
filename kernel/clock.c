/* SPDX-License-Identifier: MIT */
/*
 * The clock: cycles since boot times a fixed-point factor.  No state changes
 * after boot, so reading it takes no lock.
 */
#include "kernel/clock.h"

#include "arch/cpu.h"
#include "arch/irq.h"
#include "kernel/log.h"
#include "lib/errno.h"

#define NS_PER_S            1000000000ul
#define CHECK_NS            20000000ul
#define CHECK_TOLERANCE_PPM 10000

static u64 boot_cycles;     /* [I] */
static u64 ns_per_cycle_32; /* [I] 32.32 fixed point; 0: not known yet */

void clock_start(void)
{
	boot_cycles = arch_cycles();
}

void clock_init(void)
{
	ns_per_cycle_32 = (NS_PER_S << 32) / arch_cycles_hz();
}

u64 clock_cycles_to_ns(u64 cycles)
{
	return (u64)(((unsigned __int128)cycles * ns_per_cycle_32) >> 32);
}

u64 clock_cycles_since_boot(void)
{
	return arch_cycles() - boot_cycles;
}

u64 clock_at(u64 cycles)
{
	return clock_cycles_to_ns(cycles - boot_cycles);
}

u64 clock_ns(void)
{
	return clock_at(arch_cycles());
}

int clock_check(void)
{
	u64 from = clock_ns(), ref_from = arch_reference_ns();
	u64 passed, ref_passed, wrap = arch_reference_wrap_ns();
	s64 ppm;

	clock_wait_ns(CHECK_NS);
	passed = clock_ns() - from;
	ref_passed = (arch_reference_ns() + wrap - ref_from) % wrap;
	if (passed >= wrap || ref_passed == 0) {
		log_info("clock: the check was held up, no result");
		return 0;
	}
	ppm = ((s64)passed - (s64)ref_passed) * 1000000 / (s64)ref_passed;
	log_info("clock: %ld ppm off the reference over %lu us", ppm,
		 ref_passed / 1000);
	return ppm > CHECK_TOLERANCE_PPM || ppm < -CHECK_TOLERANCE_PPM ? -EIO
								       : 0;
}
