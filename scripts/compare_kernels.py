#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures Linux and Exo-OS with the same program on the same machine.

First by counted instructions, one boot each, then some rounds in turns by the
clock of plain emulation, of which the least counts. Writes build/compare/: results.jsonl, table.md and
ratios.svg; with --accept also the README's table and docs/compare.svg.

What Linux's kernel counts inside itself, by the module that --inside has in a
root file system, is kept for ratios.py.

Usage: compare_kernels.py LINUX [--inside ROOT] [--accept] [--rounds N]
"""
import argparse
import math
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import chart
from measure import KERNEL, PROGRAM_ROOT, ROOT, Unfinished, boot, \
    boot_instructions, program_rows, write_lines

OUT = ROOT / "build/compare"
LINUX_ROOT = str(OUT / "linux.cpio")
EXO_WORDS = "bench=off console=serial loglevel=0 init=/bin/compare"
LINUX_WORDS = ("console=ttyS0 quiet loglevel=0 panic=-1 mitigations=off nopti "
               "nokaslr tsc=reliable init_on_alloc=0 rdinit=/bin/compare")
LIMIT_S = 900
MEMORY_KB = 256 * 1024
BAR = 0.5
MEAN_GOAL = 0.2
MACHINE = ("boot", "memory", "image", "start")
BEGIN, END = "<!-- compare: begin -->\n", "<!-- compare: end -->\n"


def boot_linux(linux, counted):
    return boot(linux, LINUX_ROOT, LINUX_WORDS, counted, LIMIT_S)


def linux_inside(linux, root):
    """[(row, instructions)] of Linux's own operations; no root, no rows."""
    if not root:
        return []
    run = boot(linux, root, LINUX_WORDS.replace("loglevel=0", "loglevel=1")
               .partition(" rdinit")[0], True, LIMIT_S)
    return [(name, row["p50"]) for name, row in run.rows.items()
            if "p50" in row]


def boot_exo(counted):
    return boot(KERNEL, PROGRAM_ROOT, EXO_WORDS, counted, LIMIT_S)


def by_clock(linux, rounds):
    """The least of each row over the rounds: {row: (Linux, Exo-OS)} in ns."""
    least = {}
    for number in range(rounds):
        print(f"by the clock, round {number + 1} of {rounds}", flush=True)
        for side, run in enumerate((boot_linux(linux, False),
                                    boot_exo(False))):
            found = {name: row["min"] for name, row in run.rows.items()
                     if "min" in row}
            found["boot"] = run.first_row_s * 1e9
            for name, figure in found.items():
                pair = least.setdefault(name, [math.inf, math.inf])
                pair[side] = min(pair[side], figure)
    return least


def goal_of(words):
    """The part of Linux's figure that a row should be, or None."""
    return float(Fraction(words)) if re.match(r"[\d.]", words) else None


class Row:
    """One row of the table; figures are None where a call is absent."""

    def __init__(self, spec, linux, exo, clock):
        self.name, words, self.copied, self.what = spec
        self.control = words == "CONTROL"
        self.goal_words, self.goal = words, goal_of(words)
        self.linux, self.exo = linux.get("p50"), exo.get("p50")
        self.why = exo.get("reason") or linux.get("reason")
        pair = clock.get(self.name, [math.inf, math.inf])
        self.clock = pair[1] / pair[0] if max(pair) < math.inf else None

    @property
    def ratio(self):
        return self.exo / self.linux if self.exo and self.linux else None

    @property
    def net(self):
        """The ratio without what moves bytes: what the goal is about."""
        if self.ratio is None:
            return None
        return (self.exo - self.copied) / (self.linux - self.copied)

    @property
    def above_bar(self):
        return bool(self.ratio and self.ratio > BAR and not self.control)

    def record(self):
        return {"row": self.name, "unit": "instructions", "linux": self.linux,
                "exo": self.exo, "ratio": self.ratio, "net": self.net,
                "goal": self.goal, "clock_ratio": self.clock,
                "reason": self.why}

    def line(self):
        if self.ratio is None:
            return f"| `{self.name}` | {self.what} | {number(self.linux)} " \
                   f"| {self.why} | | | | |"
        ratio = f"{self.ratio:.3f}"
        if self.above_bar:
            ratio = f"**{ratio} !**"
        net = f"{self.net:.3f}" if self.copied else ""
        goal = f"{self.goal_words} = {self.goal:.3f}" if self.goal else \
            "control" if self.control else ""
        clock = f"{self.clock:.2f}" if self.clock else ""
        return f"| `{self.name}` | {self.what} | {number(self.linux)} " \
               f"| {number(self.exo)} | {ratio} | {net} | {goal} | {clock} |"


def number(figure):
    return "" if figure is None else f"{figure:,.0f}"


def mean_of(rows):
    """The geometric mean of the ratios, the control left out."""
    logs = [math.log(row.ratio) for row in rows
            if row.ratio and not row.control]
    return math.exp(sum(logs) / len(logs))


