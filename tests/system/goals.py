# SPDX-License-Identifier: MIT
"""The table of where we go is whole, and says what the kept figures say."""
import json
import tempfile
from pathlib import Path

import bench_machine
import ratios
from measure import Unfinished
from ratios_list import LINES, Line, at_least, at_most, beside
from suite import test
from vm import Failure

# What there must be at least one line of.
METRICS = (
    "stack switch", "kernel thread switch", "process switch", "null call",
    "pipe round trip", "futex round trip", "eventfd round trip", "yield",
    "call/reply", "ring across cores: round trip",
    "ring across cores: single message", "ring across cores: burst of 32",
    "ring across cores: many producers", "ring operation, handle checked",
    "message, handles checked", "kmalloc of 64 bytes, hot",
    "kmalloc of 64 bytes, oldest of 128", "kmalloc of 64 bytes, any of 4,096",
    "kmalloc and kfree", "frame, single", "frame, 64 deep", "frame, order 3",
    "frame at any fill", "fork, exit", "vfork, exit", "posix_spawn",
    "fork, exec", "fork, exit, wait with 64 MB", "demand-zero fault",
    "copy on write, without", "copy on write, last", "mmap and munmap",
    "mprotect", "signal", "trace record", "thread create and join",
    "bytes per parked thread", "threads alive", "boot, first", "boot to the",
    "boot with 4 GB", "GRUB's ISO", "image", "memory at the prompt",
    "smallest machine")


@test("each metric has its lines, each line its figures and, short, its reason")
def ratios_list():
    for metric in METRICS:
        if not any(line.what.startswith(metric) for line in LINES):
            raise Failure(f"no line for {metric}")
    for name in ratios.used():
        if name.split("/")[0] not in ratios.COMMANDS:
            raise Failure(f"nothing measures {name}")
        if name not in ratios.kept():
            raise Failure(f"bench/ratios lacks {name}: ./exo ratios ALL=1 "
                          "ACCEPT=1")
    for line in LINES:
        if not ratios.Result(line, ratios.kept()).met and not line.why:
            raise Failure(f"{line.what} falls short, nobody knows why")


@test("docs/ratios.md has the table that bench/ratios makes")
def ratios_page():
    page = ratios.PAGE.read_text("utf-8")
    head, table, tail = ratios.parts(page)
    if head + table + tail != page:
        raise Failure("docs/ratios.md has lost its marks")
    if table != ratios.table(ratios.kept()):
        raise Failure("docs/ratios.md is old: ./exo ratios ACCEPT=1")


def written(folder, name, rows):
    path = Path(folder) / name / "results.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@test("ratios reads what is there, and names the command for what is not")
def ratios_measured():
    with tempfile.TemporaryDirectory() as folder:
        if ratios.measured(Path(folder)):
            raise Failure("figures out of nothing")
        shown = ratios.table({})
        for command in ratios.READERS:
            if f"not measured: ./exo {command} " not in shown:
                raise Failure(f"no word of {command} in\n{shown}")
        written(folder, "compare", [
            {"row": "demand_zero", "linux": 1512.0, "exo": 612.0},
            {"row": "gone", "linux": None, "exo": 5}])
        written(folder, "bench", [
            {"name": "bench/frame", "p50": 5, "max": 9},
            {"name": "bench/none", "unit": "none", "reason": "no memory"}])
        written(folder, "bench-host", [
            {"row": "trace", "who": "exo", "n": 3, "min": 1.5},
            {"row": "trace", "who": "rte", "n": 1000, "min": 2.5}])
        found = ratios.measured(Path(folder))
    if found != {"linux/demand_zero": 1000.0, "exo/demand_zero": 100.0,
                 "exo/gone": 5, "bench/frame": 5, "bench/frame.max": 9,
                 "host/trace/rte": 2.5}:
        raise Failure(f"read as {found}")


@test("a line compares with the least of its peers, or with its goal alone")
def ratios_goals():
    figures = {"bench/a": 10, "linux/a": 50, "linux/b": 40}
    line = beside("a", "A", "bench/a", ["linux/a", "linux/b"], "best", "1/4")
    cases = [(line, True), (beside("a", "A", "bench/a", "linux/b", "b",
                                   "0.24"), False)]
    for goal, met in ((at_most(10), True), (at_most(9), False),
                      (at_least(10), True), (at_least(11), False)):
        cases.append((Line("a", "A", "bench/a", (), "", goal), met))
    for each, met in cases:
        if ratios.Result(each, figures).met != met:
            raise Failure(f"{each.goal.words}: not {met}")
    row = ratios.Result(line, figures).row()
    if row != "| a | A | best: 40 | 10 | 0.25 | 1/4 | yes " \
              "| `bench`, `compare` |":
        raise Failure(row)


TRACE = """\
[    0.000001000] 0 thread 8    EXEC               program starts at 0x1
[    0.000002000] 0 thread 8    SLEEP              sleep
[    0.000002000] 0 thread 8    SWITCH             switch to thread 10, 0 wait
[    0.000003000] 0 thread 10   EXEC               program starts at 0x2
[    0.000004000] 0 thread 10   SLEEP              sleep
[    0.000004500] 0 thread 10   SWITCH             switch to thread 0, 0 wait
[    0.000009000] 0 thread 0    WAKE               wake thread 10 of processor 0
[    0.000009500] 0 thread 0    SWITCH             switch to thread 10, 0 wait
[    0.000012000] 0 thread 10   SLEEP              sleep
"""
ANSWERED = """\
[    0.020012000] 0 thread 0    WAKE               wake thread 10 of processor 0
"""


@test("the prompt is the shell's first long sleep; switches are counted apart")
def ratios_machine():
    if bench_machine.prompt_at(TRACE + ANSWERED) != 12000 - 5000:
        raise Failure("not the second sleep, less the idling before it")
    try:
        bench_machine.prompt_at(TRACE)
    except Unfinished:
        pass
    else:
        raise Failure("a prompt in a trace without one")
    kinds = ["cr3", "switch", "cr3", "vectors", "vectors", "switch", None]
    if bench_machine.switches(kinds) != [(1, 0, 2), (0, 0, 0)]:
        raise Failure("counted wrongly")
