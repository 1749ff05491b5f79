/* SPDX-License-Identifier: MIT */
/*
 * drivers/termios.h against the host's Linux headers.  The compiler is the
 * test: a difference does not build.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <signal.h>

#include "drivers/termios.h"

#define TERMIOS(name, value)    static_assert((value) == (name), #name);
#define TTY_IOCTL(name, number) static_assert((number) == (name), #name);
#include "drivers/termios.def"
#undef TERMIOS
#undef TTY_IOCTL

#define SAME_SIZE(ours, theirs) \
	static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, our_field, theirs, their_field)            \
	static_assert(offsetof(struct ours, our_field) ==           \
			      offsetof(struct theirs, their_field), \
		      #our_field)

static_assert(sizeof(struct termios) == TERMIOS_BYTES, "struct termios");
SAME_SIZE(tty_termios, termios2);
SAME_PLACE(tty_termios, lflag, termios2, c_lflag);
SAME_PLACE(tty_termios, line, termios2, c_line);
SAME_PLACE(tty_termios, chars, termios2, c_cc);
SAME_PLACE(tty_termios, ospeed, termios2, c_ospeed);
SAME_SIZE(tty_termio, termio);
SAME_PLACE(tty_termio, chars, termio, c_cc);
SAME_SIZE(tty_winsize, winsize);
SAME_PLACE(tty_winsize, cols, winsize, ws_col);

static_assert(TTY_SIGHUP == SIGHUP, "SIGHUP");
static_assert(TTY_SIGINT == SIGINT, "SIGINT");
static_assert(TTY_SIGQUIT == SIGQUIT, "SIGQUIT");
static_assert(TTY_SIGCONT == SIGCONT, "SIGCONT");
static_assert(TTY_SIGTSTP == SIGTSTP, "SIGTSTP");
static_assert(TTY_SIGTTIN == SIGTTIN, "SIGTTIN");
static_assert(TTY_SIGTTOU == SIGTTOU, "SIGTTOU");
static_assert(TTY_SIGWINCH == SIGWINCH, "SIGWINCH");
