#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All benchmarks by counted instructions, beside the last accepted figures.

The boot, the kernel's own benchmarks (bench/bench.def, as bench/NAME) and the
rows of the program that also measures Linux (bench/compare/rows.def, as
user/NAME), each the least of its samples. Writes build/bench/: results.jsonl,
table.md and lengths.svg. The accepted figures stand in bench/baseline, a line
each; --accept writes them anew.

Usage: bench_counted.py [--accept]
"""
import argparse
import os
import subprocess
import sys

import chart
from measure import KERNEL, PROGRAM_ROOT, ROOT, Unfinished, boot, \
    boot_instructions, write_lines
from qemu import QEMU

OUT = ROOT / "build/bench"
BASELINE = ROOT / "bench/baseline"
ROOT_FILES = str(ROOT / "build/initrd.cpio")
LIMIT_S = 600
GROWTH = 1.05
# When the interrupt comes is the emulator's choice, by a hundred instructions.
NOT_HELD = ("bench/timer_interrupt",)
HEAD = """\
# The last accepted instructions of each path; `make test` fails if one grows by
# more than 5 %. They are moved on purpose by: ./exo bench ACCEPT=1
"""
TOOLS = "# made with "


def tools():
    """What else than the sources decides the figures."""
    def first_line(*command):
        done = subprocess.run(command, check=True, capture_output=True,
                              text=True)
        return done.stdout.splitlines()[0]
    return first_line(os.environ.get("CC") or "gcc", "--version") + "; " + \
        first_line(QEMU, "--version")


def measure():
    """The rows by name: what each boot printed of it."""
    user = boot(KERNEL, PROGRAM_ROOT,
                "bench=off console=serial init=/bin/compare", True, LIMIT_S)
    own = boot(KERNEL, ROOT_FILES, "bench=all console=serial "
               "init=/bin/hello", True, LIMIT_S)
    rows = {"boot": {"unit": "instructions", "p50": boot_instructions(user)}}
    rows |= {f"bench/{name}": row for name, row in own.benches.items()}
    rows |= {f"user/{name}": row for name, row in user.rows.items()
             if "min" in row}
    return rows


def lengths(rows):
    """{name: instructions} of what was measured, the least of the samples.

    A sample has more in it now and then, such as a timer of somebody else, and
    a change anywhere may move that; the path itself is the least.
    """
    return {name: row.get("min", row["p50"]) for name, row in rows.items()
            if "p50" in row}


def baseline():
    """(the tools that it was made with, {name: instructions})."""
    made_with, accepted = "", {}
    for line in BASELINE.read_text(encoding="utf-8").splitlines():
        if line.startswith(TOOLS):
            made_with = line.removeprefix(TOOLS)
        elif not line.startswith("#"):
            name, figure = line.split()
            accepted[name] = float(figure)
    return made_with, accepted


def allowed(accepted):
    """Up to where a path has not grown: an instruction is never too much."""
    return max(accepted * GROWTH, accepted + 1)


def complaints(found, accepted):
    """A sentence for each path that has grown or is measured no more."""
    for name, figure in accepted.items():
        if name not in found:
            yield f"{name} is not measured any more"
        elif found[name] > allowed(figure):
            yield (f"{name} grew from {figure:g} to {found[name]:g} "
                   f"instructions, by {100 * (found[name] / figure - 1):.1f} %")


def accept(found):
    lines = [f"{name} {figure:g}" if figure < 1e5 else f"{name} {figure:.0f}"
             for name, figure in sorted(found.items()) if name not in NOT_HELD]
    BASELINE.write_text(HEAD + TOOLS + tools() + "\n" + "\n".join(lines) +
                        "\n", encoding="utf-8")


def change(name, found, accepted):
    """How much a path has changed, for people."""
    if name not in accepted:
        return "not held" if name in NOT_HELD else "new"
    percent = 100 * (found[name] / accepted[name] - 1)
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else ""


def table(rows, found, accepted):
    """What people read, in Markdown."""
    text = ["| path | least | median | most | target | accepted | change |",
            "|---|--:|--:|--:|--:|--:|--:|"]
    for name, row in rows.items():
        if name not in found:
            text.append(f"| `{name}` | {row['reason']} | | | | | |")
            continue
        cells = [row.get("min"), row["p50"], row.get("max"),
                 row.get("target"), accepted.get(name)]
        shown = ["" if cell is None else f"{cell:,.0f}" for cell in cells]
        text.append(f"| `{name}` | {' | '.join(shown)} | "
                    f"{change(name, found, accepted)} |")
    return "\n".join(text) + "\n"


def picture(found, accepted):
    """The lengths as bars by powers of ten, the accepted ones as marks."""
    bars = [(name, figure, f"{figure:,.0f}", accepted.get(name),
             name in accepted and figure > allowed(accepted[name]))
            for name, figure in found.items()]
    powers = [(10 ** power, f"{10 ** power:,}") for power in range(1, 7)]
    return chart.bars(
        "Instructions of an operation", "Each line is ten times the one "
        "before; yellow: the accepted figure; red: more than 5 % above it",
        bars, powers, 10 ** 7, powers=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true")
    opts = parser.parse_args()
    rows = measure()
    found = lengths(rows)
    _, accepted = baseline() if BASELINE.exists() else ("", {})
    write_lines(OUT / "results.jsonl", [
        {**row, "name": name, "accepted": accepted.get(name)}
        for name, row in rows.items()])
    page = table(rows, found, accepted)
    (OUT / "table.md").write_text(page, encoding="utf-8")
    (OUT / "lengths.svg").write_text(picture(found, accepted),
                                     encoding="utf-8")
    print(page)
    for line in complaints(found, accepted):
        print(line)
    if opts.accept:
        accept(found)


if __name__ == "__main__":
    try:
        main()
    except Unfinished as why:
        sys.exit(f"{why}")
