/* SPDX-License-Identifier: MIT */
/*
 * A 16550 UART at COM1 (PC16550D data sheet, section 8).
 *
 * Text goes through a queue.  As long as the transmitter says that it is
 * empty, a writer moves the queue's bytes into it, a FIFO's worth for each
 * look at the status, for each port access is dear in a virtual machine.
 * What the port cannot take at once is sent by polling before interrupts are
 * there, and by the transmitter's interrupt afterwards.
 *
 * I1  The transmitter's interrupt is on exactly while the port is driven by
 *     interrupts and the queue is not empty.
 * I2  No byte is lost: a full queue is polled empty by who wants to add.  The
 *     exception is a port that has not moved for WAIT_READS looks: it loses
 *     the oldest, and each look from then on is a single one until it moves.
 *
 * A panic polls and takes no lock.  Each index is masked where it is used, so
 * that any state which a panic interrupts is good enough to go on from.
 */
#include "drivers/serial.h"

#include "arch/port.h"
#include "drivers/tty.h"
#include "kernel/console.h"
#include "kernel/irq.h"
#include "kernel/spinlock.h"
#include "lib/errno.h"
#include "lib/ring.h"

#define COM1     0x3f8
#define COM1_IRQ 4

/* Registers, from COM1; the divisor takes two places while LCR_DLAB is set. */
#define REG_DATA        0
#define REG_DIV_LOW     0
#define REG_IER         1
#define REG_DIV_HIGH    1
#define REG_IIR         2 /* read */
#define REG_FCR         2 /* written */
#define REG_LCR         3
#define REG_MCR         4
#define REG_LSR         5
#define REG_SCRATCH     7

#define IER_RECEIVED    0x01
#define IER_TRANSMITTED 0x02
#define IIR_NONE        0x01
#define IIR_FIFO        0xc0 /* both bits: the FIFO works */
#define FCR_ON_8        0x87 /* on, both emptied, interrupt at 8 received */
#define LCR_8N1         0x03
#define LCR_DLAB        0x80
#define MCR_RUN         0x0b /* DTR, RTS, and OUT2: the interrupt's gate */
#define LSR_RECEIVED    0x01
#define LSR_THR_EMPTY   0x20
#define LSR_ALL_SENT    0x40

#define FIFO_BYTES      16
#define QUEUE_BYTES     4096u
#define RECEIVE_BYTES   32

/*
 * Looks at the status before a port counts as stuck: about a second on
 * hardware, where 16 bytes take 1.4 ms.
 */
#define WAIT_READS (1u << 20)

/* The interrupt handler's patience with a port that always wants something. */
#define MAX_ROUNDS 64

static_assert(IS_POW2(QUEUE_BYTES), "slots are found by masking");

static struct {
	struct spinlock lock;
	u32 head;        /* [lock] */
	u32 tail;        /* [lock] */
	u32 burst;       /* [I] bytes that an empty transmitter takes */
	u8 ier;          /* [lock] what REG_IER holds */
	bool present;    /* [I] */
	bool irq_driven; /* [lock] */
	bool stuck;      /* [lock] the last wait was in vain */
	bool throttled;  /* [lock] nobody has room for what is received */
} serial = { .lock = SPINLOCK_INIT(LOCK_SERIAL) };

static u8 queue[QUEUE_BYTES]; /* [serial.lock] */

static u8 read_reg(unsigned reg)
{
	return arch_in8((u16)(COM1 + reg));
}

static void write_reg(unsigned reg, u8 value)
{
	arch_out8((u16)(COM1 + reg), value);
}

/* True as soon as the status has one of the bits, false after many looks. */
static bool wait_status(u8 bits, u32 looks)
{
	while (looks-- > 0) {
		if (read_reg(REG_LSR) & bits) {
			return true;
		}
		arch_relax();
	}
	return false;
}

/*
 * The bytes in the queue; none if the tail is ahead of the head, which can be
 * when a processor that a panic could not stop sends as well.
 */
static u32 queued(void)
{
	u32 n = ring_fill(serial.head, serial.tail);

	return n <= QUEUE_BYTES ? n : 0;
}

/* Gives the transmitter, which is empty, the oldest bytes of the queue. */
static void send_burst(void)
{
	u32 n = MIN(queued(), serial.burst);

	while (n-- > 0) {
		write_reg(REG_DATA, queue[ring_slot(serial.tail, QUEUE_BYTES)]);
		serial.tail++;
	}
}

/* As send_burst(), but waits first, if need be and there is hope. */
static void send_waiting(void)
{
	u32 looks = serial.stuck ? 1 : WAIT_READS;

	serial.stuck = !wait_status(LSR_THR_EMPTY, looks);
	send_burst();
}

static void send_all(void)
{
	while (queued() > 0) {
		send_waiting();
	}
}

static void set_ier_locked(u8 ier)
{
	if (serial.ier != ier) {
		serial.ier = ier;
		write_reg(REG_IER, ier);
	}
}

/* The interrupts that are wanted now. [I1] */
static void update_ier_locked(void)
{
	u8 ier = serial.throttled ? 0 : IER_RECEIVED;

	set_ier_locked(queued() > 0 ? ier | IER_TRANSMITTED : ier);
}

