/* SPDX-License-Identifier: MIT */
/*
 * poll, ppoll, select and pselect6: waiting for any of several descriptors.
 * select's sets are turned into a row of struct abi_pollfd and back.
 */
#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "posix/time.h"
#include "sched/poll.h"

#define NS_PER_MS 1000000ul

/* Rows this short need no memory of their own. */
#define NEAR_FDS 16

/* What is told of a descriptor whether it was asked for or not. */
#define ALWAYS ((u32)(POLL_ERROR | POLL_HANG_UP | POLL_INVALID))

static_assert((int)POLL_IN == (int)ABI_POLLIN &&
		      (int)POLL_OUT == (int)ABI_POLLOUT &&
		      (int)POLL_ERROR == (int)ABI_POLLERR &&
		      (int)POLL_HANG_UP == (int)ABI_POLLHUP &&
		      (int)POLL_INVALID == (int)ABI_POLLNVAL &&
		      (int)POLL_IN_NORMAL == (int)ABI_POLLRDNORM &&
		      (int)POLL_OUT_NORMAL == (int)ABI_POLLWRNORM,
	      "events of poll(2)");

/* What is asked for. */
struct row {
	struct abi_pollfd *fds;
	u32 count;
	struct descriptors *descriptors;
	struct file **files; /* NULL: those of the descriptors stay open */
};

/* Asks each; how many have something to tell. */
static u32 ask(const struct row *row, struct poller *poller)
{
	u32 ready = 0;

	for (u32 i = 0; i < row->count; i++) {
		struct abi_pollfd *p = &row->fds[i];
		struct file *file = row->files
					    ? row->files[i]
					    : cap_find(&row->descriptors->table,
						       (u32)p->fd, CAP_WAIT);
		u32 events = 0;

		if (file != NULL) {
			events = file_poll(file, poller) &
				 ((u32)(u16)p->events | ALWAYS);
		} else if (p->fd >= 0) {
			events = POLL_INVALID;
		}
		p->revents = (s16)events;
		ready += events != 0;
	}
	return ready;
}

static noinline long sleep_ready(const struct row *row, u64 deadline)
{
	struct poller poller;
	int err = 0;
	u32 ready;

	poller_init(&poller);
	ready = ask(row, &poller);
	while (ready == 0 && err == 0) {
		err = poller_sleep(&poller, deadline);
		ready = ask(row, NULL);
	}
	poller_end(&poller);
	return ready > 0 || err == -ETIMEDOUT ? (long)ready : err;
}

/* Nothing is watched before it is known that there is something to wait for. */
static long wait_ready(const struct row *row, u64 deadline)
{
	u32 ready = ask(row, NULL);

	return ready > 0 || deadline == 0 ? (long)ready
					  : sleep_ready(row, deadline);
}

/* Others may close what is asked: a reference each, until all is over. */
static noinline long wait_counted(struct row *row, u64 deadline)
{
	struct file *near[NEAR_FDS];
	long result;

	row->files = row->count > NEAR_FDS
			     ? kmalloc(row->count * sizeof(struct file *))
			     : near;
	if (row->files == NULL) {
		return -ENOMEM;
	}
	for (u32 i = 0; i < row->count; i++) {
		s32 fd = row->fds[i].fd;

		row->files[i] = fd >= 0 ? descriptors_file(row->descriptors,
							   (u32)fd, CAP_WAIT)
					: NULL;
	}
	result = wait_ready(row, deadline);
	for (u32 i = 0; i < row->count; i++) {
		if (row->files[i] != NULL) {
			file_put(row->files[i]);
		}
	}
	if (row->files != near) {
		kfree(row->files);
	}
	return result;
}

/*
 * `deadline`: 0 asks once, WAITQ_FOREVER waits.  The files stay open: where
 * the thread is alone with its table, nobody can close them, not even while it
 * sleeps (I2 of posix/descriptors.c), so it looks at the table each time.
 */
static long poll_files(struct abi_pollfd *fds, u32 count, u64 deadline)
{
	const struct process *self = process_current();
	struct row row = { fds, count, self->descriptors, NULL };

	return READ_ONCE(self->task_count) == 1 &&
			       descriptors_alone(row.descriptors)
		       ? wait_ready(&row, deadline)
		       : wait_counted(&row, deadline);
}

