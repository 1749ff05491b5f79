/* SPDX-License-Identifier: MIT */
/*
 * The host has no ports: reads give all ones and writes vanish, unless a test
 * puts the model of a device in their place.
 */
#ifndef EXO_ARCH_HOST_PORT_H
#define EXO_ARCH_HOST_PORT_H

struct host_ports {
	u8 (*read)(u16 port);
	void (*write)(u16 port, u8 value);
};

/* Defined by tests/host/machine.c; NULL: no device. */
extern const struct host_ports *host_ports;

static inline u8 arch_in8(u16 port)
{
	return host_ports != NULL ? host_ports->read(port) : 0xff;
}

static inline void arch_out8(u16 port, u8 value)
{
	if (host_ports != NULL) {
		host_ports->write(port, value);
	}
}

#endif
