/* SPDX-License-Identifier: MIT */
/*
 * The VGA text console.  It is compiled into this file, with RAM in place of
 * video memory: whatever was written, that must be the grid, and the hardware
 * cursor where the grid has it.
 */
#include "arch/directmap.h"

static u16 video[80 * 25];

static inline void *vga_test_map(phys_t p)
{
	return p.pa == 0xb8000 ? video : NULL;
}

#define phys_to_virt(p) vga_test_map(p)
#define console_add     vga_test_add
#include "drivers/vga_text.c"

#include "tests/ktest.h"

static struct console_sink *sink;

static struct {
	u8 index;
	u8 regs[256];
} crtc;

void console_add(struct console_sink *added)
{
	sink = added;
}

static u8 crtc_read(u16 port)
{
	(void)port;
	return 0xff;
}

static void crtc_write(u16 port, u8 value)
{
	if (port == 0x3d4) {
		crtc.index = value;
	} else if (port == 0x3d5) {
		crtc.regs[crtc.index] = value;
	}
}

static const struct host_ports crtc_ports = { crtc_read, crtc_write };

static void write_random(void)
{
	static const char bytes[] = "\n\n\x1b[[0123;;HJKmABCDabcdefgh  ";
	char text[100];
	size_t len = ktest_random() % sizeof(text);

	for (size_t i = 0; i < len; i++) {
		text[i] = bytes[ktest_random() % (sizeof(bytes) - 1)];
	}
	sink->write(text, len);
}

static bool vga_shows_grid(void)
{
	unsigned cursor = crtc.regs[0x0e] << 8 | crtc.regs[0x0f];

	return memcmp(video, cells, sizeof(video)) == 0 &&
	       cursor == vga.grid.row * 80 + textgrid_cursor_col(&vga.grid);
}

static int begin_vga(void)
{
	host_ports = &crtc_ports;
	memset(video, 0x11, sizeof(video));
	return vga_text_init();
}

KTEST(vga_shows_text, "the text screen is the grid after each write")
{
	EXPECT_EQ(begin_vga(), 0);
	EXPECT_EQ(video[0], 0x1111);
	for (int i = 0; i < 2000; i++) {
		write_random();
		EXPECT(vga_shows_grid());
	}
}

KTEST(vga_panic, "a panic turns the text screen white on red, for good")
{
	EXPECT_EQ(begin_vga(), 0);
	sink->write("kept \x1b[32mgreen\x1b[", 17);
	sink->panic_begin();
	sink->write_panic("31mPanic\x1b[m!", 12);
	EXPECT(vga_shows_grid());
	for (size_t i = 0; i < ARRAY_SIZE(video); i++) {
		EXPECT_EQ(video[i] >> 8, 0x4f);
	}
	EXPECT_EQ((u8)video[0], 'k');
	EXPECT_EQ((u8)video[10], '3');
}
