/* SPDX-License-Identifier: MIT */
/*
 * The view of trace=syscall: lines in the log for each system call, with its
 * thread: one before it, with the arguments as posix/syscalls.def tells them,
 * and one with its result.
 *
 * The record of a call in the trace: number and first argument, then the others
 * in twos, then the first bytes of each string and buffer, as the list tells.
 *
 * While it is on, or calls are recorded in the trace, `syscall_count` is 0, so
 * that every call comes to syscall_other() (posix/syscall.c); while it is off
 * it costs nothing.
 */
#include "arch/user.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "trace/trace.h"

#define LINE_BYTES 200
#define TEXT_BYTES 32 /* of a string or a buffer that are shown */

enum arg { NONE, INT, UINT, HEX, FD, MODE, SIG, SIZE, PTR, STR, BUF };

/* A call in one word: its number, and its arguments as digits of base 12. */
#define ARG_BASE  12u
#define ARGS_BITS 22
#define ARGS_MASK ((1u << ARGS_BITS) - 1)

static_assert(BUF < ARG_BASE && ARG_BASE * ARG_BASE * ARG_BASE * ARG_BASE *
						ARG_BASE * ARG_BASE <=
					1u << ARGS_BITS,
	      "six arguments fit");

#define DIGITS(a, b, c, d, e, f, ...)                          \
	((a + 0) +                                             \
	 ARG_BASE * ((b) +                                     \
		     ARG_BASE * ((c) +                         \
				 ARG_BASE * ((d) +             \
					     ARG_BASE * ((e) + \
							 ARG_BASE * (f))))))
#define CALL(number, ...) \
	((u32)(number) << ARGS_BITS | DIGITS(__VA_ARGS__, 0, 0, 0, 0, 0, 0))
/* Our own calls, behind the numbers of Linux. */
#define OWN_FIRST 512

static const u32 calls[] = {
#define SYSCALL(number, name, support, ...) CALL(number, __VA_ARGS__),
#include "posix/syscalls.def"
#undef SYSCALL
#define EXO_CALL(number, name, ...) CALL(OWN_FIRST + (number), __VA_ARGS__),
#include "posix/exo_calls.def"
#undef EXO_CALL
};

/* One behind the other and walked, as in lib/errno.c. */
static const char names[] =
#define SYSCALL(number, name, support, ...) #name "\0"
#include "posix/syscalls.def"
#undef SYSCALL
#define EXO_CALL(number, name, ...) "exo_" #name "\0"
#include "posix/exo_calls.def"
#undef EXO_CALL
	;

struct line {
	size_t len;
	char text[LINE_BYTES];
};

static void add(struct line *line, const char *fmt, u64 value)
{
	line->len += (size_t)format(line->text + line->len,
				    LINE_BYTES - line->len, fmt, value);
	line->len = MIN(line->len, LINE_BYTES - 1ul);
}

static void add_char(struct line *line, char c)
{
	switch (c) {
	case '\n': add(line, "\\n", 0); return;
	case '"':
	case '\\': add(line, "\\%c", (u8)c); return;
	default: add(line, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", (u8)c);
	}
}

/* The first of `len` bytes at a user address. */
static void add_text(struct line *line, u64 from, u64 len, bool is_string)
{
	char text[TEXT_BYTES];
	u64 shown = MIN(len, sizeof(text));

	if (is_string) {
		s64 found =
			copy_string_from_user(text, uaddr(from), sizeof(text));

		shown = found == -ENAMETOOLONG ? sizeof(text) : (u64)found;
		len = found == -ENAMETOOLONG ? shown + 1 : shown;
	} else if (copy_from_user(text, uaddr(from), shown) != 0) {
		shown = UINT64_MAX;
	}
	if (shown > sizeof(text)) {
		add(line, "%#lx", from);
		return;
	}
	add(line, "\"", 0);
	for (u64 i = 0; i < shown; i++) {
		add_char(line, text[i]);
	}
	add(line, len > shown ? "\"..." : "\"", 0);
}

static void add_arg(struct line *line, enum arg kind, const u64 *value)
{
	switch (kind) {
	case INT:
	case FD:
	case SIG: add(line, "%d", (u32)*value); return;
	case UINT:
	case SIZE: add(line, "%lu", *value); return;
	case MODE: add(line, "%#o", (u32)*value); return;
	case STR: add_text(line, *value, 0, true); return;
	case BUF: add_text(line, value[0], value[1], false); return;
	default: add(line, *value ? "%#lx" : "%lu", *value);
	}
}

/* Its arguments, as digits; and its name, if that is asked for. */
static u32 call_find(u64 number, const char **name)
{
	const char *at = names;

	if (number - EXO_CALL_FIRST < OWN_FIRST) {
		number -= EXO_CALL_FIRST - OWN_FIRST;
	}
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i] >> ARGS_BITS == number) {
			*name = at;
			return calls[i] & ARGS_MASK;
		}
		at += strlen(at) + 1;
	}
	*name = "absent";
	return 0;
}

void syscall_show(u64 number, const u64 args[])
{
	const char *name;
	u32 kinds = call_find(number, &name);
	struct line line = { .len = 0 };

	add(&line, "%s(", (u64)name);
	for (const u64 *arg = args; kinds != 0; kinds /= ARG_BASE, arg++) {
		if (arg > args) {
			add(&line, ", ", 0);
		}
		add_arg(&line, kinds % ARG_BASE, arg);
	}
	log_info("%u %s)", task_current()->tid, line.text);
}

/* The first bytes of a string or a buffer. */
static void record_text(enum arg kind, const u64 *arg)
{
	u64 text[2] = { 0 };
	u64 len = kind == STR ? sizeof(text) : MIN(arg[1], sizeof(text));
	s64 err = 0;

	if (kind == STR) {
		err = copy_string_from_user((char *)text, uaddr(*arg), len);
	} else if (kind == BUF) {
		err = copy_from_user(text, uaddr(*arg), len) ? -EFAULT : 0;
	}
	if (kind >= STR && err != -EFAULT) {
		trace(TRACE_SYSCALL_TEXT, text[0], text[1]);
	}
}

void syscall_record(u64 number, const u64 args[])
{
	const char *name;
	u32 kinds = call_find(number, &name);
	u32 left = kinds;

	trace(TRACE_SYSCALL, number, args[0]);
	for (unsigned i = 1; (left /= ARG_BASE) != 0; i += 2) {
		left /= ARG_BASE;
		trace(TRACE_SYSCALL_ARGS, args[i], left ? args[i + 1] : 0);
	}
	for (const u64 *arg = args; kinds != 0; kinds /= ARG_BASE, arg++) {
		record_text(kinds % ARG_BASE, arg);
	}
}

void syscall_show_result(u64 number, long result)
{
	const char *name;

	(void)call_find(number, &name);
	if (result < 0 && result > -4096) {
		log_info("%u %s = -%s", task_current()->tid, name,
			 errno_name((int)result));
	} else {
		log_info(result >> 32 ? "%u %s = %#lx" : "%u %s = %ld",
			 task_current()->tid, name, result);
	}
}
