# SPDX-License-Identifier: MIT
"""Boots a machine that measures itself, and takes in what it prints.

Used by compare_kernels.py and bench.py. The machine is the one of all counted figures:
one processor, plain emulation, copies by 8 bytes (docs/benchmarks.md).
"""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from qemu import Machine

ROOT = Path(__file__).resolve().parent.parent
KERNEL = str(ROOT / "build/exo.elf")
PROGRAM_ROOT = str(ROOT / "build/compare/exo.cpio")
CPU = "max,erms=off,fsrm=off"
COUNTED = "shift=0,sleep=off"
LINE = re.compile(r"(?:BENCH|COMPARE) (\{.*\})")
ROW = re.compile(r'^ROW\((\w+), \d+, \d+, "(.*?)", (\d+), "(.*?)"\)', re.M)


class Run:
    """What one boot printed: its rows of figures by name, and all of it."""

    def __init__(self):
        self.rows = {}
        self.text = ""
        self.first_row_s = None

    def take(self, line, age_s):
        self.text += line
        match = LINE.search(line)
        if match:
            row = json.loads(match[1])
            self.rows[row.get("row") or row["name"]] = row
            self.first_row_s = self.first_row_s or age_s


def boot(kernel, initrd, append, counted, limit_s):
    """Runs the machine until it is off; ends the whole script if it fails."""
    command = Machine(kernel=kernel, initrd=initrd, append=append, accel="tcg",
                      cpu=CPU, serial="stdio",
                      icount=COUNTED if counted else "").command()
    if os.environ.get("V"):
        print(" ".join(command), file=sys.stderr)
    run, start = Run(), time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE) as qemu:
        limit = threading.Timer(limit_s, qemu.send_signal, [signal.SIGKILL])
        limit.start()
        for line in qemu.stdout:
            run.take(line, time.monotonic() - start)
        limit.cancel()
    if "end" not in run.rows:
        sys.exit(f"{run.text[-3000:]}\n{kernel} did not measure to the end "
                 f"within {limit_s} s; QEMU's status is {qemu.returncode}")
    return run


def program_rows():
    """(name, goal, copied, what) of each row of bench/compare/rows.def."""
    text = (ROOT / "bench/compare/rows.def").read_text(encoding="utf-8")
    return [(name, goal, int(copied), what)
            for name, goal, copied, what in ROW.findall(text)]


def write_lines(path, rows):
    """The rows as lines of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows),
                    encoding="utf-8")
