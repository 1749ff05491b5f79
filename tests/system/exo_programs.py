# SPDX-License-Identifier: MIT
"""Programs that use what only Exo-OS has; they check themselves."""
import os
import re

from suite import test
from user_faults import TESTS_INITRD
from user_programs import CPUS, KERNELS, LIMIT_S, OURS
from vm import Machine, Vm

NAMES = ("rings", "calls", "handles")


# So many times longer than usual.
TORTURE = int(os.environ.get("IPC_TORTURE", "1"))


def finds_all(program, kernel, cpus, times=0):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD, cpus=cpus,
                    cpu=CPUS[kernel], append="bench=off panic=exit "
                    f"loglevel=1 init=/tests/{program}"
                    + (f" -- {times}" if times else ""))) as vm:
        vm.expect(r"^init exited, status 0$", LIMIT_S * max(times, 1))
        vm.expect_end(0)
        if not re.search(r"^\d+ checks, 0 failed$", OURS.sub("", vm.text),
                         re.M):
            vm.fail("it did not find all as it should be")


@test("{program} finds all as it should be, on the {kernel} kernel",
      program=[name + libc for libc in ("", "-glibc") for name in NAMES],
      kernel=KERNELS)
def exo_program(program, kernel):
    finds_all(program, kernel, 1)


@test("{program} finds the same where both sides run at once, on the {kernel} "
      "kernel", program=NAMES, kernel=KERNELS)
def exo_program_apart(program, kernel):
    finds_all(program, kernel, 2)


@test("{program} finds the same on {cpus} processors, on the {kernel} kernel",
      program=("rounds", "parcels"), kernel=("debug", "preempt"), cpus=(1, 2))
def exo_program_passes(program, kernel, cpus):
    finds_all(program, kernel, cpus, TORTURE)
