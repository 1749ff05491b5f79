/* SPDX-License-Identifier: MIT */
/*
 * Futexes.  A word is known by where it lies: an object and an offset if it is
 * shared memory, else an address space and an address.  The waiters stand in
 * one of a few queues, by a hash of that.
 *
 * Why no wake-up is lost: a thread first joins the queue and then looks at the
 * word; who changes the word does so before he wakes.  If the word is not what
 * the thread expects it leaves the queue again, unless it was woken meanwhile:
 * then that counts.
 *
 * I1  A waiter is in the queue that it points to, or `woken`.
 * I2  A waiter's memory lasts until it has left its queue under the queue's
 *     lock, or has seen `woken` under that lock.
 */
#include "posix/futex.h"

#include "arch/cpu.h"
#include "arch/user.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "posix/time.h"

#define QUEUES   64u
#define ALL_BITS UINT32_MAX
#define FOREVER  WAITQ_FOREVER

enum futex_op {
	OP_WAIT = 0,
	OP_WAKE = 1,
	OP_REQUEUE = 3,
	OP_CMP_REQUEUE = 4,
	OP_WAKE_OP = 5,
	OP_WAIT_BITSET = 9,
	OP_WAKE_BITSET = 10,
	OP_PRIVATE = 128,
	OP_CLOCK_REALTIME = 256,
};

struct key {
	const void *where; /* an object with a reference, or a space */
	u64 at;
	struct mem_object *object; /* NULL: a space */
};

struct futex_waiter {
	struct list link;    /* [queue] */
	struct queue *queue; /* [queue] */
	struct key key;      /* [queue] */
	u32 bits;            /* [I] */
	bool woken;          /* [waitq] */
	struct waitq waitq;
};

static struct queue {
	struct spinlock lock;
	struct list waiters; /* struct futex_waiter.link */
} queues[QUEUES];

void futex_init(void)
{
	for (unsigned i = 0; i < QUEUES; i++) {
		spin_init(&queues[i].lock, LOCK_FUTEX);
		list_init(&queues[i].waiters);
	}
}

static struct queue *queue_of(const struct key *key)
{
	u64 hash = ((u64)key->where >> 4) + key->at;

	return &queues[(hash * 0x9e3779b97f4a7c15ul) >> 58];
}

static_assert(QUEUES == 1u << (64 - 58), "the shift in queue_of()");

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->where == b->where && a->at == b->at;
}

/* Errors: -EINVAL for an unaligned address, -EFAULT. */
static int key_make(struct key *key, u64 va, bool is_private)
{
	struct aspace *aspace = process_current()->aspace;

	*key = (struct key){ .where = aspace, .at = va };
	if (!IS_ALIGNED(va, sizeof(u32))) {
		return -EINVAL;
	}
	if (va >= USER_END) {
		return -EFAULT;
	}
	if (!is_private) {
		key->object = aspace_shared(aspace, va, &key->at);
		key->where = key->object ? (void *)key->object : aspace;
	}
	return 0;
}

static void key_drop(struct key *key)
{
	mem_object_put(key->object);
}

static void waiter_join(struct futex_waiter *w)
{
	w->queue = queue_of(&w->key);
	WITH_SPINLOCK (&w->queue->lock) {
		list_push_back(&w->queue->waiters, &w->link);
	}
}

/* False if somebody woke it. */
static bool waiter_leave(struct futex_waiter *w)
{
	for (;;) {
		struct queue *queue = READ_ONCE(w->queue);

		if (queue == NULL) {
			arch_relax(); /* requeue_keys() */
			continue;
		}
		WITH_SPINLOCK (&queue->lock) {
			if (w->queue == queue) {
				list_remove(&w->link);
				return !w->woken;
			}
		}
	}
}

/* The queue's lock is held; afterwards the waiter may be gone with it. */
static void waiter_wake_locked(struct futex_waiter *w)
{
	list_remove(&w->link);
	WITH_SPINLOCK_IRQ (&w->waitq.lock) {
		w->woken = true;
		waitq_wake_one_locked(&w->waitq);
	}
}

static int waiter_sleep(struct futex_waiter *w, u64 deadline)
{
	u64 flags = waitq_lock(&w->waitq);
	int err = 0;

	while (!w->woken && err == 0) {
		err = waitq_sleep_interruptible(&w->waitq, deadline);
	}
	waitq_unlock(&w->waitq, flags);
	return err;
}

