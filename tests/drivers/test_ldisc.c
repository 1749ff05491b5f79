/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: what is typed, what is shown for it and what is read.
 */
#include "drivers/ldisc.h"

#include "lib/string.h"
#include "tests/ktest.h"

static struct ldisc ldisc;
static char shown[1024];
static size_t shown_bytes;

static void emit(struct ldisc *l, const u8 *bytes, size_t len_bytes)
{
	size_t n = MIN(len_bytes, sizeof(shown) - 1 - shown_bytes);

	(void)l;
	memcpy(shown + shown_bytes, bytes, n);
	shown_bytes += n;
	shown[shown_bytes] = '\0';
}

static void start(void)
{
	ldisc_init(&ldisc, emit);
	shown_bytes = 0;
	shown[0] = '\0';
}

static void type(const char *text)
{
	ldisc_input(&ldisc, (const u8 *)text, strlen(text));
}

static bool shows(const char *text)
{
	bool same = strcmp(shown, text) == 0;

	shown_bytes = 0;
	shown[0] = '\0';
	return same;
}

/* True if the next read of up to `room` bytes gives just that. */
static bool reads(const char *text, size_t room)
{
	char buf[64];
	size_t n = ldisc_read(&ldisc, (u8 *)buf, MIN(room, sizeof(buf)));

	return n == strlen(text) && memcmp(buf, text, n) == 0;
}

static void set(u32 clear_lflag, u32 set_lflag)
{
	struct tty_termios t = ldisc.termios;

	t.lflag = (t.lflag & ~clear_lflag) | set_lflag;
	ldisc_set_termios(&ldisc, &t);
}

KTEST(ldisc_lines, "a line can be read when it is complete, and piece by piece")
{
	start();
	type("hello");
	EXPECT(!ldisc_readable(&ldisc, 1));
	EXPECT_EQ(ldisc_pending(&ldisc), 0);
	type("\rnext\n");
	EXPECT(shows("hello\r\nnext\r\n"));
	EXPECT_EQ(ldisc_pending(&ldisc), 11);
	EXPECT(reads("hel", 3));
	EXPECT(reads("lo\n", 64));
	EXPECT(reads("next\n", 64));
	EXPECT(!ldisc_readable(&ldisc, 1));
}

KTEST(ldisc_erases, "erase takes whole characters off the line and the screen")
{
	start();
	type("a\xc3\xa4\x01\x7f\x7f\x7f\x7f");
	EXPECT(shows("a\xc3\xa4^A\b \b\b \b\b \b\b \b"));
	type("ab\tc\x7f\x7f");
	EXPECT(shows("ab\tc\b \b\b\b\b\b\b\b"));
	type("  one two_3 \x17");
	EXPECT(shows("  one two_3 \b \b\b \b\b \b\b \b\b \b\b \b"));
	type("\x15x\n");
	EXPECT(reads("x\n", 64));
}

KTEST(ldisc_kill_echo, "without ECHOKE the kill character and a new line show")
{
	start();
	set(TTY_ECHOKE, 0);
	type("abc\x15");
	EXPECT(shows("abc^U\r\n"));
	set(TTY_ECHOE, 0);
	type("abc\x7f\n");
	EXPECT(shows("abc^?\r\n"));
	EXPECT(reads("ab\n", 64));
}

KTEST(ldisc_end_of_file, "^D ends the line without a byte; alone it reads as 0")
{
	start();
	type("ab\x04");
	EXPECT(shows("ab"));
	EXPECT_EQ(ldisc_pending(&ldisc), 2);
	EXPECT(reads("ab", 2));
	EXPECT(!ldisc_readable(&ldisc, 1));
	type("\x04");
	EXPECT(ldisc_readable(&ldisc, 1));
	EXPECT(reads("", 64));
	EXPECT(!ldisc_readable(&ldisc, 1));
	type("\x16\x04\n");
	EXPECT(reads("\x04\n", 64));
}

