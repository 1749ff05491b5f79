/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: the way of a typed byte.  First echo, then editing,
 * then what each byte means.
 */
#include "drivers/ldisc.h"

#include "drivers/ldisc_private.h"
#include "lib/assert.h"

#define TAB_COLS 8u
#define BEL      0x07

/* True if `c` is the special character; one that is 0 does not exist. */
static bool is_special(const struct ldisc *l, enum termios_number which, u8 c)
{
	return c != 0 && l->termios.chars[which] == c;
}

/* Likewise for one of those that need IEXTEN. */
static bool is_extended(const struct ldisc *l, enum termios_number which, u8 c)
{
	return lflag(l, TTY_IEXTEN) && is_special(l, which, c);
}

/* Latin letters, digits, and whatever is not ASCII. */
static bool is_word(u8 c)
{
	u8 letter = c | 0x20;

	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c >= 0xc0;
}

/* True if the character shows as two, like ^A. */
static bool shows_as_two(const struct ldisc *l, u8 c)
{
	return lflag(l, TTY_ECHOCTL) && is_control(c) && c != '\t';
}

static void echo_visibly(struct ldisc *l, u8 c)
{
	if (shows_as_two(l, c)) {
		ldisc_out(l, '^');
		ldisc_out(l, c ^ 0x40);
	} else {
		ldisc_out(l, c);
	}
}

/* What was typed into a line; `plainly`: a control character acts. */
static void echo_data(struct ldisc *l, u8 c, bool plainly)
{
	if (!lflag(l, TTY_ECHO)) {
		return;
	}
	if (l->head == l->line_end) {
		l->line_column = l->column;
	}
	if (plainly) {
		ldisc_out(l, c);
	} else {
		echo_visibly(l, c);
	}
}

/* Columns that a character other than a tab takes. */
static unsigned width(const struct ldisc *l, u8 c)
{
	if (is_control(c)) {
		return shows_as_two(l, c) ? 2 : 0;
	}
	return !is_continuation(l, c);
}

/* Columns of the tab at `at`: it depends on what stands before it. */
static unsigned tab_width(const struct ldisc *l, u32 at)
{
	unsigned column = 0;

	while (at != l->line_end && ldisc_byte(l, at - 1) != '\t') {
		column += width(l, ldisc_byte(l, --at));
	}
	if (at == l->line_end) {
		column += l->line_column;
	}
	return TAB_COLS - column % TAB_COLS;
}

/* Takes the character from `at` on off the screen. */
static void echo_erased(struct ldisc *l, u32 at)
{
	u8 c = ldisc_byte(l, at);
	unsigned count = c == '\t' ? tab_width(l, at) : width(l, c);

	while (count-- > 0) {
		ldisc_out(l, '\b');
		if (c != '\t') {
			ldisc_out(l, ' ');
			ldisc_out(l, '\b');
		}
	}
}

/* Where the last character of the line begins. */
static u32 last_character(const struct ldisc *l)
{
	u32 at = l->head;

	do {
		at--;
	} while (at != l->line_end && is_continuation(l, ldisc_byte(l, at)));
	return at;
}

static void erase_character(struct ldisc *l)
{
	if (l->head == l->line_end) {
		return;
	}
	l->head = last_character(l);
	if (!lflag(l, TTY_ECHO)) {
		return;
	}
	if (lflag(l, TTY_ECHOE)) {
		echo_erased(l, l->head);
	} else {
		echo_visibly(l, l->termios.chars[TTY_VERASE]);
	}
}

/* The last word and the blanks behind it. */
static void erase_word(struct ldisc *l)
{
	bool in_word = false;

	while (l->head != l->line_end) {
		u32 at = last_character(l);

		if (is_word(ldisc_byte(l, at))) {
			in_word = true;
		} else if (in_word) {
			return;
		}
		l->head = at;
		if (lflag(l, TTY_ECHO)) {
			echo_erased(l, at);
		}
	}
}

static void erase_line(struct ldisc *l)
{
	static const u32 visibly = TTY_ECHOE | TTY_ECHOK | TTY_ECHOKE;
	bool wipe = (l->termios.lflag & visibly) == visibly;

	if (l->head == l->line_end) {
		return;
	}
	while (wipe && lflag(l, TTY_ECHO) && l->head != l->line_end) {
		l->head = last_character(l);
		echo_erased(l, l->head);
	}
	if (l->head != l->line_end && lflag(l, TTY_ECHO)) {
		echo_visibly(l, l->termios.chars[TTY_VKILL]);
		if (lflag(l, TTY_ECHOK)) {
			ldisc_out(l, '\n');
		}
	}
	l->head = l->line_end;
}

static void reprint_line(struct ldisc *l)
{
	echo_visibly(l, l->termios.chars[TTY_VREPRINT]);
	ldisc_out(l, '\n');
	for (u32 at = l->line_end; at != l->head; at++) {
		echo_visibly(l, ldisc_byte(l, at));
	}
}

/* [I1] The caller has seen that there is room. */
static void append(struct ldisc *l, u8 c, bool ends_line)
{
	u32 slot = ring_slot(l->head, LDISC_BYTES);

	DEBUG_ASSERT(ring_fill(l->head, l->tail) < LDISC_BYTES);
	l->input[slot] = c;
	if (ends_line) {
		bitmap_set(l->marks, slot);
	} else {
		bitmap_clear(l->marks, slot);
	}
	l->head++;
}

