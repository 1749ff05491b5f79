#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns `nm -n` on standard input into the kernel's own symbol table.

The table (assembly on standard output) is section .ksyms:
    u32 ksyms_count; u32 ksyms_offsets[] (address - BASE, ascending);
    u32 ksyms_name_at[] (index into the next); char ksyms_names[] (NUL-ended)
Only functions are in it. With --verify FILE nothing is written: the table of
the final link must be FILE, the one that was linked in.
"""
import re
import sys

BASE = 0xFFFFFFFF80000000
# The compiler's splits of a function keep their suffix; NASM's local labels
# (outer.inner) belong to the label above them.
SPLIT = re.compile(r"^[^.]+(\.(cold|part|isra|constprop|\d+))*$")


def functions(lines):
    """The (offset, name) of each function, one name per address."""
    found = {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tT":
            continue
        offset = int(fields[0], 16) - BASE
        if 0 <= offset < 1 << 31 and SPLIT.match(fields[2]):
            found.setdefault(offset, fields[2])
    return sorted(found.items())


def table(symbols):
    """The assembly text of the table."""
    out = ['.section .ksyms,"a"', ".balign 4"]

    def label(name):
        out.extend([f".globl {name}", f"{name}:"])

    label("ksyms_count")
    out.append(f".long {len(symbols)}")
    label("ksyms_offsets")
    out.extend(f".long {offset:#x}" for offset, _ in symbols)
    label("ksyms_name_at")
    at = 0
    for _, name in symbols:
        out.append(f".long {at}")
        at += len(name) + 1
    label("ksyms_names")
    out.extend(f'.asciz "{name}"' for _, name in symbols)
    out.append('.section .note.GNU-stack,"",@progbits')
    return "\n".join(out) + "\n"


def main():
    text = table(functions(sys.stdin))
    if sys.argv[1:2] != ["--verify"]:
        sys.stdout.write(text)
    elif open(sys.argv[2], encoding="ascii").read() != text:
        sys.exit("symbols.py: functions moved between the two links: "
                 ".ksyms must stand behind all code in linker.ld")


main()