KTEST(ldisc_signals, "^C ^Z ^\\ leave a signal and flush, unless told not to")
{
	start();
	type("ab\ncd\x03");
	EXPECT_EQ(ldisc.signals, 1u << TTY_SIGINT);
	EXPECT(!ldisc_readable(&ldisc, 1));
	EXPECT(shows("^C"));
	set(0, TTY_NOFLSH);
	type("ef\n\x1a\x1c");
	EXPECT_EQ(ldisc.signals,
		  1u << TTY_SIGINT | 1u << TTY_SIGTSTP | 1u << TTY_SIGQUIT);
	EXPECT(reads("ef\n", 64));
	set(TTY_ISIG, 0);
	type("\x03\n");
	EXPECT(reads("\x03\n", 64));
}

KTEST(ldisc_flow, "^S holds the echo, ^Q shows it")
{
	start();
	type("a");
	type("\x13"
	     "b");
	EXPECT(shows("a"));
	EXPECT_EQ(ldisc.stopped, LDISC_STOPPED);
	type("\x11");
	EXPECT(shows("b"));
	ldisc_stop(&ldisc, LDISC_SUSPENDED);
	type("\x11"
	     "c");
	EXPECT(shows(""));
	ldisc_start(&ldisc, LDISC_SUSPENDED);
	EXPECT(shows("c"));
}

KTEST(ldisc_raw, "raw input is read as it comes, when there is enough of it")
{
	start();
	set(TTY_ICANON | TTY_ECHO | TTY_ISIG | TTY_IEXTEN, 0);
	type("ab\x03\x7f\x15");
	EXPECT(shows(""));
	EXPECT(ldisc_readable(&ldisc, 5));
	EXPECT(!ldisc_readable(&ldisc, 6));
	EXPECT(ldisc_readable(&ldisc, 0));
	EXPECT(reads("ab\x03\x7f\x15", 64));
	EXPECT(!ldisc_readable(&ldisc, 0));
}

KTEST(ldisc_mode_change, "what was typed in one mode is read in the other")
{
	start();
	type("half");
	set(TTY_ICANON, 0);
	EXPECT(ldisc_readable(&ldisc, 1));
	EXPECT(reads("ha", 2));
	set(0, TTY_ICANON);
	EXPECT(ldisc_readable(&ldisc, 1));
	type("x\n");
	EXPECT(reads("lf", 64));
	EXPECT(reads("x\n", 64));
}

KTEST(ldisc_long_line, "a line has 4095 bytes and its end, whatever is typed")
{
	static u8 line[LDISC_BYTES + 1];

	start();
	set(TTY_ECHO, 0);
	for (unsigned i = 0; i < 5000; i++) {
		EXPECT(ldisc_room(&ldisc) > 0);
		ldisc_input(&ldisc, (const u8 *)"abcdefg" + i % 7, 1);
	}
	EXPECT_EQ(ldisc_pending(&ldisc), 0);
	type("\n");
	EXPECT_EQ(ldisc_room(&ldisc), 0);
	EXPECT_EQ(ldisc_read(&ldisc, line, sizeof(line)), LDISC_BYTES);
	EXPECT_EQ(line[LDISC_BYTES - 2], "abcdefg"[4094 % 7]);
	EXPECT_EQ(line[LDISC_BYTES - 1], '\n');
	EXPECT_EQ(ldisc_room(&ldisc), LDISC_BYTES);
}

KTEST(ldisc_output_flags, "written bytes are changed as oflag says")
{
	static const struct {
		u32 oflag;
		const char *out;
	} cases[] = {
		{ 0, "a\tb\n\rc" },
		{ TTY_OPOST, "a\tb\n\rc" },
		{ TTY_OPOST | TTY_ONLCR, "a\tb\r\n\rc" },
		{ TTY_OPOST | TTY_OCRNL, "a\tb\n\nc" },
		{ TTY_OPOST | TTY_ONLCR | TTY_ONOCR, "a\tb\r\nc" },
		{ TTY_OPOST | TTY_XTABS | TTY_OLCUC, "A       B\n\rC" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start();
		ldisc.termios.oflag = cases[i].oflag;
		ldisc_output(&ldisc, (const u8 *)"a\tb\n\rc", 6);
		EXPECT(shows(cases[i].out));
	}
}
