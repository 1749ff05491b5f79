/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of user memory and of the way from user mode into the kernel.
 * For the latter the program user/bench.c takes the samples and writes them
 * to its standard output, which is a file that ends here.
 */
#include "bench/bench.h"

#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mm/aspace.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "sched/thread.h"

/* Few enough for each to be copied, or given back its rights, by itself. */
#define SPACE_PAGES 32

static const char no_memory[] = "no memory";

/* Pages of its own for the running kernel thread; NULL: no memory. */
static struct aspace *space_enter(void)
{
	struct aspace *aspace = aspace_create();
	u64 flags;

	if (aspace == NULL) {
		return NULL;
	}
	if (aspace_map(aspace, USER_START, SPACE_PAGES * PAGE_SIZE,
		       REGION_READ | REGION_WRITE, REGION_ZEROES) != 0) {
		aspace_put(aspace);
		return NULL;
	}
	flags = arch_irq_save();
	current_thread()->aspace = aspace;
	aspace_switch(aspace);
	arch_irq_restore(flags);
	return aspace;
}

static void space_leave(struct aspace *aspace)
{
	current_thread()->aspace = NULL;
	aspace_leave();
	aspace_put(aspace);
}

static const char *user_copy(struct bench *b, size_t len)
{
	struct aspace *aspace = space_enter();
	void *buf = kmalloc(len);
	int err = aspace && buf ? 0 : -ENOMEM;

	b->batch = 16;
	while (err == 0 && bench_more(b)) {
		u64 start = bench_start();

		for (u32 i = 0; i < 16; i++) {
			err |= copy_from_user(buf, uaddr(USER_START), len);
		}
		bench_stop(b, start);
	}
	kfree(buf);
	if (aspace != NULL) {
		space_leave(aspace);
	}
	return err ? no_memory : NULL;
}

const char *bench_user_copy_64(struct bench *b)
{
	return user_copy(b, 64);
}

const char *bench_user_copy_4k(struct bench *b)
{
	return user_copy(b, PAGE_SIZE);
}

/* Writes to each page of the space, a sample each. */
static int pages_write(struct bench *b)
{
	int err = 0;

	for (u64 i = 0; i < SPACE_PAGES && bench_more(b); i++) {
		u64 start = bench_start();

		err |= clear_user(uaddr(USER_START + i * PAGE_SIZE), 1);
		bench_stop(b, start);
	}
	return err;
}

/* Pages shared with a clone, which is gone before the write or stays. */
static const char *copy_on_write(struct bench *b, bool shared)
{
	struct aspace *aspace = space_enter();
	int err = aspace ? 0 : -ENOMEM;

	if (err == 0) {
		err = clear_user(uaddr(USER_START), SPACE_PAGES * PAGE_SIZE);
	}
	while (err == 0 && bench_more(b)) {
		struct aspace *clone = aspace_clone(aspace);

		if (clone == NULL) {
			err = -ENOMEM;
			break;
		}
		if (!shared) {
			aspace_put(clone);
		}
		err = pages_write(b);
		if (shared) {
			aspace_put(clone);
		}
	}
	if (aspace != NULL) {
		space_leave(aspace);
	}
	return err ? no_memory : NULL;
}

const char *bench_cow_copy(struct bench *b)
{
	return copy_on_write(b, true);
}

const char *bench_cow_reuse(struct bench *b)
{
	return copy_on_write(b, false);
}

/* A struct file whose `data` is the struct bench that takes the samples. */
static long samples_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	struct bench *b = (struct bench *)file->data;

	for (size_t at = 0; at + sizeof(u64) <= len_bytes; at += sizeof(u64)) {
		u64 cycles;

		if (copy_from_user(&cycles, uaddr_add(src, at),
				   sizeof(cycles)) != 0) {
			return -EFAULT;
		}
		bench_add(b, cycles);
	}
	return (long)len_bytes;
}

static const struct file_ops samples_ops = { .write = samples_write };

/* `what` names one of the program's own functions. */
static const char *program(struct bench *b, const char *what, u32 batch)
{
	char samples[12], operations[12];
	const char *argv[] = { BENCH_PROGRAM, what, samples, operations, NULL };
	struct process_start start = { .path = BENCH_PROGRAM,
				       .argv = argv,
				       .envp = &argv[4],
				       .stdio = file_create(&samples_ops,
							    FILE_WRITE) };
	int err = start.stdio ? 0 : -ENOMEM;

	if (err == 0) {
		start.stdio->data = b;
		b->batch = batch;
		format(samples, sizeof(samples), "%u", b->wanted);
		format(operations, sizeof(operations), "%u", batch);
		err = process_start(&start);
	}
	if (err != 0) {
		return no_memory;
	}
	return process_wait(start.process) == 0 ? NULL
						: BENCH_PROGRAM " failed";
}

const char *bench_null_call(struct bench *b)
{
	return program(b, "call", 16);
}

const char *bench_signal(struct bench *b)
{
	return program(b, "signal", 16);
}

const char *bench_page_fault(struct bench *b)
{
	return program(b, "fault", 1);
}

const char *bench_read_zero(struct bench *b)
{
	return program(b, "read_zero", 16);
}

const char *bench_open_close(struct bench *b)
{
	return program(b, "open_close", 4);
}

const char *bench_create_unlink(struct bench *b)
{
	return program(b, "create_unlink", 4);
}

const char *bench_pipe_round(struct bench *b)
{
	return program(b, "pipe_round", 4);
}

const char *bench_call_reply(struct bench *b)
{
	return program(b, "call_reply", 32);
}

const char *bench_ring_round(struct bench *b)
{
	return program(b, "ring_round", 4);
}
