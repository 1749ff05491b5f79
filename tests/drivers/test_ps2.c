/* SPDX-License-Identifier: MIT */
/*
 * The PS/2 driver against a model of controller and keyboard, of which any
 * part may be missing or silent.  The driver is compiled into this file, with
 * fakes for what it calls.
 */
#define console_tty       ps2_test_tty
#define console_at_screen ps2_test_at_screen
#define tty_input         ps2_test_input
#define irq_register_isa  ps2_test_register
#define log_line          ps2_test_log
#include "drivers/ps2.c"

#include "lib/assert.h"
#include "lib/string.h"
#include "tests/ktest.h"

struct tty console_tty;
bool console_at_screen;

/* The bytes that wait for the driver, and what the model is. */
static struct {
	u8 queue[64];
	size_t count;
	u8 config;
	u8 command; /* whose data byte comes next */
	u8 lights;
	bool lights_next;
	bool translates;
	bool has_keyboard;
	bool silent; /* the controller never answers */
	u64 accesses;
} model;

static struct {
	void (*handler)(void *);
	u8 typed[64];
	size_t count;
	unsigned logged;
} seen;

void tty_input(struct tty *tty, const u8 *bytes, size_t len_bytes)
{
	ASSERT(tty == &console_tty);
	memcpy(seen.typed + seen.count, bytes, len_bytes);
	seen.count += len_bytes;
}

int irq_register_isa(unsigned isa_irq, void (*handler)(void *), void *arg)
{
	(void)arg;
	ASSERT(isa_irq == KEYBOARD_IRQ);
	seen.handler = handler;
	return 0;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	seen.logged++;
}

static void answer(u8 byte)
{
	ASSERT(model.count < sizeof(model.queue));
	model.queue[model.count++] = byte;
}

static u8 model_read(u16 port)
{
	u8 byte = model.queue[0];

	model.accesses++;
	if (port == STATUS) {
		return !model.silent && model.count > 0 ? STATUS_OUTPUT : 0;
	}
	if (model.count > 0) {
		memmove(model.queue, model.queue + 1, --model.count);
	}
	return byte;
}

static void model_keyboard(u8 byte)
{
	if (!model.has_keyboard) {
		return;
	}
	if (model.lights_next) {
		model.lights = byte;
	}
	model.lights_next = byte == SET_LIGHTS;
	answer(ACKNOWLEDGED);
}

static void model_write(u16 port, u8 value)
{
	model.accesses++;
	if (port == DATA && model.command == WRITE_CONFIG) {
		model.config =
			model.translates ? value : value & ~CONFIG_TRANSLATE;
		model.command = 0;
	} else if (port == DATA) {
		model_keyboard(value);
	} else if (value == READ_CONFIG) {
		answer(model.config);
	} else if (value == SELF_TEST) {
		answer(SELF_TEST_OK);
	} else {
		model.command = value;
	}
}

static const struct host_ports model_ports = { model_read, model_write };

static void begin(void)
{
	memset(&model, 0, sizeof(model));
	memset(&seen, 0, sizeof(seen));
	memset(&ps2, 0, sizeof(ps2));
	model.translates = true;
	model.has_keyboard = true;
	host_ports = &model_ports;
}

static void type(u8 code)
{
	answer(code);
	seen.handler(NULL);
}

KTEST(ps2_types, "keys reach the terminal, in the set that the controller has")
{
	begin();
	answer(0x55); /* from before */
	EXPECT_EQ(ps2_init(), 0);
	EXPECT_EQ(model.config, CONFIG_IRQ | CONFIG_TRANSLATE);
	type(0x1e);
	begin();
	model.translates = false;
	EXPECT_EQ(ps2_init(), 0);
	type(0x1c);
	EXPECT_EQ(seen.count, 1);
	EXPECT_EQ(seen.typed[0], 'a');
	EXPECT_EQ(seen.logged, 0);
}

KTEST(ps2_lights, "caps lock lights up, and goes out again")
{
	begin();
	EXPECT_EQ(ps2_init(), 0);
	type(0x3a);
	EXPECT_EQ(model.lights, KEYBOARD_CAPS_LOCK);
	type(0xba);
	type(0x3a);
	EXPECT_EQ(model.lights, 0);
	EXPECT_EQ(model.count, 0);
}

KTEST(ps2_missing, "no controller, a silent one, no keyboard: never for ever")
{
	begin();
	host_ports = NULL;
	EXPECT_EQ(ps2_init(), -ENODEV);
	begin();
	model.silent = true;
	EXPECT_EQ(ps2_init(), -ENODEV);
	EXPECT(model.accesses < 2 * WAIT_LOOKS);
	begin();
	model.has_keyboard = false;
	EXPECT_EQ(ps2_init(), 0);
	EXPECT_EQ(seen.logged, 1);
	type(0x1e);
	EXPECT_EQ(seen.count, 1);
}

KTEST(ps2_fuzz, "any bytes from the keyboard do no harm")
{
	begin();
	EXPECT_EQ(ps2_init(), 0);
	for (int i = 0; i < 5000; i++) {
		seen.count = 0;
		type((u8)ktest_random());
		EXPECT(seen.count <= KEYBOARD_BYTES);
	}
}