static int futex_wait(u64 va, bool is_private, u32 expected, u32 bits,
		      u64 deadline)
{
	struct futex_waiter w = { .bits = bits };
	u32 value;
	int err = key_make(&w.key, va, is_private);

	if (err) {
		return err;
	}
	waitq_init(&w.waitq);
	waiter_join(&w);
	err = user_load(uaddr(va), &value);
	if (err == 0) {
		err = value == expected ? waiter_sleep(&w, deadline) : -EAGAIN;
	}
	if (!waiter_leave(&w)) {
		err = 0;
	}
	key_drop(&w.key);
	if (err == -EINTR) {
		err = deadline == FOREVER ? -ERESTART : -EINTR;
	}
	return err;
}

static long wake_key(const struct key *key, u32 count, u32 bits)
{
	struct queue *queue = queue_of(key);
	long woken = 0;

	WITH_SPINLOCK (&queue->lock) {
		list_for_each_safe (node, &queue->waiters) {
			struct futex_waiter *w =
				list_entry(node, struct futex_waiter, link);

			if (woken < count && (w->bits & bits) &&
			    key_equal(&w->key, key)) {
				waiter_wake_locked(w);
				woken++;
			}
		}
	}
	return woken;
}

static long futex_wake(u64 va, bool is_private, u32 count, u32 bits)
{
	struct key key;
	long result = key_make(&key, va, is_private);

	if (result == 0) {
		result = wake_key(&key, count, bits);
		key_drop(&key);
	}
	return result;
}

void futex_wake_one(u64 va)
{
	(void)futex_wake(va, false, 1, ALL_BITS);
}

/* What a word must hold. */
struct expected {
	u64 va;
	u32 value;
};

static int word_refused(const struct expected *expected)
{
	u32 value;
	int err = user_load(uaddr(expected->va), &value);

	return err ? err : value == expected->value ? 0 : -EAGAIN;
}

/*
 * Wakes `wake` waiters of `from` and lets up to `move` others wait for `to`.
 * Those on the way are in no queue for a moment, with preemption off: one that
 * wants to leave waits for that.  With `expected`, the word is compared under
 * the queue's lock, where a page that is not there is not fetched.  Errors:
 * -EAGAIN, -EFAULT.
 */
static long requeue_keys(const struct key *from, const struct key *to, u32 wake,
			 u32 move, const struct expected *expected)
{
	struct queue *a = queue_of(from), *b = queue_of(to);
	struct list moving = LIST_INIT(moving);
	u32 woken = 0, moved = 0;
	int err = 0;

	preempt_off();
	WITH_SPINLOCK (&a->lock) {
		err = expected ? word_refused(expected) : 0;
		list_for_each_safe (node, &a->waiters) {
			struct futex_waiter *w =
				list_entry(node, struct futex_waiter, link);

			if (err || !key_equal(&w->key, from)) {
				continue;
			}
			if (woken < wake) {
				waiter_wake_locked(w);
				woken++;
			} else if (moved < move) {
				list_remove(&w->link);
				list_push_back(&moving, &w->link);
				WRITE_ONCE(w->queue, NULL);
				moved++;
			}
		}
	}
	WITH_SPINLOCK (&b->lock) {
		list_for_each (node, &moving) {
			struct futex_waiter *w =
				list_entry(node, struct futex_waiter, link);

			w->key = *to;
			mem_object_get(to->object);
			WRITE_ONCE(w->queue, b);
		}
		list_splice_back(&b->waiters, &moving);
	}
	preempt_on();
	for (u32 i = 0; i < moved; i++) {
		mem_object_put(from->object);
	}
	return err ? err : (long)woken + moved;
}

/* Errors: as key_make(), -EAGAIN if the word is not what is expected. */
static long futex_requeue(u64 va, u64 to_va, bool is_private, u32 wake,
			  u32 move, const struct expected *expected)
{
	struct key from, to;
	u32 value;
	long result = key_make(&from, va, is_private);

	if (result) {
		return result;
	}
	result = key_make(&to, to_va, is_private);
	if (result) {
		key_drop(&from);
		return result;
	}
	do {
		result = requeue_keys(&from, &to, wake, move, expected);
	} while (result == -EFAULT && user_load(uaddr(va), &value) == 0);
	key_drop(&from);
	key_drop(&to);
	return result;
}

/* The fields of FUTEX_WAKE_OP's last argument. */
struct wake_op {
	u32 op;      /* 0 set, 1 add, 2 or, 3 and not, 4 xor */
	u32 compare; /* 0 ==, 1 !=, 2 <, 3 <=, 4 >, 5 >= */
	s32 operand;
	s32 limit;
};

