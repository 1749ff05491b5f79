/* SPDX-License-Identifier: MIT */
/*
 * The bytes of pipes.  The invariants are in fs/pipe_private.h.
 */
#include "fs/pipe_private.h"

#include "arch/directmap.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "mm/frame.h"

void pipe_pages_free(struct pipe *p, u32 first)
{
	for (u32 i = first; i < PIPE_PAGES; i++) {
		if (p->pages[i] != NULL) {
			frame_put(virt_to_phys(p->pages[i]));
			p->pages[i] = NULL;
			p->page_count--;
		}
	}
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

/* There is something to read, or never will be. */
static bool readable(const struct pipe *p, u32 unused_need)
{
	(void)unused_need;
	return pipe_fill(p) > 0 || READ_ONCE(p->writer.files) == 0;
}

/* There is room, or nobody to read. */
static bool writable(const struct pipe *p, u32 need)
{
	return PIPE_BYTES - pipe_fill(p) >= need ||
	       READ_ONCE(p->reader.files) == 0;
}

int pipe_end_sleep(const struct pipe *p, struct pipe_end *end,
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

/* The ring is empty: it begins again, and keeps one page (I2). */
static inline void start_over_locked(struct pipe *p)
{
	if (unlikely(p->page_count > 1)) {
		pipe_pages_free(p, 1);
	}
	WRITE_ONCE(p->both, 0);
}

/* Takes what is there, up to len_bytes. */
static long take_locked(struct pipe *p, uaddr_t dst, size_t len_bytes)
{
	size_t want = MIN(len_bytes, (size_t)pipe_fill(p));
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
		start_over_locked(p);
	}
	return (long)done;
}

/*
 * The usual read, in few instructions: what is there goes whole and lies in one
 * page.  False: nothing was done.
 */
static inline bool take_simple_locked(struct pipe *p, uaddr_t dst,
				      size_t len_bytes, u32 *taken)
{
	u32 tail = p->tail, len = p->head - tail;
	u32 offset = tail % PAGE_SIZE;

	if (unlikely(len == 0 || len > len_bytes || len > PAGE_SIZE - offset)) {
		return false;
	}
	if (copy_to_user(
		    dst,
		    (u8 *)p->pages[ring_slot(tail, PIPE_BYTES) / PAGE_SIZE] +
			    offset,
		    len) != 0) {
		return false;
	}
	*taken = len;
	start_over_locked(p);
	return true;
}

/* Takes what is there by the long way; 0: nothing is. */
static noinline long read_some(struct pipe *p, uaddr_t dst, size_t len_bytes)
{
	u32 fill;
	long got;

	mutex_lock(&p->mutex);
	fill = pipe_fill(p);
	got = take_locked(p, dst, len_bytes);
	mutex_unlock(&p->mutex);
	if (got != 0) {
		pipe_end_wake(p, &p->writer,
			      pipe_has_room(fill) ? 0 : POLL_OUT);
	}
	return got;
}

/* Sleeps until there is something to read.  Errors: -EAGAIN, -ERESTART. */
static noinline long read_wait(struct pipe *p, const struct file *file)
{
	if (READ_ONCE(file->flags) & FILE_NONBLOCK) {
		return -EAGAIN;
	}
	return pipe_end_sleep(p, &p->reader, readable, 0) ? -ERESTART : 0;
}

long pipe_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	struct pipe *p = file->data;
	u32 taken = 0;

	while (len_bytes > 0) {
		bool closed = READ_ONCE(p->writer.files) == 0;
		long err;

		/* Who has to wait does not take the mutex for nothing. */
		if (pipe_fill(p) > 0) {
			bool simple;

			mutex_lock(&p->mutex);
			simple = take_simple_locked(p, dst, len_bytes, &taken);
			mutex_unlock(&p->mutex);
			if (likely(simple)) {
				pipe_end_wake(p, &p->writer, 0);
				break;
			}
			err = read_some(p, dst, len_bytes);
		} else if (closed) {
			break; /* and there is nothing that came before that */
		} else {
			err = read_wait(p, file);
		}
		if (err != 0) {
			return err;
		}
	}
	return taken;
}