def memory_gone(run, kind):
    files = os.path.getsize(ROOT / f"build/compare/{kind}.cpio")
    return MEMORY_KB - run.rows["free"]["p50"] - files / 1024


def machine_rows(linux_path, linux, exo, clock):
    """Boot, memory and image: (what, Linux, Exo-OS, ratio, the goal)."""
    ready = boot_instructions(exo)
    firmware = exo.rows["began"]["p50"] - ready
    stripped = os.path.getsize(ROOT / "build/exo.stripped")
    pairs = [
        ("boot: instructions from the kernel's first to the first program's",
         linux.rows["began"]["p50"] - firmware, ready, "1/500 = 0.002"),
        ("memory gone when idle, of 256 MB, less the root file system's "
         "files, KB", memory_gone(linux, "linux"), memory_gone(exo, "exo"),
         "2 MB"),
        ("kernel file, bytes (Linux's is compressed)",
         os.path.getsize(linux_path), stripped, "100 KB loadable")]
    rows = [(what, theirs, ours, ours / theirs, goal)
            for what, theirs, ours, goal in pairs]
    if "boot" in clock:
        theirs, ours = clock["boot"]
        rows.append(("start of QEMU to the first line of the program, ms",
                     theirs / 1e6, ours / 1e6, ours / theirs, ""))
    return rows


def table(rows, machine, version):
    """What people read, in Markdown."""
    above = ", ".join(f"`{row.name}`" for row in rows if row.above_bar)
    absent = ", ".join(f"`{row.name}`" for row in rows if row.ratio is None)
    measured = [row for row in rows if row.ratio and not row.control]
    goals = [row for row in measured if row.goal]
    met = sum(row.net <= row.goal for row in goals)
    text = [
        f"Linux is {version}, `{LINUX_WORDS.split(' rdinit')[0]}`. All "
        f"{len(measured)} rows together (geometric mean): "
        f"**{mean_of(rows):.3f}** of Linux's instructions; the goal is "
        f"{MEAN_GOAL}, and no row above {BAR}. Above it: {above or 'none'}. "
        f"Not measured: {absent or 'none'}. {met} of {len(goals)} rows with a "
        "goal of their own reach it.",
        "", "| row | an operation | Linux | Exo-OS | ratio | less the copy "
        "| goal | by the clock |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    text += [row.line() for row in rows]
    text += ["", "| machine | Linux | Exo-OS | ratio | goal |",
             "|---|--:|--:|--:|--:|"]
    text += [f"| {what} | {theirs:,.0f} | {ours:,.0f} | {ratio:.4f} | {goal} |"
             for what, theirs, ours, ratio, goal in machine]
    return "\n".join(text) + "\n"


def picture(rows):
    """The ratios as bars."""
    bars = [(row.name, row.ratio, f"{row.ratio:.2f}", row.goal, row.above_bar)
            for row in rows if row.ratio and not row.control]
    mean = mean_of(rows)
    return chart.bars(
        "Instructions an operation, in parts of Linux's: shorter is better",
        "The same program in the same machine; yellow: where we are going",
        bars, [(BAR, "no row above 1/2"), (mean, f"all: {mean:.3f}")], 1)


def accept(page, svg):
    """Puts the table into the README, between its marks, and the picture."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    if not tail:
        sys.exit("compare_kernels.py: README.md has lost its marks")
    readme.write_text(head + BEGIN + page + END + tail, encoding="utf-8")
    (ROOT / "docs/compare.svg").write_text(svg, encoding="utf-8")


def version_of(linux):
    path = Path(f"{linux}.version")
    return path.read_text(encoding="utf-8").strip() if path.exists() \
        else Path(linux).name


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("linux")
    parser.add_argument("--inside")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    opts = parser.parse_args()
    print("instructions: Exo-OS, then Linux", flush=True)
    exo, linux = boot_exo(True), boot_linux(opts.linux, True)
    inside = linux_inside(opts.linux, opts.inside)
    clock = by_clock(opts.linux, opts.rounds)
    rows = [Row(spec, linux.rows.get(spec[0], {}), exo.rows.get(spec[0], {}),
                clock) for spec in program_rows()]
    machine = machine_rows(opts.linux, linux, exo, clock)
    write_lines(OUT / "results.jsonl", [row.record() for row in rows] + [
        {"row": name, "linux": theirs, "exo": ours, "ratio": ratio}
        for name, (_, theirs, ours, ratio, _) in zip(MACHINE, machine)] + [
            {"row": name, "linux": theirs} for name, theirs in inside])
    page, svg = table(rows, machine, version_of(opts.linux)), picture(rows)
    (OUT / "table.md").write_text(page, encoding="utf-8")
    (OUT / "ratios.svg").write_text(svg, encoding="utf-8")
    print(page)
    if opts.accept:
        accept(page, svg)


if __name__ == "__main__":
    try:
        main()
    except Unfinished as why:
        sys.exit(f"{why}")
