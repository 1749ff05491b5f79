/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects.
 *
 * Nouns.  A *cache* serves objects of one size.  A *slab* is a block of frames
 * cut into a cache's objects; the struct page of each of its frames says which
 * cache, so that an object's address is enough to free it, and the first one's
 * holds the slab's free objects and list links.  A *magazine* is one
 * processor's list of free objects of one cache.
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
 * its processor: no lock, and instructions that begin anew (arch/restart.h)
 * where nothing but its first object changes, else no preemption.  An object
 * may be freed on another processor than it was allocated on; it simply enters
 * that one's magazine, and comes home with a batch.
 *
 * An open magazine ends with its cache's `end`, a closed one is nothing but
 * `closed`, which has no room.  It starts closed, so that its first use comes
 * to the slow path, which opens it; kmem_drain() closes it again.  While
 * allocation is traced magazines stay closed: each use comes to the slow path,
 * which alone has the events, and the fast path pays nothing for them.
 *
 * Magazines are numbered by what a struct page says.  Those of pages that hold
 * no objects are always closed: kfree() need not ask, its slow path does.
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
#undef kmalloc
#undef kzalloc
#undef kmem_cache_alloc

#define CACHES_MAX 40

#define SMALL_MAX  KMEM_OBJECT_MAX
#define CLASS_STEP 16

/* Objects that a magazine holds: 8 KB of them, within these bounds. */
#define MAGAZINE_BYTES 8192
#define MAGAZINE_MIN   8
#define MAGAZINE_MAX   128

static struct arch_link closed;

/* First objects, by what the struct pages of their frames say. */
static percpu_zero struct arch_link *magazines[PAGE_SLAB + CACHES_MAX];

static struct {
	struct spinlock lock; /* guards count; never held with a cache's */
	u32 count;            /* caches made so far */
	struct kmem_cache caches[CACHES_MAX];
	u8 state_of[SMALL_MAX / CLASS_STEP + 1]; /* I, by size in steps */
	struct arch_link **magazines[MAX_CPUS];  /* [a] where one is open */
} kmem;

static u32 batch_of(const struct kmem_cache *cache)
{
	return cache->limit / 2;
}

/* These are called with preemption off. */
static void magazine_put(struct arch_link **own, void *object)
{
	struct arch_link *link = object;

	link->next = *own;
	link->room = link->next->room - 1;
	*own = link;
}

static void *magazine_get(struct arch_link **own)
{
	struct arch_link *link = *own;

	*own = link->next;
	return link;
}

static struct arch_link **magazine_of(const struct kmem_cache *cache)
{
	return this_cpu_ptr(magazines[cache->state]);
}

static struct kmem_cache *cache_of(u64 state)
{
	return &kmem.caches[state - PAGE_SLAB];
}

static void magazine_open(struct kmem_cache *cache, struct arch_link **own)
{
	if (*own == &closed) {
		*own = &cache->end;
		WRITE_ONCE(kmem.magazines[cpu_id()],
			   this_cpu_ptr(magazines[0]));
	}
}

/* Puts so many objects into a magazine, if there is memory. */
static void magazine_refill(struct kmem_cache *cache, struct arch_link **own,
			    u32 count)
{
	WITH_SPINLOCK (&cache->lock) {
		while (count-- > 0 &&
		       (cache->partial != 0 || slab_create(cache))) {
			magazine_put(own, slab_take(cache));
		}
	}
}

/* Makes room for so many, or empties it. */
static void magazine_spill(struct kmem_cache *cache, struct arch_link **own,
			   s32 room)
{
	WITH_SPINLOCK (&cache->lock) {
		while ((*own)->room < room && (*own)->next != NULL) {
			slab_give(cache, magazine_get(own));
		}
	}
}

/*
 * The fast paths below call nothing but in tail position, so that they need no
 * stack frame; these are their slow ends.  The thread may have come to another
 * processor meanwhile, whose magazine is not empty or not full.
 */
