/* SPDX-License-Identifier: MIT */
/*
 * Slabs: blocks of frames cut into objects.  A slab's state is in the struct
 * page of its first frame; a free object's first word is the offset of the
 * next one.  Invariants K2 to K4 of mm/kmem.c are kept here.
 */
#include "mm/slab.h"
#include "lib/assert.h"

/* A slab has at least this many objects and wastes at most an eighth. */
#define SLAB_OBJECTS_MIN 4
#define SLAB_WASTE_DIV   8
#define SLAB_ORDER_MAX   3

/* slab_free_at of a slab without free objects; else an offset in bytes. */
#define SLAB_NONE 0xffff
static_assert((PAGE_SIZE << SLAB_ORDER_MAX) <= SLAB_NONE, "fits in u16");

static struct page *page_of(u32 slab)
{
	return &frame_table.pages[slab];
}

static char *slab_base(u32 slab)
{
	return phys_to_virt(phys((u64)slab << PAGE_SHIFT));
}

static u32 slab_of(const struct kmem_cache *cache, const void *object)
{
	u64 frame = virt_to_phys(object).pa >> PAGE_SHIFT;

	return (u32)ALIGN_DOWN(frame, 1ull << cache->order);
}

static void list_insert(u32 *head, u32 slab)
{
	page_of(slab)->next = *head;
	page_of(slab)->prev = 0;
	if (*head != 0) {
		page_of(*head)->prev = slab;
	}
	*head = slab;
}

static void list_delete(u32 *head, u32 slab)
{
	const struct page *page = page_of(slab);

	if (page->next != 0) {
		page_of(page->next)->prev = page->prev;
	}
	if (page->prev != 0) {
		page_of(page->prev)->next = page->next;
	} else {
		*head = page->next;
	}
}

/* Links all objects of a new slab, the lowest first. */
static void slab_fill(struct kmem_cache *cache, u32 slab)
{
	struct page *page = page_of(slab);
	u32 next = SLAB_NONE;

	for (u32 i = cache->slab_objects; i-- > 0;) {
		u32 at = i * cache->stride_bytes;
		char *object = slab_base(slab) + at;

		*(u64 *)object = next;
		if (KMEM_GUARDED) {
			guard_start(guarded(cache, object));
		}
		next = at;
	}
	page->slab_free_at = (u16)next;
	page->slab_free_count = (u16)cache->slab_objects;
}

bool slab_create(struct kmem_cache *cache)
{
	phys_t block = frame_alloc(cache->order);
	u32 slab = (u32)(block.pa >> PAGE_SHIFT);

	if (slab == 0) {
		return false;
	}
	for (u32 i = 0; i < 1u << cache->order; i++) {
		page_of(slab + i)->state = cache->state;
	}
	slab_fill(cache, slab);
	list_insert(&cache->partial, slab);
	cache->slab_count++;
	cache->idle_count++;
	cache->free_count += cache->slab_objects;
	return true;
}

/* Gives back a slab whose objects are all free. */
static void slab_destroy(struct kmem_cache *cache, u32 slab)
{
	list_delete(&cache->partial, slab);
	cache->slab_count--;
	cache->idle_count--;
	cache->free_count -= cache->slab_objects;
	for (u32 i = 0; i < 1u << cache->order; i++) {
		page_of(slab + i)->state = PAGE_FREE; /* buddy.c's I5 */
	}
	*page_of(slab) = (struct page){ .state = PAGE_ALLOCATED,
					.order = (u8)cache->order,
					.refs = 1 };
	frame_free(phys((u64)slab << PAGE_SHIFT), cache->order);
}

void *slab_take(struct kmem_cache *cache)
{
	u32 slab = cache->partial;
	struct page *page = page_of(slab);
	char *object = slab_base(slab) + page->slab_free_at;
	u64 next = *(u64 *)object;

	cache->idle_count -= page->slab_free_count == cache->slab_objects;
	page->slab_free_at = (u16)next;
	cache->free_count--;
	if (--page->slab_free_count == 0) {
		list_delete(&cache->partial, slab);
		list_insert(&cache->full, slab);
	}
	return object;
}

void slab_give(struct kmem_cache *cache, void *object)
{
	u32 slab = slab_of(cache, object);
	struct page *page = page_of(slab);

	*(u64 *)object = page->slab_free_at;
	page->slab_free_at = (u16)((char *)object - slab_base(slab));
	cache->free_count++;
	if (page->slab_free_count++ == 0) {
		list_delete(&cache->full, slab);
		list_insert(&cache->partial, slab);
	}
	if (page->slab_free_count < cache->slab_objects) {
		return;
	}
	cache->idle_count++;
	if (cache->idle_count > 1) {
		slab_destroy(cache, slab);
	}
}

u16 slab_order(u32 stride_bytes)
{
	u16 order = 0;

	while (order < SLAB_ORDER_MAX) {
		u64 bytes = PAGE_SIZE << order;

		if (bytes / stride_bytes >= SLAB_OBJECTS_MIN &&
		    bytes % stride_bytes * SLAB_WASTE_DIV <= bytes) {
			break;
		}
		order++;
	}
	return order;
}

/* It stays in the partial list among the others. */
void slab_drop_idle(struct kmem_cache *cache)
{
	u32 slab = cache->partial;

	if (cache->idle_count == 0) {
		return;
	}
	while (page_of(slab)->slab_free_count < cache->slab_objects) {
		slab = page_of(slab)->next;
	}
	slab_destroy(cache, slab);
}

/* K2 for one slab, and each object's guard. */
static void check_slab(struct kmem_cache *cache, u32 slab)
{
	const struct page *page = page_of(slab);
	u32 count = 0;

	ASSERT(page->state == cache->state);
	for (u64 at = page->slab_free_at; at != SLAB_NONE;) {
		ASSERT(at / cache->stride_bytes < cache->slab_objects);
		ASSERT(at % cache->stride_bytes == 0);
		ASSERT(++count <= page->slab_free_count);
		at = *(u64 *)(slab_base(slab) + at);
	}
	ASSERT(count == page->slab_free_count);
	for (u32 i = 0; KMEM_GUARDED && i < cache->slab_objects; i++) {
		char *object = slab_base(slab) + i * cache->stride_bytes;

		guard_check(guarded(cache, object));
	}
}

void slab_check_all(struct kmem_cache *cache)
{
	u64 slab_count = 0;
	u64 free_count = 0;
	u64 idle_count = 0;

	for (u32 s = cache->partial; s != 0; s = page_of(s)->next) {
		check_slab(cache, s);
		ASSERT(page_of(s)->slab_free_count > 0);
		slab_count++;
		free_count += page_of(s)->slab_free_count;
		idle_count +=
			page_of(s)->slab_free_count == cache->slab_objects;
	}
	for (u32 s = cache->full; s != 0; s = page_of(s)->next) {
		check_slab(cache, s);
		ASSERT(page_of(s)->slab_free_count == 0);
		slab_count++;
	}
	ASSERT(slab_count == cache->slab_count);
	ASSERT(free_count == cache->free_count);
	ASSERT(idle_count == cache->idle_count && idle_count <= 1);
}
