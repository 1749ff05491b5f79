/* SPDX-License-Identifier: MIT */
/*
 * eventfd: a counter to wait for.  A read takes it, or one of it, and waits
 * while it is 0; a write adds to it, and waits while there is no room.
 */
#include "arch/user.h"
#include "kernel/waitq.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/anon_file.h"
#include "posix/syscall.h"
#include "sched/poll.h"

static_assert((int)ABI_EFD_NONBLOCK == (int)FILE_NONBLOCK &&
		      (int)ABI_EFD_CLOEXEC == (int)FILE_CLOSE_ON_EXEC,
	      "flags of eventfd2(2)");

/* One less than what no write can add. */
#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	struct waitq q;
	u64 count;      /* [q] */
	bool semaphore; /* [I] a read takes 1 */
	struct pollq pollq;
};

/*
 * Adds `add`, or (0) takes what a read takes, as soon as that can be.  Who
 * waits for the other looks again.
 */
static int eventfd_change(struct file *file, u64 add, u64 *taken)
{
	struct eventfd *e = file->data;
	u64 flags = waitq_lock(&e->q);
	int err = 0;

	while (err == 0 && (add ? COUNT_MAX - e->count < add : !e->count)) {
		err = READ_ONCE(file->flags) & FILE_NONBLOCK
			      ? -EAGAIN
			      : waitq_sleep_interruptible(&e->q, WAITQ_FOREVER);
	}
	if (err == 0) {
		*taken = add ? 0 : e->semaphore ? 1 : e->count;
		e->count += add - *taken;
		while (waitq_wake_one_locked(&e->q)) {
		}
	}
	waitq_unlock(&e->q, flags);
	if (err == 0) {
		pollq_wake_for(&e->pollq, add ? POLL_IN : POLL_OUT);
	}
	return err == -EINTR ? -ERESTART : err;
}

static long eventfd_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	u64 taken;
	int err = -EINVAL;

	if (len_bytes >= sizeof(taken)) {
		err = eventfd_change(file, 0, &taken);
	}
	err = err ? err : copy_to_user(dst, &taken, sizeof(taken));
	return err ? err : (long)sizeof(taken);
}

static long eventfd_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	u64 add, none;
	int err = -EINVAL;

	if (len_bytes >= sizeof(add)) {
		err = copy_from_user(&add, src, sizeof(add));
	}
	if (err == 0 && add == UINT64_MAX) {
		err = -EINVAL;
	}
	if (err == 0 && add != 0) {
		err = eventfd_change(file, add, &none);
	}
	return err ? err : (long)sizeof(add);
}

static u32 eventfd_poll(struct file *file, struct poller *poller)
{
	struct eventfd *e = file->data;
	u64 count;

	poller_watch(poller, &e->pollq);
	count = READ_ONCE(e->count);
	return (count > 0 ? POLL_IN : 0u) | (count < COUNT_MAX ? POLL_OUT : 0u);
}

static void eventfd_close(struct file *file)
{
	kfree(file->data);
}

static const struct file_ops eventfd_ops = {
	.name = "[eventfd]",
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.close = eventfd_close,
};

static long eventfd_open(u32 count, u32 flags)
{
	struct eventfd *e;

	if (flags &
	    ~(u32)(ABI_EFD_SEMAPHORE | ABI_EFD_NONBLOCK | ABI_EFD_CLOEXEC)) {
		return -EINVAL;
	}
	e = kzalloc(sizeof(*e));
	if (e != NULL) {
		waitq_init(&e->q);
		pollq_init(&e->pollq);
		e->count = count;
		e->semaphore = flags & ABI_EFD_SEMAPHORE;
	}
	return anon_file_open(&eventfd_ops, e, FILE_READ | FILE_WRITE, flags);
}

SYSCALL_HANDLER(eventfd)
{
	return eventfd_open((u32)a, 0);
}

SYSCALL_HANDLER(eventfd2)
{
	return eventfd_open((u32)a, (u32)b);
}
