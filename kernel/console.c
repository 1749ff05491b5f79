/* SPDX-License-Identifier: MIT */
/*
 * The console's two halves.  Output: the sinks, and the last text in a ring
 * for those that come late; LOCK_CONSOLE guards both, except in a panic,
 * when one processor is left and nothing is locked.  Input: a queue between
 * the devices' interrupt handlers and who reads, with a lock of its own, so
 * that typing never waits for a slow screen.
 */
#include "kernel/console.h"

#include "kernel/log.h"
#include "kernel/spinlock.h"
#include "lib/ring.h"
#include "lib/string.h"

#define HISTORY_BYTES 16384u
#define INPUT_BYTES   1024u

static_assert(IS_POW2(HISTORY_BYTES) && IS_POW2(INPUT_BYTES),
	      "slots are found by masking");

static struct {
	struct spinlock lock;
	struct console_sink *sinks; /* [lock] newest first */
	const char *list;           /* [lock] console=; NULL: all */
	u64 written;                /* [lock] bytes of text so far */
	bool panic;                 /* [a] no locks any more */
} console = { .lock = SPINLOCK_INIT(LOCK_CONSOLE) };

/* [console.lock] Byte n of the text is in slot n % HISTORY_BYTES. */
static char history[HISTORY_BYTES];

static struct {
	struct spinlock lock;
	u32 head;    /* [lock] */
	u32 tail;    /* [lock] */
	u32 dropped; /* [lock] bytes that found no place, not yet told */
} input = { .lock = SPINLOCK_INIT(LOCK_CONSOLE) };

/* [input.lock] */
static u8 input_queue[INPUT_BYTES];

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

/* Shows the sink one chunk of the text from byte `at`; returns its end. */
static u64 replay_locked(struct console_sink *sink, u64 at)
{
	size_t slot, n;

	if (console.written - at > HISTORY_BYTES) {
		at = console.written - HISTORY_BYTES;
	}
	slot = at % HISTORY_BYTES;
	n = MIN(console.written - at, HISTORY_BYTES - slot);
	n = MIN(n, CONSOLE_CHUNK_BYTES);
	sink->write(history + slot, n);
	return at + n;
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
	history_append_locked(text, len_bytes);
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
			show_panic(text, n);
		} else {
			WITH_SPINLOCK_IRQ (&console.lock) {
				show_locked(text, n);
			}
		}
		text += n;
		len_bytes -= n;
	}
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

void console_input(const u8 *bytes, size_t len_bytes)
{
	WITH_SPINLOCK_IRQ (&input.lock) {
		size_t space = ring_space(input.head, input.tail, INPUT_BYTES);
		size_t n = MIN(len_bytes, space);

		for (size_t i = 0; i < n; i++) {
			input_queue[ring_slot(input.head++, INPUT_BYTES)] =
				bytes[i];
		}
		input.dropped += (u32)(len_bytes - n);
	}
	console_input_ready();
}

size_t console_input_take(char *buf, size_t len_bytes)
{
	size_t n = 0;
	u32 dropped = 0;

	WITH_SPINLOCK_IRQ (&input.lock) {
		n = MIN(len_bytes, ring_fill(input.head, input.tail));
		for (size_t i = 0; i < n; i++) {
			buf[i] = (char)input_queue[ring_slot(input.tail++,
							     INPUT_BYTES)];
		}
		dropped = input.dropped;
		input.dropped = 0;
	}
	if (dropped > 0) {
		log_warn("console: %u bytes of input dropped", dropped);
	}
	return n;
}
