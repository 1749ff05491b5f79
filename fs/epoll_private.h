/* SPDX-License-Identifier: MIT */
/*
 * What the parts of epoll share: fs/epoll_items.c (which files are in a set,
 * and what becomes of their changes), fs/epoll.c (who asks a set).
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
#ifndef EXO_FS_EPOLL_PRIVATE_H
#define EXO_FS_EPOLL_PRIVATE_H

#include "fs/epoll.h"
#include "lib/tree.h"
#include "sched/poll.h"

/* What is no event in enum epoll_flags; without events an item is asleep. */
#define EPOLL_FLAGS 0xf0000000u

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

extern struct mutex epoll_mutex; /* LOCK_EPOLL: of all sets */

/* Puts it on its set's list, if it is not there. [q] */
static inline void epoll_ready_add_locked(struct epoll_item *item)
{
	if (!item->is_ready) {
		item->is_ready = true;
		list_push_back(&item->set->ready, &item->ready);
	}
}

/* What is to be told of it now. [m] */
static inline u32 epoll_item_ask(struct epoll_item *item, struct poller *poller)
{
	return file_poll(item->file, poller) & item->events & ~EPOLL_FLAGS;
}

/* What it waits for from now on; tells at once if `now` has of it. [m] */
void epoll_item_set(struct epoll_item *item, u32 events, u32 now);

/* Takes it out of its set and frees it. [m] */
void epoll_item_end(struct epoll_item *item);

#endif
