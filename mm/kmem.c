/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects.
 *
 * Nouns.  A *cache* serves objects of one size.  A *slab* is a block of frames
 * cut into a cache's objects; the struct page of each of its frames says
 * PAGE_SLAB and which cache, so that an object's address is enough to free it,
 * and the first one's holds the slab's free objects and list links.  A
 * *magazine* is one processor's list of free objects of one cache.
 *
 * Invariants:
 * K1  An object is in exactly one place: with its owner, in a magazine, or in
 *     its slab's free list.
 * K2  slab_free_count is the length of the slab's free list.
 * K3  A slab is in its cache's `partial` list if it has a free object and in
 *     `full` if it has none.
 * K4  At most one slab of a cache has all its objects free; a second one goes
 *     back to mm/frame.c.  (One is kept, so that an object allocated and freed
 *     in turn does not move frames each time.)
 *
 * An object's way, with the function of each transition:
 *
 *	from            to              by
 *	a new slab      slab's list     slab_create()
 *	slab's list     magazine        magazine_refill()
 *	magazine        owner           magazine_pop()
 *	owner           magazine        magazine_push()
 *	magazine        slab's list     magazine_spill()
 *	slab's list     frames          slab_destroy()
 *
 * Locks.  A cache's lock guards its slabs (K2 to K4).  A magazine belongs to
 * its processor: no lock, only no preemption.  An object may be freed on
 * another processor than it was allocated on; it simply enters that one's
 * magazine, and comes home with a batch.  A magazine starts closed (limit 0),
 * so that its first use comes to the slow path, which opens it; kmem_drain()
 * closes it again.  While allocation is traced magazines stay closed: each use
 * comes to the slow path, which alone has the events, and the fast path pays
 * nothing for them.
 */
#include "mm/kmem.h"
#include "arch/cpu.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem_guard.h"
#include "mm/slab.h"
#include "trace/trace.h"

/* Here the bare functions are meant. */
#ifdef OWNER_HERE
#undef kmalloc
#undef kzalloc
#undef kmem_cache_alloc
#endif

#define CACHES_MAX 64

/* Sizes of kmalloc(): from 32 bytes on a third is wasted at most. */
#define SIZE_CLASSES(x)                                                  \
	x(16) x(32) x(48) x(64) x(96) x(128) x(192) x(256) x(384) x(512) \
		x(768) x(1024) x(1536) x(2048)

#define SMALL_MAX  KMEM_OBJECT_MAX
#define CLASS_STEP 16

/* Objects that a magazine holds: 8 KB of them, within these bounds. */
#define MAGAZINE_BYTES 8192
#define MAGAZINE_MIN   8
#define MAGAZINE_MAX   128

struct magazine {
	void *head; /* each free object's first word is the next one */
	u32 count;  /* others only read it */
	u32 limit;  /* 0: closed */
};

static percpu_zero struct magazine magazines[CACHES_MAX];

static struct {
	struct spinlock lock; /* guards count; never held with a cache's */
	u32 count;            /* caches made so far */
	struct kmem_cache caches[CACHES_MAX];
	u8 class_of[SMALL_MAX / CLASS_STEP + 1]; /* I, by size in steps */
	struct magazine *magazines[MAX_CPUS];    /* [a] the open ones */
} kmem;

static u32 batch_of(const struct kmem_cache *cache)
{
	return cache->limit / 2;
}

static void magazine_put(struct magazine *own, void *object)
{
	*(void **)object = own->head;
	own->head = object;
	WRITE_ONCE(own->count, own->count + 1);
}

static void *magazine_get(struct magazine *own)
{
	void *object = own->head;

	own->head = *(void **)object;
	WRITE_ONCE(own->count, own->count - 1);
	return object;
}

static void magazine_open(const struct kmem_cache *cache, struct magazine *own)
{
	own->limit = cache->limit;
	WRITE_ONCE(kmem.magazines[cpu_id()], this_cpu_ptr(magazines[0]));
}

/* Fills this processor's empty magazine, if there is memory. */
static void magazine_refill(struct kmem_cache *cache, struct magazine *own,
			    u32 batch)
{
	WITH_SPINLOCK (&cache->lock) {
		while (own->count < batch) {
			if (cache->partial == 0 && !slab_create(cache)) {
				break;
			}
			magazine_put(own, slab_take(cache));
		}
	}
}

static void magazine_spill(struct kmem_cache *cache, struct magazine *own,
			   u32 left)
{
	WITH_SPINLOCK (&cache->lock) {
		while (own->count > left) {
			slab_give(cache, magazine_get(own));
		}
	}
}

/*
 * The fast paths below call nothing but in tail position, so that they need no
 * stack frame; these are their slow ends.  Preemption is off when they begin.
 */
static noinline void *preempted(void *object)
{
	sched_preempt();
	return object;
}

