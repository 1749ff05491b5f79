#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows where the kernel's bytes go, beside the goal.

Usage: size.py KERNEL STRIPPED MAP
Per folder, from the link map: text, read-only, data and bss; then the largest
symbols; then what a boot loads from the stripped kernel, with the symbol table
(section .ksyms) counted apart, beside the goal. Fails if it is above the limit
(docs/decisions/image-size.md).
"""
import os
import re
import subprocess
import sys
from collections import defaultdict

GOAL = 100 * 1024
LIMIT = 345 * 1024
LARGEST = 20
COLUMNS = ("text", "rodata", "data", "bss")
INPUT = re.compile(
    r"^ (\.\S+|COMMON|ktests)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$")
OBJECT = re.compile(r"build/\w+/(.*)\.o$")
KSYMS = ".ksyms"


def column(section):
    """The column that an input section counts in, or None (debug)."""
    if section.startswith((".debug", ".comment", ".note", KSYMS)):
        return None
    for prefix, name in ((".text", "text"), (".rodata", "rodata"),
                         (".bss", "bss"), ("COMMON", "bss"),
                         (".data", "data")):
        if section.startswith(prefix):
            return name
    return "data"


def folder_of(source):
    """arch/x86_64/trap.c counts in arch/x86_64, generated files in build."""
    return os.path.dirname(source) or "build"


def by_folder(map_path):
    """Bytes of each folder and column."""
    sums = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    text = open(map_path, encoding="utf-8").read()
    text = text.split("Linker script and memory map", 1)[1]
    # A long section name stands on a line of its own.
    text = re.sub(r"^( [.\w]\S*)\n\s+", r"\1 ", text, flags=re.M)
    for line in text.splitlines():
        match = INPUT.match(line)
        source = match and OBJECT.match(match[3])
        name = source and column(match[1] or "")
        if name:
            sums[folder_of(source[1])][name] += int(match[2], 16)
    return sums


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def largest(kernel):
    """(bytes, kind, name) of the largest symbols."""
    nm = os.environ.get("NM") or "nm"
    rows = (line.split() for line in
            run(nm, "-S", "--size-sort", "-r", kernel).splitlines())
    return [(int(row[1], 16), row[2], row[3]) for row in rows][:LARGEST]


def loadable(stripped):
    """(bytes in the file that a boot loads, of them the symbol table)."""
    loads = sum(int(line.split()[4], 16)
                for line in run("readelf", "-lW", stripped).splitlines()
                if line.split()[:1] == ["LOAD"])
    sections = run("readelf", "-SW", stripped)
    table = re.search(r"\.ksyms\s+PROGBITS\s+\S+\s+\S+\s+(\S+)", sections)
    return loads, int(table[1], 16) if table else 0


def main():
    kernel, stripped, map_path = sys.argv[1:]
    row = "{:<20}" + "{:>9}" * 5
    print(row.format("folder", *COLUMNS, "loaded"))
    totals = dict.fromkeys(COLUMNS, 0)
    for folder, sums in sorted(by_folder(map_path).items()):
        loaded = sum(sums.values()) - sums["bss"]
        print(row.format(folder, *sums.values(), loaded))
        for name in COLUMNS:
            totals[name] += sums[name]
    print(row.format("all", *totals.values(),
                     sum(totals.values()) - totals["bss"]))
    print(f"\nThe {LARGEST} largest symbols")
    for size, kind, name in largest(kernel):
        print(f"{size:>8} {kind} {name}")
    loads, table = loadable(stripped)
    share = 100 * (loads - table) / GOAL
    print(f"\nloadable: {loads - table} bytes, {share:.1f} % of the goal of "
          f"{GOAL}; symbol table apart: {table} bytes")
    if loads - table > LIMIT:
        sys.exit(f"size.py: above the limit of {LIMIT}")


if __name__ == "__main__":
    main()
