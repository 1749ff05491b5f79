/* SPDX-License-Identifier: MIT */
/*
 * The ways out: halt, power off, reset, leave the emulator.
 */
#include "arch/boot.h"

#include "arch/cpu.h"
#include "arch/port.h"

#define DEBUG_EXIT_PORT 0xf4

/* ACPI's power management control: enter the chosen sleep state. */
#define PM1_SLEEP_ENABLE (1u << 13)

/* 8042: pulse the reset line; PCI chipset reset control. */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET   0xfe
#define RESET_CONTROL    0xcf9
#define RESET_FULL       0x06

/* Looks of a processor in vain at a machine that is about to go. */
#define PATIENCE 10000000u

static struct {
	u16 port[2];
	u16 value[2];
} power_off;

static struct {
	u16 port; /* 0: ACPI tells none */
	u8 value;
} reset;

void arch_set_power_off(u16 pm1a_port, u16 pm1b_port, u16 pm1a_value,
			u16 pm1b_value)
{
	power_off.port[0] = pm1a_port;
	power_off.port[1] = pm1b_port;
	power_off.value[0] = pm1a_value;
	power_off.value[1] = pm1b_value;
}

void arch_set_reset(u16 port, u8 value)
{
	reset.port = port;
	reset.value = value;
}

void arch_halt(void)
{
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

void arch_double_fault(void)
{
	__asm__ volatile("movq $64, %rsp; int3");
	arch_halt();
}

/* What was written may need a while. */
static void wait_for_the_end(void)
{
	for (u32 i = 0; i < PATIENCE; i++) {
		arch_relax();
	}
}

void arch_power_off(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (power_off.port[i] != 0) {
			arch_out16(power_off.port[i],
				   power_off.value[i] | PM1_SLEEP_ENABLE);
		}
	}
	wait_for_the_end();
	arch_out32(DEBUG_EXIT_PORT, 0);
	arch_halt();
}

/* ACPI's way, the chipset's, the keyboard controller's; then a triple fault. */
void arch_reboot(void)
{
	static const struct packed {
		u16 limit;
		u64 base;
	} no_idt;

	if (reset.port != 0) {
		arch_out8(reset.port, reset.value);
		wait_for_the_end();
	}
	arch_out8(RESET_CONTROL, RESET_FULL);
	wait_for_the_end();
	arch_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	wait_for_the_end();
	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	arch_halt();
}

void arch_debug_exit(u8 code)
{
	arch_out32(DEBUG_EXIT_PORT, code);
	arch_power_off();
}
