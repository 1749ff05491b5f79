#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the floors: which file may include which.

A file includes its own folder and lower floors, never upward, never sideways;
arch/x86_64 and arch/host are included by arch/ alone; quotes are for our
files (by their path from the root) and angle brackets for the compiler's (and
under #ifdef EXO_HOST, and in host programs, the C library's); no chain of
includes comes back to where it began. tests/ may include all.
"""
import re
import sys
from pathlib import Path

FLOORS = {"lib": 0, "arch": 1, "trace": 2, "kernel": 3, "mm": 4, "sched": 5,
          "ipc": 6, "drivers": 6, "fs": 7, "posix": 8, "boot": 9, "bench": 9,
          "user": 9, "tests": 10}
COMPILER = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
GENERATED = {"gen/font.inc", "offsets.inc"}
# Programs with the C library, and a module of another kernel, in folders of the
# kernel's benchmarks.
USER_BENCHES = (("bench", "host"), ("bench", "compare"), ("bench", "linux"))
SOURCES = ("*.c", "*.h", "*.def", "*.asm", "*.inc")
INCLUDE = re.compile(r'^\s*[#%]\s*include\s*([<"])([^>"]+)[>"]')
ROOT = Path(__file__).resolve().parent.parent


def includes(path):
    """The (line number, quote, name) of each include that the kernel sees."""
    text = (ROOT / path).read_text(encoding="utf-8")
    on_host = False
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if line.startswith("#ifdef EXO_HOST"):
            on_host = True
        elif line.startswith(("#else", "#endif")):
            on_host = False
        elif match and not (on_host and match[1] == "<"):
            yield number, match[1], match[2]


def hosted(path):
    """Whether the file is a program's, which has the C library."""
    return (path.parts[0] in ("tests", "user")
            or path.parts[:2] in USER_BENCHES)


def complaint(path, quote, name):
    """What is wrong with this include, or None."""
    folder, target = path.parts[0], Path(name).parts[0]
    if quote == "<":
        if name in COMPILER or hosted(path):
            return None
        return "angle brackets are for the compiler's own headers"
    if name in GENERATED:
        return None
    if not (ROOT / name).is_file():
        return "not a path from the root"
    if target not in FLOORS:
        return f"{target}/ is on no floor"
    if len(Path(name).parts) > 2 and target == "arch" and folder != "arch":
        return f"{Path(name).parent}/ is for arch/ alone"
    if folder == target or FLOORS[target] < FLOORS[folder]:
        return None
    return f"floor {FLOORS[folder]} may not include floor {FLOORS[target]}"


def find_cycle(graph):
    """One chain of includes that returns to its start, or None."""
    done = set()

    def walk(path, chain):
        if path in chain:
            return chain[chain.index(path):] + [path]
        if path in done:
            return None
        for target in graph.get(path, ()):
            cycle = walk(target, chain + [path])
            if cycle:
                return cycle
        done.add(path)
        return None

    for path in graph:
        cycle = walk(path, [])
        if cycle:
            return cycle
    return None


def main():
    problems, graph = [], {}
    for folder in FLOORS:
        for pattern in SOURCES:
            for file in sorted((ROOT / folder).rglob(pattern)):
                path = file.relative_to(ROOT)
                graph[str(path)] = []
                for number, quote, name in includes(path):
                    graph[str(path)].append(name)
                    wrong = complaint(path, quote, name)
                    if wrong:
                        problems.append(f"{path}:{number}: {name}: {wrong}")
    cycle = find_cycle(graph)
    if cycle:
        problems.append("include cycle: " + " -> ".join(cycle))
    if problems:
        sys.exit("\n".join(problems))


main()
