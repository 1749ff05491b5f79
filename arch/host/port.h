/* SPDX-License-Identifier: MIT */
/*
 * The host has no ports: reads give all ones, writes vanish.
 */
#ifndef EXO_ARCH_HOST_PORT_H
#define EXO_ARCH_HOST_PORT_H

static inline u8 arch_in8(u16 port)
{
	(void)port;
	return 0xff;
}

static inline void arch_out8(u16 port, u8 value)
{
	(void)port;
	(void)value;
}

#endif
