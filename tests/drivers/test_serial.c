/* SPDX-License-Identifier: MIT */
/*
 * The serial driver against the UART model.  The driver is compiled into this
 * file, with fakes for what it calls, so that each test starts it anew.
 */
#define console_add       serial_test_add
#define console_tty       serial_test_tty
#define console_at_screen serial_test_at_screen
#define tty_input         serial_test_input
#define tty_room          serial_test_room
#define irq_register_isa  serial_test_register
#include "drivers/serial.c"

#include "lib/assert.h"
#include "lib/string.h"
#include "tests/drivers/uart_model.h"
#include "tests/ktest.h"

static struct uart_model uart;

static struct {
	const struct console_sink *sink;
	void (*handler)(void *);
	size_t typed;
	size_t room;
	u8 typed_bytes[UART_RECEIVED_BYTES];
} seen;

void console_add(struct console_sink *sink)
{
	seen.sink = sink;
}

struct tty console_tty;
bool console_at_screen;

size_t tty_room(struct tty *tty)
{
	ASSERT(tty == &console_tty);
	return seen.room;
}

void tty_input(struct tty *tty, const u8 *bytes, size_t len_bytes)
{
	ASSERT(tty == &console_tty && len_bytes <= seen.room);
	ASSERT(len_bytes <= sizeof(seen.typed_bytes) - seen.typed);
	memcpy(seen.typed_bytes + seen.typed, bytes, len_bytes);
	seen.typed += len_bytes;
	seen.room -= len_bytes;
}

int irq_register_isa(unsigned isa_irq, void (*handler)(void *), void *arg)
{
	(void)arg;
	ASSERT(isa_irq == COM1_IRQ);
	seen.handler = handler;
	return 0;
}

static void begin(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.room = sizeof(seen.typed_bytes);
	memset(&serial, 0, sizeof(serial));
	spin_init(&serial.lock, LOCK_SERIAL);
	serial.head = serial.tail = (u32)ktest_random();
	uart_model_reset(&uart);
}

static void write_text(const char *text)
{
	seen.sink->write(text, strlen(text));
}

static bool sent_is(const char *text)
{
	return uart.lost == 0 && uart.sent_count == strlen(text) &&
	       memcmp(uart.sent, text, uart.sent_count) == 0;
}

/*
 * Gives the driver its interrupts as an edge-triggered controller does;
 * false if one leaves the line up, for then no other would come.
 */
static bool run_interrupts(unsigned ticks)
{
	for (unsigned i = 0; i <= ticks; i++) {
		if (uart_model_interrupts(&uart)) {
			seen.handler(NULL);
			if (uart_model_interrupts(&uart)) {
				return false;
			}
		}
		uart_model_tick(&uart);
	}
	return true;
}

KTEST(serial_absent, "where nothing answers no sink is added")
{
	begin();
	uart.absent = true;
	EXPECT_EQ(serial_init(), -ENODEV);
	EXPECT(seen.sink == NULL);
	EXPECT(uart.accesses < 10);
	EXPECT_EQ(serial_irq_enable(), -ENODEV);
}

KTEST(serial_setup, "the port is set to 115200 8n1 with FIFOs")
{
	begin();
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(uart.divisor[0], 1);
	EXPECT_EQ(uart.divisor[1], 0);
	EXPECT_EQ(uart.lcr, 0x03);
	EXPECT_EQ(uart.fcr & 1, 1);
	EXPECT_EQ(uart.ier, 0);
	EXPECT_EQ(uart.mcr & 0x18, 0x08);
}

KTEST(serial_polled, "polled text leaves whole, as it stands")
{
	begin();
	uart.looks_per_byte = 3;
	EXPECT_EQ(serial_init(), 0);
	write_text("one\ntwo\n");
	write_text("a line that is longer than the sixteen bytes of a FIFO");
	while (uart.held > 0) {
		uart_model_tick(&uart);
	}
	EXPECT(sent_is("one\ntwo\n"
		       "a line that is longer than the sixteen bytes of a "
		       "FIFO"));
}

KTEST(serial_accesses, "a ready port costs one look for sixteen bytes")
{
	char text[160];
	u32 before;

	begin();
	EXPECT_EQ(serial_init(), 0);
	memset(text, 'x', sizeof(text));
	before = uart.accesses;
	seen.sink->write(text, sizeof(text));
	EXPECT_EQ(uart.accesses - before, 160 + 10);
}

KTEST(serial_no_fifo, "a port without FIFO gets byte after byte")
{
	begin();
	uart.no_fifo = true;
	uart.looks_per_byte = 2;
	EXPECT_EQ(serial_init(), 0);
	write_text("abcdef");
	uart_model_tick(&uart);
	uart_model_tick(&uart);
	EXPECT(sent_is("abcdef"));
}

