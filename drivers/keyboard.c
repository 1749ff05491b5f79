/* SPDX-License-Identifier: MIT */
/*
 * Scan codes.  Set 1 has a code of 7 bits for each key, bit 7 set when it is
 * let go, and 0xe0 before those that the first PC did not have.  Set 2 is
 * mapped to set 1 by the table that keyboard controllers have for it.
 */
#include "drivers/keyboard.h"

#include "lib/string.h"

#define EXTENDED        0xe0
#define PAUSE           0xe1 /* 0xe1 and two codes, for the one key */
#define SET_2_RELEASE   0xf0
#define RELEASE         0x80

#define KEY_ENTER       0x1c
#define KEY_CTRL        0x1d
#define KEY_LEFT_SHIFT  0x2a
#define KEY_SLASH       0x35
#define KEY_RIGHT_SHIFT 0x36
#define KEY_STAR        0x37
#define KEY_ALT         0x38
#define KEY_CAPS_LOCK   0x3a
#define KEY_F1          0x3b
#define KEY_F10         0x44
#define KEY_NUM_LOCK    0x45
#define KEY_SCROLL_LOCK 0x46
#define KEY_HOME        0x47 /* first of the number pad */
#define KEY_DELETE      0x53 /* last of it */
#define KEY_ANGLE       0x56 /* beside the left shift, on some */
#define KEY_F11         0x57
#define KEY_F12         0x58

#define ESC             0x1b
#define DEL             0x7f

/* Bits of `held`; those of the right-hand keys are one to the left. */
#define LEFT_SHIFT 0x01u
#define SHIFT      0x03u
#define LEFT_CTRL  0x04u
#define CTRL       0x0cu
#define LEFT_ALT   0x10u
#define ALT        0x30u

