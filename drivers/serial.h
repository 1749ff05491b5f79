/* SPDX-License-Identifier: MIT */
/*
 * The serial port COM1 as a console: 115200 baud, 8 data bits, no parity, 1
 * stop bit.  Works by polling from the first instruction on, by interrupts
 * once there are some.
 */
#ifndef EXO_DRIVERS_SERIAL_H
#define EXO_DRIVERS_SERIAL_H

#include "lib/types.h"

/*
 * Finds the port, sets it up and adds it as the console sink "serial".
 * Errors: -ENODEV if no working 16550 answers; nothing is added then.
 * Context: boot, once; needs no memory and no interrupts.
 */
int serial_init(void);

/*
 * From now on the port interrupts: bytes received go to console_tty, and
 * writing leaves what the port cannot take yet to its interrupt handler.
 * Errors: -ENODEV without a port, and those of irq_register_isa().
 * Context: boot, once.
 */
must_check int serial_irq_enable(void);

/* Bytes written that the port has not taken yet. Context: any. */
size_t serial_unsent(void);

/* console_tty has room again. Context: thread. */
void serial_resume(void);

#endif
