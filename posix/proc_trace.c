/* SPDX-License-Identifier: MIT */
/*
 * /proc/exo/trace: what the processors record, as text, while they go on.
 *
 * A reader gets the records of all processors in the order of their times, a
 * line each, as far as there are any when it begins to read; then the end of
 * the file, once; reading on gives what came since.  So `cat` ends and
 * `tail -f` follows.  What was overwritten before it was read is told in a
 * line of its own.  There is one reader at a time: every processor's worker
 * copies for it what that processor has recorded (trace/collect.c).
 *
 * Writing groups, as trace= names them, chooses what is recorded; the group
 * `syscall` then has each call with its result.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/proc.h"
#include "posix/syscall.h"
#include "sched/worker.h"
#include "trace/trace.h"

#define LINE_BYTES   200
#define GROUPS_BYTES 64
#define NS_PER_S     1000000000ul

struct share {
	struct trace_cursor cursor;
	struct arch_record *records; /* copied, or NULL */
	u32 count;
	u32 told; /* of them, in lines */
};

/* [a] `busy` guards all else: who finds it set has come too early. */
static struct {
	bool open;
	bool busy;
	bool at_end; /* all is told that was collected, and the end */
	char line[LINE_BYTES];
	size_t line_bytes;
	size_t line_told;
	struct share shares[MAX_CPUS];
} reader;

/* In each processor's worker. */
static void collect_here(void)
{
	struct share *share = &reader.shares[cpu_id()];
	u32 most = trace_ring_records(cpu_id());

	if (share->records == NULL) {
		share->records = kmalloc(most * sizeof(*share->records));
	}
	share->told = 0;
	share->count = share->records ? trace_collect(&share->cursor,
						      share->records, most)
				      : 0;
}

/* The share whose next record is the oldest, or NULL. */
static struct share *oldest(void)
{
	struct share *best = NULL;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		struct share *share = &reader.shares[cpu];

		if (share->told < share->count &&
		    (best == NULL || share->records[share->told].time <
					     best->records[best->told].time)) {
			best = share;
		}
	}
	return best;
}

static void line_lost(unsigned cpu)
{
	struct trace_cursor *cursor = &reader.shares[cpu].cursor;

	reader.line_bytes = (size_t)format(reader.line, LINE_BYTES,
					   "# processor %u lost %u events\n",
					   cpu, cursor->lost);
	cursor->lost = 0;
}

static void line_record(const struct arch_record *r)
{
	u64 ns = clock_at(r->time);
	size_t len;

	len = (size_t)format(reader.line, LINE_BYTES,
			     "[%5lu.%09lu] %u thread %-4u %-18s ",
			     ns / NS_PER_S, ns % NS_PER_S, r->cpu, r->tid,
			     trace_event_name(r->event));
	trace_format(r, reader.line + len, LINE_BYTES - 1 - len);
	for (; reader.line[len] != '\0'; len++) {
		/* The name of a program is any bytes. */
		if (reader.line[len] < ' ') {
			reader.line[len] = '?';
		}
	}
	reader.line[len] = '\n';
	reader.line_bytes = len + 1;
}

/* Makes the next line; false if all that was collected has been told. */
static bool line_next(void)
{
	struct share *share;

	reader.line_told = 0;
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (reader.shares[cpu].cursor.lost > 0) {
			line_lost(cpu);
			return true;
		}
	}
	share = oldest();
	if (share == NULL) {
		reader.line_bytes = 0;
		return false;
	}
	line_record(&share->records[share->told++]);
	return true;
}

static long read_lines(uaddr_t dst, size_t len_bytes)
{
	size_t done = 0;

	while (done < len_bytes) {
		size_t n = reader.line_bytes - reader.line_told;

		if (n == 0) {
			if (!line_next()) {
				break;
			}
			continue;
		}
		n = MIN(n, len_bytes - done);
		if (copy_to_user(uaddr_add(dst, done),
				 reader.line + reader.line_told, n) != 0) {
			return -EFAULT;
		}
		reader.line_told += n;
		done += n;
	}
	return (long)done;
}

static long trace_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	long result;

	(void)file;
	if (__atomic_test_and_set(&reader.busy, __ATOMIC_ACQUIRE)) {
		return -EBUSY;
	}
	if (reader.at_end) {
		worker_run_everywhere(collect_here);
	}
	result = read_lines(dst, len_bytes);
	reader.at_end = result == 0;
	__atomic_clear(&reader.busy, __ATOMIC_RELEASE);
	return result;
}

static long trace_file_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	char groups[GROUPS_BYTES], *end;
	int err;

	(void)file;
	if (len_bytes >= sizeof(groups)) {
		return -EINVAL;
	}
	if (copy_from_user(groups, src, len_bytes) != 0) {
		return -EFAULT;
	}
	groups[len_bytes] = '\0';
	end = strchr(groups, '\n');
	if (end != NULL) {
		*end = '\0';
	}
	err = trace_select(groups);
	syscall_record_all(trace_wants(TRACE_SYSCALL));
	if (trace_wants(TRACE_FRAMES)) {
		worker_drain_memory(); /* or what lies there comes unseen */
	}
	return err ? err : (long)len_bytes;
}

static void trace_close(struct file *file)
{
	if (!(file->access & FILE_READ)) {
		return;
	}
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		kfree(reader.shares[cpu].records);
	}
	memset(reader.shares, 0, sizeof(reader.shares));
	__atomic_clear(&reader.open, __ATOMIC_RELEASE);
}

static const struct file_ops trace_ops = {
	.read = trace_read,
	.write = trace_file_write,
	.close = trace_close,
};

int proc_trace_open(u64 key, struct file *file)
{
	(void)key;
	if (file->access & FILE_READ) {
		if (__atomic_test_and_set(&reader.open, __ATOMIC_ACQUIRE)) {
			return -EBUSY;
		}
		for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (cpu_present(cpu)) {
				trace_cursor_start(&reader.shares[cpu].cursor,
						   cpu);
			}
		}
		reader.at_end = true;
		reader.line_bytes = reader.line_told = 0;
	}
	file->ops = &trace_ops;
	return 0;
}
