/* SPDX-License-Identifier: MIT */
/*
 * System calls on rings: making one, the doorbell.  What a ring is to programs
 * stands in user/exo.h and docs/rings.md.
 */
#include "arch/user.h"
#include "ipc/ring_mail.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "posix/process.h"
#include "posix/rings.h"
#include "posix/syscall.h"
#include "posix/time.h"

long handles_give(struct file *files[2], uaddr_t to, u32 flags)
{
	struct descriptors *d = process_current()->descriptors;
	u64 handles[2] = { 0, 0 };
	int err = 0;

	for (unsigned i = 0; i < 2; i++) {
		int fd = descriptors_add(d, files[i], 0,
					 process_limit(ABI_RLIMIT_NOFILE),
					 flags & FILE_CLOSE_ON_EXEC);

		if (fd < 0) {
			file_put(files[i]);
			err = fd;
		}
		handles[i] = fd < 0 ? (u64)fd : descriptors_handle(d, (u32)fd);
	}
	if (err == 0 && copy_to_user(to, handles, sizeof(handles)) != 0) {
		err = -EFAULT;
	}
	for (unsigned i = 0; i < 2 && err; i++) {
		if ((s64)handles[i] >= 0) {
			descriptors_close_range(d, (u32)handles[i],
						(u32)handles[i]);
		}
	}
	return err;
}

/*
 * Half the pages of each ring, and of those on their way through it, for each
 * of its ends that the running process has.  Pages of rings are there from the
 * beginning and for as long as an end is, so that who has one pays for it,
 * whoever made it.
 */
static u64 ring_pages_held(void)
{
	struct descriptors *d = process_current()->descriptors;
	u64 halves = 0;

	for (int fd = descriptors_next(d, 0); fd >= 0;
	     fd = descriptors_next(d, (u32)fd + 1)) {
		struct cap cap = descriptors_cap(d, (u32)fd);

		if (cap.entry != NULL && cap.type == CAP_TYPE_RING) {
			const struct ring_object *r = ring_of(cap_object(cap));

			halves += r->pages + ring_mail_pages(r);
		}
		cap_drop(cap);
	}
	return halves / 2;
}

bool ring_pages_allowed(u64 pages)
{
	u64 most = MIN(process_limit(ABI_RLIMIT_MEMLOCK) / PAGE_SIZE,
		       frame_stats().total / 2);

	return pages <= most && ring_pages_held() <= most - pages;
}

SYSCALL_HANDLER(exo_ring_create)
{
	struct file *ends[RING_SIDES];
	int err;

	if ((d & ~(u64)FILE_CLOSE_ON_EXEC) || a > RING_SLOTS_MAX ||
	    !ring_count_valid((u32)a) || b > RING_PAGES_MAX * PAGE_SIZE) {
		return -EINVAL;
	}
	if (!ring_pages_allowed(ring_object_pages((u32)a, b))) {
		return -ENOMEM;
	}
	err = ring_files_create((u32)a, b, ends);
	return err ? err : handles_give(ends, uaddr(c), (u32)d);
}

static long bell(u64 handle)
{
	struct file_use use;
	int err = handle_use(handle, CAP_WAIT, CAP_TYPE_RING, &use);

	if (err == 0) {
		err = ring_object_bell(ring_of(use.file),
				       ring_side_of(use.file));
		file_use_end(use);
	}
	return err;
}

SYSCALL_HANDLER(exo_ring_bell)
{
	return bell(a);
}

/* By handles that others may close meanwhile, or with a time limit. */
static noinline long wait_counted(u64 end, u64 timeout_ns, u64 to)
{
	struct file_use use;
	long err = (s64)to >= 0 ? bell(to) : 0;

	if (err == 0) {
		err = handle_use(end, CAP_WAIT, CAP_TYPE_RING, &use);
	}
	if (err) {
		return err;
	}
	err = ring_object_wait(ring_of(use.file), ring_side_of(use.file),
			       deadline_after(timeout_ns));
	file_use_end(use);
	return err;
}

/* Rings the bell of `c` first, unless that is negative. */
SYSCALL_HANDLER(exo_ring_wait)
{
	const struct file *end = handle_alone(a, CAP_WAIT, CAP_TYPE_RING);
	const struct file *to = handle_alone(c, CAP_WAIT, CAP_TYPE_RING);

	if (unlikely(end == NULL || to == NULL || b != UINT64_MAX)) {
		return wait_counted(a, b, c);
	}
	return ring_object_bell_wait(ring_of(to), ring_side_of(to),
				     ring_of(end), ring_side_of(end));
}
