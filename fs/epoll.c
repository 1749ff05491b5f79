/* SPDX-License-Identifier: MIT */
/*
 * Sets of files that are waited for.
 *
 * An item is a file in a set.  It watches the file for good; a change that it
 * waits for puts it on the set's list `ready` (fs/epoll_items.c).  Who asks the
 * set asks the files of the items there, and takes those out of which nothing
 * is to be told again.  The invariants are in fs/epoll_private.h.
 */
#include "fs/epoll_private.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* ---- Asking ------------------------------------------------------------- */

static bool has_ready(const struct epoll *set)
{
	return !list_empty(&set->ready);
}

/* It is ready, or may be. [m] */
static void ready_return(struct epoll_item *item)
{
	WITH_SPINLOCK_IRQ_ON (&item->set->q.lock) {
		epoll_ready_add_locked(item);
	}
}

static noinline void ready_remove(struct epoll_item *item)
{
	WITH_SPINLOCK_IRQ_ON (&item->set->q.lock) {
		list_remove(&item->ready);
		item->is_ready = false;
	}
}

/* True if it is told of for as long as it is ready. [m] */
static bool is_level(const struct epoll_item *item)
{
	return !(item->events & (EPOLL_EDGE | EPOLL_ONE_SHOT));
}

/*
 * What is to be told of an item on the list (I2).  Unless it is level-triggered
 * and ready it has left the list then.  [m]
 */
static u32 item_look(struct epoll_item *item)
{
	u32 now = likely(is_level(item)) ? epoll_item_ask(item, NULL) : 0;

	if (likely(now != 0)) {
		return now;
	}
	ready_remove(item);
	return epoll_item_ask(item, NULL);
}

/*
 * Tells of one item: 1, or 0 if there is nothing to tell.  Level-triggered ones
 * stay, those for one time fall asleep.  Errors: -EFAULT.  [m]
 */
static int item_tell(struct epoll_item *item, uaddr_t to)
{
	struct epoll_event event = { item_look(item), item->data };
	bool again = is_level(item);
	int result = 1;

	if (event.events == 0) {
		return 0;
	}
	if (copy_to_user(to, &event, sizeof(event)) != 0) {
		again = true;
		result = -EFAULT;
	} else if (item->events & EPOLL_ONE_SHOT) {
		epoll_item_set(item, item->events & EPOLL_FLAGS, 0);
	}
	if (again && !item->is_ready) {
		ready_return(item);
	}
	return result;
}

/* How many were told. Errors: -EFAULT. [m] */
static long tell_ready(struct epoll *set, uaddr_t to, u32 max)
{
	const struct list *last = READ_ONCE(set->ready.prev);
	struct list *node, *next = READ_ONCE(set->ready.next);
	u32 told = 0;
	int err;

	if (last == &set->ready) {
		return 0;
	}
	do {
		node = next;
		next = READ_ONCE(node->next);
		err = item_tell(list_entry(node, struct epoll_item, ready), to);
		if (err > 0) {
			told++;
			to = uaddr_add(to, sizeof(struct epoll_event));
		}
	} while (node != last && told < max && err >= 0);
	if (node != last) {
		/* What there was no room for comes first the next time. */
		WITH_SPINLOCK_IRQ_ON (&set->q.lock) {
			list_remove(&set->ready);
			list_insert_between(&set->ready, next->prev, next);
		}
	}
	/* Who sleeps saw the list empty, and is in the queue since then. */
	if (has_ready(set) && !list_empty(&set->q.waiters)) {
		waitq_wake_one(&set->q);
	}
	return told > 0 || err >= 0 ? (long)told : err;
}

/* Errors: -ETIMEDOUT, -EINTR. */
static int set_sleep(struct epoll *set, u64 deadline)
{
	u64 flags = waitq_lock(&set->q);
	int err = 0;

	while (!has_ready(set) && err == 0) {
		err = waitq_sleep_interruptible(&set->q, deadline);
	}
	waitq_unlock(&set->q, flags);
	return err;
}

long epoll_wait(struct file *file, uaddr_t to, u32 max, u64 deadline)
{
	struct epoll *set = file->data;
	long told = 0;
	int err = 0;

	while (told == 0 && err == 0) {
		if (has_ready(set)) {
			WITH_MUTEX (&epoll_mutex) {
				told = tell_ready(set, to, max);
			}
		}
		if (told == 0) {
			err = deadline ? set_sleep(set, deadline) : -ETIMEDOUT;
		}
	}
	return told != 0 || err == -ETIMEDOUT ? told : err;
}

/* ---- A set as a file ---------------------------------------------------- */

/* True if anything is ready; what is not any more leaves the list. [m] */
static bool any_ready(struct epoll *set)
{
	while (has_ready(set)) {
		struct epoll_item *item =
			list_first(&set->ready, struct epoll_item, ready);

		if (item_look(item) != 0) {
			if (!item->is_ready) {
				ready_return(item);
			}
			return true;
		}
	}
	return false;
}

static u32 epoll_poll(struct file *file, struct poller *poller)
{
	struct epoll *set = file->data;
	bool outermost = !mutex_held(&epoll_mutex);
	bool is_ready;

	poller_watch(poller, &set->pollq);
	if (outermost) {
		mutex_lock(&epoll_mutex);
	}
	is_ready = any_ready(set);
	if (outermost) {
		mutex_unlock(&epoll_mutex);
	}
	return is_ready ? POLL_IN : 0;
}

static void epoll_close(struct file *file)
{
	struct epoll *set = file->data;
	struct tree_node *node;

	WITH_MUTEX (&epoll_mutex) {
		while ((node = tree_first(&set->items)) != NULL) {
			epoll_item_end(
				container_of(node, struct epoll_item, node));
		}
	}
	kfree(set);
}

const struct file_ops epoll_file_ops = {
	.name = "[eventpoll]",
	.poll = epoll_poll,
	.close = epoll_close,
};

void *epoll_create(void)
{
	struct epoll *set = kzalloc(sizeof(*set));

	if (set != NULL) {
		waitq_init(&set->q);
		spin_init(&set->q.lock, LOCK_POLLER);
		list_init(&set->ready);
		pollq_init_nested(&set->pollq);
	}
	return set;
}
