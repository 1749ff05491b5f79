# SPDX-License-Identifier: MIT
"""Every system call with each kind of garbage (tests/user/garbage.c).

GARBAGE_STEP=1 in the environment makes every call of the table; as it stands
each kernel makes another part of them.
"""
import os
import re

from suite import test
from user_faults import TESTS_INITRD
from vm import DEBUG_KERNEL, KERNEL, ROOT, Machine, Vm

STEP = int(os.environ.get("GARBAGE_STEP", "9"))
KERNELS = {"release": (KERNEL, 1), "debug": (DEBUG_KERNEL, 4),
           "preempt": (str(ROOT / "build/preempt/exo.elf"), 7)}
COMPLAINT = re.compile(r"panic|assert|leak", re.I)
LIMIT_S = 400 + 3000 // STEP


@test("the {kernel} kernel gives an errno for each kind of garbage",
      limit_s=LIMIT_S + 60, kernel=KERNELS)
def garbage(kernel):
    path, start = KERNELS[kernel]
    with Vm(Machine(kernel=path, initrd=TESTS_INITRD, cpus=2,
                    append="bench=off panic=exit loglevel=1 "
                    f"init=/tests/garbage -- {STEP} {start}")) as vm:
        vm.expect(r"^the kernel is well$", LIMIT_S)
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
        complaint = COMPLAINT.search(vm.text)
        if complaint:
            vm.fail(f"the kernel says {complaint[0]!r}")
