/* SPDX-License-Identifier: MIT */
/*
 * The console's terminal: /dev/console, /dev/ttyS0 and /dev/tty1 are all this
 * one.  What is typed at the serial port and at the keyboard goes into it, and
 * every sink that console= names shows what it shows; so the same shell can be
 * used at either end.
 */
#include "drivers/serial.h"
#include "drivers/tty.h"
#include "kernel/console.h"

/* What a terminal has that does not tell: the first of them had it. */
#define DEFAULT_ROWS 24
#define DEFAULT_COLS 80

struct tty console_tty;
bool console_at_screen;

static void show(struct tty *tty, const u8 *bytes, size_t len_bytes)
{
	(void)tty;
	console_show((const char *)bytes, len_bytes);
}

static void written(struct tty *tty)
{
	char answer[CONSOLE_ANSWER_BYTES];
	size_t n = console_answer(answer);

	if (n > 0 && READ_ONCE(console_at_screen)) {
		tty_input(tty, (const u8 *)answer, n);
	}
}

static void resume(struct tty *tty)
{
	(void)tty;
	serial_resume();
}

static const struct tty_ops console_ops = {
	.written = written,
	.show = show,
	.unsent = serial_unsent,
	.resume = resume,
};

void tty_console_init(void)
{
	u16 rows = DEFAULT_ROWS;
	u16 cols = DEFAULT_COLS;

	console_at_screen = console_size(&rows, &cols);
	tty_init(&console_tty, &console_ops, rows, cols);
}
