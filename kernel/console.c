/* SPDX-License-Identifier: MIT */
/*
 * The console: the sinks, and the kernel's last text in a ring for those that
 * come late; LOCK_CONSOLE guards both, except in a panic, when one processor
 * is left and nothing is locked.
 */
#include "kernel/console.h"

#include "kernel/spinlock.h"
#include "lib/string.h"

#define HISTORY_BYTES CONSOLE_LOG_BYTES

static struct {
	struct spinlock lock;
	struct console_sink *sinks; /* [lock] newest first */
	const char *list;           /* [lock] console=; NULL: all */
	u64 written;                /* [lock] bytes of text so far */
	bool panic;                 /* [a] no locks any more */
} console = { .lock = SPINLOCK_INIT(LOCK_CONSOLE) };

/* [console.lock] Byte n of the text is in slot n % HISTORY_BYTES. */
static char history[HISTORY_BYTES];

/* True if `name` is one of the comma-parted words of the list. */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list != NULL) {
		if (strncmp(list, name, len) == 0 &&
		    (list[len] == ',' || list[len] == '\0')) {
			return true;
		}
		list = strchr(list, ',');
		list = list != NULL ? list + 1 : NULL;
	}
	return false;
}

static bool is_chosen_locked(const struct console_sink *sink)
{
	return console.list == NULL || console.list[0] == '\0' ||
	       list_has(console.list, sink->name);
}

static void history_append_locked(const char *text, size_t len_bytes)
{
	while (len_bytes > 0) {
		size_t slot = console.written % HISTORY_BYTES;
		size_t n = MIN(len_bytes, HISTORY_BYTES - slot);

		memcpy(history + slot, text, n);
		console.written += n;
		text += n;
		len_bytes -= n;
	}
}

/* Kernel text for `show`, with a CR before each LF. */
static void with_returns(void (*show)(const char *, size_t), const char *text,
			 size_t len_bytes)
{
	char piece[CONSOLE_CHUNK_BYTES];
	size_t n = 0;

	for (size_t i = 0; i < len_bytes; i++) {
		if (n > sizeof(piece) - 2) {
			show(piece, n);
			n = 0;
		}
		if (text[i] == '\n') {
			piece[n++] = '\r';
		}
		piece[n++] = text[i];
	}
	show(piece, n);
}

/* One chunk of the kept text from byte `*at` that is there; how long it is. */
static size_t history_chunk_locked(u64 *at, const char **text)
{
	size_t slot, n;

	if (console.written - *at > HISTORY_BYTES) {
		*at = console.written - HISTORY_BYTES;
	}
	slot = *at % HISTORY_BYTES;
	*text = history + slot;
	n = MIN(console.written - *at, HISTORY_BYTES - slot);
	return MIN(n, CONSOLE_CHUNK_BYTES);
}

/* Shows the sink one chunk of the text from byte `at`; returns its end. */
static u64 replay_locked(struct console_sink *sink, u64 at)
{
	const char *text;
	size_t n = history_chunk_locked(&at, &text);

	with_returns(sink->write, text, n);
	return at + n;
}

u64 console_log_end(void)
{
	return READ_ONCE(console.written);
}

size_t console_log_copy(u64 *at, char *buf, size_t len_bytes)
{
	const char *text;
	size_t n = 0;

	WITH_SPINLOCK_IRQ (&console.lock) {
		n = MIN(history_chunk_locked(at, &text), len_bytes);
		memcpy(buf, text, n);
	}
	return n;
}

void console_add(struct console_sink *sink)
{
	u64 at = 0;
	bool added = false;

	while (!added) {
		WITH_SPINLOCK_IRQ (&console.lock) {
			sink->chosen = is_chosen_locked(sink);
			if (!sink->chosen || at == console.written) {
				sink->next = console.sinks;
				console.sinks = sink;
				added = true;
			} else {
				at = replay_locked(sink, at);
			}
		}
	}
}

void console_select(const char *list)
{
	WITH_SPINLOCK_IRQ (&console.lock) {
		console.list = list;
		for (struct console_sink *s = console.sinks; s; s = s->next) {
			s->chosen = is_chosen_locked(s);
		}
	}
}

static void show_locked(const char *text, size_t len_bytes)
{
	for (struct console_sink *s = console.sinks; s; s = s->next) {
		if (s->chosen) {
			s->write(text, len_bytes);
		}
	}
}

/* In a panic: every sink's state is as the panic found it. */
static void show_panic(const char *text, size_t len_bytes)
{
	for (struct console_sink *s = console.sinks; s; s = s->next) {
		if (s->chosen) {
			s->write_panic(text, len_bytes);
		}
	}
}

void console_write(const char *text, size_t len_bytes)
{
	while (len_bytes > 0) {
		size_t n = MIN(len_bytes, CONSOLE_CHUNK_BYTES);

		if (READ_ONCE(console.panic)) {
			with_returns(show_panic, text, n);
		} else {
			WITH_SPINLOCK_IRQ (&console.lock) {
				history_append_locked(text, n);
				with_returns(show_locked, text, n);
			}
		}
		text += n;
		len_bytes -= n;
	}
}

void console_show(const char *bytes, size_t len_bytes)
{
	while (len_bytes > 0) {
		size_t n = MIN(len_bytes, CONSOLE_CHUNK_BYTES);

		WITH_SPINLOCK_IRQ (&console.lock) {
			if (!READ_ONCE(console.panic)) {
				show_locked(bytes, n);
			}
		}
		bytes += n;
		len_bytes -= n;
	}
}

bool console_size(u16 *rows, u16 *cols)
{
	bool known = true;
	u16 unknown_rows = *rows;
	u16 unknown_cols = *cols;

	*rows = UINT16_MAX;
	*cols = UINT16_MAX;
	WITH_SPINLOCK_IRQ (&console.lock) {
		for (struct console_sink *s = console.sinks; s; s = s->next) {
			u16 r = s->rows ? s->rows : unknown_rows;
			u16 c = s->cols ? s->cols : unknown_cols;

			*rows = s->chosen ? MIN(*rows, r) : *rows;
			*cols = s->chosen ? MIN(*cols, c) : *cols;
			known = known && (!s->chosen || s->rows != 0);
		}
	}
	*rows = *rows == UINT16_MAX ? unknown_rows : *rows;
	*cols = *cols == UINT16_MAX ? unknown_cols : *cols;
	return known;
}

size_t console_answer(char *buf)
{
	size_t n = 0;

	WITH_SPINLOCK_IRQ (&console.lock) {
		for (struct console_sink *s = console.sinks; s; s = s->next) {
			if (n == 0 && s->chosen && s->answer != NULL) {
				n = s->answer(buf);
			}
		}
	}
	return n;
}

void console_flush(void)
{
	WITH_SPINLOCK_IRQ (&console.lock) {
		for (struct console_sink *s = console.sinks; s; s = s->next) {
			if (s->chosen && s->flush != NULL) {
				s->flush();
			}
		}
	}
}

void console_panic_begin(void)
{
	if (__atomic_exchange_n(&console.panic, true, __ATOMIC_RELAXED)) {
		return;
	}
	for (struct console_sink *s = console.sinks; s; s = s->next) {
		if (s->chosen && s->panic_begin != NULL) {
			s->panic_begin();
		}
	}
}