static void type_data(struct ldisc *l, u8 c, bool plainly)
{
	bool twice = c == 0xff && iflag(l, TTY_PARMRK);

	if (ring_fill(l->head, l->tail) + twice >= LDISC_BYTES - 1) {
		if (iflag(l, TTY_IMAXBEL)) {
			ldisc_out(l, BEL);
		}
		return;
	}
	echo_data(l, c, plainly);
	if (twice) {
		append(l, c, false);
	}
	append(l, c, false);
}

/* The end of a line; `c` is 0 for an end of file. */
static void end_line(struct ldisc *l, u8 c)
{
	if (ring_fill(l->head, l->tail) < LDISC_BYTES) {
		append(l, c, true);
		l->line_end = l->head;
	}
}

static void type_signal(struct ldisc *l, int signal, u8 c)
{
	l->signals |= 1u << signal;
	if (!lflag(l, TTY_NOFLSH)) {
		ldisc_flush_input(l);
		l->out_count = 0;
	}
	if (iflag(l, TTY_IXON)) {
		ldisc_start(l, LDISC_STOPPED);
	}
	if (lflag(l, TTY_ECHO)) {
		echo_visibly(l, c);
	}
}

static bool type_flow(struct ldisc *l, u8 c)
{
	if (is_special(l, TTY_VSTART, c)) {
		ldisc_start(l, LDISC_STOPPED);
	} else if (is_special(l, TTY_VSTOP, c)) {
		ldisc_stop(l, LDISC_STOPPED);
	} else {
		return false;
	}
	return true;
}

static bool type_job_control(struct ldisc *l, u8 c)
{
	static const struct {
		u8 which;
		u8 signal;
	} keys[] = { { TTY_VINTR, TTY_SIGINT },
		     { TTY_VQUIT, TTY_SIGQUIT },
		     { TTY_VSUSP, TTY_SIGTSTP } };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (is_special(l, keys[i].which, c)) {
			type_signal(l, keys[i].signal, c);
			return true;
		}
	}
	return false;
}

/* Characters that edit the line; false if `c` is none. */
static bool type_editing(struct ldisc *l, u8 c)
{
	if (is_special(l, TTY_VERASE, c)) {
		erase_character(l);
	} else if (is_special(l, TTY_VKILL, c)) {
		erase_line(l);
	} else if (is_extended(l, TTY_VWERASE, c)) {
		erase_word(l);
	} else if (is_extended(l, TTY_VLNEXT, c)) {
		l->literal = true;
		if (lflag(l, TTY_ECHO) && lflag(l, TTY_ECHOCTL)) {
			ldisc_out(l, '^');
			ldisc_out(l, '\b');
		}
	} else if (lflag(l, TTY_ECHO) && is_extended(l, TTY_VREPRINT, c)) {
		reprint_line(l);
	} else {
		return false;
	}
	return true;
}

/* Characters that end the line; false if `c` is none. */
static bool type_line_end(struct ldisc *l, u8 c)
{
	if (c == '\n') {
		if (lflag(l, TTY_ECHO | TTY_ECHONL)) {
			ldisc_out(l, c);
		}
		end_line(l, c);
	} else if (is_special(l, TTY_VEOF, c)) {
		end_line(l, '\0');
	} else if (is_special(l, TTY_VEOL, c) || is_extended(l, TTY_VEOL2, c)) {
		echo_data(l, c, false);
		end_line(l, c);
	} else {
		return false;
	}
	return true;
}

/* The byte as iflag changes it; false if it vanishes. */
static bool translate(const struct ldisc *l, u8 *c)
{
	if (*c == '\r') {
		if (iflag(l, TTY_IGNCR)) {
			return false;
		}
		*c = iflag(l, TTY_ICRNL) ? '\n' : '\r';
	} else if (*c == '\n' && iflag(l, TTY_INLCR)) {
		*c = '\r';
	}
	return true;
}

static void type_byte(struct ldisc *l, u8 c)
{
	bool is_return = c == '\r';

	if (iflag(l, TTY_ISTRIP)) {
		c &= 0x7f;
	}
	if (iflag(l, TTY_IUCLC) && lflag(l, TTY_IEXTEN) && c >= 'A' &&
	    c <= 'Z') {
		c += 'a' - 'A';
	}
	if (l->literal) {
		l->literal = false;
		type_data(l, c, false);
		return;
	}
	if (iflag(l, TTY_IXON) && type_flow(l, c)) {
		return;
	}
	if (lflag(l, TTY_ISIG) && type_job_control(l, c)) {
		return;
	}
	if (iflag(l, TTY_IXON) && iflag(l, TTY_IXANY)) {
		ldisc_start(l, LDISC_STOPPED);
	}
	if (!translate(l, &c)) {
		return;
	}
	if (!lflag(l, TTY_ICANON) ||
	    (!type_editing(l, c) && !type_line_end(l, c))) {
		type_data(l, c, is_return && c == '\n');
	}
}

void ldisc_input(struct ldisc *l, const u8 *bytes, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		type_byte(l, bytes[i]);
	}
	ldisc_out_flush(l);
}
