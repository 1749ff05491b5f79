/* SPDX-License-Identifier: MIT */
/*
 * The keyboard: what scan codes of either set type, and that no bytes at all
 * do harm.
 */
#include "drivers/keyboard.h"

#include "lib/string.h"
#include "tests/ktest.h"

static struct keyboard keyboard;
static char typed[256];
static size_t typed_bytes;

static void begin(bool set_2)
{
	keyboard = (struct keyboard){ .set_2 = set_2 };
	typed_bytes = 0;
}

static void take(u8 byte)
{
	u8 out[KEYBOARD_BYTES];
	size_t n = keyboard_take(&keyboard, byte, out);

	memcpy(typed + typed_bytes, out, n);
	typed_bytes += n;
}

/* The bytes of a string literal, NULs and all. */
#define TAKE(codes)                                                  \
	do {                                                         \
		static const u8 bytes_[] = codes;                    \
		for (size_t i_ = 0; i_ < sizeof(bytes_) - 1; i_++) { \
			take(bytes_[i_]);                            \
		}                                                    \
	} while (0)

static bool has_typed(const char *text, size_t len_bytes)
{
	bool same =
		typed_bytes == len_bytes && memcmp(typed, text, len_bytes) == 0;

	typed_bytes = 0;
	return same;
}

#define TYPED(text) has_typed(text, sizeof(text) - 1)

KTEST(keyboard_shift, "shift and caps lock choose the other character")
{
	begin(false);
	TAKE("\x1e\x9e\x2a\x1e\x9e\x03\x83\xaa\x1e\x36\x35\xb6");
	EXPECT(TYPED("aA@a?"));
	TAKE("\x3a\x3a\x3a\xba\x1e\x02\x2a\x1e\xaa\x3a\xba\x1e");
	EXPECT(TYPED("A1aa"));
	EXPECT_EQ(keyboard.locks, 0);
}

KTEST(keyboard_control, "ctrl makes control characters, alt puts ESC before")
{
	begin(false);
	TAKE("\x1d\x2e\x39\x1a\x2b\x0e\x9d");
	EXPECT(TYPED("\x03\0\x1b\x1c\b"));
	TAKE("\xe0\x1d\x20\xe0\x9d\x38\x30\x48\xb8\x30\xe0\x38\x1c\xe0\xb8");
	EXPECT(TYPED("\x04\x1b"
		     "b\x1b\x1b[Ab\x1b\r"));
}

KTEST(keyboard_sequences, "moving and function keys type what TERM=linux says")
{
	begin(false);
	TAKE("\xe0\x48\xe0\x50\xe0\x4d\xe0\x4b\xe0\x47\xe0\x4f");
	EXPECT(TYPED("\x1b[A\x1b[B\x1b[C\x1b[D\x1b[1~\x1b[4~"));
	TAKE("\xe0\x52\xe0\x53\xe0\x49\xe0\x51");
	EXPECT(TYPED("\x1b[2~\x1b[3~\x1b[5~\x1b[6~"));
	TAKE("\x3b\x3f\x40\x44\x57\x58\x2a\x3b\xaa");
	EXPECT(TYPED("\x1b[[A\x1b[[E\x1b[17~\x1b[21~\x1b[23~\x1b[24~"
		     "\x1b[25~"));
	TAKE("\x2a\x0f\xaa\x01\x0e\x1c");
	EXPECT(TYPED("\x1b\t\x1b\x7f\r"));
}

KTEST(keyboard_pad, "the number pad has digits with num lock, else moves")
{
	begin(false);
	TAKE("\x47\x4e\x4a\x37\xe0\x35\xe0\x1c");
	EXPECT(TYPED("\x1b[1~+-*/\r"));
	TAKE("\x45\xc5\x47\x53\xe0\x47");
	EXPECT(TYPED("7.\x1b[1~"));
	EXPECT_EQ(keyboard.locks, KEYBOARD_NUM_LOCK);
}

KTEST(keyboard_quiet, "Pause, PrintScreen and made-up shifts type nothing")
{
	begin(false);
	TAKE("\xe1\x1d\x45\xe1\x9d\xc5\x1e");
	EXPECT(TYPED("a"));
	EXPECT_EQ(keyboard.locks, 0);
	TAKE("\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa\xe0\x46\xe0\xc6\x1e");
	EXPECT(TYPED("a"));
	TAKE("\xe0\xe1\x1e\x9e\xe1\x02\x03");
	EXPECT(TYPED("2"));
}

KTEST(keyboard_set_2, "codes of set 2 type the same")
{
	begin(true);
	TAKE("\x1c\xf0\x1c\x12\x1c\xf0\x1c\xf0\x12\x1c\xe0\x75\xe0\xf0\x75");
	EXPECT(TYPED("aAa\x1b[A"));
	TAKE("\x14\x21\xf0\x21\xf0\x14\x83\x29\x5a\x66");
	EXPECT(TYPED("\x03\x1b[18~ \r\x7f"));
	TAKE("\xe1\x14\x77\xe1\xf0\x14\xf0\x77\x1c");
	EXPECT(TYPED("a"));
	EXPECT_EQ(keyboard.held, 0);
}

KTEST(keyboard_lost_bytes, "after an overrun no key is held")
{
	begin(false);
	TAKE("\x1d\x2a\xff\x1e");
	EXPECT(TYPED("a"));
}

KTEST(keyboard_fuzz, "any bytes are taken, and a key works afterwards")
{
	for (int round = 0; round < 2000; round++) {
		u8 out[KEYBOARD_BYTES];

		begin(ktest_random() % 2);
		for (u64 n = ktest_random() % 50; n > 0; n--) {
			EXPECT(keyboard_take(&keyboard, (u8)ktest_random(),
					     out) <= sizeof(out));
		}
		take(0xff);
		take(0xff);
		keyboard.locks = 0;
		typed_bytes = 0;
		take(keyboard.set_2 ? 0x1c : 0x1e);
		EXPECT(TYPED("a"));
	}
}
