/* SPDX-License-Identifier: MIT */
/*
 * System calls on the machine: its end, and the kernel's log.
 */
#include "arch/user.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/waitq.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/syscall.h"

#define PIECE_BYTES 256

/* How often a reader of the log looks for more. */
#define LOG_LOOK_NS 200000000ull

static bool is_magic(u64 second)
{
	switch ((u32)second) {
	case ABI_REBOOT_MAGIC2:
	case ABI_REBOOT_MAGIC2A:
	case ABI_REBOOT_MAGIC2B:
	case ABI_REBOOT_MAGIC2C: return true;
	default: return false;
	}
}

SYSCALL_HANDLER(reboot)
{
	if ((u32)a != ABI_REBOOT_MAGIC1 || !is_magic(b)) {
		return -EINVAL;
	}
	switch ((u32)c) {
	case ABI_REBOOT_RESTART:
	case ABI_REBOOT_RESTART2: machine_reboot();
	case ABI_REBOOT_POWER_OFF: machine_power_off();
	case ABI_REBOOT_HALT: machine_halt();
	default: return -EINVAL;
	}
}

/* Positions in the kernel's text, in bytes from its first. */
static struct {
	u64 cleared; /* [a] READ_ALL begins here */
	u64 read;    /* [a] READ goes on here */
} klog;

/* Copies the text from `*at` on that there is; moves it. Errors: -EFAULT. */
static long copy_out(uaddr_t to, u64 len_bytes, u64 *at)
{
	char piece[PIECE_BYTES];
	u64 done = 0;

	while (done < len_bytes) {
		size_t n = console_log_copy(
			at, piece, MIN(len_bytes - done, sizeof(piece)));

		if (n == 0) {
			break;
		}
		if (copy_to_user(uaddr_add(to, done), piece, n) != 0) {
			return -EFAULT;
		}
		done += n;
		*at += n;
	}
	return (long)done;
}

/* The last of the text, as much as there is room for. */
static long read_all(uaddr_t to, u64 len_bytes, bool clear)
{
	u64 end = console_log_end();
	u64 at = READ_ONCE(klog.cleared);
	long done;

	at = MAX(at, end - MIN(end, MIN(len_bytes, CONSOLE_LOG_BYTES)));
	done = copy_out(to, MIN(len_bytes, end - at), &at);
	if (clear && done >= 0) {
		WRITE_ONCE(klog.cleared, end);
	}
	return done;
}

/* Waits for more text, as who stores it in a file does. */
static long read_more(uaddr_t to, u64 len_bytes)
{
	static struct waitq q = WAITQ_INIT(q);
	u64 at = READ_ONCE(klog.read);
	u64 flags = waitq_lock(&q);
	long done;
	int err = 0;

	while (at == console_log_end() && err != -EINTR) {
		err = waitq_sleep_interruptible(&q, clock_ns() + LOG_LOOK_NS);
	}
	waitq_unlock(&q, flags);
	if (err == -EINTR) {
		return -ERESTART;
	}
	done = copy_out(to, len_bytes, &at);
	WRITE_ONCE(klog.read, at);
	return done;
}

/* Linux shows what is more urgent than the level; errors always. */
static long set_level(u64 level)
{
	if (level < 1 || level > 8) {
		return -EINVAL;
	}
	log_set_level(level > 7   ? LOG_DEBUG
		      : level > 6 ? LOG_INFO
		      : level > 4 ? LOG_WARN
				  : LOG_ERROR);
	return 0;
}

SYSCALL_HANDLER(syslog)
{
	bool reads = a >= ABI_SYSLOG_READ && a <= ABI_SYSLOG_READ_CLEAR;

	if (reads && (b == 0 || (s32)c < 0)) {
		return -EINVAL;
	}
	switch ((int)a) {
	case ABI_SYSLOG_READ: return read_more(uaddr(b), (u32)c);
	case ABI_SYSLOG_READ_ALL:
	case ABI_SYSLOG_READ_CLEAR:
		return read_all(uaddr(b), (u32)c, a == ABI_SYSLOG_READ_CLEAR);
	case ABI_SYSLOG_CLEAR:
		WRITE_ONCE(klog.cleared, console_log_end());
		return 0;
	case ABI_SYSLOG_CONSOLE_LEVEL: return set_level((u32)c);
	case ABI_SYSLOG_SIZE_UNREAD:
		return (long)MIN(console_log_end() - READ_ONCE(klog.read),
				 CONSOLE_LOG_BYTES);
	case ABI_SYSLOG_SIZE_BUFFER: return CONSOLE_LOG_BYTES;
	default: return -EINVAL;
	}
}
