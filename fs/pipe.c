/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a ring of pages that come when they are written to.
 *
 * I1  head counts the bytes that were put in, tail those taken out; both move
 *     under the mutex, which is held while user memory is copied.
 * I2  Page i of the ring is there if any of its bytes is in use.  An empty pipe
 *     begins again at page 0 and keeps no other: a pipe that carries little
 *     works in one page.
 * I3  Who sleeps counts itself in `sleepers` before it looks at the ring for
 *     the last time; who changes the ring looks at `sleepers` afterwards.  The
 *     locked instruction in mutex_unlock() stands between the two, so no
 *     wake-up is lost, and none is made for nobody.
 */
#include "fs/pipe.h"

#include "arch/directmap.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/poll.h"

#define PIPE_PAGES (PIPE_BYTES / PAGE_SIZE)

/* ioctl(2): how many bytes can be read. */
#define FIONREAD 0x541b

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
	u32 head;           /* [m] read by sleepers */
	u32 tail;           /* [m] read by sleepers */
	u32 page_count;     /* [m] */
	bool named;         /* [I] a FIFO's: the mutex of its vnode decides */
	u64 ino;            /* [I] */
	struct pipe_end reader, writer;
	struct pollq pollq;
	void *pages[PIPE_PAGES]; /* [m] */
};

static u64 next_ino; /* [a] */

static void end_init(struct pipe_end *end)
{
	waitq_init(&end->q);
}

static struct pipe *pipe_alloc(void)
{
	struct pipe *p = kzalloc(sizeof(*p));

	if (p != NULL) {
		mutex_init(&p->mutex, LOCK_PIPE);
		end_init(&p->reader);
		end_init(&p->writer);
		pollq_init(&p->pollq);
		p->ino = __atomic_add_fetch(&next_ino, 1, __ATOMIC_RELAXED);
	}
	return p;
}

/* Gives back the pages from `first` on. */
static void pages_free(struct pipe *p, u32 first)
{
	for (u32 i = first; i < PIPE_PAGES; i++) {
		if (p->pages[i] != NULL) {
			frame_put(virt_to_phys(p->pages[i]));
			p->pages[i] = NULL;
			p->page_count--;
		}
	}
}

static void pipe_free(struct pipe *p)
{
	pages_free(p, 0);
	kfree(p);
}

/* A page for a slot that has none. */
static noinline void *page_add(struct pipe *p, void **page)
{
	phys_t frame = frame_alloc(0);

	if (!phys_is_none(frame)) {
		*page = phys_to_virt(frame);
		p->page_count++;
	}
	return *page;
}

/* The bytes at an index; NULL: no memory for its page. */
static inline u8 *place(struct pipe *p, u32 index)
{
	u32 slot = ring_slot(index, PIPE_BYTES);
	void **page = &p->pages[slot / PAGE_SIZE];
	u8 *at = *page;

	if (unlikely(at == NULL)) {
		at = page_add(p, page);
		if (at == NULL) {
			return NULL;
		}
	}
	return at + slot % PAGE_SIZE;
}

static u32 fill_of(const struct pipe *p)
{
	return ring_fill(READ_ONCE(p->head), READ_ONCE(p->tail));
}

/*
 * After the mutex was released: wakes who sleeps at that end (I3), and who
 * polls for `events`.
 */
static inline void end_wake(struct pipe *p, struct pipe_end *end, u32 events)
{
	if (READ_ONCE(end->sleepers) > 0) {
		waitq_wake_all(&end->q);
	}
	if (!list_empty(&p->pollq.watches)) {
		pollq_wake_events(&p->pollq, events);
	}
}

/* Enough for poll(2). */
static bool has_room(u32 fill)
{
	return PIPE_BYTES - fill >= PIPE_ATOMIC_BYTES;
}

/* There is something to read, or never will be. */
static bool readable(const struct pipe *p, u32 unused_need)
{
	(void)unused_need;
	return fill_of(p) > 0 || READ_ONCE(p->writer.files) == 0;
}

/* There is room, or nobody to read. */
static bool writable(const struct pipe *p, u32 need)
{
	return PIPE_BYTES - fill_of(p) >= need ||
	       READ_ONCE(p->reader.files) == 0;
}

/* Sleeps at an end until ready(). Errors: -EINTR. */
static int end_sleep(const struct pipe *p, struct pipe_end *end,
		     bool (*ready)(const struct pipe *p, u32 need), u32 need)
{
	u64 flags = waitq_lock(&end->q);
	int err = 0;

	/* Pairs with the locked instruction in mutex_unlock() (I3). */
	__atomic_fetch_add(&end->sleepers, 1, __ATOMIC_SEQ_CST);
	while (!ready(p, need) && err == 0) {
		err = waitq_sleep_interruptible(&end->q, WAITQ_FOREVER);
	}
	__atomic_fetch_sub(&end->sleepers, 1, __ATOMIC_RELAXED);
	waitq_unlock(&end->q, flags);
	return err;
}

