# SPDX-License-Identifier: MIT
"""System calls with garbage for arguments (tests/user/fuzz_calls.c).

FUZZ_CHILDREN=N and FUZZ_SEED=N in the environment make it longer or other.
"""
import os

from suite import test
from user_faults import TESTS_INITRD
from vm import DEBUG_KERNEL, KERNEL, ROOT, Machine, Vm

KERNELS = {"release": KERNEL, "debug": DEBUG_KERNEL,
           "preempt": str(ROOT / "build/preempt/exo.elf")}
CHILDREN = int(os.environ.get("FUZZ_CHILDREN", "24"))
SEED = os.environ.get("FUZZ_SEED", "1")


@test("the {kernel} kernel survives system calls with garbage",
      limit_s=400 + CHILDREN * 10, kernel=KERNELS)
def fuzz_calls(kernel):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD, cpus=2,
                    append="bench=off panic=exit loglevel=0 "
                    f"init=/tests/fuzz_calls -- {CHILDREN} {SEED}")) as vm:
        vm.expect(r"^the kernel is well$", 300 + CHILDREN * 10)
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
