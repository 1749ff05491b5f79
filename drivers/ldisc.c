/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: settings, what is written, and what readers take.
 * What is typed is in drivers/ldisc_input.c.
 */
#include "drivers/ldisc.h"

#include "drivers/ldisc_private.h"
#include "lib/string.h"

#define TAB_COLS 8u

/* The first settings: ^C ^\ DEL ^U ^D, 0 and 1, ^Q ^S ^Z, ^R ^O ^W ^V. */
static const struct tty_termios first_termios = {
	.iflag = TTY_ICRNL | TTY_IXON | TTY_IUTF8,
	.oflag = TTY_OPOST | TTY_ONLCR,
	.cflag = TTY_B115200 | TTY_CS8 | TTY_CREAD | TTY_HUPCL,
	.lflag = TTY_ISIG | TTY_ICANON | TTY_ECHO | TTY_ECHOE | TTY_ECHOK |
		 TTY_ECHOCTL | TTY_ECHOKE | TTY_IEXTEN,
	.chars = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22 },
	.ispeed = 115200,
	.ospeed = 115200,
};

void ldisc_out_flush(struct ldisc *l)
{
	if (l->out_count > 0 && !l->stopped) {
		l->emit(l, l->out, l->out_count);
		l->out_count = 0;
	}
}

/* Echo of a stopped terminal that finds no room is lost. */
static void out_byte(struct ldisc *l, u8 c)
{
	if (l->out_count == LDISC_OUT_BYTES) {
		ldisc_out_flush(l);
	}
	if (l->out_count < LDISC_OUT_BYTES) {
		l->out[l->out_count++] = c;
	}
}

/* A new row: what the line being edited shows of itself begins there. */
static void out_newline(struct ldisc *l)
{
	if (oflag(l, TTY_ONLCR)) {
		out_byte(l, '\r');
	}
	if (oflag(l, TTY_ONLCR | TTY_ONLRET)) {
		l->column = 0;
	}
	l->line_column = l->column;
	out_byte(l, '\n');
}

static void out_return(struct ldisc *l)
{
	bool as_newline = oflag(l, TTY_OCRNL);

	if (oflag(l, TTY_ONOCR) && l->column == 0) {
		return;
	}
	if (!as_newline || oflag(l, TTY_ONLRET)) {
		l->column = 0;
		l->line_column = 0;
	}
	out_byte(l, as_newline ? '\n' : '\r');
}

static void out_tab(struct ldisc *l)
{
	unsigned count = TAB_COLS - l->column % TAB_COLS;

	l->column += count;
	if ((l->termios.oflag & TTY_XTABS) != TTY_XTABS) {
		out_byte(l, '\t');
		return;
	}
	while (count-- > 0) {
		out_byte(l, ' ');
	}
}

void ldisc_out(struct ldisc *l, u8 c)
{
	if (!oflag(l, TTY_OPOST)) {
		out_byte(l, c);
		return;
	}
	switch (c) {
	case '\n': out_newline(l); return;
	case '\r': out_return(l); return;
	case '\t': out_tab(l); return;
	case '\b': l->column -= l->column > 0; break;
	default:
		if (oflag(l, TTY_OLCUC) && c >= 'a' && c <= 'z') {
			c -= 'a' - 'A';
		}
		l->column += !is_control(c) && !is_continuation(l, c);
	}
	out_byte(l, c);
}

void ldisc_output(struct ldisc *l, const u8 *bytes, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		ldisc_out(l, bytes[i]);
	}
	ldisc_out_flush(l);
}

void ldisc_stop(struct ldisc *l, u8 why)
{
	l->stopped |= why;
}

void ldisc_start(struct ldisc *l, u8 why)
{
	l->stopped &= ~why;
	ldisc_out_flush(l);
}

/* A line that is too long takes any number of bytes, for its end may come. */
size_t ldisc_room(const struct ldisc *l)
{
	size_t room = LDISC_BYTES - ring_fill(l->head, l->tail);

	if (lflag(l, TTY_ICANON) && l->line_end == l->tail) {
		return LDISC_BYTES;
	}
	return room > 0 ? room - 1 : 0;
}

bool ldisc_readable(const struct ldisc *l, unsigned min)
{
	if (lflag(l, TTY_ICANON)) {
		return l->line_end != l->tail;
	}
	return ring_fill(l->head, l->tail) >= MAX(min, 1u);
}

static bool is_marked(const struct ldisc *l, u32 index)
{
	return bitmap_test(l->marks, ring_slot(index, LDISC_BYTES));
}

size_t ldisc_pending(const struct ldisc *l)
{
	size_t count = 0;

	if (!lflag(l, TTY_ICANON)) {
		return ring_fill(l->head, l->tail);
	}
	for (u32 at = l->tail; at != l->line_end; at++) {
		count += !is_marked(l, at) || ldisc_byte(l, at) != 0;
	}
	return count;
}

/* An end of file right behind what was read belongs to it. */
static size_t read_line(struct ldisc *l, u8 *dst, size_t len_bytes)
{
	size_t count = 0;

	while (l->tail != l->line_end) {
		u8 c = ldisc_byte(l, l->tail);
		bool ends = is_marked(l, l->tail);

		if (ends && c == 0) {
			l->tail++;
			break;
		}
		if (count == len_bytes) {
			break;
		}
		dst[count++] = c;
		l->tail++;
		if (ends) {
			break;
		}
	}
	return count;
}

size_t ldisc_read(struct ldisc *l, u8 *dst, size_t len_bytes)
{
	size_t count;

	if (lflag(l, TTY_ICANON)) {
		return read_line(l, dst, len_bytes);
	}
	count = MIN(len_bytes, ring_fill(l->head, l->tail));
	for (size_t i = 0; i < count; i++) {
		dst[i] = ldisc_byte(l, l->tail++);
	}
	return count;
}

/* Between the modes: what was typed becomes a line, or loses its marks. */
static void change_mode(struct ldisc *l)
{
	memset(l->marks, 0, sizeof(l->marks));
	l->line_end = l->head;
	if (lflag(l, TTY_ICANON) && l->head != l->tail) {
		bitmap_set(l->marks, ring_slot(l->head - 1, LDISC_BYTES));
	}
	l->literal = false;
}

void ldisc_set_termios(struct ldisc *l, const struct tty_termios *termios)
{
	u32 changed = l->termios.lflag ^ termios->lflag;

	l->termios = *termios;
	if (changed & TTY_ICANON) {
		change_mode(l);
	}
	if (!iflag(l, TTY_IXON)) {
		ldisc_start(l, LDISC_STOPPED);
	}
}

void ldisc_flush_input(struct ldisc *l)
{
	l->tail = l->head;
	l->line_end = l->head;
	l->literal = false;
}

void ldisc_init(struct ldisc *l,
		void (*emit)(struct ldisc *ldisc, const u8 *bytes,
			     size_t len_bytes))
{
	memset(l, 0, sizeof(*l));
	l->termios = first_termios;
	l->emit = emit;
}