static noinline void *alloc_slow(u64 state)
{
	struct kmem_cache *cache = cache_of(state);
	bool traced = trace_wants(TRACE_OBJECT);
	void *object = NULL;

	WITH_PREEMPT_OFF () {
		struct arch_link **own = magazine_of(cache);

		if ((*own)->next == NULL) {
			if (!traced) {
				magazine_open(cache, own);
			}
			magazine_refill(cache, own,
					traced ? 1 : batch_of(cache));
		}
		if ((*own)->next != NULL) {
			object = magazine_get(own);
		}
	}
	trace(TRACE_OBJECT, object, cache->size_bytes);
	return object;
}

static void magazine_free(struct kmem_cache *cache, void *object)
{
	bool traced = trace_wants(TRACE_OBJECT_FREE);

	trace(TRACE_OBJECT_FREE, object, cache->size_bytes);
	WITH_PREEMPT_OFF () {
		struct arch_link **own = magazine_of(cache);

		if (!traced) {
			magazine_open(cache, own);
			magazine_spill(cache, own, (s32)batch_of(cache));
		}
		magazine_put(own, object);
		if (traced) {
			magazine_spill(cache, own, INT32_MAX);
		}
	}
}

/* What lies in no slab is whole frames of large_alloc(), or NULL. */
static void large_free(void *object)
{
	phys_t block = virt_to_phys(object);

	if (object == NULL) {
		return;
	}
	ASSERT(block.pa < frame_limit().pa);
	ASSERT(IS_ALIGNED(block.pa, PAGE_SIZE));
	frame_free(block, frame_page(block)->order);
}

static noinline void free_slow(void *object, u64 state)
{
	if (state < PAGE_SLAB) {
		large_free(object);
	} else {
		magazine_free(cache_of(state), object);
	}
}

static always_inline void *magazine_pop(u64 state)
{
	void *object;

	DEBUG_ASSERT(this_cpu(percpu_head).irq_depth == 0);
	if (unlikely(!arch_list_pop(&magazines[state], &object))) {
		return alloc_slow(state);
	}
	return object;
}

static always_inline void magazine_push(void *object, u64 state)
{
	DEBUG_ASSERT(this_cpu(percpu_head).irq_depth == 0);
	if (unlikely(!arch_list_push(&magazines[state], object))) {
		free_slow(object, state);
	}
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
	if (page->state >= PAGE_SLAB) {
		object_own(guarded(cache_of(page->state), object), who);
		return object;
	}
	return phys_to_virt(
		frame_owned(virt_to_phys(object), page->order, who));
}
#else
#define object_own(g, who)
#endif

static always_inline void *object_alloc(u64 state, size_t len_bytes)
{
	void *object = magazine_pop(state);

	if (KMEM_GUARDED && object != NULL) {
		guard_open(guarded(cache_of(state), object), len_bytes);
	}
	return object;
}

