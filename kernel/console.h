/* SPDX-License-Identifier: MIT */
/*
 * The console: every sink (serial port, VGA text, framebuffer) shows the same
 * text; `console=` chooses among them by name.  Input from any of them goes
 * to one queue.
 */
#ifndef EXO_KERNEL_CONSOLE_H
#define EXO_KERNEL_CONSOLE_H

#include "lib/types.h"

struct console_sink {
	const char *name; /* what console= calls it: "serial", "vga" */

	/*
	 * Shows the text; "\n" is an end of line, CR is the sink's business.
	 * Context: interrupts off, LOCK_CONSOLE held; must not sleep.
	 */
	void (*write)(const char *text, size_t len_bytes);

	/*
	 * As write, in a panic: takes no lock, uses no interrupt, and may
	 * have interrupted any other function of the sink.
	 */
	void (*write_panic)(const char *text, size_t len_bytes);

	/* Panic begins: the sink may colour itself. May be NULL. */
	void (*panic_begin)(void);

	struct console_sink *next; /* [LOCK_CONSOLE] */
};

/*
 * Adds a sink, which must live for ever, and shows it the text so far, if
 * console= allows its name.  Context: thread or boot.
 */
void console_add(struct console_sink *sink);

/* Shows text on every sink and keeps it for late sinks. Context: any. */
void console_write(const char *text, size_t len_bytes);

/* From now on console_write takes no lock and calls write_panic. */
void console_panic_begin(void);

/*
 * Bytes typed at any input device. Context: interrupt handlers. Bytes beyond
 * what the queue holds are dropped and counted in the log.
 */
void console_input(const u8 *bytes, size_t len_bytes);

/*
 * Waits for input and takes up to len_bytes of it. Context: thread, may
 * sleep.  Returns the number of bytes (> 0).
 */
size_t console_read(char *buf, size_t len_bytes);

#endif