static long poll_user(uaddr_t user, u64 count, u64 deadline)
{
	struct abi_pollfd near[NEAR_FDS];
	struct abi_pollfd *fds = near;
	size_t len = count * sizeof(*fds);
	long result;

	if (count > process_limit(ABI_RLIMIT_NOFILE)) {
		return -EINVAL;
	}
	if (count > NEAR_FDS) {
		fds = kmalloc(len);
		if (fds == NULL) {
			return -ENOMEM;
		}
	}
	result = copy_from_user(fds, user, len);
	if (result == 0) {
		result = poll_files(fds, (u32)count, deadline);
	}
	if (result >= 0 && copy_to_user(user, fds, len) != 0) {
		result = -EFAULT;
	}
	if (fds != near) {
		kfree(fds);
	}
	return result;
}

u64 deadline_after(u64 ns)
{
	if (ns == 0 || ns == WAITQ_FOREVER) {
		/* The same whenever the call is repeated. */
		task_current()->signals.repeated = false;
		return ns;
	}
	return signal_deadline(ns);
}

SYSCALL_HANDLER(poll)
{
	s32 ms = (s32)c;

	return poll_user(
		uaddr(a), (u32)b,
		deadline_after(ms < 0 ? WAITQ_FOREVER : (u64)ms * NS_PER_MS));
}

int deadline_from_user(uaddr_t from, u64 ns_per_unit, u64 *out)
{
	struct abi_timespec t;

	if (from.va == 0) {
		*out = deadline_after(WAITQ_FOREVER);
		return 0;
	}
	if (copy_from_user(&t, from, sizeof(t)) != 0) {
		return -EFAULT;
	}
	if (t.s < 0 || t.ns < 0 ||
	    (ns_per_unit == 1 && t.ns >= (s64)NS_PER_S)) {
		return -EINVAL;
	}
	t.s = MIN(t.s + t.ns / (s64)(NS_PER_S / ns_per_unit),
		  INT64_MAX / (s64)NS_PER_S / 4);
	t.ns %= (s64)(NS_PER_S / ns_per_unit);
	*out = deadline_after((u64)t.s * NS_PER_S + (u64)t.ns * ns_per_unit);
	return 0;
}

/* Tells how much time was left, as Linux does; nobody is hurt if it cannot. */
static void left_to_user(uaddr_t to, u64 deadline, u64 ns_per_unit)
{
	u64 now = clock_ns();
	u64 left = deadline > now ? deadline - now : 0;
	struct abi_timespec t = { (s64)(left / NS_PER_S),
				  (s64)(left % NS_PER_S / ns_per_unit) };

	if (to.va != 0 && copy_to_user(to, &t, sizeof(t)) != 0) {
		return;
	}
}

int signal_mask_from_user(uaddr_t from, u64 size_bytes)
{
	u64 mask;

	if (from.va == 0) {
		return 0;
	}
	if (size_bytes != sizeof(mask)) {
		return -EINVAL;
	}
	if (copy_from_user(&mask, from, sizeof(mask)) != 0) {
		return -EFAULT;
	}
	signal_mask_replace(mask);
	return 1;
}

SYSCALL_HANDLER(ppoll)
{
	u64 deadline;
	int err = deadline_from_user(uaddr(c), 1, &deadline);
	int masked = err ? err : signal_mask_from_user(uaddr(d), e);
	long result;

	if (masked < 0) {
		return masked;
	}
	result = poll_user(uaddr(a), (u32)b, deadline);
	if (masked) {
		signal_mask_restore(result);
	}
	left_to_user(uaddr(c), deadline, 1);
	return result;
}

/* What select's three sets mean in poll's events, and what fills them. */
static const struct {
	u16 wanted;
	u16 ready;
} select_sets[3] = {
	{ POLL_IN, POLL_IN | POLL_HANG_UP | POLL_ERROR },
	{ POLL_OUT, POLL_OUT | POLL_ERROR },
	{ POLL_PRIORITY, POLL_PRIORITY },
};

struct select {
	u32 count; /* of descriptors */
	u32 words; /* of a set */
	u64 *sets; /* three of them */
	struct abi_pollfd *fds;
	u32 fd_count;
};

