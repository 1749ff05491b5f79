/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: what a terminal makes of typed bytes (lines that can
 * be edited, echo, signals, flow control) and of written ones (new lines,
 * tabs).  Pure: it knows no device, process or lock; drivers/tty.c guards it.
 *
 * Input stands in a ring:
 *
 *	tail ... line_end ... head
 *	  complete lines  the line being edited
 *
 * I1  head - tail <= LDISC_BYTES; the last place is for a line's end alone.
 * I2  In canonical mode readers get what stands before line_end, a line at a
 *     time; `marks` has the places of the lines' ends.  A marked NUL is an
 *     end of file: it ends a line and is not read.
 * I3  In raw mode line_end does not count, and no mark is set.
 *
 * Output, echo too, is gathered in `out` and leaves through `emit`; while the
 * terminal is stopped echo stays there, as much as has room.
 */
#ifndef EXO_DRIVERS_LDISC_H
#define EXO_DRIVERS_LDISC_H

#include "drivers/termios.h"
#include "lib/bitmap.h"

#define LDISC_BYTES     4096u
#define LDISC_OUT_BYTES 128u

/* Why the output is stopped. */
#define LDISC_STOPPED   1u /* the STOP character */
#define LDISC_SUSPENDED 2u /* TCOOFF */

struct ldisc {
	struct tty_termios termios;
	void (*emit)(struct ldisc *ldisc, const u8 *bytes, size_t len_bytes);
	u32 head;
	u32 line_end;
	u32 tail;
	u32 signals;     /* 1 << signal for each that was typed */
	u16 column;      /* of the cursor, as far as we know */
	u16 line_column; /* where the line being edited begins */
	u16 out_count;
	u8 stopped;   /* LDISC_STOPPED, LDISC_SUSPENDED */
	bool literal; /* the next byte means nothing special */
	u8 out[LDISC_OUT_BYTES];
	u64 marks[BITMAP_WORDS(LDISC_BYTES)];
	u8 input[LDISC_BYTES];
};

/* Starts with the settings that a terminal of Linux starts with. */
void ldisc_init(struct ldisc *ldisc,
		void (*emit)(struct ldisc *ldisc, const u8 *bytes,
			     size_t len_bytes));

/*
 * Takes typed bytes; those beyond ldisc_room() are lost.  Signals of
 * characters like ^C are left in `signals`.
 */
void ldisc_input(struct ldisc *ldisc, const u8 *bytes, size_t len_bytes);

/* How many typed bytes find a place for sure. */
size_t ldisc_room(const struct ldisc *ldisc);

/* Emits written bytes, processed as oflag says. */
void ldisc_output(struct ldisc *ldisc, const u8 *bytes, size_t len_bytes);

/* True if a reader that wants `min` bytes (raw mode) finds something. */
bool ldisc_readable(const struct ldisc *ldisc, unsigned min);

/* Bytes that can be read now (FIONREAD). */
size_t ldisc_pending(const struct ldisc *ldisc);

/*
 * Takes up to len_bytes of the input: in canonical mode of one line, where 0
 * is an end of file if ldisc_readable().
 */
size_t ldisc_read(struct ldisc *ldisc, u8 *dst, size_t len_bytes);

/* New settings; what was typed stays and can be read in either mode. */
void ldisc_set_termios(struct ldisc *ldisc, const struct tty_termios *termios);

/* Forgets what was typed and not read. */
void ldisc_flush_input(struct ldisc *ldisc);

/* Stops or starts the output for one of the two reasons. */
void ldisc_stop(struct ldisc *ldisc, u8 why);
void ldisc_start(struct ldisc *ldisc, u8 why);

#endif
