/* SPDX-License-Identifier: MIT */
/*
 * The console: every sink (serial port, VGA text, framebuffer) shows the same
 * text; `console=` chooses among them by name.  Input from any of them goes
 * to one queue.
 */
#ifndef EXO_KERNEL_CONSOLE_H
#define EXO_KERNEL_CONSOLE_H

#include "lib/types.h"

/* A write() or write_panic() of a sink gets at most this many bytes. */
#define CONSOLE_CHUNK_BYTES 256

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

	/*
	 * Returns when all that was written is on its way for good.  May be
	 * NULL.  Context: as write.
	 */
	void (*flush)(void);

	/* Panic begins: the sink may colour itself. May be NULL. */
	void (*panic_begin)(void);

	struct console_sink *next; /* [LOCK_CONSOLE] the console's own */
	bool chosen;               /* [LOCK_CONSOLE] console= allows it */
};

/*
 * Adds a sink, which must live for ever, and shows it the text so far (the
 * last 16 KB of it), if console= allows its name.  Context: thread or boot.
 */
void console_add(struct console_sink *sink);

/*
 * Only sinks whose name stands in `list` (names parted by commas) are written
 * to from now on; NULL and "" allow all.  The list must live for ever.
 * Context: thread or boot.
 */
void console_select(const char *list);

/*
 * Shows text on every sink and keeps it for late sinks.  Interrupts are off
 * for CONSOLE_CHUNK_BYTES at a time; a text of up to that length is not mixed
 * with that of others.  Context: any.
 */
void console_write(const char *text, size_t len_bytes);

/*
 * Waits until every sink has shown what was written: before the machine is
 * switched off.  Context: thread.
 */
void console_flush(void);

/*
 * From now on console_write takes no lock and calls write_panic.  The other
 * processors must have stopped.  Context: any; may be repeated.
 */
void console_panic_begin(void);

/*
 * Bytes typed at any input device.  Bytes beyond what the queue holds are
 * dropped and counted in the log.  Context: interrupt handlers, without locks.
 */
void console_input(const u8 *bytes, size_t len_bytes);

/*
 * Takes up to len_bytes of the input that is there; returns how many, 0 if
 * there is none.  Context: any, without LOCK_CONSOLE.
 */
size_t console_input_take(char *buf, size_t len_bytes);

/*
 * Upward call, defined by a higher floor: input has come, wake who waits for
 * it.  Context: interrupt handlers, without locks.
 */
void console_input_ready(void);

#endif
