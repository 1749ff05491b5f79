/* SPDX-License-Identifier: MIT */
/*
 * The two kinds of memory objects that are not files.
 */
#include "mm/object.h"

#include "arch/paging.h"
#include "kernel/mutex.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"

struct mem_object *mem_object_get(struct mem_object *object)
{
	if (object != NULL) {
		__atomic_fetch_add(&object->refs, 1, __ATOMIC_RELAXED);
	}
	return object;
}

void mem_object_put(struct mem_object *object)
{
	/* The last one sees what all others did with the object. */
	if (object != NULL &&
	    __atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		object->ops->destroy(object);
	}
}

/* Its frames stand in a page table that no processor ever loads. */
struct zeroes {
	struct mem_object object;
	struct mutex mutex; /* LOCK_OBJECT: the table */
	struct page_table table;
};

static int zeroes_page(struct mem_object *object, u64 index, unsigned access,
		       phys_t *out)
{
	struct zeroes *z = container_of(object, struct zeroes, object);
	u64 va = USER_START + index * PAGE_SIZE;
	struct page_mapping m;
	int err = 0;

	(void)access;
	if (index >= (USER_END - USER_START) / PAGE_SIZE) {
		return -ENXIO;
	}
	mutex_lock(&z->mutex);
	if (!arch_query_page(&z->table, va, &m)) {
		m.frame = frame_alloc_zeroed();
		err = phys_is_none(m.frame)
			      ? -ENOMEM
			      : arch_map_page(&z->table, va, m.frame, 0);
	}
	if (err == 0) {
		frame_get(m.frame);
		*out = m.frame;
	} else if (!phys_is_none(m.frame)) {
		frame_put(m.frame);
	}
	mutex_unlock(&z->mutex);
	return err;
}

static void zeroes_destroy(struct mem_object *object)
{
	struct zeroes *z = container_of(object, struct zeroes, object);

	arch_table_destroy(&z->table, frame_put);
	kfree(z);
}

struct mem_object *mem_object_zeroes(void)
{
	static const struct mem_object_ops ops = {
		.page = zeroes_page,
		.destroy = zeroes_destroy,
	};
	struct zeroes *z = kmalloc(sizeof(*z));

	if (z == NULL) {
		return NULL;
	}
	if (arch_table_create(&z->table) != 0) {
		kfree(z);
		return NULL;
	}
	mem_object_init(&z->object, &ops);
	mutex_init(&z->mutex, LOCK_OBJECT);
	return &z->object;
}

struct bytes {
	struct mem_object object;
	const u8 *data;
	u64 len_bytes;
};

static int bytes_page(struct mem_object *object, u64 index, unsigned access,
		      phys_t *out)
{
	const struct bytes *b = container_of(object, struct bytes, object);
	const u8 *from = b->data + index * PAGE_SIZE;
	u64 len;

	if (index >= DIV_ROUND_UP(b->len_bytes, PAGE_SIZE)) {
		return -ENXIO;
	}
	if (access & OBJECT_SHARED) {
		return -ENOMEM;
	}
	len = MIN(b->len_bytes - index * PAGE_SIZE, PAGE_SIZE);
	if (len == PAGE_SIZE && IS_ALIGNED((u64)from, PAGE_SIZE)) {
		*out = virt_to_phys(from);
		frame_get(*out);
		return 0;
	}
	*out = frame_alloc_zeroed();
	if (phys_is_none(*out)) {
		return -ENOMEM;
	}
	memcpy(phys_to_virt(*out), from, len);
	return 0;
}

static void bytes_destroy(struct mem_object *object)
{
	kfree(container_of(object, struct bytes, object));
}

struct mem_object *mem_object_bytes(const void *data, u64 len_bytes)
{
	static const struct mem_object_ops ops = {
		.page = bytes_page,
		.destroy = bytes_destroy,
	};
	struct bytes *b = kmalloc(sizeof(*b));

	if (b == NULL) {
		return NULL;
	}
	mem_object_init(&b->object, &ops);
	b->data = data;
	b->len_bytes = len_bytes;
	return &b->object;
}
