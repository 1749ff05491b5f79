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


COMMANDS = ("exo threads", "exo trace 100", "exo locks", "exo runq",
            "exo pages", "bt")
SHOWN = (r"^ +\d+ running +cpu 0 +boot$",
         r"^ *\d+ cpu 0 thread \d+ +BOOT_TASK +task task_\w+\+0",
         r"^cpu 0 LOCK_TEST_OUTER \w+",
         r"^cpu 0 runs \d+ boot; \d+ wait: ", r"^free +[1-9]\d+$",
         r"^#\d+ .*crash_locked \(\) at boot/crash\.c:\d+$")


def check_shown(text, patterns):
    for pattern in patterns:
        if not re.search(pattern, text, re.M):
            raise Failure(f"no {pattern!r}")


@test("our gdb commands show threads, events, locks, queues and frames")
def gdb_commands():
    check_shown(gdb("hbreak panic", "continue", *COMMANDS,
                    append="crash=locked"), SHOWN)


def gdb_on_dump(marker, append, commands):
    """What gdb says of the memory of a machine that has shown the marker."""
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, mem="32M",
                    append=append)) as vm:
        vm.expect(marker)
        text = vm.gdb_on_dump(commands)
    print(text)
    return text


@test("the same commands show the same of a dump of a dead machine's memory")
def gdb_dump():
    check_shown(gdb_on_dump(r"END OF TRACE DUMP",
                            "bench=off crash=locked panic=halt", COMMANDS),
                SHOWN + (r" PANIC +panic at crash_locked\+\d+",))


# It says "up" when the other process has gone to sleep.
SLEEPER = ("bench=off loglevel=1 init=/bin/busybox -- sh -c \"sleep 999 & "
           "until grep -q ') S' /proc/2/stat; do :; done; echo up; wait\"")
SLEEPS = (r"^ +\d+ interruptible +cpu 0 +sleep$",
          r"^thread \d+ sleep$", r"^#\d+ +sys_\w+sleep\+\d+ at posix/")


@test("a dump tells the memory and the calls of a program that sleeps")
def gdb_dump_program():
    text = gdb_on_dump(r"^up$", SLEEPER, ("exo threads", "exo bt", "exo vm 2"))
    check_shown(text, SLEEPS + (
        r'^process 2 "sleep"$',
        r"^  000000401000-\w{12} r-x- object 0x\w+\+0x1000$",
        r"^  7f\w{10}-7f\w{10} rw-- zeroes$"))


# Nothing is recorded any more when it shows the last records.
HOLDER = ("bench=off loglevel=1 trace=lock init=/bin/busybox -- sh -c \"echo off "
          "> /proc/exo/trace; cat /proc/exo/trace | grep LOCK_HELD | tail -n 9; "
          "echo up; sleep 999\"")
HELD = re.compile(r"held lock class \d+, \d+ ns")


@test("gdb tells how long locks were held in the nanoseconds that the kernel "
      "tells")
def gdb_dump_times():
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, mem="32M",
                    append=HOLDER)) as vm:
        vm.expect(r"^up$")
        text = vm.gdb_on_dump(("exo trace 300",))
    print(text)
    told = HELD.findall(vm.text)
    if len(told) < 3 or set(told) - set(HELD.findall(text)):
        raise Failure(f"the kernel tells {told}")


@test("a machine that says nothing more is asked who waits for what")
def gdb_hang():
    try:
        with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, mem="32M",
                        append=SLEEPER)) as vm:
            vm.expect(r"^up$")
            vm.expect(r"^down$", limit_s=0)
    except Failure as failure:
        check_shown(str(failure),
                    (r"did not see '\^down\$' within 0 s", *SLEEPS))
    else:
        raise Failure("it said something")
