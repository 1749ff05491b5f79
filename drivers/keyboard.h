/* SPDX-License-Identifier: MIT */
/*
 * From scan codes to what a terminal of type "linux" sends: a US keyboard.
 * Pure; drivers/ps2.c has the device.  A byte too few or too many spoils at
 * most the key that it belongs to.
 */
#ifndef EXO_DRIVERS_KEYBOARD_H
#define EXO_DRIVERS_KEYBOARD_H

#include "lib/types.h"

/* The longest: ESC of the alt key, and a function key's. */
#define KEYBOARD_BYTES 8

/* Lights, as the keyboard's own command has them. */
#define KEYBOARD_SCROLL_LOCK 1u
#define KEYBOARD_NUM_LOCK    2u
#define KEYBOARD_CAPS_LOCK   4u

struct keyboard {
	bool set_2;   /* [I] codes of set 2, else of set 1 */
	u8 prefix;    /* 0, 0xe0 or 0xe1: the last byte but one */
	bool release; /* set 2: the next code is a key that is let go */
	u8 locks;     /* KEYBOARD_*_LOCK: the lights that are to be on */
	u8 held;      /* shift, ctrl and alt keys, a bit each */
	u8 locking;   /* lock keys that are down, as `locks` */
};

/*
 * Takes a byte from the keyboard; returns how many bytes were typed, which
 * are then in `out`, of KEYBOARD_BYTES.
 */
size_t keyboard_take(struct keyboard *keyboard, u8 byte, u8 *out);

#endif
