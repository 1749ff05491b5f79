#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds files and lines to a panic that somebody pasted.

Usage: decode_dump.py [KERNEL] < TEXT       (build/exo.elf if none is named)

Whatever stands before or around the lines of the report stays. Behind each
line of a backtrace stands where that is in the source; a call that was put in
place of another is followed by who called it. KERNEL is the file that died,
with its debug information.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISCRIMINATOR = re.compile(r" \(discriminator \d+\)$")
ADDRESS = re.compile(r"\b(?:rip )?(ffffffff[89a-f][0-9a-f]{7})\b")
CALL = re.compile(r"\+0x[0-9a-f]+\s*$")


def places(kernel, addresses):
    """Each address's "function at file:line", innermost first."""
    words = ["addr2line", "-e", kernel, "-f", "-i", "-a", *addresses]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode or "file format not recognized" in done.stderr:
        sys.exit(f"decode_dump.py: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    found, at = {}, None
    while lines:
        line = lines.pop(0)
        if line.startswith("0x"):
            at = found.setdefault(line[2:], [])
        else:
            place = DISCRIMINATOR.sub("", lines.pop(0).removeprefix("./"))
            at.append(f"{line} at {place}")
    return found


def decoded(text, kernel):
    """The text, line by line, with the places."""
    lines = text.splitlines()
    # A return address stands behind its call; the first line is no return.
    wanted = {}
    first = False
    for number, line in enumerate(lines):
        match = ADDRESS.search(line)
        if match and (CALL.search(line) or "rip " in line):
            back = 0 if "rip " in line or first and "+0x0" in line else 1
            wanted[number] = f"{int(match[1], 16) - back:016x}"
        first = "backtrace (" in line
    if not wanted:
        sys.exit("decode_dump.py: no line of a backtrace in this text")
    known = places(kernel, sorted(set(wanted.values())))
    for number, line in enumerate(lines):
        yield line
        for place in known.get(wanted.get(number), ()):
            if not place.startswith("??"):
                yield f"{'':>20}{place}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel", nargs="?", default=ROOT / "build/exo.elf")
    kernel = parser.parse_args().kernel
    if not Path(kernel).is_file():
        sys.exit(f"decode_dump.py: there is no kernel {kernel}")
    text = sys.stdin.buffer.read().decode(errors="replace")
    for line in decoded(text, str(kernel)):
        print(line)


if __name__ == "__main__":
    main()
