# SPDX-License-Identifier: MIT
"""The tests' own programs: what they print on Linux, they print here."""
import subprocess

from suite import test
from user_faults import TESTS_INITRD
from vm import DEBUG_KERNEL, KERNEL, ROOT, Failure, Machine, Vm

from explore import OURS

PREEMPT_KERNEL = str(ROOT / "build/preempt/exo.elf")
KERNELS = {"release": KERNEL, "debug": DEBUG_KERNEL, "preempt": PREEMPT_KERNEL}
CPUS = {"release": "max", "debug": "qemu64", "preempt": "max"}
# The release kernel runs them on four processors side by side.
COUNTS = {"release": 4, "debug": 1, "preempt": 1}
PROGRAMS = [name + libc for libc in ("", "-glibc")
            for name in ("pointers", "registers", "memory", "families", "names",
                         "unshare",
                         "signals",
                         "signal_faults", "jobs", "fork", "threads", "exec",
                         "storm", "files", "pipes", "proc", "locks", "transfer",
                         "events", "timers", "pty", "accounts", "busy", "sockets",
                         "seals")]
LIMIT_S = 120


def output_on_linux(program):
    done = subprocess.run([ROOT / f"build/testroot/tests/{program}"],
                          check=False, timeout=LIMIT_S, capture_output=True,
                          text=True)
    if done.returncode:
        raise Failure(f"Linux: status {done.returncode}\n{done.stdout}")
    return done.stdout


@test("{program} prints on the {kernel} kernel what it prints on Linux",
      program=PROGRAMS, kernel=KERNELS)
def user_program(program, kernel):
    wanted = output_on_linux(program)
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD,
                    cpu=CPUS[kernel], cpus=COUNTS[kernel], append="bench=off panic=exit "
                    f"loglevel=1 init=/tests/{program}")) as vm:
        vm.expect(r"^\[boot\] ready in.*\n")
        start = vm.read_to
        end = vm.expect(r"^init exited, status 0$", LIMIT_S).start()
        found = OURS.sub("", vm.text[start:end])
        vm.expect_end(0)
    for ours, theirs in zip(found.splitlines(), wanted.splitlines()):
        if ours != theirs:
            vm.fail(f"{ours!r}, on Linux {theirs!r}")
    if found != wanted:
        vm.fail("it printed more or less than on Linux")
