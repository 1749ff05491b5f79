/* SPDX-License-Identifier: MIT */
/*
 * System calls that hand pages over through rings.  The parcel is in the
 * ring's mail before the pages leave (ipc/ring_mail.c M3), so that what can
 * fail has been done before.
 */
#include "arch/user.h"
#include "ipc/ring_mail.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/rings.h"
#include "posix/syscall.h"

static long send_locked(struct ring_object *r, struct aspace *aspace, u64 start,
			u64 len)
{
	struct parcel *parcel;
	long ticket;
	int err = parcel_collect_locked(aspace, start, len, &parcel);

	if (err) {
		return err;
	}
	ticket = ring_mail_send_pages(r, parcel);
	if (ticket < 0) {
		parcel_free(parcel);
		return ticket;
	}
	err = aspace_unmap_locked(aspace, start, len);
	if (err) {
		ring_mail_cancel(r, (u64)ticket);
		return err;
	}
	ring_mail_ready(r, (u64)ticket);
	return ticket;
}

SYSCALL_HANDLER(exo_send_pages)
{
	struct aspace *aspace = process_current()->aspace;
	struct file_use use;
	long result = ring_use(a, CAP_WRITE, RING_PRODUCER, &use);

	if (result) {
		return result;
	}
	if (c > PARCEL_PAGES_MAX * PAGE_SIZE) {
		result = -EINVAL;
	} else if (!ring_pages_allowed(c / PAGE_SIZE)) {
		result = -ENOMEM;
	} else {
		WITH_MUTEX (&aspace->mutex) {
			result = send_locked(ring_of(use.file), aspace, b, c);
		}
	}
	file_use_end(use);
	return result;
}

/* The length is told first: that may fail. */
static long receive(struct ring_object *r, u64 ticket, uaddr_t len_at)
{
	struct ring_letter *letter = ring_mail_take(r, ticket, true);
	struct parcel *parcel;
	u64 len, start;
	int err;

	if (letter == NULL) {
		return -ENOENT;
	}
	parcel = ring_mail_parcel(letter);
	len = parcel->count * PAGE_SIZE;
	err = copy_to_user(len_at, &len, sizeof(len)) ? -EFAULT : 0;
	err = err ? err
		  : parcel_open(parcel, process_current()->aspace, &start);
	if (err) {
		ring_mail_return(r, letter);
		return err;
	}
	ring_mail_done(letter);
	return (long)start;
}

SYSCALL_HANDLER(exo_receive_pages)
{
	struct file_use use;
	long result = ring_use(a, CAP_READ, RING_CONSUMER, &use);

	if (result == 0) {
		result = receive(ring_of(use.file), b, uaddr(c));
		file_use_end(use);
	}
	return result;
}
