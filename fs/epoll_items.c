/* SPDX-License-Identifier: MIT */
/*
 * Which files are in sets of epoll, and what becomes of their changes; the
 * invariants are in fs/epoll_private.h.
 */
#include "fs/epoll_private.h"

#include "lib/errno.h"
#include "mm/kmem.h"

/* As on Linux: so many sets in one another. */
#define SETS_MAX 5

/* What is told whether it was asked for or not. */
#define ALWAYS ((u32)(POLL_ERROR | POLL_HANG_UP))

struct mutex epoll_mutex = MUTEX_INIT(epoll_mutex, LOCK_EPOLL);

/* ---- Items -------------------------------------------------------------- */

/* The file may be ready; the sets around learn of it, too. */
static void item_notify(struct poller *poller, u32 events,
			const struct pollq *from)
{
	struct epoll_item *item =
		container_of(poller, struct epoll_item, poller);
	struct epoll *set = item->set;

	WITH_SPINLOCK (&set->q.lock) {
		if (!(item->events & events & ~EPOLL_FLAGS)) {
			return;
		}
		epoll_ready_add_locked(item);
		waitq_wake_one_locked(&set->q);
	}
	pollq_pass(&set->pollq, POLL_IN, from);
}

void epoll_item_set(struct epoll_item *item, u32 events, u32 now)
{
	struct epoll *set = item->set;
	bool is_ready = now & events & ~EPOLL_FLAGS;

	WITH_SPINLOCK_IRQ_ON (&set->q.lock) {
		item->events = events;
		if (is_ready) {
			epoll_ready_add_locked(item);
			waitq_wake_one_locked(&set->q);
		}
	}
	if (is_ready) {
		pollq_wake_for(&set->pollq, POLL_IN);
	}
}

static u64 key_of(const struct file *file, u32 fd)
{
	/* The upper 16 bits of an address tell nothing, nor those of `fd`. */
	return (u64)file << 16 | (u16)fd;
}

static struct epoll_item *item_find(const struct epoll *set,
				    const struct file *file, u32 fd)
{
	struct tree_node *node = tree_find(&set->items, key_of(file, fd));

	return node ? container_of(node, struct epoll_item, node) : NULL;
}

static void item_unlink(struct epoll_item *item)
{
	struct epoll_item **at = &item->file->watched;

	while (*at != item) {
		at = &(*at)->next;
	}
	*at = item->next;
}

void epoll_item_end(struct epoll_item *item)
{
	struct epoll *set = item->set;

	poller_end(&item->poller);
	WITH_SPINLOCK_IRQ_ON (&set->q.lock) {
		if (item->is_ready) {
			list_remove(&item->ready);
		}
	}
	tree_remove(&set->items, &item->node);
	item_unlink(item);
	kfree(item);
}

void epoll_file_end(struct file *file)
{
	WITH_MUTEX (&epoll_mutex) {
		while (file->watched != NULL) {
			epoll_item_end(file->watched);
		}
	}
}

/* ---- Sets in sets ------------------------------------------------------- */

static struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_file_ops ? file->data : NULL;
}

/* The set and those around it become so high. Errors: -ELOOP. [m] */
static int height_raise(struct epoll *set, u32 height)
{
	if (height >= SETS_MAX) {
		return -ELOOP;
	}
	if (set->height >= height) {
		return 0;
	}
	for (const struct epoll_item *i = set->file->watched; i != NULL;
	     i = i->next) {
		int err = height_raise(i->set, height + 1);

		if (err) {
			return err;
		}
	}
	set->height = height;
	return 0;
}

/* What a set that is taken out leaves. [m] */
static void height_lower(struct epoll *set)
{
	u32 height = 0;

	tree_for_each (node, &set->items) {
		const struct epoll *inner = epoll_of(
			container_of(node, struct epoll_item, node)->file);

		height = inner ? MAX(height, inner->height + 1) : height;
	}
	set->height = height;
}

/* ---- Changing a set ----------------------------------------------------- */

/* [m] Errors: -EEXIST, -ELOOP, -ENOMEM. */
static int item_add(struct epoll *set, struct file *file, u32 fd,
		    const struct epoll_event *want)
{
	struct epoll_item *item = kzalloc(sizeof(*item));
	int err = 0;
	u32 now;

	if (item == NULL) {
		return -ENOMEM;
	}
	item->node.key = key_of(file, fd);
	if (!tree_insert(&set->items, &item->node)) {
		kfree(item);
		return -EEXIST;
	}
	item->set = set;
	item->file = file;
	item->data = want->data;
	item->next = file->watched;
	file->watched = item;
	poller_init(&item->poller);
	item->poller.notify = item_notify;
	if (epoll_of(file) != NULL) {
		err = height_raise(set, epoll_of(file)->height + 1);
	}
	if (err == 0) {
		now = file_poll(file, &item->poller);
		err = item->poller.err;
	}
	if (err) {
		epoll_item_end(item);
		return err;
	}
	epoll_item_set(item, want->events | ALWAYS, now);
	return 0;
}

int epoll_add(struct file *set, struct file *file, u32 fd,
	      const struct epoll_event *want)
{
	int err = 0;

	WITH_MUTEX (&epoll_mutex) {
		((struct epoll *)set->data)->file = set;
		err = item_add(set->data, file, fd, want);
	}
	return err;
}

int epoll_modify(struct file *set, struct file *file, u32 fd,
		 const struct epoll_event *want)
{
	WITH_MUTEX (&epoll_mutex) {
		struct epoll_item *item = item_find(set->data, file, fd);

		if (item == NULL) {
			return -ENOENT;
		}
		if (item->events & EPOLL_EXCLUSIVE) {
			return -EINVAL;
		}
		item->data = want->data;
		/* Changes from here on find what is wanted now. */
		epoll_item_set(item, want->events | ALWAYS, 0);
		epoll_item_set(item, item->events, file_poll(file, NULL));
	}
	return 0;
}

int epoll_remove(struct file *set, struct file *file, u32 fd)
{
	WITH_MUTEX (&epoll_mutex) {
		struct epoll_item *item = item_find(set->data, file, fd);

		if (item == NULL) {
			return -ENOENT;
		}
		epoll_item_end(item);
		if (epoll_of(file) != NULL) {
			height_lower(set->data);
		}
	}
	return 0;
}
