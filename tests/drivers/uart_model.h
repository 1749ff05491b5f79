/* SPDX-License-Identifier: MIT */
/*
 * A 16550 UART that host tests put behind the ports of COM1.  Its time passes
 * with each look at the line status: so many looks for one byte to leave.
 */
#ifndef EXO_TESTS_DRIVERS_UART_MODEL_H
#define EXO_TESTS_DRIVERS_UART_MODEL_H

#include "lib/types.h"

#define UART_SENT_BYTES     65536
#define UART_RECEIVED_BYTES 4096

struct uart_model {
	/* What the test chooses. */
	bool absent;        /* nothing answers */
	bool wedged;        /* never sends */
	bool no_fifo;       /* a 16450 */
	bool always_wants;  /* says so for ever */
	u32 looks_per_byte; /* 0: bytes leave at once */

	/* What the test reads. */
	u32 accesses;
	u32 lost; /* bytes written to a transmitter without room */
	u32 sent_count;
	char sent[UART_SENT_BYTES];

	/* Its registers. */
	u8 ier, fcr, lcr, mcr, scratch, divisor[2];
	u32 held; /* bytes in the transmitter */
	u8 holding[16];
	u32 looks;
	bool emptied; /* the transmitter's interrupt is due */
	u32 received_head, received_tail;
	u8 received[UART_RECEIVED_BYTES];
};

/* A new port with nothing in it, behind the ports from now on. */
void uart_model_reset(struct uart_model *uart);

/* The other end of the line sends; false if the model has no room. */
bool uart_model_type(struct uart_model *uart, u8 byte);

/* Lets time pass without an access. */
void uart_model_tick(struct uart_model *uart);

/* The level of the interrupt line. */
bool uart_model_interrupts(const struct uart_model *uart);

#endif
