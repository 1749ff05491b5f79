/* SPDX-License-Identifier: MIT */
/*
 * What the parts of pipes share: fs/pipe.c (their files) and fs/pipe_ring.c
 * (their bytes).  A pipe is a ring of pages that come when they are written to.
 *
 * I1  head counts the bytes that were put in, tail those taken out; both move
 *     under the mutex, which is held while user memory is copied.  They are one
 *     word: who looks without the mutex sees both of one moment.
 * I2  Page i of the ring is there if any of its bytes is in use.  An empty pipe
 *     begins again at page 0 and keeps no other: a pipe that carries little
 *     works in one page.
 * I3  Who sleeps counts itself in `sleepers` before it looks at the ring for
 *     the last time; who changes the ring looks at `sleepers` afterwards.  The
 *     locked instruction in mutex_unlock() stands between the two, so no
 *     wake-up is lost, and none is made for nobody.
 */
#ifndef EXO_FS_PIPE_PRIVATE_H
#define EXO_FS_PIPE_PRIVATE_H

#include "fs/pipe.h"
#include "lib/ring.h"
#include "sched/poll.h"

#define PIPE_PAGES (PIPE_BYTES / PAGE_SIZE)

/* Those who wait at one end. */
struct pipe_end {
	struct waitq q;
	u32 sleepers; /* [a] */
	u32 files;    /* [a] open files of this end */
	u32 opens;    /* [a] files that were opened: who waits sees a change */
};

/* Marks: [m] mutex, [a] atomic. */
struct pipe {
	struct mutex mutex; /* LOCK_PIPE */
	union {
		struct {
			u32 head; /* [m] */
			u32 tail; /* [m] */
		};
		u64 both; /* [m] read by anybody */
	};
	u32 page_count; /* [m] */
	bool named;     /* [I] a FIFO's: the mutex of its vnode decides */
	u64 ino;        /* [I] */
	struct pipe_end reader, writer;
	struct pollq pollq;
	void *pages[PIPE_PAGES]; /* [m] */
};

static inline u32 pipe_fill(const struct pipe *p)
{
	u64 both = READ_ONCE(p->both);

	return ring_fill((u32)both, (u32)(both >> 32));
}

/*
 * After the mutex was released: wakes who sleeps at that end (I3), and who
 * polls for `events`.
 */
static inline void pipe_end_wake(struct pipe *p, struct pipe_end *end,
				 u32 events)
{
	if (READ_ONCE(end->sleepers) > 0) {
		waitq_wake_all(&end->q);
	}
	if (!list_empty(&p->pollq.watches)) {
		pollq_wake_events(&p->pollq, events);
	}
}

/* Enough for poll(2). */
static inline bool pipe_has_room(u32 fill)
{
	return PIPE_BYTES - fill >= PIPE_ATOMIC_BYTES;
}

/* Sleeps at an end until ready(). Errors: -EINTR. */
must_check int pipe_end_sleep(const struct pipe *p, struct pipe_end *end,
			      bool (*ready)(const struct pipe *p, u32 need),
			      u32 need);

/* Gives back the pages from `first` on. */
void pipe_pages_free(struct pipe *p, u32 first);

/* Of struct file_ops. */
long pipe_read(struct file *file, uaddr_t dst, size_t len_bytes);
long pipe_write(struct file *file, uaddr_t src, size_t len_bytes);
long pipe_write_pieces(struct file *file, const struct file_piece *piece,
		       size_t len_bytes);

#endif
