/* SPDX-License-Identifier: MIT */
/*
 * Sets of files that are waited for.
 *
 * An item is a file in a set.  It watches the file for good; a change that it
 * waits for puts it on the set's list `ready` (item_notify()).  Who asks the
 * set asks the files of the items there, and takes those out of which nothing
 * is to be told again.
 *
 * I1  Which items there are, and what they wait for, changes under the one
 *     mutex of all sets; so does the asking.  It is a file's last user who
 *     takes it out of all sets (epoll_file_end()): while the mutex is held, the
 *     file of each item is open.
 * I2  `ready` and `is_ready` change under the set's q.lock, and only who has
 *     the mutex takes an item out: to that one the list grows at its end
 *     alone.  An item that is taken out is asked afterwards: a change behind
 *     that puts it back.
 * I3  Sets in sets make no circle and at most SETS_MAX levels: `height` is one
 *     more than that of each set inside, and rises before the item is used.
 */
#include "fs/epoll.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "lib/tree.h"
#include "mm/kmem.h"
#include "sched/poll.h"

/* As on Linux: so many sets in one another. */
#define SETS_MAX 5

/* What is told whether it was asked for or not. */
#define ALWAYS ((u32)(POLL_ERROR | POLL_HANG_UP))

/* What is no event in enum epoll_flags; without events an item is asleep. */
#define FLAGS (0xf0000000u)

struct epoll {
	struct waitq q;     /* LOCK_POLLER: who waits */
	struct list ready;  /* [q] struct epoll_item.ready */
	struct pollq pollq; /* those of sets and poll(2) around it */
	struct tree items;  /* [m] by file and number */
	struct file *file;  /* [m] its own, known since the first addition */
	u32 height;         /* [m] I3 */
};

/* Marks: [m] the mutex, [q] the set's q.lock, [I] immutable. */
struct epoll_item {
	struct tree_node node;   /* [m] in its set */
	struct list ready;       /* [q] */
	struct epoll *set;       /* [I] */
	struct file *file;       /* [I] without a reference: I1 */
	struct epoll_item *next; /* [m] in file->watched */
	u32 events;              /* [q] and [m]: read under either */
	bool is_ready;           /* [q] it is in set->ready */
	u64 data;                /* [m] */
	struct poller poller;    /* its watches */
};

static struct mutex sets_mutex = MUTEX_INIT(sets_mutex, LOCK_EPOLL);

/* ---- Items -------------------------------------------------------------- */

static void ready_add_locked(struct epoll_item *item)
{
	if (!item->is_ready) {
		item->is_ready = true;
		list_push_back(&item->set->ready, &item->ready);
	}
}

/* The file may be ready; the sets around learn of it, too. */
static void item_notify(struct poller *poller, u32 events,
			const struct pollq *from)
{
	struct epoll_item *item =
		container_of(poller, struct epoll_item, poller);
	struct epoll *set = item->set;

	WITH_SPINLOCK (&set->q.lock) {
		if (!(item->events & events & ~FLAGS)) {
			return;
		}
		ready_add_locked(item);
		waitq_wake_one_locked(&set->q);
	}
	pollq_pass(&set->pollq, POLL_IN, from);
}

/* What is to be told of it now. [m] */
static u32 item_ask(struct epoll_item *item, struct poller *poller)
{
	return file_poll(item->file, poller) & item->events & ~FLAGS;
}

/* What it waits for; tells at once if it is there. [m] */
static void item_set(struct epoll_item *item, u32 events, u32 now)
{
	struct epoll *set = item->set;
	bool is_ready = now & events & ~FLAGS;

	WITH_SPINLOCK_IRQ_ON (&set->q.lock) {
		item->events = events;
		if (is_ready) {
			ready_add_locked(item);
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

/* Takes it out and frees it. [m] */
static void item_end(struct epoll_item *item)
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
	WITH_MUTEX (&sets_mutex) {
		while (file->watched != NULL) {
			item_end(file->watched);
		}
	}
}

/* ---- Sets in sets ------------------------------------------------------- */

static struct epoll *set_in(const struct file *file)
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
		const struct epoll *inner = set_in(
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
	if (set_in(file) != NULL) {
		err = height_raise(set, set_in(file)->height + 1);
	}
	if (err == 0) {
		now = file_poll(file, &item->poller);
		err = item->poller.err;
	}
	if (err) {
		item_end(item);
		return err;
	}
	item_set(item, want->events | ALWAYS, now);
	return 0;
}

int epoll_add(struct file *set, struct file *file, u32 fd,
	      const struct epoll_event *want)
{
	int err = 0;

	WITH_MUTEX (&sets_mutex) {
		((struct epoll *)set->data)->file = set;
		err = item_add(set->data, file, fd, want);
	}
	return err;
}

int epoll_modify(struct file *set, struct file *file, u32 fd,
		 const struct epoll_event *want)
{
	WITH_MUTEX (&sets_mutex) {
		struct epoll_item *item = item_find(set->data, file, fd);

		if (item == NULL) {
			return -ENOENT;
		}
		if (item->events & EPOLL_EXCLUSIVE) {
			return -EINVAL;
		}
		item->data = want->data;
		/* Changes from here on find what is wanted now. */
		item_set(item, want->events | ALWAYS, 0);
		item_set(item, item->events, file_poll(file, NULL));
	}
	return 0;
}

int epoll_remove(struct file *set, struct file *file, u32 fd)
{
	WITH_MUTEX (&sets_mutex) {
		struct epoll_item *item = item_find(set->data, file, fd);

		if (item == NULL) {
			return -ENOENT;
		}
		item_end(item);
		if (set_in(file) != NULL) {
			height_lower(set->data);
		}
	}
	return 0;
}

/* ---- Asking ------------------------------------------------------------- */

static bool has_ready(const struct epoll *set)
{
	return !list_empty(&set->ready);
}

/* It is ready, or may be. [m] */
static void ready_return(struct epoll_item *item)
{
	WITH_SPINLOCK_IRQ_ON (&item->set->q.lock) {
		ready_add_locked(item);
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
	u32 now = likely(is_level(item)) ? item_ask(item, NULL) : 0;

	if (likely(now != 0)) {
		return now;
	}
	ready_remove(item);
	return item_ask(item, NULL);
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
		item_set(item, item->events & FLAGS, 0);
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
			WITH_MUTEX (&sets_mutex) {
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
	bool outermost = !mutex_held(&sets_mutex);
	bool is_ready;

	poller_watch(poller, &set->pollq);
	if (outermost) {
		mutex_lock(&sets_mutex);
	}
	is_ready = any_ready(set);
	if (outermost) {
		mutex_unlock(&sets_mutex);
	}
	return is_ready ? POLL_IN : 0;
}

static void epoll_close(struct file *file)
{
	struct epoll *set = file->data;
	struct tree_node *node;

	WITH_MUTEX (&sets_mutex) {
		while ((node = tree_first(&set->items)) != NULL) {
			item_end(container_of(node, struct epoll_item, node));
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