/* Takes what is there, up to len_bytes. */
static long take_locked(struct pipe *p, uaddr_t dst, size_t len_bytes)
{
	size_t want = MIN(len_bytes, (size_t)fill_of(p));
	size_t done = 0;

	while (done < want) {
		u32 offset = p->tail % PAGE_SIZE;
		size_t len = MIN(want - done, PAGE_SIZE - offset);

		if (copy_to_user(uaddr_add(dst, done), place(p, p->tail),
				 len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		WRITE_ONCE(p->tail, p->tail + (u32)len);
		done += len;
	}
	if (p->head == p->tail) {
		if (unlikely(p->page_count > 1)) {
			pages_free(p, 1);
		}
		p->head = p->tail = 0;
	}
	return (long)done;
}

static long pipe_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	struct pipe *p = file->data;
	long got = 0;

	while (len_bytes > 0) {
		int err;

		/* Who has to wait does not take the mutex for nothing. */
		if (readable(p, 0)) {
			u32 fill;

			mutex_lock(&p->mutex);
			fill = fill_of(p);
			got = take_locked(p, dst, len_bytes);
			mutex_unlock(&p->mutex);
			if (got != 0) {
				end_wake(p, &p->writer,
					 has_room(fill) ? 0 : POLL_OUT);
				return got;
			}
			/* What the last writer left came before that. */
			if (READ_ONCE(p->writer.files) == 0 &&
			    fill_of(p) == 0) {
				return 0;
			}
			continue;
		}
		if (READ_ONCE(file->flags) & FILE_NONBLOCK) {
			return -EAGAIN;
		}
		err = end_sleep(p, &p->reader, readable, 0);
		if (err) {
			return err == -EINTR ? -ERESTART : err;
		}
	}
	return got;
}

/* Puts in what there is room for, up to len_bytes. */
static long put_locked(struct pipe *p, uaddr_t src, size_t len_bytes)
{
	size_t want = MIN(len_bytes, (size_t)(PIPE_BYTES - fill_of(p)));
	size_t done = 0;

	while (done < want) {
		u32 offset = p->head % PAGE_SIZE;
		size_t len = MIN(want - done, PAGE_SIZE - offset);
		u8 *to = place(p, p->head);

		if (to == NULL) {
			return done > 0 ? (long)done : -ENOMEM;
		}
		if (copy_from_user(to, uaddr_add(src, done), len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		WRITE_ONCE(p->head, p->head + (u32)len);
		done += len;
	}
	return (long)done;
}

/* Moves what there is room for; 0: less than `need`. */
static long write_some(struct pipe *p, uaddr_t src, size_t len_bytes, u32 need)
{
	long put = 0;

	if (READ_ONCE(p->reader.files) == 0) {
		return -EPIPE;
	}
	mutex_lock(&p->mutex);
	if (PIPE_BYTES - fill_of(p) >= need) {
		put = put_locked(p, src, len_bytes);
	}
	mutex_unlock(&p->mutex);
	if (put > 0) {
		end_wake(p, &p->reader, POLL_IN);
	}
	return put;
}

static long pipe_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	struct pipe *p = file->data;
	u32 need = len_bytes <= PIPE_ATOMIC_BYTES ? (u32)len_bytes : 1;
	size_t done = 0;

	while (done < len_bytes) {
		long put = write_some(p, uaddr_add(src, done), len_bytes - done,
				      need);

		if (put == 0 && (READ_ONCE(file->flags) & FILE_NONBLOCK)) {
			put = -EAGAIN;
		}
		if (put == 0 && end_sleep(p, &p->writer, writable, need) != 0) {
			put = -ERESTART;
		}
		if (put == -EPIPE) {
			file_broken_pipe();
		}
		if (put < 0) {
			return done > 0 ? (long)done : put;
		}
		done += (size_t)put;
	}
	return (long)done;
}

static u32 pipe_poll(struct file *file, struct poller *poller)
{
	struct pipe *p = file->data;
	u32 events = 0, fill = 0;

	poller_watch(poller, &p->pollq);
	/* Only with the mutex do head and tail belong together. */
	WITH_MUTEX (&p->mutex) {
		fill = fill_of(p);
	}
	if (file->access & FILE_READ) {
		events |= fill > 0 ? POLL_IN : 0u;
		events |= READ_ONCE(p->writer.files) == 0 &&
					  READ_ONCE(p->writer.opens) > 0
				  ? POLL_HANG_UP
				  : 0u;
	}
	if (file->access & FILE_WRITE) {
		events |= has_room(fill) ? POLL_OUT : 0u;
		events |= READ_ONCE(p->reader.files) == 0 ? POLL_ERROR : 0u;
	}
	return events;
}

static long pipe_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	u32 fill = fill_of(file->data);

	if (request != FIONREAD) {
		return -ENOTTY;
	}
	return copy_to_user(arg, &fill, sizeof(fill));
}

static void pipe_stat(struct file *file, struct file_stat *out)
{
	const struct pipe *p = file->data;

	*out = (struct file_stat){ .mode = MODE_FIFO | 0600,
				   .nlink = 1,
				   .ino = p->ino };
}

static void ends_open(struct pipe *p, u32 access)
{
	if (access & FILE_READ) {
		__atomic_fetch_add(&p->reader.files, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&p->reader.opens, 1, __ATOMIC_SEQ_CST);
	}
	if (access & FILE_WRITE) {
		__atomic_fetch_add(&p->writer.files, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&p->writer.opens, 1, __ATOMIC_SEQ_CST);
	}
	end_wake(p, &p->reader, POLLQ_ANYTHING);
	end_wake(p, &p->writer, POLLQ_ANYTHING);
}

/* Who sleeps at the other end learns of it. */
static void ends_close(struct pipe *p, u32 access)
{
	if (access & FILE_READ) {
		__atomic_fetch_sub(&p->reader.files, 1, __ATOMIC_SEQ_CST);
	}
	if (access & FILE_WRITE) {
		__atomic_fetch_sub(&p->writer.files, 1, __ATOMIC_SEQ_CST);
	}
	end_wake(p, &p->reader, POLLQ_ANYTHING);
	end_wake(p, &p->writer, POLLQ_ANYTHING);
}

/*
 * The last file of a pipe frees it.  Both ends of a pipe without a name may be
 * closed at once: the mutex makes one of them the last.
 */
static void pipe_close(struct file *file)
{
	struct pipe *p = file->data;
	struct mutex *mutex = p->named ? &file->vnode->mutex : &p->mutex;
	bool last;

	mutex_lock(mutex);
	ends_close(p, file->access);
	last = p->reader.files == 0 && p->writer.files == 0;
	if (last && p->named) {
		file->vnode->special = NULL;
	}
	mutex_unlock(mutex);
	if (last) {
		pipe_free(p);
	}
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.stat = pipe_stat,
	.close = pipe_close,
};

bool file_is_pipe(const struct file *file)
{
	return file->ops == &pipe_ops;
}

int pipe_create(u32 flags, struct file *ends[2])
{
	struct pipe *p = pipe_alloc();

	ends[0] = file_create(&pipe_ops, FILE_READ);
	ends[1] = file_create(&pipe_ops, FILE_WRITE);
	if (p == NULL || ends[0] == NULL || ends[1] == NULL) {
		file_free(ends[0]);
		file_free(ends[1]);
		kfree(p);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < 2; i++) {
		ends[i]->data = p;
		ends[i]->flags = flags;
		ends_open(p, ends[i]->access);
	}
	return 0;
}

/* Somebody has opened the other end since there were `need` openings. */
int pipe_reopen(const struct file *end, struct file *file)
{
	struct pipe *p = end->data;

	if (!file_is_pipe(end)) {
		return -ENXIO;
	}
	ends_open(p, file->access);
	file->data = p;
	file->ops = &pipe_ops;
	return 0;
}

static bool reader_came(const struct pipe *p, u32 need)
{
	return READ_ONCE(p->reader.files) > 0 ||
	       READ_ONCE(p->reader.opens) != need;
}

static bool writer_came(const struct pipe *p, u32 need)
{
	return READ_ONCE(p->writer.files) > 0 ||
	       READ_ONCE(p->writer.opens) != need;
}

/* Waits for the other end. Errors: -ENXIO, -ERESTART. */
static int other_end_wait(struct pipe *p, const struct file *file, u32 opens)
{
	int err = 0;

	if (file->access == FILE_READ && !(file->flags & FILE_NONBLOCK)) {
		err = end_sleep(p, &p->reader, writer_came, opens);
	} else if (file->access == FILE_WRITE &&
		   (file->flags & FILE_NONBLOCK)) {
		return reader_came(p, opens) ? 0 : -ENXIO;
	} else if (file->access == FILE_WRITE) {
		err = end_sleep(p, &p->writer, reader_came, opens);
	}
	return err == -EINTR ? -ERESTART : err;
}

int fifo_open(struct vnode *v, struct file *file)
{
	struct pipe *p = NULL;
	u32 opens = 0;
	int err;

	WITH_MUTEX (&v->mutex) {
		if (v->special == NULL) {
			v->special = pipe_alloc();
		}
		p = v->special;
		if (p == NULL) {
			return -ENOMEM;
		}
		p->named = true;
		opens = file->access == FILE_READ ? p->writer.opens
						  : p->reader.opens;
		file->data = p;
		ends_open(p, file->access);
	}
	file->ops = &pipe_ops;
	err = other_end_wait(p, file, opens);
	if (err) {
		pipe_close(file);
	}
	return err;
}
