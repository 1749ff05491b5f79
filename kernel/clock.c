/* SPDX-License-Identifier: MIT */
/*
 * The clock: cycles since a base moment times a fixed-point factor.
 *
 * I1  `rate` points to one of two rates; a rate that readers may see never
 *     changes, so reading takes no lock.
 * I2  At its base moment a new rate gives the time that the old one gave, so
 *     the clock does not jump.
 */
#include "kernel/clock.h"

#include "arch/cpu.h"
#include "arch/irq.h"
#include "kernel/log.h"
#include "kernel/preempt.h"
#include "kernel/spinlock.h"
#include "lib/errno.h"

#define NS_PER_S            1000000000ul
#define CHECK_NS            40000000ul
#define PPM                 1000000l
#define CHECK_TOLERANCE_PPM 50000

struct clock_rate {
	u64 base_cycles;
	u64 base_ns;
	u64 ns_per_cycle_32; /* 32.32 fixed point; 0: not known yet */
};

static struct clock_rate first_rate, checked_rate;
static const struct clock_rate *rate = &first_rate; /* [a] */

static u64 scale(u64 cycles, u64 ns_per_cycle_32)
{
	return (u64)(((unsigned __int128)cycles * ns_per_cycle_32) >> 32);
}

void clock_start(void)
{
	first_rate.base_cycles = arch_cycles();
}

void clock_init(void)
{
	first_rate.ns_per_cycle_32 = (NS_PER_S << 32) / arch_cycles_hz();
}

u64 clock_cycles_to_ns(u64 cycles)
{
	return scale(cycles, READ_ONCE(rate)->ns_per_cycle_32);
}

u64 clock_cycles_since_boot(void)
{
	return arch_cycles() - first_rate.base_cycles;
}

/* The rate holds for moments before its base as well. */
static always_inline u64 ns_at(u64 cycles)
{
	const struct clock_rate *r = READ_ONCE(rate);

	if (cycles < r->base_cycles) {
		return r->base_ns -
		       scale(r->base_cycles - cycles, r->ns_per_cycle_32);
	}
	return r->base_ns + scale(cycles - r->base_cycles, r->ns_per_cycle_32);
}

u64 clock_at(u64 cycles)
{
	return ns_at(cycles);
}

u64 clock_ns(void)
{
	return ns_at(arch_cycles());
}

static struct {
	struct spinlock lock;
	bool known;    /* [lock], set for good */
	u64 offset_ns; /* [a] from clock_ns() to the date */
} date = { .lock = SPINLOCK_INIT(LOCK_DATE) };

static void date_learn(void)
{
	WITH_SPINLOCK_IRQ (&date.lock) {
		if (!date.known) {
			WRITE_ONCE(date.offset_ns,
				   clock_date_read_s() * NS_PER_S - clock_ns());
			/* Pairs with date_offset_ns(). */
			__atomic_store_n(&date.known, true, __ATOMIC_RELEASE);
		}
	}
}

static always_inline u64 date_offset_ns(void)
{
	if (unlikely(!__atomic_load_n(&date.known, __ATOMIC_ACQUIRE))) {
		date_learn();
	}
	return READ_ONCE(date.offset_ns);
}

u64 clock_date_offset_ns(void)
{
	return date_offset_ns();
}

u64 clock_date_ns(void)
{
	return ns_at(arch_cycles()) + date_offset_ns();
}

void clock_date_set(u64 date_ns)
{
	WITH_SPINLOCK_IRQ (&date.lock) {
		WRITE_ONCE(date.offset_ns, date_ns - clock_ns());
		__atomic_store_n(&date.known, true, __ATOMIC_RELEASE);
	}
}

static struct clock_sample sample(void)
{
	struct clock_sample s = { 0, 0 };

	WITH_PREEMPT_OFF () {
		s = arch_clock_sample();
	}
	return s;
}

/* `ppm` parts per million slower from now on. */
static void correct(s64 ppm)
{
	u64 now = arch_cycles();
	s64 factor = (s64)first_rate.ns_per_cycle_32;

	checked_rate.base_ns = clock_at(now);
	checked_rate.base_cycles = now;
	checked_rate.ns_per_cycle_32 = (u64)(factor - factor / PPM * ppm);
	/* Pairs with the dependency of reading through the pointer. */
	__atomic_store_n(&rate, &checked_rate, __ATOMIC_RELEASE);
}

int clock_check(void)
{
	u64 wrap = arch_reference_wrap_ns();
	struct clock_sample from = sample(), to;
	u64 passed, reference;
	s64 ppm;

	clock_wait_ns(CHECK_NS);
	to = sample();
	passed = clock_cycles_to_ns(to.cycles - from.cycles);
	reference = (to.reference_ns + wrap - from.reference_ns) % wrap;
	if (passed >= wrap || reference == 0) {
		log_info("clock: the check was held up, the rate stays");
		return 0;
	}
	ppm = ((s64)passed - (s64)reference) * PPM / (s64)reference;
	log_info("clock: %ld ppm fast over %lu us of the reference", ppm,
		 reference / 1000);
	if (ppm > CHECK_TOLERANCE_PPM || ppm < -CHECK_TOLERANCE_PPM) {
		return -EIO;
	}
	correct(ppm);
	return 0;
}
