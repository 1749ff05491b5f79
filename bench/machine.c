/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of devices: the timer's interrupt and the serial port.
 */
#include "bench/bench.h"

#include "kernel/console.h"
#include "kernel/clock.h"
#include "kernel/timer.h"

#define BURST_BYTES 16

struct alarm {
	struct timer timer;
	u64 fired; /* [a] the cycle counter in the handler; 0: not yet */
};

static void alarm_fire(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	WRITE_ONCE(alarm->fired, arch_cycles_ordered());
}

static const char *alarm_samples(struct bench *b, bool latency)
{
	struct alarm alarm;

	timer_init(&alarm.timer, alarm_fire);
	while (bench_more(b)) {
		u64 start, end, quiet = clock_ns() + TIMER_CROWD_NS;

		while (clock_ns() < quiet) {
			arch_relax();
		}
		alarm.fired = 0;
		start = bench_start();
		timer_arm(&alarm.timer, 0);
		while (READ_ONCE(alarm.fired) == 0) {
			arch_relax();
		}
		end = bench_start();
		bench_add(b, (latency ? alarm.fired : end) - start);
	}
	return NULL;
}

const char *bench_timer_latency(struct bench *b)
{
	return alarm_samples(b, true);
}

const char *bench_timer_interrupt(struct bench *b)
{
	return alarm_samples(b, false);
}

/* A carriage return leaves nothing on a terminal. */
const char *bench_serial_byte(struct bench *b)
{
	static const char returns[BURST_BYTES + 1] = "\r\r\r\r\r\r\r\r"
						     "\r\r\r\r\r\r\r\r";

	b->batch = BURST_BYTES;
	while (bench_more(b)) {
		u64 start = bench_start();

		console_write(returns, BURST_BYTES);
		bench_stop(b, start);
	}
	return NULL;
}
