/* SPDX-License-Identifier: MIT */
/*
 * Takes samples of what it costs to enter the kernel, for the kernel's own
 * benchmarks (bench/user.c):
 *
 *	bench KIND SAMPLES BATCH [TOGETHER [CPU]]
 *
 * writes SAMPLES numbers of 8 bytes each to standard output: cycles for BATCH
 * operations, the reading of the counter included.  It writes TOGETHER of them
 * at a time, a page unless it is told, and stays on processor CPU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/ring.c"
#include "user/exo.h"

#define PAGE_BYTES 4096
#define PAGES      64

static uint64_t cycles(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static uint64_t call(long batch)
{
	uint64_t start = cycles();

	do {
		long result = SYS_getpid;

		__asm__ volatile("syscall"
				 : "+a"(result)::"rcx", "r11", "memory");
	} while (--batch > 0);
	return cycles() - start;
}

/* The first write to each page of a mapping; a new mapping when it is full. */
static uint64_t fault(long batch)
{
	static volatile char *page, *end;
	uint64_t start, sum = 0;

	for (long i = 0; i < batch; i++) {
		if (page == end) {
			if (end != NULL) {
				munmap((void *)(end - PAGES * PAGE_BYTES),
				       PAGES * PAGE_BYTES);
			}
			page = mmap(NULL, PAGES * PAGE_BYTES,
				    PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (page == MAP_FAILED) {
				_exit(1);
			}
			end = page + PAGES * PAGE_BYTES;
		}
		start = cycles();
		*page = 1;
		sum += cycles() - start;
		page += PAGE_BYTES;
	}
	return sum;
}

static void *take_turns(void *unused)
{
	for (;;) {
		sched_yield();
	}
	return unused;
}

/* To a thread that yields at once, and back. */
static uint64_t yield(long batch)
{
	static pthread_t partner;
	uint64_t start;

	if (partner == 0 &&
	    pthread_create(&partner, NULL, take_turns, NULL) != 0) {
		_exit(1);
	}
	start = cycles();
	do {
		sched_yield();
	} while (--batch > 0);
	return cycles() - start;
}

static void handler(int signal)
{
	(void)signal;
}

/* By the system call itself, so that only the kernel's part is counted. */
static uint64_t signals(long batch)
{
	static long self;
	uint64_t start;

	if (self == 0) {
		self = getpid();
		signal(SIGUSR1, handler);
	}
	start = cycles();
	do {
		long result = SYS_kill;

		__asm__ volatile("syscall"
				 : "+a"(result)
				 : "D"(self), "S"((long)SIGUSR1)
				 : "rcx", "r11", "memory");
	} while (--batch > 0);
	return cycles() - start;
}

static uint64_t open_close(long batch)
{
	uint64_t start = cycles();

	do {
		close(open("/dev/null", O_RDONLY));
	} while (--batch > 0);
	return cycles() - start;
}

static uint64_t create_unlink(long batch)
{
	uint64_t start = cycles();

	do {
		close(open("/tmp/bench", O_CREAT | O_WRONLY, 0600));
		unlink("/tmp/bench");
	} while (--batch > 0);
	return cycles() - start;
}

static uint64_t read_zero(long batch)
{
	static int fd = -1;
	uint64_t start;
	char byte;

	if (fd < 0) {
		fd = open("/dev/zero", O_RDONLY);
	}
	start = cycles();
	do {
		if (read(fd, &byte, 1) != 1) {
			_exit(1);
		}
	} while (--batch > 0);
	return cycles() - start;
}

/* A byte to a child and back. */
static uint64_t pipe_round(long batch)
{
	static int there[2], back[2];
	uint64_t start;
	char byte = 0;

	if (there[1] == 0) {
		if (pipe(there) != 0 || pipe(back) != 0) {
			_exit(1);
		}
		if (fork() == 0) {
			close(there[1]);
			while (read(there[0], &byte, 1) == 1 &&
			       write(back[1], &byte, 1) == 1) {
			}
			_exit(0);
		}
		close(there[0]);
	}
	start = cycles();
	do {
		if (write(there[1], &byte, 1) != 1 ||
		    read(back[0], &byte, 1) != 1) {
			_exit(1);
		}
	} while (--batch > 0);
	return cycles() - start;
}

/* A message to a child that waits for calls, and its answer. */
static uint64_t call_reply(long batch)
{
	static exo_handle ends[2];
	struct exo_message m = { { 0 } };
	uint64_t start;

	if (ends[0] == 0) {
		if (exo_gate_create(ends, 0) != 0) {
			_exit(1);
		}
		if (fork() == 0) {
			close((int)ends[EXO_CLIENT]);
			while (exo_serve(ends[EXO_SERVER], &m) == 0) {
			}
			_exit(0);
		}
	}
	start = cycles();
	do {
		if (exo_call(ends[EXO_CLIENT], &m) != 0) {
			_exit(1);
		}
	} while (--batch > 0);
	return cycles() - start;
}

#define SLOTS 8

/* A ring and what this process knows of its two ends. */
struct ring {
	exo_handle ends[2];
	struct ring_producer producer;
	struct ring_consumer consumer;
};

static void ring_make(struct ring *r)
{
	struct ring_shared *shared;

	if (exo_ring_create(SLOTS, 0, r->ends, 0) != 0) {
		_exit(1);
	}
	shared = mmap(NULL, exo_ring_arena(SLOTS), PROT_READ | PROT_WRITE,
		      MAP_SHARED, (int)r->ends[0], 0);
	if (shared == MAP_FAILED) {
		_exit(1);
	}
	ring_producer_attach(&r->producer, shared, SLOTS);
	ring_consumer_attach(&r->consumer, shared, SLOTS);
}

/* Sends a message, wakes who sleeps there, and waits for one; false: an end. */
static bool ring_pass(struct ring *to, struct ring *from)
{
	exo_handle bell = EXO_NO_BELL;
	struct ring_head head = { .len = sizeof(uint64_t) };
	uint64_t data = 0;
	enum ring_result got;

	if (ring_send(&to->producer, head, &data) != RING_OK) {
		return false;
	}
	if (ring_producer_bell(&to->producer)) {
		bell = to->ends[EXO_PRODUCER];
	}
	while ((got = ring_receive(&from->consumer, &head, &data,
				   sizeof(data))) == RING_EMPTY) {
		if (exo_ring_wait(from->ends[EXO_CONSUMER], EXO_FOREVER,
				  bell) != 0) {
			return false;
		}
		bell = EXO_NO_BELL;
	}
	return got == RING_OK;
}

/* A message by ring to a child, which sleeps, and one back. */
static uint64_t ring_round(long batch)
{
	static struct ring there, back;
	uint64_t start;

	if (there.producer.shared == NULL) {
		ring_make(&there);
		ring_make(&back);
		if (fork() == 0) {
			close((int)there.ends[EXO_PRODUCER]);
			if (exo_ring_wait(there.ends[EXO_CONSUMER], EXO_FOREVER,
					  EXO_NO_BELL) == 0) {
				struct ring_head head;
				uint64_t data;

				(void)!ring_receive(&there.consumer, &head,
						    &data, sizeof(data));
				while (ring_pass(&back, &there)) {
				}
			}
			_exit(0);
		}
	}
	start = cycles();
	do {
		if (!ring_pass(&there, &back)) {
			_exit(1);
		}
	} while (--batch > 0);
	return cycles() - start;
}

static const struct {
	const char *name;
	uint64_t (*sample)(long batch);
} kinds[] = {
	{ "call", call },
	{ "fault", fault },
	{ "yield", yield },
	{ "signal", signals },
	{ "open_close", open_close },
	{ "create_unlink", create_unlink },
	{ "read_zero", read_zero },
	{ "pipe_round", pipe_round },
	{ "call_reply", call_reply },
	{ "ring_round", ring_round },
};

static bool stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

int main(int argc, char **argv)
{
	static uint64_t samples[PAGE_BYTES / sizeof(uint64_t)];
	size_t room = sizeof(samples) / sizeof(samples[0]);
	uint64_t (*sample)(long batch) = NULL;
	long left, batch;

	if (argc < 4 || argc > 6 || (argc == 6 && !stay_on(atoi(argv[5])))) {
		return 2;
	}
	if (argc > 4 && atol(argv[4]) > 0 && (size_t)atol(argv[4]) < room) {
		room = (size_t)atol(argv[4]);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) == 0) {
			sample = kinds[i].sample;
		}
	}
	if (sample == NULL) {
		return 2;
	}
	left = atol(argv[2]);
	batch = atol(argv[3]);
	while (left > 0) {
		size_t count = left < (long)room ? (size_t)left : room;

		for (size_t i = 0; i < count; i++) {
			samples[i] = sample(batch);
		}
		if (write(STDOUT_FILENO, samples, count * sizeof(*samples)) !=
		    (ssize_t)(count * sizeof(*samples))) {
			return 1;
		}
		left -= (long)count;
	}
	return 0;
}