static noinline void *alloc_slow(u32 index)
{
	struct magazine *own = this_cpu_ptr(magazines[index]);
	struct kmem_cache *cache = &kmem.caches[index];
	void *object = NULL;

	if (trace_wants(TRACE_OBJECT)) {
		magazine_refill(cache, own, 1);
	} else {
		magazine_open(cache, own);
		magazine_refill(cache, own, batch_of(cache));
	}
	if (own->count != 0) {
		object = magazine_get(own);
	}
	trace(TRACE_OBJECT, object, cache->size_bytes);
	preempt_on();
	return object;
}

static noinline void free_slow(u32 index, void *object)
{
	struct magazine *own = this_cpu_ptr(magazines[index]);
	struct kmem_cache *cache = &kmem.caches[index];

	if (trace_wants(TRACE_OBJECT)) {
		trace(TRACE_OBJECT_FREE, object, cache->size_bytes);
		magazine_put(own, object);
		magazine_spill(cache, own, 0);
		preempt_on();
		return;
	}
	if (own->limit == 0) {
		magazine_open(cache, own);
	} else {
		magazine_spill(cache, own, own->limit - batch_of(cache));
	}
	magazine_put(own, object);
	preempt_on();
}

static always_inline void *magazine_pop(u32 index)
{
	void *object;

	preempt_off();
	object = this_cpu(magazines[index].head);
	if (unlikely(object == NULL)) {
		return alloc_slow(index);
	}
	this_cpu(magazines[index].head) = *(void **)object;
	this_cpu(magazines[index].count)--;
	if (unlikely(arch_preempt_dec())) {
		return preempted(object);
	}
	return object;
}

static always_inline void magazine_push(u32 index, void *object)
{
	u32 count;

	preempt_off();
	count = this_cpu(magazines[index].count);
	if (unlikely(count == this_cpu(magazines[index].limit))) {
		free_slow(index, object);
		return;
	}
	*(void **)object = this_cpu(magazines[index].head);
	this_cpu(magazines[index].head) = object;
	this_cpu(magazines[index].count) = count + 1;
	preempt_on();
}

#ifdef OWNER_HERE
static void object_own(struct guarded g, enum owner who)
{
	struct guard *guard = guard_of(g);

	if (guard->owner != OWNER_none) {
		owner_count(guard->owner,
			    (struct owner_held){ 0, -1, -guard->len_bytes });
	}
	guard->owner = (u16)who;
	if (who != OWNER_none) {
		owner_count(who, (struct owner_held){ 0, 1, guard->len_bytes });
	}
}

void *kmem_owned(void *object, enum owner who)
{
	const struct page *page;

	if (object == NULL) {
		return NULL;
	}
	page = frame_page(virt_to_phys(object));
	if (page->state == PAGE_SLAB) {
		object_own(guarded(&kmem.caches[page->slab_cache], object),
			   who);
		return object;
	}
	return phys_to_virt(
		frame_owned(virt_to_phys(object), page->order, who));
}
#else
#define object_own(g, who)
#endif

static always_inline void *object_alloc(u32 index, size_t len_bytes)
{
	void *object = magazine_pop(index);

	if (KMEM_GUARDED && object != NULL) {
		guard_open(guarded(&kmem.caches[index], object), len_bytes);
	}
	return object;
}

static always_inline void object_free(u32 index, void *object)
{
	if (KMEM_GUARDED) {
		object_own(guarded(&kmem.caches[index], object), OWNER_none);
		guard_close(guarded(&kmem.caches[index], object));
	}
	magazine_push(index, object);
}

static noinline void *large_alloc(size_t size_bytes)
{
	u64 frames_more = (size_bytes - 1) >> PAGE_SHIFT;
	unsigned order = 0;
	phys_t block;

	if (frames_more != 0) {
		order = 64 - (unsigned)__builtin_clzll(frames_more);
	}
	block = frame_alloc(order);
	return phys_is_none(block) ? NULL : phys_to_virt(block);
}

/* What lies in no slab is whole frames of large_alloc(), or NULL. */
static noinline void large_free(void *object)
{
	phys_t block = virt_to_phys(object);

	if (object == NULL) {
		return;
	}
	ASSERT(block.pa < frame_limit().pa);
	ASSERT(IS_ALIGNED(block.pa, PAGE_SIZE));
	frame_free(block, frame_page(block)->order);
}

void *kmalloc(size_t size_bytes)
{
	if (unlikely(size_bytes > SMALL_MAX)) {
		return large_alloc(size_bytes);
	}
	return object_alloc(
		kmem.class_of[(size_bytes + CLASS_STEP - 1) / CLASS_STEP],
		size_bytes);
}

void *kzalloc(size_t size_bytes)
{
	void *object = kmalloc(size_bytes);

	if (object != NULL) {
		memset(object, 0, size_bytes);
	}
	return object;
}

