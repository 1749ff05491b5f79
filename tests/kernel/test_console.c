/* SPDX-License-Identifier: MIT */
/*
 * The console and its input queue.  The unit is compiled into this file, with
 * fakes for what it calls, so that each test starts it anew.
 */
#define log_line            console_test_log
#define console_input_ready console_test_ready
#include "kernel/console.c"

#include "lib/assert.h"
#include "lib/format.h"
#include "tests/ktest.h"

#define SHOWN_BYTES 65536

struct screen {
	struct console_sink sink;
	size_t shown;
	size_t longest; /* of one write */
	size_t in_panic;
	unsigned panics;
	char text[SHOWN_BYTES];
};

static struct screen first, second;
static unsigned wakeups;
static char logged[64];

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	ASSERT(level == LOG_WARN);
	va_start(args, fmt);
	(void)format_v(logged, sizeof(logged), fmt, args);
	va_end(args);
}

void console_input_ready(void)
{
	ASSERT(!spin_held(&input.lock));
	wakeups++;
}

static void show(struct screen *screen, const char *text, size_t len_bytes)
{
	ASSERT(len_bytes <= SHOWN_BYTES - screen->shown);
	memcpy(screen->text + screen->shown, text, len_bytes);
	screen->shown += len_bytes;
	screen->longest = MAX(screen->longest, len_bytes);
}

static void first_write(const char *text, size_t len_bytes)
{
	ASSERT(spin_held(&console.lock));
	show(&first, text, len_bytes);
}

static void first_write_panic(const char *text, size_t len_bytes)
{
	show(&first, text, len_bytes);
	first.in_panic += len_bytes;
}

static void first_panic(void)
{
	first.panics++;
}

static void second_write(const char *text, size_t len_bytes)
{
	show(&second, text, len_bytes);
}

static void begin(void)
{
	memset(&console, 0, sizeof(console));
	spin_init(&console.lock, LOCK_CONSOLE);
	memset(&input, 0, sizeof(input));
	spin_init(&input.lock, LOCK_CONSOLE);
	input.head = input.tail = (u32)ktest_random();
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	first.sink = (struct console_sink){ .name = "first",
					    .write = first_write,
					    .write_panic = first_write_panic,
					    .panic_begin = first_panic };
	second.sink = (struct console_sink){ .name = "second",
					     .write = second_write,
					     .write_panic = second_write };
	wakeups = 0;
	logged[0] = '\0';
}

static void write_text(const char *text)
{
	console_write(text, strlen(text));
}

static bool shows(const struct screen *screen, const char *text)
{
	return screen->shown == strlen(text) &&
	       memcmp(screen->text, text, screen->shown) == 0;
}

KTEST(console_late_sink, "a sink that comes late shows the text so far")
{
	begin();
	write_text("before all, ");
	console_add(&first.sink);
	write_text("between, ");
	console_add(&second.sink);
	write_text("after");
	EXPECT(shows(&first, "before all, between, after"));
	EXPECT(shows(&second, "before all, between, after"));
}

KTEST(console_history_wraps, "a late sink gets the last 16 KB, in bounded bits")
{
	size_t total = 0;

	begin();
	console_add(&first.sink);
	while (total < HISTORY_BYTES * 5 / 2) {
		char text[700];
		size_t len = ktest_random() % sizeof(text);

		for (size_t i = 0; i < len; i++) {
			text[i] = (char)ktest_random();
		}
		console_write(text, len);
		total += len;
	}
	console_add(&second.sink);
	EXPECT_EQ(first.shown, total);
	EXPECT_EQ(second.shown, HISTORY_BYTES);
	EXPECT(memcmp(second.text, first.text + total - HISTORY_BYTES,
		      HISTORY_BYTES) == 0);
	EXPECT(MAX(first.longest, second.longest) <= CONSOLE_CHUNK_BYTES);
}

KTEST(console_select, "only the sinks that console= names are written to")
{
	begin();
	console_add(&first.sink);
	console_select("seconds,second");
	console_add(&second.sink);
	write_text("a");
	console_select("first,second");
	write_text("b");
	console_select("fir,irst,first");
	write_text("c");
	console_select("");
	write_text("d");
	console_select(NULL);
	write_text("e");
	EXPECT(shows(&first, "bcde"));
	EXPECT(shows(&second, "abde"));
}

KTEST(console_panic, "a panic takes no lock and tells each sink once")
{
	u64 flags;

	begin();
	console_add(&first.sink);
	console_add(&second.sink);
	flags = spin_lock_irq(&console.lock);
	console_panic_begin();
	console_panic_begin();
	write_text("oops");
	spin_unlock_irq(&console.lock, flags);
	EXPECT_EQ(first.panics, 1);
	EXPECT_EQ(first.in_panic, 4);
	EXPECT(shows(&second, "oops"));
}

KTEST(console_input_order, "input comes out as it went in, over any wrap")
{
	u8 in = 0, out = 0;

	begin();
	for (int round = 0; round < 500; round++) {
		u8 bytes[200];
		char taken[300];
		size_t n = ktest_random() % sizeof(bytes);

		for (size_t i = 0; i < n; i++) {
			bytes[i] = in++;
		}
		console_input(bytes, n);
		n = console_input_take(taken, sizeof(taken));
		for (size_t i = 0; i < n; i++) {
			EXPECT_EQ((u8)taken[i], out);
			out++;
		}
	}
	EXPECT_EQ(in, out);
	EXPECT_EQ(wakeups, 500);
	EXPECT_EQ(logged[0], '\0');
}

KTEST(console_input_full, "input beyond the queue is dropped, counted, logged")
{
	u8 bytes[100];
	char taken[INPUT_BYTES];

	begin();
	memset(bytes, 'k', sizeof(bytes));
	for (int i = 0; i < 11; i++) {
		console_input(bytes, sizeof(bytes));
	}
	EXPECT_EQ(console_input_take(taken, 3), 3);
	EXPECT(strcmp(logged, "console: 76 bytes of input dropped") == 0);
	EXPECT_EQ(console_input_take(taken, sizeof(taken)), INPUT_BYTES - 3);
	EXPECT_EQ(console_input_take(taken, sizeof(taken)), 0);
}
