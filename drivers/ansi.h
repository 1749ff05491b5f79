/* SPDX-License-Identifier: MIT */
/*
 * Text with control characters and escape sequences (ECMA-48), as programs
 * send it to a terminal of type "linux", written into a grid of cells:
 * everything that terminfo tells of that type, without blinking, tab stops of
 * one's own and a palette of one's own.  Swallows every other sequence.
 * Whatever the bytes, it touches nothing outside its own state and the grid.
 */
#ifndef EXO_DRIVERS_ANSI_H
#define EXO_DRIVERS_ANSI_H

#include "drivers/textgrid.h"

/* Further numbers of a sequence are dropped. */
#define ANSI_PARAMS 16

/* The longest answer to a question, the NUL included. */
#define ANSI_ANSWER_BYTES 16

enum ansi_state {
	ANSI_TEXT,
	ANSI_ESCAPE,   /* ESC was read */
	ANSI_CHARSET,  /* ESC ( or ESC ): its name follows */
	ANSI_SEQUENCE, /* ESC [ was read */
	ANSI_SYSTEM,   /* ESC ] was read */
	ANSI_SKIP,     /* `skip` bytes to pass over */
	ANSI_STRING,   /* in a string for the terminal, to its end */
};

/* What ESC 7 saves: cursor, colours, character sets. */
struct ansi_pen {
	u16 row;
	u16 col;
	u8 ink;   /* 0..15 */
	u8 paper; /* 0..7 */
	bool bold;
	bool dim;
	bool underline;
	bool reverse;
	bool drawing[2]; /* G0 and G1 hold line drawing characters */
	u8 shift;        /* which of the two is used */
};

struct ansi {
	struct textgrid *grid; /* [I] */
	struct ansi_pen pen;   /* but its place: the grid has that */
	struct ansi_pen saved;
	u8 plain;     /* colours that SGR 0 goes back to */
	u8 state;     /* enum ansi_state */
	u8 mark;      /* '?' of a private sequence, or of one that we skip */
	u8 skip;      /* bytes still to pass over */
	u8 charset;   /* 0 or 1: which one is being chosen */
	bool origin;  /* rows count from the region's first */
	u8 param;     /* the number being read; ANSI_PARAMS: one too many */
	u8 rune_left; /* bytes of a UTF-8 character still to come */
	u32 rune;
	u16 params[ANSI_PARAMS];
	char answer[ANSI_ANSWER_BYTES]; /* to the last question, or empty */
};

/* Starts anew, with these colours as the plain ones. */
void ansi_init(struct ansi *ansi, struct textgrid *grid, u8 plain);

/* Writes text; what ends within a sequence goes on with the next call. */
void ansi_write(struct ansi *ansi, const char *text, size_t len_bytes);

/* Takes the answer, without its NUL; returns its length, 0: there is none. */
size_t ansi_take_answer(struct ansi *ansi, char *buf);

#endif
