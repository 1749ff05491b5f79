/* SPDX-License-Identifier: MIT */
/*
 * signalfd: signals that are read.  A read takes signals of the thread that
 * reads, which should block them; poll(2) tells of the thread that polls.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/anon_file.h"
#include "posix/descriptors.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "sched/poll.h"

static_assert((int)ABI_SFD_NONBLOCK == (int)FILE_NONBLOCK &&
		      (int)ABI_SFD_CLOEXEC == (int)FILE_CLOSE_ON_EXEC,
	      "flags of signalfd4(2)");

struct signalfd {
	u64 set; /* [a] */
};

static struct abi_signalfd_info info_of(const struct abi_siginfo *from)
{
	struct abi_signalfd_info out = {
		.signal = (u32)from->signal,
		.error = from->error,
		.code = from->code,
		.pid = from->sent.pid,
		.uid = from->sent.uid,
	};

	if (from->code == ABI_SI_TIMER) {
		out.pid = out.uid = 0;
		out.timer = (u32)from->timer.id;
		out.overrun = (u32)from->timer.overrun;
		out.pointer = from->timer.value;
	} else if (from->signal == ABI_SIGCHLD && from->code > 0) {
		out.status = from->child.status;
		out.user_time = (u64)from->child.user_time;
		out.system_time = (u64)from->child.system_time;
	} else {
		out.pointer = from->sent.value;
	}
	out.value = (s32)out.pointer;
	return out;
}

/* Takes one signal; waits for it if it may. Errors: -EAGAIN, -ERESTART. */
static int signalfd_take(struct file *file, bool wait, struct abi_siginfo *info)
{
	const struct signalfd *s = file->data;
	struct thread_signals *ts = signals_current();
	u64 set = READ_ONCE(s->set);
	int err;

	if (!wait || (READ_ONCE(file->flags) & FILE_NONBLOCK)) {
		return signal_take(ts, set, info) ? 0 : -EAGAIN;
	}
	err = signal_await(ts, set, WAITQ_FOREVER, info);
	return err == -EINTR ? -ERESTART : err;
}

static long signalfd_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	size_t done = 0;

	if (len_bytes < sizeof(struct abi_signalfd_info)) {
		return -EINVAL;
	}
	while (len_bytes - done >= sizeof(struct abi_signalfd_info)) {
		struct abi_signalfd_info out;
		struct abi_siginfo info;
		int err = signalfd_take(file, done == 0, &info);

		if (err == 0) {
			out = info_of(&info);
			err = copy_to_user(uaddr_add(dst, done), &out,
					   sizeof(out));
		}
		if (err) {
			return done > 0 ? (long)done : err;
		}
		done += sizeof(out);
	}
	return (long)done;
}

static u32 signalfd_poll(struct file *file, struct poller *poller)
{
	const struct signalfd *s = file->data;
	struct thread_signals *ts = signals_current();
	u64 pending = 0;

	poller_watch(poller, &signal_pollq);
	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		/* Whatever is sent from now on wakes the poller. */
		ts->process->polled = true;
		pending = ts->pending.set | ts->process->pending.set;
	}
	return pending & READ_ONCE(s->set) ? POLL_IN : 0;
}

static void signalfd_close(struct file *file)
{
	kfree(file->data);
}

static const struct file_ops signalfd_ops = {
	.name = "[signalfd]",
	.read = signalfd_read,
	.poll = signalfd_poll,
	.close = signalfd_close,
};

static int signalfd_create(u64 set, u32 flags)
{
	struct signalfd *s = kmalloc(sizeof(*s));

	if (s != NULL) {
		s->set = set;
	}
	return anon_file_open(&signalfd_ops, s, FILE_READ | FILE_WRITE, flags);
}

/* Another set for one that there is. Errors: -EBADF, -EINVAL. */
static int signalfd_change(u64 fd, u64 set)
{
	struct file_use use;
	int err = file_use_kind(fd, &signalfd_ops, &use);

	if (err) {
		return err;
	}
	WRITE_ONCE(((struct signalfd *)use.file->data)->set, set);
	file_use_end(use);
	pollq_wake(&signal_pollq);
	return (int)fd;
}

static long signalfd(u64 fd, u64 from, u64 size_bytes, u32 flags)
{
	u64 set;

	if (size_bytes != sizeof(set)) {
		return -EINVAL;
	}
	if (copy_from_user(&set, uaddr(from), sizeof(set)) != 0) {
		return -EFAULT;
	}
	if (flags & ~(u32)(ABI_SFD_CLOEXEC | ABI_SFD_NONBLOCK)) {
		return -EINVAL;
	}
	set &= ~SIGNALS_UNBLOCKABLE;
	return (s32)fd == -1 ? signalfd_create(set, flags)
			     : signalfd_change(fd, set);
}

SYSCALL_HANDLER(signalfd)
{
	return signalfd(a, b, c, 0);
}

SYSCALL_HANDLER(signalfd4)
{
	return signalfd(a, b, c, (u32)d);
}
