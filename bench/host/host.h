/* SPDX-License-Identifier: MIT */
/*
 * The host's benchmark: the kernel's own hot paths, compiled for the host,
 * beside their peers.  A contender is one way to do what a row of
 * bench/host/rows.def measures.
 */
#ifndef EXO_BENCH_HOST_HOST_H
#define EXO_BENCH_HOST_HOST_H

#include "lib/types.h"

/* Operations in a sample. */
#define HOST_BATCH 4096

/* Them, eight to a turn: where what costs a cycle lies decides nothing. */
#define HOST_TURNS_OF_8(i) \
	_Pragma("GCC unroll 8") for (u64 i = 0; i < HOST_BATCH; i++)

/*
 * Something else to do between two operations: thirty-two additions to four
 * words in memory.  In registers they would hide behind the counter's reading.
 */
static always_inline void host_work(u64 sums[4])
{
#pragma GCC unroll 32
	for (unsigned i = 0; i < 32; i++) {
		__asm__ volatile("addq $1, %0" : "+m"(sums[i % 4]));
	}
}

struct contender {
	/*
	 * Called before each sample, for all contenders share one memory.
	 * NULL, or why it cannot be measured here.
	 */
	const char *(*start)(unsigned arg);
	/* HOST_BATCH operations: once to warm up, once by the clock. */
	void (*run)(void);
};

/* In the argument of switch rows, beside the number of stacks. */
#define COLOURED 0x1000u

/* In the argument of an allocator, beside the number of objects. */
#define PAGES 0x10000u

/* In the argument of ring rows: more, and fewer where one is under way. */
#define QUEUE_SLOTS 256
#define TRIP_SLOTS  64

#define ROW(name, what)
#define PEER(who, how, arg, goal) extern const struct contender how;
#include "bench/host/rows.def"
#undef ROW
#undef PEER

#endif
