#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes glyphs of an 8x16 PSF1 console font as C rows.

Usage: font.py FONT.psf.gz > font.inc
The output is the initializer of `u8 glyphs[224][16]`, for the characters of code
page 437 from ' ' on (a question mark for one that the font lacks); the top bit
of a byte is the leftmost pixel.
"""
import gzip
import struct
import sys

FIRST, LAST, HEIGHT = 0x20, 0xFF, 16
MAGIC, MODE_512 = b"\x36\x04", 1
END_OF_GLYPH, SEQUENCE = 0xFFFF, 0xFFFE


def read_psf(data):
    """The glyph of each character, by the font's own Unicode table."""
    if data[:2] != MAGIC or data[3] != HEIGHT:
        sys.exit("font.py: not a PSF1 font of 8x16 cells")
    table = 4 + (512 if data[2] & MODE_512 else 256) * HEIGHT
    glyphs = {}
    index, in_sequence = 0, False
    for (code,) in struct.iter_unpack("<H", data[table:]):
        if code == END_OF_GLYPH:
            index, in_sequence = index + 1, False
        elif code == SEQUENCE:
            in_sequence = True
        elif not in_sequence:
            at = 4 + index * HEIGHT
            glyphs.setdefault(code, data[at:at + HEIGHT])
    return glyphs


def main():
    with gzip.open(sys.argv[1]) as file:
        glyphs = read_psf(file.read())
    for code in range(FIRST, LAST + 1):
        glyph = glyphs.get(ord(bytes([code]).decode("cp437")), glyphs[ord("?")])
        print("{ " + ", ".join(f"0x{row:02x}" for row in glyph) + " },")


main()