/* Sends what the port takes at once and leaves the rest to its interrupt. */
static void send_ready_locked(void)
{
	while (queued() > 0 && (read_reg(REG_LSR) & LSR_THR_EMPTY)) {
		send_burst();
	}
	update_ier_locked();
}

static void enqueue(u8 byte)
{
	if (ring_space(serial.head, serial.tail, QUEUE_BYTES) == 0) {
		send_waiting();
	}
	queue[ring_slot(serial.head, QUEUE_BYTES)] = byte;
	serial.head++;
}

static void enqueue_text(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		enqueue((u8)text[i]);
	}
}

static void serial_write(const char *text, size_t len_bytes)
{
	WITH_SPINLOCK_IRQ (&serial.lock) {
		enqueue_text(text, len_bytes);
		if (serial.irq_driven) {
			send_ready_locked();
		} else {
			send_all();
		}
	}
}

/* Until the last bit has left, so that the machine may be switched off. */
static void send_to_the_end(void)
{
	send_all();
	(void)wait_status(LSR_ALL_SENT, serial.stuck ? 1 : WAIT_READS);
}

static void serial_flush(void)
{
	WITH_SPINLOCK_IRQ (&serial.lock) {
		send_to_the_end();
	}
}

/* The queue still holds what was written before, and that goes out first. */
static void serial_write_panic(const char *text, size_t len_bytes)
{
	enqueue_text(text, len_bytes);
	send_to_the_end();
}

static void serial_panic_begin(void)
{
	write_reg(REG_IER, 0);
}

static size_t receive_locked(u8 *buf, size_t size_bytes)
{
	size_t n = 0;

	while (n < size_bytes && (read_reg(REG_LSR) & LSR_RECEIVED)) {
		buf[n++] = read_reg(REG_DATA);
	}
	return n;
}

static void throttle(bool throttled)
{
	WITH_SPINLOCK_IRQ (&serial.lock) {
		serial.throttled = throttled;
		if (serial.irq_driven) {
			update_ier_locked();
		}
	}
}

void serial_resume(void)
{
	throttle(false);
}

size_t serial_unsent(void)
{
	size_t count = 0;

	WITH_SPINLOCK_IRQ (&serial.lock) {
		count = queued();
	}
	return count;
}

/*
 * Room for received bytes.  If there is none the port keeps them, and its
 * sender waits; asked again once that is so, for a reader may have come
 * between the question and it.
 */
static size_t receive_room(void)
{
	size_t room = tty_room(&console_tty);

	if (room == 0) {
		throttle(true);
		room = tty_room(&console_tty);
		if (room > 0) {
			throttle(false);
		}
	}
	return MIN(room, RECEIVE_BYTES);
}

/* Does what the port wants now; false if it wants nothing. */
static bool serve_port(void)
{
	u8 bytes[RECEIVE_BYTES];
	size_t room = receive_room();
	size_t n = 0;
	bool wanted = false;

	WITH_SPINLOCK_IRQ (&serial.lock) {
		wanted = !(read_reg(REG_IIR) & IIR_NONE);
		if (wanted) {
			n = receive_locked(bytes, room);
			send_ready_locked();
		}
	}
	if (n > 0) {
		WRITE_ONCE(console_at_screen, false);
		tty_input(&console_tty, bytes, n);
	}
	return wanted;
}

/*
 * The interrupt is a rising edge: it comes again only if the port has once
 * wanted nothing, which the last lines bring about for one that never does.
 */
static void serial_interrupt(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < MAX_ROUNDS; i++) {
		if (!serve_port()) {
			return;
		}
	}
	WITH_SPINLOCK_IRQ (&serial.lock) {
		write_reg(REG_IER, 0);
		write_reg(REG_IER, serial.ier);
	}
}

static bool scratch_holds(u8 value)
{
	write_reg(REG_SCRATCH, value);
	return read_reg(REG_SCRATCH) == value;
}

/* Sets the port up once the boot loader's last words have left it. */
static void program_port(void)
{
	(void)wait_status(LSR_ALL_SENT, WAIT_READS);
	write_reg(REG_IER, 0);
	write_reg(REG_LCR, LCR_DLAB);
	write_reg(REG_DIV_LOW, 1); /* 115200 / 1 */
	write_reg(REG_DIV_HIGH, 0);
	write_reg(REG_LCR, LCR_8N1);
	write_reg(REG_FCR, FCR_ON_8);
	write_reg(REG_MCR, MCR_RUN);
}

static struct console_sink serial_sink = {
	.name = "serial",
	.write = serial_write,
	.write_panic = serial_write_panic,
	.flush = serial_flush,
	.panic_begin = serial_panic_begin,
};

int serial_init(void)
{
	if (!scratch_holds(0x5a) || !scratch_holds(0xa5)) {
		return -ENODEV;
	}
	program_port();
	serial.burst = 1;
	if ((read_reg(REG_IIR) & IIR_FIFO) == IIR_FIFO) {
		serial.burst = FIFO_BYTES;
	}
	serial.present = true;
	console_add(&serial_sink);
	return 0;
}

int serial_irq_enable(void)
{
	int error;

	if (!serial.present) {
		return -ENODEV;
	}
	error = irq_register_isa(COM1_IRQ, serial_interrupt, NULL);
	if (error != 0) {
		return error;
	}
	WITH_SPINLOCK_IRQ (&serial.lock) {
		serial.irq_driven = true;
		update_ier_locked();
	}
	return 0;
}
