/* SPDX-License-Identifier: MIT */
/*
 * The files of pipes: made, opened, polled, closed.  The invariants are in
 * fs/pipe_private.h.
 */
#include "fs/pipe_private.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* ioctl(2): how many bytes can be read. */
#define FIONREAD 0x541b

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

static void pipe_free(struct pipe *p)
{
	pipe_pages_free(p, 0);
	kfree(p);
}

static u32 pipe_poll(struct file *file, struct poller *poller)
{
	struct pipe *p = file->data;
	u32 events = 0, fill;

	poller_watch(poller, &p->pollq);
	fill = pipe_fill(p);
	if (file->access & FILE_READ) {
		events |= fill > 0 ? POLL_IN : 0u;
		events |= READ_ONCE(p->writer.files) == 0 &&
					  READ_ONCE(p->writer.opens) > 0
				  ? POLL_HANG_UP
				  : 0u;
	}
	if (file->access & FILE_WRITE) {
		events |= pipe_has_room(fill) ? POLL_OUT : 0u;
		events |= READ_ONCE(p->reader.files) == 0 ? POLL_ERROR : 0u;
	}
	return events;
}

static long pipe_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	u32 fill = pipe_fill(file->data);

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
	pipe_end_wake(p, &p->reader, POLLQ_ANYTHING);
	pipe_end_wake(p, &p->writer, POLLQ_ANYTHING);
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
	pipe_end_wake(p, &p->reader, POLLQ_ANYTHING);
	pipe_end_wake(p, &p->writer, POLLQ_ANYTHING);
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
	.write_pieces = pipe_write_pieces,
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

/* Somebody has opened the end since there were `need` openings. */
static bool reader_came(const struct pipe *p, u32 need)
{
	return READ_ONCE(p->reader.opens) != need;
}

static bool writer_came(const struct pipe *p, u32 need)
{
	return READ_ONCE(p->writer.opens) != need;
}

/*
 * Nobody had the other end open when it had been opened `opens` times: waits
 * for somebody, who may be gone again when we run.  Errors: -ENXIO, -ERESTART.
 */
static int other_end_wait(struct pipe *p, const struct file *file, u32 opens)
{
	bool waits = !(file->flags & FILE_NONBLOCK);
	int err = 0;

	if (file->access == FILE_READ && waits) {
		err = pipe_end_sleep(p, &p->reader, writer_came, opens);
	} else if (file->access == FILE_WRITE && waits) {
		err = pipe_end_sleep(p, &p->writer, reader_came, opens);
	} else if (file->access == FILE_WRITE) {
		err = -ENXIO;
	}
	return err == -EINTR ? -ERESTART : err;
}

int fifo_open(struct vnode *v, struct file *file)
{
	struct pipe *p = NULL;
	bool alone = false;
	u32 opens = 0;
	int err = 0;

	WITH_MUTEX (&v->mutex) {
		if (v->special == NULL) {
			v->special = pipe_alloc();
		}
		p = v->special;
		if (p == NULL) {
			return -ENOMEM;
		}
		p->named = true;
		const struct pipe_end *other =
			file->access == FILE_READ ? &p->writer : &p->reader;

		alone = other->files == 0;
		opens = other->opens;
		file->data = p;
		ends_open(p, file->access);
	}
	file->ops = &pipe_ops;
	if (alone) {
		err = other_end_wait(p, file, opens);
	}
	if (err) {
		pipe_close(file);
	}
	return err;
}
