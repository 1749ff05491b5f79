# SPDX-License-Identifier: MIT
"""gdb on the kernel: it stops at kernel_main, steps, and sees the calls."""
import re
import subprocess
import tempfile

from suite import test
from vm import DEBUG_KERNEL, INITRD, ROOT, Failure, Machine, Vm

GDB_LIMIT_S = 60


def gdb(*commands, append="init=/bin/hello"):
    """Runs gdb on a halted machine; returns what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        door = f"{folder}/gdb"
        machine = Machine(
            kernel=DEBUG_KERNEL, initrd=INITRD, accel="tcg",
            append=f"bench=off {append}",
            extra=["-S", "-gdb", f"unix:{door},server=on,wait=off"])
        words = ["gdb", "-nx", "-q", "-batch", "-x",
                 ROOT / "scripts/exo-gdb.py", "-ex", f"target remote {door}"]
        for command in commands:
            words += ["-ex", command]
        with Vm(machine):
            done = subprocess.run(
                words + [DEBUG_KERNEL], cwd=ROOT, text=True, check=False,
                capture_output=True, timeout=GDB_LIMIT_S)
    print(done.stdout + done.stderr)
    return done.stdout


@test("gdb stops at kernel_main, steps by line, and bt is right")
def gdb_steps():
    text = gdb("hbreak kernel_main", "continue", "info symbol $pc",
               "frame", "next", "frame", "bt")
    frames = re.findall(r"^#0 .*kernel_main .*?at (\S+):(\d+)", text, re.M)
    if "kernel_main in section .text" not in text:
        raise Failure("the machine did not stop in kernel_main")
    if len(frames) < 3 or frames[0] == frames[1]:
        raise Failure("no step from one line to the next")


@test("bt in a deeper function goes back to kernel_main, line by line")
def gdb_backtrace():
    text = gdb("hbreak kernel_main", "continue", "hbreak log_raw",
               "continue", "bt")
    calls = re.findall(r"^#\d+ .*?(\w+) \(.*?\) at \S+:\d+", text, re.M)
    if "log_raw" not in calls or calls[-1] != "kernel_main":
        raise Failure(f"the backtrace has {calls}")


@test("our gdb commands show threads, a sleeper's calls, events and locks")
def gdb_commands():
    text = gdb("hbreak panic", "continue", "exo threads", "exo trace 100",
               "exo locks", append="crash=locked")
    for pattern in (r"^ +\d+ running +cpu 0 +boot$",
                    r"^ *\d+ cpu 0 thread \d+ +BOOT_TASK +task task_\w+\+0",
                    r"^cpu 0 LOCK_TEST_OUTER \w+"):
        if not re.search(pattern, text, re.M):
            raise Failure(f"no {pattern!r}")
