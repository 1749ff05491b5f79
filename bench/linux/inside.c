// SPDX-License-Identifier: MIT
/*
 * A module for Linux that counts, inside that kernel, what bench/bench.def
 * counts inside ours: a switch of threads, memory, frames.  It prints a line
 * each, as bench/compare/ does, and is used by `make compare`, which counts
 * instructions; loops and calls are part of the figures here as there.
 *
 * Threads that yield to each other are real-time ones, which take turns; the
 * usual ones go on as often as not.
 */
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define SAMPLES 1000
#define BATCH   64

static struct page *pages[BATCH];
static u64 overhead, switches;
static bool done;

static u64 ticks(void)
{
	return rdtsc_ordered();
}

static void nothing(void)
{
}

static void kmalloc_64(void)
{
	for (int i = 0; i < BATCH; i++) {
		kfree(kmalloc(64, GFP_KERNEL));
	}
}

static void frame_of(unsigned int order)
{
	for (int i = 0; i < BATCH; i++) {
		__free_pages(alloc_pages(GFP_KERNEL, order), order);
	}
}

static void frame(void)
{
	frame_of(0);
}

static void frame_order3(void)
{
	frame_of(3);
}

static void frame_64(void)
{
	for (int i = 0; i < BATCH; i++) {
		pages[i] = alloc_pages(GFP_KERNEL, 0);
	}
	for (int i = 0; i < BATCH; i++) {
		__free_pages(pages[i], 0);
	}
}

static void yields(void)
{
	for (int i = 0; i < BATCH / 2; i++) {
		yield();
	}
}

/* The least of the samples, of a batch. */
static u64 least(void (*operations)(void))
{
	u64 found = U64_MAX;

	for (int i = 0; i < SAMPLES; i++) {
		u64 start = ticks();

		operations();
		found = min(found, ticks() - start);
	}
	return found - overhead;
}

static void tell(const char *name, u64 batch_ticks)
{
	pr_emerg("COMPARE {\"row\":\"inside_%s\",\"unit\":\"instructions\","
		 "\"p50\":%llu.%02llu}\n",
		 name, batch_ticks / BATCH, batch_ticks % BATCH * 100 / BATCH);
}

static int take_turns(void *unused)
{
	while (!READ_ONCE(done)) {
		switches++;
		yield();
	}
	return 0;
}

/* Half of the switches are ours, half are the partner's. */
static void tell_switch(void)
{
	struct task_struct *partner = kthread_run(take_turns, NULL, "partner");
	u64 found;

	if (IS_ERR(partner)) {
		return;
	}
	sched_set_fifo(partner);
	sched_set_fifo(current);
	yield();
	switches = 0;
	found = least(yields);
	if (switches == SAMPLES * BATCH / 2) {
		tell("switch", found);
	}
	WRITE_ONCE(done, true);
	yield();
	sched_set_normal(current, 0);
}

static int __init inside_init(void)
{
	overhead = least(nothing);
	tell("kmalloc_64", least(kmalloc_64));
	tell("frame", least(frame));
	tell("frame_64", least(frame_64));
	tell("frame_order3", least(frame_order3));
	tell_switch();
	pr_emerg("COMPARE {\"row\":\"end\",\"failed\":0}\n");
	return 0;
}

module_init(inside_init);
MODULE_DESCRIPTION("Counts instructions of the kernel's own operations");
MODULE_LICENSE("Dual MIT/GPL");
