#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ratios that we are going for, each with ours beside it.

Measures nothing: reads what bench, compare, bench-host and bench-machine left
in build/, and says what to run for what is missing. scripts/ratios_list.py
lists the lines. --accept keeps the figures in bench/ratios, where one that is
missing stays as it was, and writes the table made of these into
docs/ratios.md.

Usage: ratios.py [--accept]
"""
import argparse
import json
import sys

from measure import ROOT, program_rows
from ratios_list import LINES

KEPT = ROOT / "bench/ratios"
PAGE = ROOT / "docs/ratios.md"
BEGIN, END = "<!-- ratios: begin -->\n", "<!-- ratios: end -->\n"
HEAD = """\
# What the table of docs/ratios.md is made of: the last accepted figures. They
# are moved by: ./exo ratios ACCEPT=1
"""
# Fewer rounds tell little on a machine that others use.
ROUNDS_LEAST = 50
COMMANDS = {"bench": "bench", "exo": "compare", "linux": "compare",
            "host": "bench-host", "machine": "bench-machine"}


def rows_of(folder):
    """The lines of JSON that a command left; none if it did not run."""
    path = folder / "results.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def bench_figures(rows):
    for row in rows:
        if "p50" in row:
            yield f"bench/{row['name'].removeprefix('bench/')}", row["p50"]
            yield f"bench/{row['name'].removeprefix('bench/')}.max", \
                row.get("max", row["p50"])


def compare_figures(rows):
    copied = {name: copied for name, _, copied, _ in program_rows()}
    for row in rows:
        for side in ("linux", "exo"):
            if row.get(side) is not None:
                yield f"{side}/{row['row']}", \
                    row[side] - copied.get(row["row"], 0)


def host_figures(rows):
    for row in rows:
        if row.get("n", 0) >= ROUNDS_LEAST:
            yield f"host/{row['row']}/{row['who']}", row["min"]


def machine_figures(rows):
    for row in rows:
        yield f"machine/{row['name']}", row["value"]


READERS = {"bench": bench_figures, "compare": compare_figures,
           "bench-host": host_figures, "bench-machine": machine_figures}


def measured(build=ROOT / "build"):
    """{name: figure} of what is in the folders there."""
    return {name: figure for folder, reader in READERS.items()
            for name, figure in reader(rows_of(build / folder))}


def used():
    """The names of all figures that lines are made of, in their order."""
    return list(dict.fromkeys(name for line in LINES
                              for name in (line.ours, *line.theirs)))


def kept():
    """{name: figure} of the last accepted ones."""
    if not KEPT.exists():
        return {}
    pairs = [line.split() for line in KEPT.read_text("utf-8").splitlines()
             if not line.startswith("#")]
    return {name: float(figure) for name, figure in pairs}


def keep(figures):
    lines = [f"{name} {figures[name]:.10g}\n" for name in used()
             if name in figures]
    KEPT.write_text(HEAD + "".join(lines), encoding="utf-8")


def commands(line):
    """What measures a line."""
    names = {COMMANDS[name.split("/")[0]] for name in (line.ours, *line.theirs)}
    return ", ".join(f"`{name}`" for name in dict.fromkeys(COMMANDS.values())
                     if name in names)


class Result:
    """What the figures say of a line; `missing` tells why they say nothing."""

    def __init__(self, line, figures):
        self.line, self.missing = line, ""
        self.ours, self.theirs, self.ratio = figures.get(line.ours), None, None
        for name in (line.ours, *line.theirs):
            if name not in figures:
                command = COMMANDS[name.split("/")[0]]
                self.missing = f"not measured: ./exo {command}"
        if not self.missing and line.theirs:
            self.theirs = min(figures[name] for name in line.theirs)
            self.ratio = self.ours / self.theirs
        self.met = not self.missing and \
            line.goal.met(self.ours if self.ratio is None else self.ratio)

    def row(self):
        line, peer = self.line, self.line.peer
        if self.theirs is not None:
            peer += f": {number(self.theirs)}"
        ours = self.missing or number(self.ours)
        cells = [line.what, line.instrument, peer, ours,
                 "" if self.ratio is None else ratio(self.ratio),
                 line.goal.words, "" if self.missing else
                 "yes" if self.met else "**no**", commands(line)]
        return f"| {' | '.join(cells)} |"


def number(figure):
    if figure >= 100 or figure == int(figure):
        return f"{figure:,.0f}"
    return f"{figure:.2f}"


def ratio(figure):
    """As a part of one where it is far below one."""
    if figure >= 0.2:
        return f"{figure:.2f}"
    return f"1/{1 / figure:.1f}" if figure > 0.01 else f"1/{1 / figure:.0f}"


def reasons(lines):
    """{why: the lines that fall short of their goal for that}."""
    found = {}
    for line in lines:
        beside = f" ({line.peer})" if line.peer else ""
        found.setdefault(line.why, []).append(line.what + beside)
    return found


def table(figures):
    """What people read, in Markdown."""
    results = [Result(line, figures) for line in LINES]
    met = sum(result.met for result in results)
    missing = sum(bool(result.missing) for result in results)
    short = [result.line for result in results
             if not result.met and not result.missing]
    text = [f"{met} of {len(results)} lines reach their goal"
            + (f", {missing} are not measured" if missing else "") + ".",
            "", "| what | by | peer | ours | ratio | goal | met | from |",
            "|---|---|--:|--:|--:|--:|---|---|"]
    text += [result.row() for result in results]
    if short:
        text += ["", "Where a line falls short:", ""]
    text += [f"- {'; '.join(names)}: {why}"
             for why, names in reasons(short).items()]
    return "\n".join(text) + "\n"


def parts(page):
    """What stands before the table in the page, the table, and the rest."""
    head, _, rest = page.partition(BEGIN)
    page, _, tail = rest.partition(END)
    return head + BEGIN, page, END + tail


def accept(found):
    old = kept()
    stays = [name for name in used() if name not in found]
    keep(old | found)
    head, _, tail = parts(PAGE.read_text("utf-8"))
    PAGE.write_text(head + table(kept()) + tail, encoding="utf-8")
    for name in stays:
        print(f"{name} was not measured and stays "
              f"{old.get(name, 'unknown')}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true")
    opts = parser.parse_args()
    found = measured()
    print(table(found))
    if opts.accept:
        accept(found)


if __name__ == "__main__":
    main()
