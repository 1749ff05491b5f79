/* SPDX-License-Identifier: MIT */
/*
 * Colours: what SGR (CSI ... m) makes of VGA's 16 inks and 8 papers.  Larger
 * palettes are shown by the nearest of these; underlined text is cyan and dim
 * text grey, as on VGA consoles of Linux.
 */
#include "drivers/ansi_private.h"

#define UNDERLINE_INK 3
#define DIM_INK       8
#define BRIGHT        8

/* ECMA-48 counts colours with red as 1, VGA with blue as 1. */
static const u8 vga_colour[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

void ansi_apply_colours(struct ansi *a)
{
	const struct ansi_pen *pen = &a->pen;
	u8 ink = pen->underline ? UNDERLINE_INK : pen->dim ? DIM_INK : pen->ink;

	ink |= pen->bold ? BRIGHT : 0;
	a->grid->blank = TEXTGRID_ATTR(ink, pen->paper);
	a->grid->attr = pen->reverse ? TEXTGRID_ATTR(pen->paper, ink & 7)
				     : a->grid->blank;
}

void ansi_plain_colours(struct ansi *a)
{
	struct ansi_pen *pen = &a->pen;

	pen->ink = a->plain & 15;
	pen->paper = (a->plain >> 4) & 7;
	pen->bold = false;
	pen->dim = false;
	pen->underline = false;
	pen->reverse = false;
}

/* The nearest of the 16 colours: a bit for each part that is strong. */
static u8 nearest(unsigned r, unsigned g, unsigned b)
{
	unsigned top = MAX(MAX(r, g), b);
	unsigned half = top / 2;
	u8 colour = (u8)((r > half) << 2 | (g > half) << 1 | (b > half));

	if (top < 64) {
		return 0;
	}
	if (top < 128 && colour == 7) {
		return BRIGHT; /* dark grey */
	}
	return top > 200 ? colour | BRIGHT : colour;
}

/* A colour of the palette of 256: 16, a cube of 6 by 6 by 6, 24 greys. */
static u8 from_256(unsigned n)
{
	if (n < 16) {
		return vga_colour[n & 7] | (n & BRIGHT);
	}
	if (n < 232) {
		n -= 16;
		return nearest(n / 36 * 51, n / 6 % 6 * 51, n % 6 * 51);
	}
	n = (n - 232) * 10 + 8;
	return nearest(n, n, n);
}

/* The number at `at`, 0 if it was not given. */
static unsigned number(const struct ansi *a, unsigned at)
{
	return at < ANSI_PARAMS ? a->params[at] : 0;
}

/* The colour behind 38 or 48 at `*at`; moves to its last number. */
static u8 large_palette(const struct ansi *a, unsigned *at)
{
	unsigned i = *at;

	if (number(a, i + 1) == 5) {
		*at += 2;
		return from_256(number(a, i + 2));
	}
	*at += 4;
	return nearest(number(a, i + 2), number(a, i + 3), number(a, i + 4));
}

/* The numbers from `*at` on that mean one thing. */
static void select_graphic(struct ansi *a, unsigned *at)
{
	struct ansi_pen *pen = &a->pen;
	unsigned n = number(a, *at);

	switch (n) {
	case 0: ansi_plain_colours(a); break;
	case 1: pen->bold = true; break;
	case 2: pen->dim = true; break;
	case 4:
	case 21: pen->underline = true; break;
	case 7: pen->reverse = true; break;
	case 22:
		pen->bold = false;
		pen->dim = false;
		break;
	case 24: pen->underline = false; break;
	case 27: pen->reverse = false; break;
	case 30 ... 37: pen->ink = vga_colour[n - 30]; break;
	case 38: pen->ink = large_palette(a, at); break;
	case 39: pen->ink = a->plain & 15; break;
	case 40 ... 47: pen->paper = vga_colour[n - 40]; break;
	case 48: pen->paper = large_palette(a, at) & 7; break;
	case 49: pen->paper = (a->plain >> 4) & 7; break;
	case 90 ... 97: pen->ink = vga_colour[n - 90] | BRIGHT; break;
	case 100 ... 107: pen->paper = vga_colour[n - 100]; break;
	default: break;
	}
}

void ansi_select_graphics(struct ansi *a)
{
	unsigned count = MIN(a->param + 1u, ANSI_PARAMS);

	for (unsigned i = 0; i < count; i++) {
		select_graphic(a, &i);
	}
	ansi_apply_colours(a);
}
