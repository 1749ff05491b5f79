# SPDX-License-Identifier: MIT
"""The boot's instructions: few, and the same in each run."""
from suite import test
from vm import INITRD, KERNEL, Failure, Machine, Vm

BOOT_BUDGET = 10_000_000


def boot_instructions():
    """From the first kernel instruction to the first of the first program.

    Under this instruction counting the cycle counter counts instructions, and
    the kernel reads it first thing.
    """
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, accel="tcg",
                    icount="shift=0,sleep=off",
                    append="bench=off init=/bin/hello")) as vm:
        ready = vm.expect(r"^\[boot\] ready in .* \((\d+) cycles\)")
        vm.expect(r"^init exited, status 0$")
    return int(ready[1])


@test("the boot stays within 10 million instructions, equal in two runs")
def budget_boot():
    first, second = boot_instructions(), boot_instructions()
    print(f"{first} instructions from the first to ring 3, then {second}")
    if first != second:
        raise Failure("two runs of one image differ")
    if not 0 < first < BOOT_BUDGET:
        raise Failure(f"the budget is {BOOT_BUDGET}")
