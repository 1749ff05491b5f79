/* SPDX-License-Identifier: MIT */
/*
 * Switching off, starting again, stopping, crashing: on request.
 */
#include "kernel/machine.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "lib/errno.h"

void machine_power_off(void)
{
	log_info("machine: power off");
	console_flush();
	arch_power_off();
}

void machine_reboot(void)
{
	log_info("machine: reboot");
	console_flush();
	arch_reboot();
}

void machine_halt(void)
{
	log_info("machine: halted");
	console_flush();
	arch_halt();
}

int machine_sysrq(char letter)
{
	switch (letter) {
	case 'c': panic("sysrq: a crash on purpose");
	case 'b': machine_reboot();
	case 'o': machine_power_off();
	default: return -EINVAL;
	}
}
