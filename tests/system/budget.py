# SPDX-License-Identifier: MIT
"""The boot's instructions: few, and the same in each run."""
import os
import re
import subprocess

from suite import test
from vm import INITRD, KERNEL, LIMIT_S, Failure, Machine

BOOT_BUDGET = 10_000_000


def boot_instructions():
    """From the first kernel instruction to the first of the first program.

    Under this instruction counting the cycle counter counts instructions, and
    the kernel reads it first thing. The serial port is a file: a socket makes
    the kernel wait for its reader, and the runs differ.
    """
    serial = os.environ["EXO_TEST_LOG"] + ".serial"
    subprocess.run(
        Machine(kernel=KERNEL, initrd=INITRD, accel="tcg",
                icount="shift=0,sleep=off", serial=f"file:{serial}",
                append="bench=off init=/bin/hello").command(),
        stdin=subprocess.DEVNULL, check=True, timeout=LIMIT_S)
    with open(serial, encoding="utf-8") as file:
        text = file.read()
    ready = re.search(r"^\[boot\] ready in .* \((\d+) cycles\)", text, re.M)
    if not ready or "init exited, status 0" not in text:
        raise Failure("the boot did not end well:\n" + text)
    return int(ready[1])


@test("the boot stays within 10 million instructions, equal in two runs")
def budget_boot():
    first, second = boot_instructions(), boot_instructions()
    print(f"{first} instructions from the first to ring 3, then {second}")
    if first != second:
        raise Failure("two runs of one image differ")
    if not 0 < first < BOOT_BUDGET:
        raise Failure(f"the budget is {BOOT_BUDGET}")
