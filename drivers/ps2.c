/* SPDX-License-Identifier: MIT */
/*
 * The 8042 keyboard controller, by polling while it is set up (ps2_init()) and
 * by interrupt 1 afterwards, whose handler alone touches the ports then.
 *
 * The lights are set by a command of two bytes, each of which the keyboard
 * acknowledges: the handler sends the second when the answer to the first
 * comes, and waits for nothing.
 */
#include "drivers/ps2.h"

#include "arch/cpu.h"
#include "arch/port.h"
#include "drivers/keyboard.h"
#include "drivers/tty.h"
#include "kernel/irq.h"
#include "kernel/log.h"
#include "lib/errno.h"

#define KEYBOARD_IRQ     1
#define DATA             0x60
#define STATUS           0x64 /* read */
#define COMMAND          0x64 /* written */

#define STATUS_OUTPUT    0x01 /* a byte waits for us */
#define STATUS_INPUT     0x02 /* ours was not taken yet */
#define STATUS_MOUSE     0x20 /* the byte is the mouse's */

#define READ_CONFIG      0x20
#define WRITE_CONFIG     0x60
#define MOUSE_OFF        0xa7
#define SELF_TEST        0xaa
#define SELF_TEST_OK     0x55
#define KEYBOARD_OFF     0xad
#define KEYBOARD_ON      0xae

#define CONFIG_IRQ       0x01
#define CONFIG_MOUSE_IRQ 0x02
#define CONFIG_CLOCK_OFF 0x10
#define CONFIG_TRANSLATE 0x40 /* set 2 to set 1 */

#define SET_LIGHTS       0xed
#define START            0xf4
#define SET_DEFAULTS     0xf6
#define ACKNOWLEDGED     0xfa

/* Looks at the status, a microsecond each on hardware: 50 ms. */
#define WAIT_LOOKS 50000u

/* Bytes that can be in the way before the first command. */
#define STALE_BYTES 64

/* Bytes that one interrupt takes at most. */
#define MAX_BYTES 32

static struct {
	struct keyboard keyboard;
	u8 lights;           /* that the keyboard shows, or was told to */
	bool lights_pending; /* it has not answered SET_LIGHTS yet */
} ps2;

/* True when the bits of the status are as wanted, false after many looks. */
static bool wait_status(u8 mask, u8 wanted)
{
	for (u32 looks = WAIT_LOOKS; looks > 0; looks--) {
		if ((arch_in8(STATUS) & mask) == wanted) {
			return true;
		}
		arch_relax();
	}
	return false;
}

static bool send(u16 port, u8 byte)
{
	if (!wait_status(STATUS_INPUT, 0)) {
		return false;
	}
	arch_out8(port, byte);
	return true;
}

/* The next byte, -1 if none comes. */
static int receive(void)
{
	return wait_status(STATUS_OUTPUT, STATUS_OUTPUT) ? arch_in8(DATA) : -1;
}

static void forget_stale(void)
{
	for (int i = 0; i < STALE_BYTES; i++) {
		if (!(arch_in8(STATUS) & STATUS_OUTPUT)) {
			return;
		}
		(void)arch_in8(DATA);
	}
}

static int config_read(void)
{
	return send(COMMAND, READ_CONFIG) ? receive() : -1;
}

static bool config_write(u8 config)
{
	return send(COMMAND, WRITE_CONFIG) && send(DATA, config);
}

/* Sends the keyboard a byte; true if it says that it has understood. */
static bool tell_keyboard(u8 byte)
{
	if (!send(DATA, byte)) {
		return false;
	}
	for (int i = 0; i < 3; i++) {
		int answer = receive();

		if (answer == ACKNOWLEDGED || answer < 0) {
			return answer >= 0;
		}
	}
	return false;
}

/* Quiet and tested, nothing enabled. Errors: -ENODEV. */
static int controller_begin(void)
{
	if (arch_in8(STATUS) == 0xff || !send(COMMAND, KEYBOARD_OFF) ||
	    !send(COMMAND, MOUSE_OFF)) {
		return -ENODEV;
	}
	forget_stale();
	if (!send(COMMAND, SELF_TEST) || receive() != SELF_TEST_OK) {
		return -ENODEV;
	}
	return 0;
}

/*
 * Asks for codes of set 1, and takes those that the controller gives.
 * Errors: -ENODEV.
 */
static int controller_configure(void)
{
	int config = config_read();

	if (config < 0) {
		return -ENODEV;
	}
	config &= ~(CONFIG_IRQ | CONFIG_MOUSE_IRQ | CONFIG_CLOCK_OFF);
	config |= CONFIG_TRANSLATE;
	if (!config_write((u8)config)) {
		return -ENODEV;
	}
	config = config_read();
	if (config < 0) {
		return -ENODEV;
	}
	ps2.keyboard.set_2 = !(config & CONFIG_TRANSLATE);
	return send(COMMAND, KEYBOARD_ON) ? config : -ENODEV;
}

static void lights_update(void)
{
	if (ps2.lights != ps2.keyboard.locks &&
	    !(arch_in8(STATUS) & STATUS_INPUT)) {
		arch_out8(DATA, SET_LIGHTS);
		ps2.lights_pending = true;
	}
}

static void lights_acknowledged(void)
{
	if (ps2.lights_pending) {
		ps2.lights_pending = false;
		ps2.lights = ps2.keyboard.locks;
		arch_out8(DATA, ps2.lights);
	}
}

static void take_byte(u8 byte)
{
	u8 typed[KEYBOARD_BYTES];
	size_t count;

	if (byte == ACKNOWLEDGED) {
		lights_acknowledged();
		return;
	}
	count = keyboard_take(&ps2.keyboard, byte, typed);
	if (count > 0) {
		WRITE_ONCE(console_at_screen, true);
		tty_input(&console_tty, typed, count);
	}
	lights_update();
}

static void keyboard_interrupt(void *arg)
{
	(void)arg;
	for (int i = 0; i < MAX_BYTES; i++) {
		u8 status = arch_in8(STATUS);
		u8 byte;

		if (!(status & STATUS_OUTPUT)) {
			return;
		}
		byte = arch_in8(DATA);
		if (!(status & STATUS_MOUSE)) {
			take_byte(byte);
		}
	}
}

int ps2_init(void)
{
	int config = controller_begin();
	int err;

	if (config == 0) {
		config = controller_configure();
	}
	if (config < 0) {
		return config;
	}
	if (!tell_keyboard(SET_DEFAULTS) || !tell_keyboard(START)) {
		log_info("keyboard: none answers");
	}
	err = irq_register_isa(KEYBOARD_IRQ, keyboard_interrupt, NULL);
	if (err == 0 && !config_write((u8)(config | CONFIG_IRQ))) {
		err = -ENODEV;
	}
	return err;
}
