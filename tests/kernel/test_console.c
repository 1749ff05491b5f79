/* SPDX-License-Identifier: MIT */
/*
 * The console.  The unit is compiled into this file, so that each test starts
 * it anew.
 */
#include "kernel/console.c"

#include "lib/assert.h"
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
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	first.sink = (struct console_sink){ .name = "first",
					    .write = first_write,
					    .write_panic = first_write_panic,
					    .panic_begin = first_panic };
	second.sink = (struct console_sink){ .name = "second",
					     .write = second_write,
					     .write_panic = second_write };
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
			text[i] = (char)('a' + ktest_random() % 26);
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

KTEST(console_returns,
      "the kernel's lines end with CR and LF, kept as they were")
{
	char copy[16];
	u64 at = 0;

	begin();
	console_add(&first.sink);
	write_text("a\n\nb");
	console_show("c\n", 2);
	console_add(&second.sink);
	EXPECT(shows(&first, "a\r\n\r\nbc\n"));
	EXPECT(shows(&second, "a\r\n\r\nb"));
	EXPECT_EQ(console_log_end(), 4);
	EXPECT_EQ(console_log_copy(&at, copy, sizeof(copy)), 4);
	EXPECT(memcmp(copy, "a\n\nb", 4) == 0);
	at = 3;
	EXPECT_EQ(console_log_copy(&at, copy, sizeof(copy)), 1);
	EXPECT_EQ(copy[0], 'b');
}

KTEST(console_size, "the console is as large as the smallest chosen sink")
{
	u16 rows = 24;
	u16 cols = 80;

	begin();
	console_size(&rows, &cols);
	EXPECT_EQ(rows << 16 | cols, 24 << 16 | 80);
	first.sink.rows = 50;
	first.sink.cols = 160;
	console_add(&first.sink);
	EXPECT(console_size(&rows, &cols));
	EXPECT_EQ(rows << 16 | cols, 50 << 16 | 160);
	rows = 24;
	cols = 80;
	console_add(&second.sink);
	EXPECT(!console_size(&rows, &cols));
	EXPECT_EQ(rows << 16 | cols, 24 << 16 | 80);
}
