/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects as their callers see them, on the memory of the machine that
 * runs the tests.
 */
#include "mm/kmem.h"

#include "lib/string.h"
#include "mm/frame.h"
#include "tests/ktest.h"

#define OBJECTS_MAX 256

struct object {
	u8 *at; /* NULL: the slot is empty */
	size_t len_bytes;
	u8 tag;
};

static struct object objects[OBJECTS_MAX];

static bool object_intact(const struct object *o)
{
	for (size_t i = 0; i < o->len_bytes; i++) {
		if (o->at[i] != (u8)(o->tag + i)) {
			return false;
		}
	}
	return true;
}

static void object_mark(const struct object *o)
{
	for (size_t i = 0; i < o->len_bytes; i++) {
		o->at[i] = (u8)(o->tag + i);
	}
}

static bool object_overlaps(const struct object *o)
{
	for (size_t i = 0; i < OBJECTS_MAX; i++) {
		const struct object *p = &objects[i];

		if (p != o && p->at != NULL && p->at < o->at + o->len_bytes &&
		    o->at < p->at + p->len_bytes) {
			return true;
		}
	}
	return false;
}

static bool is_aligned(const void *at, size_t len_bytes)
{
	size_t align = IS_POW2(len_bytes) ? MIN(len_bytes, PAGE_SIZE) : 16;

	return IS_ALIGNED((u64)at, MAX(align, 16));
}

/* Mostly small, sometimes a few pages. */
static size_t random_len(void)
{
	size_t limit = 16ul << ktest_random() % 9;

	if (ktest_random() % 4 == 0) {
		return limit;
	}
	return 1 + ktest_random() % (ktest_random() % 64 == 0 ? 12000 : limit);
}

static bool model_step(void)
{
	struct object *o = &objects[ktest_random() % OBJECTS_MAX];

	if (o->at != NULL) {
		bool good = object_intact(o);

		kfree(o->at);
		o->at = NULL;
		return good;
	}
	o->len_bytes = random_len();
	o->tag = (u8)ktest_random();
	o->at = kmalloc(o->len_bytes);
	if (o->at == NULL) {
		return true;
	}
	object_mark(o);
	return is_aligned(o->at, o->len_bytes) && !object_overlaps(o);
}

static bool model_free_all(void)
{
	bool good = true;

	for (size_t i = 0; i < OBJECTS_MAX; i++) {
		if (objects[i].at != NULL) {
			good &= object_intact(&objects[i]);
			kfree(objects[i].at);
			objects[i].at = NULL;
		}
	}
	return good;
}

KTEST(kmem_model, "random objects are aligned, apart, intact")
{
	for (int step = 0; step < 8000; step++) {
		EXPECT(model_step());
		if (step % 1000 == 0) {
			kmem_check();
		}
	}
	EXPECT(model_free_all());
	kmem_check();
	frame_check();
}

KTEST(kmem_comes_back, "after a drain no frame is lost to freed objects")
{
	void *object[200];
	u64 held;
	u64 free;

	kmem_drain();
	held = kmem_held_bytes();
	free = frame_stats().free;
	for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
		object[i] = kmalloc(200 + i);
		EXPECT(object[i] != NULL);
	}
	EXPECT(kmem_held_bytes() >= held + ARRAY_SIZE(object) * 200 / 2);
	for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
		kfree(object[i * 7 % ARRAY_SIZE(object)]);
	}
	kmem_drain();
	EXPECT_EQ(kmem_held_bytes(), held);
	EXPECT_EQ(frame_stats().free, free);
	kmem_check();
}

KTEST(kmem_sizes, "every size up to three pages is served in full")
{
	for (size_t len = 1; len <= 3 * PAGE_SIZE; len += 1 + len / 16) {
		u8 *a = kmalloc(len);
		u8 *b = kmalloc(len);

		EXPECT(a != NULL && b != NULL);
		EXPECT(is_aligned(a, len) && is_aligned(b, len));
		memset(a, 1, len);
		memset(b, 2, len);
		EXPECT_EQ(a[0], 1);
		EXPECT_EQ(a[len - 1], 1);
		kfree(a);
		kfree(b);
	}
	kmem_check();
}

KTEST(kmem_whole_page, "a page of memory costs one frame, a byte more two")
{
	void *page = kmalloc(PAGE_SIZE);
	void *more = kmalloc(PAGE_SIZE + 1);

	EXPECT(page != NULL && more != NULL);
	EXPECT_EQ(frame_page(virt_to_phys(page))->order, 0);
	EXPECT_EQ(frame_page(virt_to_phys(more))->order, 1);
	kfree(page);
	kfree(more);
}

KTEST(kmem_zeroed, "kzalloc gives zeroes where an object has just been")
{
	u8 *object = kmalloc(100);

	EXPECT(object != NULL);
	memset(object, 0xff, 100);
	kfree(object);
	object = kzalloc(100);
	EXPECT(object != NULL);
	for (size_t i = 0; i < 100; i++) {
		EXPECT_EQ(object[i], 0);
	}
	kfree(object);
}

KTEST(kmem_null_and_huge, "freeing NULL is nothing, a huge size is refused")
{
	kfree(NULL);
	EXPECT(kmalloc(~0ul) == NULL);
	EXPECT(kmalloc(1ul << 40) == NULL);
}

/* Made once: caches live for ever, and a test may run again. */
static struct kmem_cache *typed_cache(void)
{
	static struct kmem_cache *cache;

	if (cache == NULL) {
		cache = kmem_cache_create("test", 72, 64);
	}
	return cache;
}

KTEST(kmem_cache_typed, "a cache aligns its objects and counts those in use")
{
	struct kmem_cache *cache = typed_cache();
	void *object[50];

	EXPECT(cache != NULL);
	EXPECT_EQ(kmem_cache_in_use(cache), 0);
	for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
		object[i] = kmem_cache_alloc(cache);
		EXPECT(object[i] != NULL);
		EXPECT(IS_ALIGNED((u64)object[i], 64));
		EXPECT_EQ(kmem_cache_in_use(cache), i + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
		if (i % 2 == 0) {
			kmem_cache_free(cache, object[i]);
		} else {
			kfree(object[i]);
		}
	}
	EXPECT_EQ(kmem_cache_in_use(cache), 0);
	object[0] = kmem_cache_alloc(cache);
	kmem_drain();
	EXPECT_EQ(kmem_cache_in_use(cache), 1);
	kmem_cache_free(cache, object[0]);
	EXPECT_EQ(kmem_cache_in_use(cache), 0);
}