static int wake_op_read(u32 code, struct wake_op *out)
{
	out->op = code >> 28 & 7;
	out->compare = code >> 24 & 15;
	out->operand = (s32)(code << 8) >> 20;
	out->limit = (s32)(code << 20) >> 20;
	if (code >> 31) {
		out->operand = (s32)(1u << (out->operand & 31));
	}
	return out->op > 4 || out->compare > 5 ? -ENOSYS : 0;
}

static u32 wake_op_apply(const struct wake_op *op, u32 old)
{
	u32 operand = (u32)op->operand;

	switch (op->op) {
	case 0: return operand;
	case 1: return old + operand;
	case 2: return old | operand;
	case 3: return old & ~operand;
	default: return old ^ operand;
	}
}

static bool wake_op_holds(const struct wake_op *op, s32 old)
{
	switch (op->compare) {
	case 0: return old == op->limit;
	case 1: return old != op->limit;
	case 2: return old < op->limit;
	case 3: return old <= op->limit;
	case 4: return old > op->limit;
	default: return old >= op->limit;
	}
}

static long futex_wake_op(u64 va, u64 to_va, bool is_private, u32 wake,
			  u32 wake_to, u32 code)
{
	struct wake_op op;
	u32 old, before;
	long more, woken;
	int err = wake_op_read(code, &op);

	err = err ? err : IS_ALIGNED(to_va, sizeof(u32)) ? 0 : -EINVAL;
	err = err ? err : user_load(uaddr(to_va), &old);
	if (err) {
		return err;
	}
	do {
		before = old;
		err = user_compare_swap(uaddr(to_va), &old,
					wake_op_apply(&op, before));
	} while (err == 0 && old != before);
	if (err) {
		return err;
	}
	woken = futex_wake(va, is_private, wake, ALL_BITS);
	if (woken < 0 || !wake_op_holds(&op, (s32)old)) {
		return woken;
	}
	more = futex_wake(to_va, is_private, wake_to, ALL_BITS);
	return more < 0 ? more : woken + more;
}

/*
 * When a wait ends: FUTEX_WAIT tells how long, FUTEX_WAIT_BITSET the moment,
 * since the start or as a date.  Errors: -EFAULT, -EINVAL.
 */
static int deadline_read(u64 from, u32 op, u64 *deadline)
{
	u64 ns;
	int err;

	*deadline = FOREVER;
	if (from == 0) {
		return 0;
	}
	err = time_read(uaddr(from), &ns);
	if (err) {
		return err;
	}
	if ((op & ~(u32)(OP_PRIVATE | OP_CLOCK_REALTIME)) == OP_WAIT) {
		ns += clock_ns();
	} else if (op & OP_CLOCK_REALTIME) {
		u64 offset = clock_date_offset_ns();

		ns = ns > offset ? ns - offset : 0;
	}
	*deadline = MIN(ns, FOREVER - 1);
	return 0;
}

static long futex_wait_call(u64 va, u32 op, u32 expected, u64 timeout, u32 bits)
{
	u64 deadline;
	int err = bits == 0 ? -EINVAL : deadline_read(timeout, op, &deadline);

	return err ? err
		   : futex_wait(va, op & OP_PRIVATE, expected, bits, deadline);
}

SYSCALL_HANDLER(futex)
{
	u32 op = (u32)b, value = (u32)c, third = (u32)f;
	bool is_private = op & OP_PRIVATE;
	struct expected expected = { a, third };

	if ((op & OP_CLOCK_REALTIME) &&
	    (op & ~(u32)(OP_PRIVATE | OP_CLOCK_REALTIME)) != OP_WAIT_BITSET) {
		return -ENOSYS;
	}
	switch (op & ~(u32)(OP_PRIVATE | OP_CLOCK_REALTIME)) {
	case OP_WAIT: return futex_wait_call(a, op, value, d, ALL_BITS);
	case OP_WAIT_BITSET: return futex_wait_call(a, op, value, d, third);
	case OP_WAKE: return futex_wake(a, is_private, value, ALL_BITS);
	case OP_WAKE_BITSET:
		return third ? futex_wake(a, is_private, value, third)
			     : -EINVAL;
	case OP_REQUEUE:
	case OP_CMP_REQUEUE:
		if ((s32)value < 0 || (s32)d < 0) {
			return -EINVAL;
		}
		return futex_requeue(a, e, is_private, value, (u32)d,
				     (op & 7) == OP_CMP_REQUEUE ? &expected
								: NULL);
	case OP_WAKE_OP:
		return futex_wake_op(a, e, is_private, value, (u32)d, third);
	default: return -ENOSYS; /* docs/processes.md: refused on purpose */
	}
}