KTEST(serial_interrupts, "what an idle port cannot take its interrupt sends")
{
	begin();
	uart.looks_per_byte = 5;
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	EXPECT_EQ(uart.ier, IER_RECEIVED);
	write_text("longer than what the transmitter holds at once");
	EXPECT_EQ(uart.ier, IER_RECEIVED | IER_TRANSMITTED);
	EXPECT(uart.sent_count < 16);
	EXPECT(run_interrupts(1000));
	EXPECT_EQ(uart.ier, IER_RECEIVED);
	EXPECT(sent_is("longer than what the transmitter holds at once"));
}

/* Writes chunks of counted-up letters; returns how many bytes in all. */
static u32 write_random(u32 from)
{
	char text[CONSOLE_CHUNK_BYTES];
	size_t len = ktest_random() % sizeof(text);

	for (size_t i = 0; i < len; i++) {
		text[i] = (char)('!' + (from + i) % 90);
	}
	seen.sink->write(text, len);
	return (u32)len;
}

KTEST(serial_loses_nothing, "no byte is lost or moved, queue full or not")
{
	u32 written = 0;

	begin();
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	for (int i = 0; i < 300; i++) {
		uart.looks_per_byte = 1 + ktest_random() % 8;
		written += write_random(written);
		EXPECT(run_interrupts(ktest_random() % 100));
	}
	EXPECT(run_interrupts(QUEUE_BYTES * 16));
	EXPECT_EQ(uart.lost, 0);
	EXPECT_EQ(uart.sent_count, written);
	for (u32 i = 0; i < written; i++) {
		EXPECT_EQ(uart.sent[i], '!' + i % 90);
	}
}

KTEST(serial_wedged, "a port that never sends stops nobody for long")
{
	u32 before;

	begin();
	uart.wedged = true;
	EXPECT_EQ(serial_init(), 0);
	for (int i = 0; i < 50; i++) {
		write_text("nobody will ever read this line of text\n");
	}
	EXPECT(uart.accesses < 2 * WAIT_READS);
	EXPECT_EQ(serial_irq_enable(), 0);
	before = uart.accesses;
	for (int i = 0; i < 200; i++) {
		write_text("nobody will ever read this line of text\n");
	}
	EXPECT(uart.accesses - before < 50000);
}

KTEST(serial_greedy, "a port that interrupts for ever gets a bounded time")
{
	u32 before;

	begin();
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	uart.always_wants = true;
	before = uart.accesses;
	seen.handler(NULL);
	EXPECT(uart.accesses - before < 1000);
}

KTEST(serial_receives, "bytes typed reach the console in their order")
{
	u8 typed[UART_RECEIVED_BYTES];
	size_t n = 0;

	begin();
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	while (n < sizeof(typed) - 64) {
		size_t burst = ktest_random() % 64;

		for (size_t i = 0; i < burst; i++) {
			typed[n] = (u8)ktest_random();
			EXPECT(uart_model_type(&uart, typed[n++]));
		}
		EXPECT(run_interrupts(1));
	}
	EXPECT_EQ(seen.typed, n);
	EXPECT(memcmp(seen.typed_bytes, typed, n) == 0);
}

KTEST(serial_throttles, "what nobody has room for stays in the port")
{
	begin();
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	seen.room = 2;
	for (u8 c = 'a'; c < 'f'; c++) {
		EXPECT(uart_model_type(&uart, c));
	}
	EXPECT(run_interrupts(1));
	EXPECT_EQ(seen.typed, 2);
	EXPECT_EQ(uart.ier, 0);
	write_text("a longer text than the port takes at once");
	EXPECT(run_interrupts(60));
	EXPECT_EQ(uart.ier, 0);
	EXPECT_EQ(seen.typed, 2);
	seen.room = 16;
	serial_resume();
	EXPECT(run_interrupts(1));
	EXPECT_EQ(seen.typed, 5);
	EXPECT(memcmp(seen.typed_bytes, "abcde", 5) == 0);
}

KTEST(serial_panic, "a panic sends the queue, then its own text, by polling")
{
	begin();
	uart.looks_per_byte = 4;
	EXPECT_EQ(serial_init(), 0);
	EXPECT_EQ(serial_irq_enable(), 0);
	write_text("these words were in the queue as it began; ");
	(void)!spin_lock_irq(&serial.lock);
	seen.sink->panic_begin();
	seen.sink->write_panic("panic\n", 6);
	EXPECT_EQ(uart.ier, 0);
	while (uart.held > 0) {
		uart_model_tick(&uart);
	}
	EXPECT(sent_is("these words were in the queue as it began; "
		       "panic\n"));
	spin_unlock_irq(&serial.lock, 0);
}

KTEST(serial_panic_race, "a panic goes on when another processor sends too")
{
	begin();
	EXPECT_EQ(serial_init(), 0);
	serial.tail = serial.head + 3;
	seen.sink->panic_begin();
	seen.sink->write_panic("...", 3);
	seen.sink->write_panic("panic\n", 6);
	EXPECT(sent_is("panic\n"));
}
