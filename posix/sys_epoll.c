/* SPDX-License-Identifier: MIT */
/*
 * epoll: sets of descriptors that are waited for (fs/epoll.h).
 */
#include "arch/user.h"
#include "fs/epoll.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/anon_file.h"
#include "posix/descriptors.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "posix/time.h"

static_assert((u32)ABI_EPOLLET == EPOLL_EDGE &&
		      (int)ABI_EPOLLONESHOT == (int)EPOLL_ONE_SHOT &&
		      (int)ABI_EPOLLEXCLUSIVE == (int)EPOLL_EXCLUSIVE &&
		      (int)ABI_EPOLL_CLOEXEC == (int)FILE_CLOSE_ON_EXEC,
	      "flags of epoll(7)");

#define NS_PER_MS 1000000ul

/* All that one may ask for together with EPOLLEXCLUSIVE. */
#define EXCLUSIVE_ALLOWED                                                  \
	(POLL_IN | POLL_OUT | POLL_ERROR | POLL_HANG_UP | POLL_IN_NORMAL | \
	 POLL_OUT_NORMAL | ABI_EPOLLWAKEUP | ABI_EPOLLET | EPOLL_EXCLUSIVE)

/* Linux says that a set can be read and written, but not how. */
static long create(u32 flags)
{
	return anon_file_open(&epoll_file_ops, epoll_create(),
			      FILE_READ | FILE_WRITE, flags);
}

SYSCALL_HANDLER(epoll_create)
{
	return (s32)a <= 0 ? -EINVAL : create(0);
}

SYSCALL_HANDLER(epoll_create1)
{
	return (u32)a & ~(u32)ABI_EPOLL_CLOEXEC ? -EINVAL : create((u32)a);
}

static int change(u64 op, struct file *set, struct file *file, u32 fd,
		  const struct epoll_event *want)
{
	bool exclusive = want->events & EPOLL_EXCLUSIVE;

	if (file->ops->poll == NULL || (file->flags & FILE_PATH)) {
		return -EPERM;
	}
	if (set == file || set->ops != &epoll_file_ops) {
		return -EINVAL;
	}
	if (exclusive && (op == ABI_EPOLL_CTL_MOD ||
			  (want->events & ~(u32)EXCLUSIVE_ALLOWED) ||
			  file->ops == &epoll_file_ops)) {
		return -EINVAL;
	}
	switch (op) {
	case ABI_EPOLL_CTL_ADD: return epoll_add(set, file, fd, want);
	case ABI_EPOLL_CTL_MOD: return epoll_modify(set, file, fd, want);
	case ABI_EPOLL_CTL_DEL: return epoll_remove(set, file, fd);
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(epoll_ctl)
{
	struct epoll_event want = { 0 };
	struct file_use set, use;
	long err = -EBADF;

	if ((u32)b != ABI_EPOLL_CTL_DEL &&
	    copy_from_user(&want, uaddr(d), sizeof(want)) != 0) {
		return -EFAULT;
	}
	set = file_use(a, CAP_ANY);
	use = file_use(c, CAP_WAIT);
	if (set.file != NULL && use.file != NULL) {
		err = change((u32)b, set.file, use.file, (u32)c, &want);
	}
	file_use_end(use);
	file_use_end(set);
	return err;
}

static long wait(u64 fd, uaddr_t to, u64 max, u64 deadline)
{
	struct file_use use;
	long result = -EINVAL;

	if ((s32)max <= 0 ||
	    (u32)max > INT32_MAX / sizeof(struct epoll_event)) {
		return -EINVAL;
	}
	if (!user_range_ok(to, (u32)max * sizeof(struct epoll_event))) {
		return -EFAULT;
	}
	use = file_use(fd, CAP_ANY);
	if (use.file == NULL) {
		return -EBADF;
	}
	if (use.file->ops == &epoll_file_ops) {
		result = epoll_wait(use.file, to, (u32)max, deadline);
	}
	file_use_end(use);
	return result;
}

static u64 deadline_after_ms(u64 ms)
{
	return deadline_after((s32)ms < 0 ? WAITQ_FOREVER
					  : (u64)(u32)ms * NS_PER_MS);
}

SYSCALL_HANDLER(epoll_wait)
{
	return wait(a, uaddr(b), c, deadline_after_ms(d));
}

static noinline long wait_masked(u64 fd, uaddr_t to, u64 max, u64 deadline,
				 uaddr_t mask, u64 mask_bytes)
{
	int masked = signal_mask_from_user(mask, mask_bytes);
	long result;

	if (masked < 0) {
		return masked;
	}
	result = wait(fd, to, max, deadline);
	if (masked) {
		signal_mask_restore(result);
	}
	return result;
}

SYSCALL_HANDLER(epoll_pwait)
{
	u64 deadline = deadline_after_ms(d);

	return e == 0 ? wait(a, uaddr(b), c, deadline)
		      : wait_masked(a, uaddr(b), c, deadline, uaddr(e), f);
}

SYSCALL_HANDLER(epoll_pwait2)
{
	u64 deadline;
	int err = deadline_from_user(uaddr(d), 1, &deadline);

	return err ? err : wait_masked(a, uaddr(b), c, deadline, uaddr(e), f);
}