static always_inline void object_free(void *object, u64 state)
{
	if (KMEM_GUARDED && state >= PAGE_SLAB) {
		object_own(guarded(cache_of(state), object), OWNER_none);
		guard_close(guarded(cache_of(state), object));
	}
	magazine_push(object, state);
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

void *kmalloc(size_t size_bytes)
{
	if (unlikely(size_bytes > SMALL_MAX)) {
		return large_alloc(size_bytes);
	}
	return object_alloc(
		kmem.state_of[(size_bytes + CLASS_STEP - 1) / CLASS_STEP],
		size_bytes);
}

void *kmem_class_alloc(u64 state)
{
	return object_alloc(state, cache_of(state)->size_bytes);
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
	DEBUG_ASSERT(virt_to_phys_null(object).pa < frame_limit().pa);
	object_free(object, frame_page_at(object)->state);
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return object_alloc(cache->state, cache->size_bytes);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	DEBUG_ASSERT(frame_page_at(object)->state == cache->state);
	object_free(object, cache->state);
}

static void cache_start(struct kmem_cache *cache, const char *name,
			size_t size_bytes, size_t align_bytes)
{
	size_t size = ALIGN_UP(MAX(size_bytes, sizeof(struct arch_link)),
			       sizeof(u64));
	size_t align = MAX(align_bytes, sizeof(u64));
	size_t stride = ALIGN_UP(size + KMEM_GUARD_BYTES, align);
	size_t limit = MAX(MAGAZINE_BYTES / stride, MAGAZINE_MIN);

	spin_init(&cache->lock, LOCK_KMEM);
	cache->name = name;
	cache->size_bytes = (u32)size;
	cache->stride_bytes = (u32)stride;
	cache->state = (u8)(PAGE_SLAB + (cache - kmem.caches));
	cache->order = slab_order((u32)stride);
	cache->slab_objects =
		(u32)((PAGE_SIZE << cache->order) / cache->stride_bytes);
	cache->limit = (u32)MIN(limit, MAGAZINE_MAX);
	cache->end.room = (s32)cache->limit;
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

void kmem_cpu_init(void)
{
	struct arch_link **own = this_cpu_ptr(magazines[0]);

	for (size_t i = 0; i < ARRAY_SIZE(magazines); i++) {
		own[i] = &closed;
	}
}

void kmem_init(void)
{
	static const struct {
		const char *name;
		u32 size_bytes;
	} classes[] = {
#define CLASS(n) { "kmalloc-" #n, n },
		KMEM_CLASSES(CLASS)
#undef CLASS
	};
	u32 step = 0;

	kmem_cpu_init();
	spin_init(&kmem.lock, LOCK_KMEM);
	for (u32 i = 0; i < ARRAY_SIZE(classes); i++) {
		u32 size = classes[i].size_bytes;

		if (kmem_cache_create(classes[i].name, size,
				      IS_POW2(size) ? size : CLASS_STEP) ==
		    NULL) {
			return;
		}
		while (step <= size / CLASS_STEP) {
			kmem.state_of[step++] = (u8)(PAGE_SLAB + i);
		}
	}
}

/*
 * How many objects a magazine holds.  Of another processor's it is a figure for
 * people: its first object may be taken and written to while we look.
 */
static u32 magazine_count(const struct kmem_cache *cache,
			  struct arch_link *const *of)
{
	const struct arch_link *first = READ_ONCE(*of);
	u32 room = (u32)READ_ONCE(first->room);

	return first == &closed ? 0 : MIN(cache->limit - room, cache->limit);
}

u64 kmem_cache_in_use(const struct kmem_cache *cache)
{
	u64 count = cache->slab_count * cache->slab_objects - cache->free_count;
	u64 idle = 0;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		struct arch_link **of = READ_ONCE(kmem.magazines[cpu]);

		if (of != NULL) {
			idle += magazine_count(cache, &of[cache->state]);
		}
	}
	return count - MIN(idle, count);
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
			struct kmem_cache *cache = &kmem.caches[i];
			struct arch_link **own = magazine_of(cache);

			magazine_spill(cache, own, INT32_MAX);
			*own = &closed;
			WITH_SPINLOCK (&cache->lock) {
				slab_drop_idle(cache);
			}
		}
		WRITE_ONCE(kmem.magazines[cpu_id()], NULL);
	}
}

static void check_magazine(const struct kmem_cache *cache)
{
	const struct arch_link *link = *magazine_of(cache);
	s32 room = link->room;

	ASSERT(room >= 0);
	for (; link->next != NULL; link = link->next) {
		ASSERT(frame_page_at(link)->state == cache->state);
		ASSERT(link->room == room++);
	}
	ASSERT(link == &closed || link == &cache->end);
	ASSERT(link->room == room);
}

void kmem_check(void)
{
	for (u32 i = 0; i < READ_ONCE(kmem.count); i++) {
		WITH_SPINLOCK (&kmem.caches[i].lock) {
			slab_check_all(&kmem.caches[i]);
			check_magazine(&kmem.caches[i]);
		}
	}
}
