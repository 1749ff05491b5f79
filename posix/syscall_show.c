/* SPDX-License-Identifier: MIT */
/*
 * The view of trace=syscall: lines in the log for each system call, with its
 * thread: one before it, with the arguments as posix/syscalls.def tells them,
 * and one with its result.
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

#define ARGS_MAX   6
#define LINE_BYTES 200
#define TEXT_BYTES 32 /* of a string or a buffer that are shown */

enum arg { NONE, INT, UINT, HEX, FD, MODE, SIG, SIZE, PTR, STR, BUF };

static const struct call {
	u32 number;
	u8 args[ARGS_MAX]; /* enum arg */
} calls[] = {
#define SYSCALL(number, name, support, ...) { number, { __VA_ARGS__ } },
#include "posix/syscalls.def"
#undef SYSCALL
#define EXO_CALL(number, name, ...) \
	{ EXO_CALL_FIRST + (number), { __VA_ARGS__ } },
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

/* Its place in the list, or NULL; and its name. */
static const struct call *call_find(u64 number, const char **name)
{
	*name = names;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].number == number) {
			return &calls[i];
		}
		*name += strlen(*name) + 1;
	}
	*name = "absent";
	return NULL;
}

void syscall_show(u64 number, const u64 args[])
{
	const char *name;
	const struct call *call = call_find(number, &name);
	struct line line = { .len = 0 };

	add(&line, "%s(", (u64)name);
	for (int i = 0; call && i < ARGS_MAX && call->args[i] != NONE; i++) {
		if (i > 0) {
			add(&line, ", ", 0);
		}
		add_arg(&line, call->args[i], &args[i]);
	}
	log_info("%u %s)", task_current()->tid, line.text);
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
