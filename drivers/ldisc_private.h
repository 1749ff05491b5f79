/* SPDX-License-Identifier: MIT */
/*
 * What the two files of the line discipline share.
 */
#ifndef EXO_DRIVERS_LDISC_PRIVATE_H
#define EXO_DRIVERS_LDISC_PRIVATE_H

#include "drivers/ldisc.h"
#include "lib/ring.h"

static inline bool iflag(const struct ldisc *l, u32 flag)
{
	return l->termios.iflag & flag;
}

static inline bool oflag(const struct ldisc *l, u32 flag)
{
	return l->termios.oflag & flag;
}

static inline bool lflag(const struct ldisc *l, u32 flag)
{
	return l->termios.lflag & flag;
}

static inline u8 ldisc_byte(const struct ldisc *l, u32 index)
{
	return l->input[ring_slot(index, LDISC_BYTES)];
}

static inline bool is_control(u8 c)
{
	return c < ' ' || c == 0x7f;
}

/* A byte of a character that began before it. */
static inline bool is_continuation(const struct ldisc *l, u8 c)
{
	return iflag(l, TTY_IUTF8) && (c & 0xc0) == 0x80;
}

/* One byte of output, processed as oflag says; it stays in `out`. */
void ldisc_out(struct ldisc *ldisc, u8 c);

/* Emits what is in `out`, unless the terminal is stopped. */
void ldisc_out_flush(struct ldisc *ldisc);

#endif
