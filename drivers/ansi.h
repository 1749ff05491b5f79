/* SPDX-License-Identifier: MIT */
/*
 * Text with control characters and escape sequences (ECMA-48), as programs
 * send it to a terminal, written into a grid of cells.  Understands cursor
 * movement (CSI A B C D E F G H d f), erasing (J K), colours (m) and reset
 * (ESC c); swallows every other sequence.  Whatever the bytes, it touches
 * nothing outside its own state and the grid.
 */
#ifndef EXO_DRIVERS_ANSI_H
#define EXO_DRIVERS_ANSI_H

#include "drivers/textgrid.h"

/* Further numbers of a sequence are dropped. */
#define ANSI_PARAMS 8

enum ansi_state {
	ANSI_TEXT,
	ANSI_ESCAPE,   /* ESC was read */
	ANSI_SEQUENCE, /* ESC [ was read */
	ANSI_STRING,   /* in a string for the terminal, to its end */
};

struct ansi {
	struct textgrid *grid; /* [I] */
	u8 plain;              /* colours that SGR 0 goes back to */
	u8 ink;                /* 0..15 */
	u8 paper;              /* 0..7 */
	bool bold;
	bool reverse;
	u8 state;     /* enum ansi_state */
	bool foreign; /* the sequence is of a kind that we skip */
	u8 param;     /* the number being read; ANSI_PARAMS: one too many */
	u16 params[ANSI_PARAMS];
};

/* Starts anew, with these colours as the plain ones. */
void ansi_init(struct ansi *ansi, struct textgrid *grid, u8 plain);

/* Writes text; what ends within a sequence goes on with the next call. */
void ansi_write(struct ansi *ansi, const char *text, size_t len_bytes);

#endif
