/* SPDX-License-Identifier: MIT */
/*
 * Time: the cycle counter (TSC) and the local APIC's timer, both measured
 * against channel 2 of the 8254, which every PC has and which interrupts
 * nobody.  Where CPUID tells the TSC's rate, that is believed for the TSC.
 */
#include "arch/irq.h"

#include "arch/cpu.h"
#include "arch/port.h"
#include "arch/vectors.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "lib/errno.h"

/* 8254 (Intel data sheet) and its gate (PC's port B). */
#define PIT_HZ         1193182ul
#define PIT_CHANNEL2   0x42
#define PIT_COMMAND    0x43
#define PIT_LATCH2     0x80
#define PIT_SET2_RATE  0xb4 /* mode 2: counts down again and again */
#define PORT_B         0x61
#define PORT_B_GATE2   0x01
#define PORT_B_SPEAKER 0x02

/*
 * Two stretches of about 0.5 ms must agree within 2 %: a host that stops us
 * for longer than the PIT takes to wrap would otherwise give any rate.
 */
#define STRETCH_TICKS     600
#define STRETCH_AGREEMENT 50 /* one part in */
#define CALIBRATION_TRIES 8
/* Moments without progress before a clock is given up. */
#define PATIENCE 10000

/* Reads of which the fastest counts: the others were held up. */
#define MOMENT_READS     8

#define MSR_TSC_DEADLINE 0x6e0
#define NS_PER_S         1000000000ul

static struct {
	u64 tsc_hz;
	u64 apic_hz;
	u64 tsc_per_ns_32;  /* TSC ticks a nanosecond, 32.32 fixed point */
	u64 apic_per_ns_32; /* APIC timer ticks, likewise */
	const char *source;
} timer = { .source = "none" };

/* A moment on all three clocks. */
struct moment {
	u16 pit;
	u32 apic;
	u64 tsc;
};

static u16 pit_read(void)
{
	u16 low;

	arch_out8(PIT_COMMAND, PIT_LATCH2);
	low = arch_in8(PIT_CHANNEL2);
	return (u16)(low | arch_in8(PIT_CHANNEL2) << 8);
}

static void pit_start(void)
{
	u8 port_b = arch_in8(PORT_B) & (u8)~PORT_B_SPEAKER;

	arch_out8(PORT_B, port_b | PORT_B_GATE2);
	arch_out8(PIT_COMMAND, PIT_SET2_RATE);
	arch_out8(PIT_CHANNEL2, 0);
	arch_out8(PIT_CHANNEL2, 0);
}

/*
 * A host or a firmware may stop us between two reads, so the clocks are read
 * several times and the fastest reading is believed.
 */
static struct moment moment_take(void)
{
	struct moment best = { 0 };
	u64 shortest = UINT64_MAX;

	for (unsigned i = 0; i < MOMENT_READS; i++) {
		u64 before = arch_cycles_ordered();
		u16 pit = pit_read();
		u32 apic = x86_apic_read(APIC_TIMER_CURRENT);
		u64 took = arch_cycles_ordered() - before;

		if (took < shortest) {
			shortest = took;
			best = (struct moment){ pit, apic, before + took / 2 };
		}
	}
	return best;
}

/* CPUID leaf 0x15: the TSC's rate as a ratio to a crystal, if told. */
static u64 tsc_hz_told(void)
{
	struct x86_cpuid r;

	if (x86_cpuid(0, 0).eax < 0x15) {
		return 0;
	}
	r = x86_cpuid(0x15, 0);
	if (r.eax == 0 || r.ebx == 0 || r.ecx == 0) {
		return 0;
	}
	return (u64)r.ecx * r.ebx / r.eax;
}

static u64 fixed_point(u64 hz)
{
	return (hz << 32) / NS_PER_S;
}

/* The first moment that is STRETCH_TICKS later. Errors: -EIO. */
static int moment_later(const struct moment *from, struct moment *to)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		*to = moment_take();
		if ((u16)(from->pit - to->pit) >= STRETCH_TICKS) {
			return 0;
		}
	}
	return -EIO;
}

static u64 tsc_rate(const struct moment *from, const struct moment *to)
{
	return (to->tsc - from->tsc) * PIT_HZ / (u16)(from->pit - to->pit);
}

static bool rates_agree(u64 a, u64 b)
{
	return (a > b ? a - b : b - a) <= a / STRETCH_AGREEMENT;
}

/* Two moments, a known time apart.  Errors: -EIO. */
static int stretch_measure(struct moment *from, struct moment *to)
{
	struct moment middle;

	for (unsigned i = 0; i < CALIBRATION_TRIES; i++) {
		x86_apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
		*from = moment_take();
		if (moment_later(from, &middle) != 0 ||
		    moment_later(&middle, to) != 0) {
			return -EIO;
		}
		if (rates_agree(tsc_rate(from, &middle),
				tsc_rate(&middle, to))) {
			return 0;
		}
	}
	return -EIO;
}

void x86_timer_init_cpu(void)
{
	x86_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	x86_apic_write(APIC_LVT_TIMER,
		       VECTOR_TIMER |
			       (x86_has(X86_DEADLINE) ? APIC_LVT_DEADLINE : 0));
}

int arch_timer_calibrate(void)
{
	u64 ticks, told = tsc_hz_told();
	struct moment from, to;

	pit_start();
	x86_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	if (stretch_measure(&from, &to) != 0) {
		return -EIO;
	}
	x86_apic_write(APIC_TIMER_INITIAL, 0);
	ticks = (u16)(from.pit - to.pit);
	timer.tsc_hz = told ? told : tsc_rate(&from, &to);
	timer.apic_hz = (u64)(from.apic - to.apic) * PIT_HZ / ticks;
	timer.source = told ? "cpuid" : "pit";
	timer.tsc_per_ns_32 = fixed_point(timer.tsc_hz);
	timer.apic_per_ns_32 = fixed_point(timer.apic_hz);
	x86_timer_init_cpu();
	return timer.tsc_hz && timer.apic_hz ? 0 : -EIO;
}

static u64 scale_32(u64 value, u64 factor_32)
{
	return (u64)(((unsigned __int128)value * factor_32) >> 32);
}

void arch_timer_set(u64 delta_ns)
{
	if (x86_has(X86_DEADLINE)) {
		x86_wrmsr(MSR_TSC_DEADLINE,
			  arch_cycles() +
				  scale_32(delta_ns, timer.tsc_per_ns_32));
	} else {
		u64 ticks = scale_32(delta_ns, timer.apic_per_ns_32);

		ticks = MIN(ticks, (u64)UINT32_MAX);
		x86_apic_write(APIC_TIMER_INITIAL, MAX((u32)ticks, 1u));
	}
}

void arch_timer_stop(void)
{
	if (x86_has(X86_DEADLINE)) {
		x86_wrmsr(MSR_TSC_DEADLINE, 0);
	} else {
		x86_apic_write(APIC_TIMER_INITIAL, 0);
	}
}

u64 arch_cycles_hz(void)
{
	return timer.tsc_hz;
}

u64 arch_timer_hz(void)
{
	return timer.apic_hz;
}

const char *arch_timer_source(void)
{
	return timer.source;
}

/* Mode 2 counts 65,536 ticks down; what passed since the start is the rest. */
struct clock_sample arch_clock_sample(void)
{
	struct moment m = moment_take();

	return (struct clock_sample){
		.cycles = m.tsc,
		.reference_ns = (u64)(u16)-m.pit * NS_PER_S / PIT_HZ,
	};
}

u64 arch_reference_wrap_ns(void)
{
	return 65536ul * NS_PER_S / PIT_HZ;
}
