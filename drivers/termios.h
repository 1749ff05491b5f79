/* SPDX-License-Identifier: MIT */
/*
 * What programs and terminals tell each other: the structures and numbers of
 * the Linux x86_64 ABI.  Every bit of the flags is kept and given back; those
 * without a name here (parity, delays, ECHOPRT) have no effect.
 */
#ifndef EXO_DRIVERS_TERMIOS_H
#define EXO_DRIVERS_TERMIOS_H

#include "lib/types.h"

#define TERMIOS_CHARS     19
#define TERMIOS_OLD_CHARS 8

enum termios_number {
#define TERMIOS(name, value) TTY_##name = (value),
#define TTY_IOCTL(name, value)
#include "drivers/termios.def"
#undef TERMIOS
#undef TTY_IOCTL
};

enum tty_request {
#define TERMIOS(name, value)
#define TTY_IOCTL(name, number) TTY_##name = (number),
#include "drivers/termios.def"
#undef TERMIOS
#undef TTY_IOCTL
};

/* Linux's numbers of the signals that terminals send. */
enum tty_signal {
	TTY_SIGHUP = 1,
	TTY_SIGINT = 2,
	TTY_SIGQUIT = 3,
	TTY_SIGCONT = 18,
	TTY_SIGTSTP = 20,
	TTY_SIGTTIN = 21,
	TTY_SIGTTOU = 22,
	TTY_SIGWINCH = 28,
};

/* struct termios2; the first TERMIOS_BYTES of it are struct tty_termios. */
struct tty_termios {
	u32 iflag;
	u32 oflag;
	u32 cflag;
	u32 lflag;
	u8 line;
	u8 chars[TERMIOS_CHARS]; /* 0: there is no such character */
	u32 ispeed;
	u32 ospeed;
};

#define TERMIOS_BYTES 36u

static_assert(offsetof(struct tty_termios, ispeed) == TERMIOS_BYTES,
	      "struct termios of asm/termbits.h");

/* struct tty_termio of System V. */
struct tty_termio {
	u16 iflag;
	u16 oflag;
	u16 cflag;
	u16 lflag;
	u8 line;
	u8 chars[TERMIOS_OLD_CHARS];
};

struct tty_winsize {
	u16 rows;
	u16 cols;
	u16 width_pixels;
	u16 height_pixels;
};

#endif