/* By code of set 1, from 0; NUL: no character. */
static const char plain[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./"
	"\0*\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?"
	"\0*\0 ";

static_assert(sizeof(plain) == sizeof(shifted), "one layout, twice");

/* The number pad: letters and digits are ends of sequences, see below. */
static const char pad_digits[] = "789-456+1230.";
static const char pad_moves[] = "1A5-DGC+4B623";

/* Set 1's code for each of set 2's; 0x7f: there is none. */
static const u8 set_2_codes[] = {
	0x7f, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40,
	0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
	0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20,
	0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
	0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
	0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74,
	0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b,
	0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x7f, 0x7f, 0x7f, 0x41,
	0x54,
};

/* ---- What a key types --------------------------------------------------- */

struct typed {
	u8 *bytes;
	size_t count;
};

static void put(struct typed *t, u8 c)
{
	t->bytes[t->count++] = c;
}

/* ESC [ A, or of a number ESC [ 5 ~. */
static void put_sequence(struct typed *t, unsigned end)
{
	put(t, ESC);
	put(t, '[');
	if (end >= 'A') {
		put(t, (u8)end);
		return;
	}
	if (end >= 10) {
		put(t, (u8)('0' + end / 10));
	}
	put(t, (u8)('0' + end % 10));
	put(t, '~');
}

/* As Linux counts them: F1 to F12, and with shift from F13 on. */
static void put_function(struct typed *t, unsigned n)
{
	static const u8 numbers[] = { 17, 18, 19, 20, 21, 23, 24, 25,
				      26, 28, 29, 31, 32, 33, 34 };

	if (n <= 5) {
		put(t, ESC);
		put(t, '[');
		put(t, '[');
		put(t, (u8)('A' + n - 1));
	} else if (n - 6 < sizeof(numbers)) {
		put_sequence(t, numbers[n - 6]);
	}
}

static void put_pad(struct typed *t, unsigned place, bool digits)
{
	char c = digits ? pad_digits[place] : pad_moves[place];

	if (digits || c == '-' || c == '+') {
		put(t, (u8)c);
	} else {
		put_sequence(t, (unsigned)(c >= 'A' ? c : c - '0'));
	}
}

/* The control character of a key, or the character where there is none. */
static u8 control(u8 c)
{
	if (c >= '3' && c <= '7') {
		return (u8)(c - '3' + ESC);
	}
	switch (c) {
	case ' ':
	case '2': return 0;
	case '/':
	case '-': return 0x1f;
	case '8':
	case '?': return DEL;
	case DEL: return '\b';
	default: return c >= '@' ? c & 0x1f : c;
	}
}

static bool is_letter(u8 c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void put_character(const struct keyboard *k, struct typed *t, u8 code)
{
	bool shift = k->held & SHIFT;
	u8 c = (u8)plain[code];

	if (is_letter(c) && (k->locks & KEYBOARD_CAPS_LOCK)) {
		shift = !shift;
	}
	if (shift) {
		c = (u8)shifted[code];
	}
	if (c == '\t' && shift) {
		put(t, ESC);
	}
	if (c != '\0') {
		put(t, k->held & CTRL ? control(c) : c);
	}
}

static void press(const struct keyboard *k, struct typed *t, u8 code,
		  bool extended)
{
	bool shift = k->held & SHIFT;

	if (extended && code != KEY_ENTER && code != KEY_SLASH &&
	    (code < KEY_HOME || code > KEY_DELETE)) {
		return;
	}
	if (k->held & ALT) {
		put(t, ESC);
	}
	if (code < sizeof(plain) - 1) {
		put_character(k, t, code);
	} else if (code >= KEY_F1 && code <= KEY_F10) {
		put_function(t, code - KEY_F1 + 1u + (shift ? 12 : 0));
	} else if (code >= KEY_HOME && code <= KEY_DELETE) {
		put_pad(t, code - KEY_HOME,
			!extended && (k->locks & KEYBOARD_NUM_LOCK));
	} else if (code == KEY_ANGLE) {
		put(t, shift ? '>' : '<');
	} else if (code == KEY_F11 || code == KEY_F12) {
		put_function(t, code - KEY_F11 + 11u);
	}
	if (t->count == 1 && (k->held & ALT)) {
		t->count = 0; /* a key that types nothing */
	}
}

/* ---- Keys that change others -------------------------------------------- */

/* The bit of a shift, ctrl or alt key, or 0. */
static u8 held_bit(u8 code, bool extended)
{
	switch (code) {
	case KEY_LEFT_SHIFT: return extended ? 0 : LEFT_SHIFT;
	case KEY_RIGHT_SHIFT: return extended ? 0 : LEFT_SHIFT << 1;
	case KEY_CTRL: return (u8)(LEFT_CTRL << extended);
	case KEY_ALT: return (u8)(LEFT_ALT << extended);
	default: return 0;
	}
}

static u8 lock_bit(u8 code, bool extended)
{
	if (extended) {
		return 0;
	}
	switch (code) {
	case KEY_CAPS_LOCK: return KEYBOARD_CAPS_LOCK;
	case KEY_NUM_LOCK: return KEYBOARD_NUM_LOCK;
	case KEY_SCROLL_LOCK: return KEYBOARD_SCROLL_LOCK;
	default: return 0;
	}
}

/* A key that repeats itself changes its light once. */
static void press_lock(struct keyboard *k, u8 bit, bool released)
{
	if (released) {
		k->locking &= ~bit;
	} else if (!(k->locking & bit)) {
		k->locking |= bit;
		k->locks ^= bit;
	}
}

static void take_key(struct keyboard *k, struct typed *t, u8 code,
		     bool extended, bool released)
{
	u8 held = held_bit(code, extended);
	u8 lock = lock_bit(code, extended);

	if (lock != 0) {
		press_lock(k, lock, released);
	} else if (released) {
		k->held &= ~held;
	} else {
		k->held |= held;
		press(k, t, code, extended);
	}
}

/* ---- Bytes -------------------------------------------------------------- */

/* The code in set 1, or 0x7f; `*released` if the key was let go. */
static u8 decode(struct keyboard *k, u8 byte, bool *released)
{
	if (!k->set_2) {
		*released = byte & RELEASE;
		return byte & ~RELEASE;
	}
	*released = k->release;
	k->release = false;
	return byte < sizeof(set_2_codes) ? set_2_codes[byte] : 0x7f;
}

size_t keyboard_take(struct keyboard *k, u8 byte, u8 *out)
{
	struct typed t = { .bytes = out };
	u8 prefix = k->prefix;
	bool released;
	u8 code;

	if (byte == EXTENDED || byte == PAUSE) {
		k->prefix = byte;
		return 0;
	}
	if (k->set_2 && byte == SET_2_RELEASE) {
		k->release = true;
		return 0;
	}
	code = decode(k, byte, &released);
	/* Pause: the first of its two codes looks like ctrl. */
	k->prefix = prefix == PAUSE && code == KEY_CTRL ? PAUSE : 0;
	if (byte == 0 || byte == 0xff) {
		k->held = 0; /* bytes were lost: who knows which */
	} else if (prefix != PAUSE) {
		take_key(k, &t, code, prefix == EXTENDED, released);
	}
	return t.count;
}
