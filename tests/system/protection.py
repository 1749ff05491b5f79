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


@test("a test that leaves memory behind fails, and is told whose it was")
def leak_told():
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=TESTS_INITRD, accel="tcg",
                    icount="shift=0,sleep=off", append="bench=off panic=exit "
                    "test=planted_leak")) as vm:
        vm.expect(r"^# ipc holds more than before: 1 objects, \d+ bytes, "
                  r"[1-9]\d* frames$")
        vm.expect("^not ok 1 planted_leak")
        vm.expect_end(3)


@test("/proc/exo/memory of the {kernel} kernel tells caches, and in the debug "
      "kernel who holds how much", kernel=KERNELS)
def memory_told(kernel):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=INITRD, append="bench=off "
                    "init=/bin/cat -- /proc/exo/memory")) as vm:
        vm.expect(r"^frames \d+ free \d+ cached \d+ meta \d+$")
        vm.expect(r"^thread \d+ [1-9]\d* [1-9]\d*$")
        if kernel == "debug":
            vm.expect("^subsystem objects bytes frames$")
            vm.expect(r"^sched [1-9]\d* [1-9]\d* [1-9]\d*$")
            vm.expect(r"^fs [1-9]\d* [1-9]\d* ")
        vm.expect("^init exited, status 0$")
        vm.expect_end(0)