/* Puts in what there is room for, up to len_bytes. */
static long put_locked(struct pipe *p, uaddr_t src, size_t len_bytes)
{
	size_t want = MIN(len_bytes, (size_t)(PIPE_BYTES - pipe_fill(p)));
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

/* What is still to be written. */
struct rest {
	const struct file_piece *piece;
	u64 at; /* bytes of it are done */
	size_t len_bytes;
};

static long put_pieces_locked(struct pipe *p, struct rest *rest)
{
	long done = 0;

	while (rest->len_bytes > 0) {
		u64 len = rest->piece->len_bytes - rest->at;
		long put = put_locked(p, uaddr_add(rest->piece->base, rest->at),
				      len);

		if (put < 0) {
			return done > 0 ? done : put;
		}
		done += put;
		rest->at += (u64)put;
		rest->len_bytes -= (u64)put;
		if ((u64)put < len) {
			break;
		}
		rest->piece++;
		rest->at = 0;
	}
	return done;
}

/* Moves what there is room for; 0: less than `need`. */
static long write_some(struct pipe *p, struct rest *rest, u32 need)
{
	long put = 0;

	if (READ_ONCE(p->reader.files) == 0) {
		return -EPIPE;
	}
	mutex_lock(&p->mutex);
	if (PIPE_BYTES - pipe_fill(p) >= need) {
		put = put_pieces_locked(p, rest);
	}
	mutex_unlock(&p->mutex);
	if (put > 0) {
		pipe_end_wake(p, &p->reader, POLL_IN);
	}
	return put;
}

long pipe_write_pieces(struct file *file, const struct file_piece *piece,
		       size_t len_bytes)
{
	struct pipe *p = file->data;
	struct rest rest = { piece, 0, len_bytes };
	u32 need = len_bytes <= PIPE_ATOMIC_BYTES ? (u32)len_bytes : 1;

	while (rest.len_bytes > 0) {
		long put = write_some(p, &rest, need);

		if (put == 0 && (READ_ONCE(file->flags) & FILE_NONBLOCK)) {
			put = -EAGAIN;
		}
		if (put == 0 &&
		    pipe_end_sleep(p, &p->writer, writable, need) != 0) {
			put = -ERESTART;
		}
		if (put == -EPIPE) {
			file_broken_pipe();
		}
		if (put < 0) {
			return rest.len_bytes < len_bytes
				       ? (long)(len_bytes - rest.len_bytes)
				       : put;
		}
	}
	return (long)len_bytes;
}

static noinline long write_slowly(struct file *file, uaddr_t src,
				  size_t len_bytes)
{
	struct file_piece piece = { src, len_bytes };

	return pipe_write_pieces(file, &piece, len_bytes);
}

/* The usual write: it goes whole, into one page that is there. */
static inline bool put_simple_locked(struct pipe *p, uaddr_t src,
				     size_t len_bytes)
{
	u32 head = p->head;
	u32 offset = head % PAGE_SIZE;
	u8 *page = p->pages[ring_slot(head, PIPE_BYTES) / PAGE_SIZE];

	if (unlikely(page == NULL || len_bytes > PAGE_SIZE - offset ||
		     len_bytes > PIPE_BYTES - (head - p->tail))) {
		return false;
	}
	if (copy_from_user(page + offset, src, len_bytes) != 0) {
		return false;
	}
	WRITE_ONCE(p->head, head + (u32)len_bytes);
	return true;
}

long pipe_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	struct pipe *p = file->data;
	bool simple;

	if (unlikely(READ_ONCE(p->reader.files) == 0)) {
		return write_slowly(file, src, len_bytes);
	}
	mutex_lock(&p->mutex);
	simple = put_simple_locked(p, src, len_bytes);
	mutex_unlock(&p->mutex);
	if (unlikely(!simple)) {
		return write_slowly(file, src, len_bytes);
	}
	pipe_end_wake(p, &p->reader, POLL_IN);
	return (long)len_bytes;
}