static int sets_from_user(struct select *s, const uaddr_t from[3])
{
	for (unsigned i = 0; i < 3; i++) {
		u64 *set = s->sets + i * s->words;

		memset(set, 0, s->words * sizeof(u64));
		if (from[i].va != 0 &&
		    copy_from_user(set, from[i], s->words * sizeof(u64)) != 0) {
			return -EFAULT;
		}
	}
	return 0;
}

/* A row of those that are in any set. */
static void row_make(struct select *s)
{
	for (u32 fd = 0; fd < s->count; fd++) {
		u16 events = 0;

		for (unsigned i = 0; i < 3; i++) {
			if (s->sets[i * s->words + fd / 64] >> fd % 64 & 1) {
				events |= select_sets[i].wanted;
			}
		}
		if (events != 0) {
			s->fds[s->fd_count++] =
				(struct abi_pollfd){ .fd = (s32)fd,
						     .events = (s16)events };
		}
	}
}

/* The sets of what is ready; how many bits there are. Errors: -EBADF. */
static long sets_make(struct select *s)
{
	long bits = 0;

	memset(s->sets, 0, 3 * s->words * sizeof(u64));
	for (u32 i = 0; i < s->fd_count; i++) {
		const struct abi_pollfd *p = &s->fds[i];

		if (p->revents & POLL_INVALID) {
			return -EBADF;
		}
		for (unsigned n = 0; n < 3; n++) {
			if ((p->events & select_sets[n].wanted) &&
			    (p->revents & select_sets[n].ready)) {
				s->sets[n * s->words + (u32)p->fd / 64] |=
					1ull << (u32)p->fd % 64;
				bits++;
			}
		}
	}
	return bits;
}

static int sets_to_user(const struct select *s, const uaddr_t to[3])
{
	for (unsigned i = 0; i < 3; i++) {
		if (to[i].va != 0 &&
		    copy_to_user(to[i], s->sets + i * s->words,
				 s->words * sizeof(u64)) != 0) {
			return -EFAULT;
		}
	}
	return 0;
}

static long select_run(struct select *s, const uaddr_t user[3], u64 deadline)
{
	long result = sets_from_user(s, user);

	if (result) {
		return result;
	}
	row_make(s);
	result = poll_files(s->fds, s->fd_count, deadline);
	if (result >= 0) {
		result = sets_make(s);
	}
	if (result >= 0 && sets_to_user(s, user) != 0) {
		result = -EFAULT;
	}
	return result;
}

static long select_user(s32 count, const uaddr_t user[3], u64 deadline)
{
	struct select s = { .count = MIN((u32)count, (u32)DESCRIPTORS_MAX) };
	long result;

	if (count < 0) {
		return -EINVAL;
	}
	s.words = DIV_ROUND_UP(s.count, 64);
	s.sets = kmalloc(3 * s.words * sizeof(u64) +
			 (s.count + 1) * sizeof(*s.fds));
	if (s.sets == NULL) {
		return -ENOMEM;
	}
	s.fds = (struct abi_pollfd *)(s.sets + 3 * s.words);
	result = select_run(&s, user, deadline);
	kfree(s.sets);
	return result;
}

SYSCALL_HANDLER(select)
{
	const uaddr_t sets[3] = { uaddr(b), uaddr(c), uaddr(d) };
	u64 deadline;
	int err = deadline_from_user(uaddr(e), NS_PER_US, &deadline);
	long result;

	if (err) {
		return err;
	}
	result = select_user((s32)a, sets, deadline);
	left_to_user(uaddr(e), deadline, NS_PER_US);
	return result;
}

SYSCALL_HANDLER(pselect6)
{
	const uaddr_t sets[3] = { uaddr(b), uaddr(c), uaddr(d) };
	u64 mask[2] = { 0, 0 }; /* its address and size */
	u64 deadline;
	int err = deadline_from_user(uaddr(e), 1, &deadline);
	int masked;
	long result;

	if (err) {
		return err;
	}
	if (f != 0 && copy_from_user(mask, uaddr(f), sizeof(mask)) != 0) {
		return -EFAULT;
	}
	masked = signal_mask_from_user(uaddr(mask[0]), mask[1]);
	if (masked < 0) {
		return masked;
	}
	result = select_user((s32)a, sets, deadline);
	if (masked) {
		signal_mask_restore(result);
	}
	left_to_user(uaddr(e), deadline, 1);
	return result;
}