void kfree(void *object)
{
	u64 frame = virt_to_phys(object).pa >> PAGE_SHIFT;

	if (unlikely(frame >= frame_table.count ||
		     frame_table.pages[frame].state != PAGE_SLAB)) {
		large_free(object);
		return;
	}
	object_free(frame_table.pages[frame].slab_cache, object);
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return object_alloc(cache->index, cache->size_bytes);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	DEBUG_ASSERT(frame_page(virt_to_phys(object))->slab_cache ==
		     cache->index);
	object_free(cache->index, object);
}

static void cache_start(struct kmem_cache *cache, const char *name,
			size_t size_bytes, size_t align_bytes)
{
	size_t size = ALIGN_UP(size_bytes, sizeof(u64));
	size_t align = MAX(align_bytes, sizeof(u64));
	size_t stride = ALIGN_UP(size + KMEM_GUARD_BYTES, align);
	size_t limit = MAX(MAGAZINE_BYTES / stride, MAGAZINE_MIN);

	spin_init(&cache->lock, LOCK_KMEM);
	cache->name = name;
	cache->size_bytes = (u32)size;
	cache->stride_bytes = (u32)stride;
	cache->index = (u16)(cache - kmem.caches);
	cache->order = slab_order((u32)stride);
	cache->slab_objects =
		(u32)((PAGE_SIZE << cache->order) / cache->stride_bytes);
	cache->limit = (u32)MIN(limit, MAGAZINE_MAX);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size_bytes,
				     size_t align_bytes)
{
	struct kmem_cache *cache = NULL;

	ASSERT(size_bytes > 0 && size_bytes <= SMALL_MAX);
	ASSERT(align_bytes <= SMALL_MAX && IS_POW2(align_bytes));
	WITH_SPINLOCK (&kmem.lock) {
		if (kmem.count < CACHES_MAX) {
			cache = &kmem.caches[kmem.count];
			cache_start(cache, name, size_bytes, align_bytes);
			WRITE_ONCE(kmem.count, kmem.count + 1);
		}
	}
	return cache;
}

void kmem_init(void)
{
	static const struct {
		const char *name;
		u32 size_bytes;
	} classes[] = {
#define CLASS(n) { "kmalloc-" #n, n },
		SIZE_CLASSES(CLASS)
#undef CLASS
	};
	u32 step = 0;

	spin_init(&kmem.lock, LOCK_KMEM);
	for (u32 i = 0; i < ARRAY_SIZE(classes); i++) {
		u32 size = classes[i].size_bytes;

		if (kmem_cache_create(classes[i].name, size,
				      IS_POW2(size) ? size : CLASS_STEP) ==
		    NULL) {
			return;
		}
		while (step <= size / CLASS_STEP) {
			kmem.class_of[step++] = (u8)i;
		}
	}
}

u64 kmem_cache_in_use(const struct kmem_cache *cache)
{
	u64 count = cache->slab_count * cache->slab_objects - cache->free_count;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct magazine *of = READ_ONCE(kmem.magazines[cpu]);

		if (of != NULL) {
			count -= READ_ONCE(of[cache->index].count);
		}
	}
	return count;
}

bool kmem_show(u32 index, struct kmem_shown *out)
{
	const struct kmem_cache *cache = &kmem.caches[index];

	if (index >= READ_ONCE(kmem.count)) {
		return false;
	}
	out->name = cache->name;
	out->size_bytes = cache->size_bytes;
	out->in_use = kmem_cache_in_use(cache);
	out->held_bytes = READ_ONCE(cache->slab_count)
			  << (PAGE_SHIFT + cache->order);
	return true;
}

u64 kmem_held_bytes(void)
{
	struct kmem_shown cache;
	u64 bytes = 0;

	for (u32 i = 0; kmem_show(i, &cache); i++) {
		bytes += cache.held_bytes;
	}
	return bytes;
}

void kmem_drain(void)
{
	WITH_PREEMPT_OFF () {
		for (u32 i = 0; i < READ_ONCE(kmem.count); i++) {
			struct magazine *own = this_cpu_ptr(magazines[i]);

			magazine_spill(&kmem.caches[i], own, 0);
			own->limit = 0;
			WITH_SPINLOCK (&kmem.caches[i].lock) {
				slab_drop_idle(&kmem.caches[i]);
			}
		}
		WRITE_ONCE(kmem.magazines[cpu_id()], NULL);
	}
}

static void check_magazine(const struct kmem_cache *cache,
			   const struct magazine *own)
{
	u32 count = 0;

	for (void *object = own->head; object != NULL;
	     object = *(void **)object) {
		const struct page *page = frame_page(virt_to_phys(object));

		ASSERT(page->state == PAGE_SLAB);
		ASSERT(page->slab_cache == cache->index);
		ASSERT(++count <= own->count);
	}
	ASSERT(count == own->count && count <= own->limit);
}

void kmem_check(void)
{
	for (u32 i = 0; i < READ_ONCE(kmem.count); i++) {
		WITH_SPINLOCK (&kmem.caches[i].lock) {
			slab_check_all(&kmem.caches[i]);
			check_magazine(&kmem.caches[i],
				       this_cpu_ptr(magazines[i]));
		}
	}
}
