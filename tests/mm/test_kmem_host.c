/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects when memory runs out, on several processors, and where misuse
 * must stop the machine.
 */
#include "mm/kmem.h"

#include <pthread.h>

#include "arch/percpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "tests/ktest.h"
#include "tests/mm/host_child.h"

/* A chain through objects of which a test holds as many as there are. */
struct chained {
	struct chained *next;
};

static u64 exhaust(size_t size_bytes, struct chained **chain)
{
	struct chained *object = kmalloc(size_bytes);
	u64 count = 0;

	while (object != NULL) {
		object->next = *chain;
		*chain = object;
		count++;
		object = kmalloc(size_bytes);
	}
	return count;
}

static void give_back(struct chained *chain)
{
	while (chain != NULL) {
		struct chained *next = chain->next;

		kfree(chain);
		chain = next;
	}
}

static void exhaust_body(void)
{
	static const size_t sizes[] = { 2048, 300, 5000 };
	u64 free;

	kmem_drain();
	free = frame_stats().free;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct chained *chain = NULL;

		EXPECT(exhaust(sizes[i], &chain) > 1000);
		kmem_check();
		give_back(chain);
		kmem_drain();
		kmem_check();
		EXPECT_EQ(frame_stats().free, free);
	}
}

KTEST(kmem_exhaustion, "when memory ends kmalloc says so, and all comes back")
{
	EXPECT(child_passes(exhaust_body));
}

static void too_many_caches(void)
{
	u32 count = 0;

	while (kmem_cache_create("test", 8, 8) != NULL) {
		EXPECT(++count < 1000);
	}
	EXPECT(count > 16);
}

KTEST(kmem_cache_table_full, "a cache too many is refused")
{
	EXPECT(child_passes(too_many_caches));
}

static void free_twice(void)
{
	void *object = kmalloc(64);

	kfree(object);
	kfree(object);
}

static void free_twice_drained(void)
{
	void *stay = kmalloc(64);
	void *object = kmalloc(64);

	kfree(object);
	kmem_drain();
	kfree(object);
	kfree(stay);
}

static void free_twice_large(void)
{
	void *object = kmalloc(20000);

	kfree(object);
	kfree(object);
}

KTEST(kmem_double_free, "an object freed twice stops with its cache's name")
{
	EXPECT(child_stops(free_twice, "kmalloc-64: freed twice"));
	EXPECT(child_stops(free_twice_drained, "kmalloc-64: freed twice"));
	EXPECT(child_stops(free_twice_large, "owned_word"));
}

/* Writes `at` bytes from the start of an object of `len` bytes, frees it. */
static void overrun(size_t len_bytes, size_t at)
{
	u8 *object = kmalloc(len_bytes);

	ASSERT(object != NULL);
	object[at] = 0x11;
	kfree(object);
}

static void overrun_class(void)
{
	overrun(192, 192);
}

static void overrun_slack(void)
{
	overrun(150, 150);
}

static void overrun_slack_far(void)
{
	overrun(150, 191);
}

static void overrun_mark(void)
{
	overrun(192, 192 + 12);
}

static void overrun_checked(void)
{
	u8 *object = kmalloc(192);

	ASSERT(object != NULL);
	object[195] = 0;
	kmem_check();
}

KTEST(kmem_red_zone, "a write behind the end is found at free and at a check")
{
	EXPECT(child_stops(overrun_class, "kmalloc-192: written behind"));
	EXPECT(child_stops(overrun_slack, "kmalloc-192: written behind"));
	EXPECT(child_stops(overrun_slack_far, "kmalloc-192: written behind"));
	EXPECT(child_stops(overrun_mark, "kmalloc-192: written behind"));
	EXPECT(child_stops(overrun_checked, "kmalloc-192: written behind"));
}

static void use_after_free(void)
{
	u8 *object = kmalloc(96);

	ASSERT(object != NULL);
	kfree(object);
	object[40] = 0;
	object = kmalloc(96);
}

static void use_after_free_checked(void)
{
	u8 *object = kmalloc(96);

	ASSERT(object != NULL);
	kfree(object);
	object[95] = 0;
	kmem_check();
}

KTEST(kmem_poison, "a write after the free is found at reuse and at a check")
{
	EXPECT(child_stops(use_after_free, "kmalloc-96: written after"));
	EXPECT(child_stops(use_after_free_checked,
			   "kmalloc-96: written after"));
}

static void free_inside(void)
{
	u8 *object = kmalloc(192);

	ASSERT(object != NULL);
	memset(object, 0, 192);
	kfree(object + 16);
}

static void free_wild(void)
{
	kfree(host_ram + (1ul << 50));
}

static void free_page_middle(void)
{
	u8 *object = kmalloc(8192);

	ASSERT(object != NULL);
	kfree(object + 64);
}

KTEST(kmem_bad_pointer, "freeing what kmalloc never gave stops")
{
	EXPECT(child_stops(free_inside, "kmalloc-192"));
	EXPECT(child_stops(free_wild, "frame_limit"));
	EXPECT(child_stops(free_page_middle, "IS_ALIGNED"));
}

#define THREADS      3
#define EXCHANGE     64
#define THREAD_STEPS 3000

static u64 *exchange[EXCHANGE];

/* Objects of 16 to 512 bytes whose ends hold their own address. */
static u64 *marked_alloc(size_t words)
{
	u64 *object = kmalloc(words * 8);

	if (object != NULL) {
		object[0] = words;
		object[words - 1] = (u64)object;
	}
	return object;
}

static void marked_free(u64 *object)
{
	if (object != NULL) {
		if (object[object[0] - 1] != (u64)object) {
			ktest_fail(__FILE__, __LINE__, "intact", object[0],
				   (u64)object);
		}
		kfree(object);
	}
}

static void *processor(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;
	u64 random = cpu * 0x9e3779b97f4a7c15ull;

	this_cpu(percpu_head).cpu = cpu;
	kmem_cpu_init();
	for (int step = 0; step < THREAD_STEPS; step++) {
		u64 **slot;

		random = random * 6364136223846793005ull + 1442695040888963407;
		slot = &exchange[(random >> 33) % EXCHANGE];
		/* Release our marks with it, acquire those of theirs. */
		marked_free(__atomic_exchange_n(
			slot, marked_alloc(2 + (random >> 40) % 63),
			__ATOMIC_ACQ_REL));
		if ((random >> 50) % 512 == 0) {
			kmem_drain();
		}
	}
	kmem_drain();
	frame_drain();
	return NULL;
}

KTEST(kmem_processors, "processors free each other's objects and lose none")
{
	pthread_t thread[THREADS];
	u64 held;

	kmem_drain();
	held = kmem_held_bytes();
	for (uintptr_t i = 0; i < THREADS; i++) {
		EXPECT_EQ(pthread_create(&thread[i], NULL, processor,
					 (void *)(i + 1)),
			  0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	for (int i = 0; i < EXCHANGE; i++) {
		marked_free(exchange[i]);
		exchange[i] = NULL;
	}
	kmem_check();
	kmem_drain();
	EXPECT_EQ(kmem_held_bytes(), held);
	frame_check();
}
