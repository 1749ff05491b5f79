/* SPDX-License-Identifier: MIT */
/*
 * The PS/2 keyboard behind an 8042 controller.
 */
#ifndef EXO_DRIVERS_PS2_H
#define EXO_DRIVERS_PS2_H

#include "lib/types.h"

/*
 * Sets controller and keyboard up; what is typed goes to console_tty from then
 * on.  A keyboard that does not answer may still be plugged in later.  Every
 * wait has a limit.  Errors: -ENODEV if there is no controller that works, and
 * those of irq_register_isa().  Context: thread, once.
 */
must_check int ps2_init(void);

#endif
