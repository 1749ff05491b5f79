#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes docs/syscalls.md's text from posix/syscalls.def to standard output.

Usage: syscalls.py < posix/syscalls.def
"""
import re
import sys

CALL = re.compile(r'^SYSCALL\((\d+), (\w+),\s*(FULL|PARTIAL)\s*'
                  r'(?:\(((?:\s*"(?:[^"\\]|\\.)*")+)\))?', re.M)
HEAD = """# System calls

Written by `make docs` from `posix/syscalls.def`: the calls that exist, by
their Linux x86_64 numbers, and what the partial ones lack. Any other number
is `ENOSYS`.

| number | call | missing |
|---|---|---|
"""


def calls(text):
    """(number, name, support, what is missing) of each call on the list."""
    for number, name, support, note in CALL.findall(text):
        yield int(number), name, support, "".join(
            re.findall(r'"((?:[^"\\]|\\.)*)"', note))


def page(text):
    rows = [f"| {number} | `{name}` | {note} |\n"
            for number, name, _, note in sorted(calls(text))]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(page(sys.stdin.read()))
