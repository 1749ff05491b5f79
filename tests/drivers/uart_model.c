/* SPDX-License-Identifier: MIT */
/*
 * The UART model: the registers as the data sheet of the PC16550D describes
 * them, as far as the driver uses them.
 */
#include "tests/drivers/uart_model.h"

#include "arch/port.h"
#include "lib/string.h"

#define BASE 0x3f8

static struct uart_model *model;

static u32 capacity(const struct uart_model *u)
{
	return (u->fcr & 1) && !u->no_fifo ? 16 : 1;
}

static void send_one(struct uart_model *u)
{
	if (u->sent_count < UART_SENT_BYTES) {
		u->sent[u->sent_count++] = (char)u->holding[0];
	}
	u->held--;
	memmove(u->holding, u->holding + 1, u->held);
	u->emptied = u->emptied || u->held == 0;
}

void uart_model_tick(struct uart_model *u)
{
	if (u->held > 0 && !u->wedged && ++u->looks >= u->looks_per_byte) {
		u->looks = 0;
		send_one(u);
	}
}

static void accept(struct uart_model *u, u8 byte)
{
	u->emptied = false;
	if (u->held == capacity(u)) {
		u->lost++;
		return;
	}
	u->holding[u->held++] = byte;
	if (u->looks_per_byte == 0 && !u->wedged) {
		send_one(u);
	}
}

static bool has_received(const struct uart_model *u)
{
	return u->received_head != u->received_tail;
}

bool uart_model_interrupts(const struct uart_model *u)
{
	bool wants = u->always_wants && u->ier != 0;

	wants = wants || ((u->ier & 1) && has_received(u));
	wants = wants || ((u->ier & 2) && u->emptied);
	return wants && (u->mcr & 8) && !u->absent;
}

static u8 identify(struct uart_model *u)
{
	u8 fifo = capacity(u) > 1 ? 0xc0 : 0;

	if ((u->ier & 1) && has_received(u)) {
		return fifo | 0x04;
	}
	if ((u->ier & 2) && u->emptied) {
		u->emptied = false;
		return fifo | 0x02;
	}
	return fifo | (u->always_wants ? 0x00 : 0x01);
}

static u8 status(struct uart_model *u)
{
	uart_model_tick(u);
	return (u8)((has_received(u) ? 0x01 : 0) | (u->held == 0 ? 0x60 : 0));
}

static u8 take_received(struct uart_model *u)
{
	if (!has_received(u)) {
		return 0;
	}
	return u->received[u->received_tail++ % UART_RECEIVED_BYTES];
}

static u8 model_read(u16 port)
{
	struct uart_model *u = model;

	u->accesses++;
	if (u->absent || port < BASE || port > BASE + 7) {
		return 0xff;
	}
	switch (port - BASE) {
	case 0: return u->lcr & 0x80 ? u->divisor[0] : take_received(u);
	case 1: return u->lcr & 0x80 ? u->divisor[1] : u->ier;
	case 2: return identify(u);
	case 3: return u->lcr;
	case 4: return u->mcr;
	case 5: return status(u);
	case 7: return u->scratch;
	default: return 0;
	}
}

static void write_ier(struct uart_model *u, u8 value)
{
	if ((value & 2) && !(u->ier & 2) && u->held == 0) {
		u->emptied = true;
	}
	u->ier = value;
}

static void model_write(u16 port, u8 value)
{
	struct uart_model *u = model;
	bool divisor = u->lcr & 0x80;

	u->accesses++;
	if (u->absent || port < BASE || port > BASE + 7) {
		return;
	}
	if (divisor && port < BASE + 2) {
		u->divisor[port - BASE] = value;
		return;
	}
	switch (port - BASE) {
	case 0: accept(u, value); break;
	case 1: write_ier(u, value); break;
	case 2: u->fcr = value; break;
	case 3: u->lcr = value; break;
	case 4: u->mcr = value; break;
	case 7: u->scratch = value; break;
	default: break;
	}
}

bool uart_model_type(struct uart_model *u, u8 byte)
{
	if (u->received_head - u->received_tail == UART_RECEIVED_BYTES) {
		return false;
	}
	u->received[u->received_head++ % UART_RECEIVED_BYTES] = byte;
	return true;
}

void uart_model_reset(struct uart_model *uart)
{
	static const struct host_ports ports = { model_read, model_write };

	memset(uart, 0, sizeof(*uart));
	model = uart;
	host_ports = &ports;
}
