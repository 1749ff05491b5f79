/* SPDX-License-Identifier: MIT */
/*
 * The ends of the machine on request: each shows what is still to be shown
 * first.  Context: thread.
 */
#ifndef EXO_KERNEL_MACHINE_H
#define EXO_KERNEL_MACHINE_H

#include "lib/types.h"

noreturn void machine_power_off(void);
noreturn void machine_reboot(void);
noreturn void machine_halt(void);

/*
 * What writing the letter into /proc/sysrq-trigger does: 'c' panics, 'b'
 * reboots, 'o' powers off.  Errors: -EINVAL for any other.
 */
must_check int machine_sysrq(char letter);

#endif
