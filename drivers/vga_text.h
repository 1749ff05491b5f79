/* SPDX-License-Identifier: MIT */
/*
 * VGA text mode, 80 by 25 colour cells, as a console.
 */
#ifndef EXO_DRIVERS_VGA_TEXT_H
#define EXO_DRIVERS_VGA_TEXT_H

/*
 * Adds the console sink "vga" for the text screen at physical 0xb8000, which
 * the direct map must reach and the firmware must have put into text mode.
 * Errors: -ENODEV if there is no memory behind that address.
 * Context: boot, once.
 */
int vga_text_init(void);

#endif
