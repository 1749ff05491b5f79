# SPDX-License-Identifier: MIT
"""Boots a machine that measures itself, and takes in what it prints.

Used by compare_kernels.py, bench_counted.py and bench_machine.py. The machine is the one of all counted figures:
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
BENCH, COMPARE = "BENCH", "COMPARE"
LINE = re.compile(rf"({BENCH}|{COMPARE}) (\{{.*\}})")
ENDED = re.compile(r"^init exited, status 0$", re.M)
READY = re.compile(r"ready in .* \((\d+) cycles\)")
SHOWN_BYTES = 3000
ROW = re.compile(r'^ROW\((\w+), \d+, \d+, "(.*?)", (\d+), "(.*?)"\)', re.M)


class Run:
    """What one boot printed: all of it, and the figures by their names.

    `benches` are the kernel's own, `rows` those of the program.
    """

    def __init__(self):
        self.benches = {}
        self.rows = {}
        self.text = ""
        self.first_row_s = None

    def take(self, line, age_s):
        self.text += line
        match = LINE.search(line)
        if match:
            row = json.loads(match[2])
            if match[1] == BENCH:
                self.benches[row["name"]] = row
            else:
                self.rows[row["row"]] = row
            self.first_row_s = self.first_row_s or age_s


class Unfinished(Exception):
    """The machine did not get to the end of what it was to do."""


def boot(kernel, initrd, append, counted, limit_s, **machine):
    """Runs the machine until it is off and has said all."""
    command = Machine(kernel=kernel, initrd=initrd, append=append, accel="tcg",
                      cpu=CPU, serial="stdio",
                      icount=COUNTED if counted else "", **machine).command()
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
    if "end" not in run.rows and not ENDED.search(run.text):
        raise Unfinished(f"{run.text[-SHOWN_BYTES:]}\n{kernel} did not measure "
                         f"to the end within {limit_s} s; QEMU's status is "
                         f"{qemu.returncode}")
    return run


def boot_instructions(run):
    """From the kernel's first instruction to the first program's."""
    return int(READY.search(run.text)[1])


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
