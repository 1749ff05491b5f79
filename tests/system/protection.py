# SPDX-License-Identifier: MIT
"""What stops the kernel when it has gone wrong."""
from suite import test
from user_faults import TESTS_INITRD
from vm import DEBUG_KERNEL, INITRD, KERNEL, Machine, Vm

KERNELS = {"release": KERNEL, "debug": DEBUG_KERNEL}


@test("a function of the {kernel} kernel that overwrites its return address "
      "does not return", kernel=KERNELS)
def stack_smashed(kernel):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=INITRD,
                    append="crash=smash panic=exit")) as vm:
        vm.expect(r"^=== PANIC: stack smashed")
        vm.expect(r"^=== TRACE DUMP \(last 32 events\) ===$")
        vm.expect(r"^=== END OF TRACE DUMP ===$")
        vm.expect_end(255)


@test("an NMI stops a {kernel} kernel that copies user memory, with a report",
      kernel=KERNELS)
def nmi(kernel):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD,
                    append="bench=off panic=exit loglevel=1 "
                    "init=/tests/faults -- copying")) as vm:
        vm.expect(r"^\[boot\] optional +clock_check")
        vm.qmp("inject-nmi")
        vm.expect(r"^=== PANIC: non-maskable interrupt")
        vm.expect_end(255)
