# SPDX-License-Identifier: MIT
"""The kernel tells its own death, wherever it dies."""
from suite import test
from vm import DEBUG_KERNEL, INITRD, KERNEL, Machine, Vm

REASONS = {
    "thread": r"(?i)panic",
    "irq": r"(?i)panic",
    "locked": r"(?i)panic",
    "stack": r"(?i)stack|guard|double fault",
    "double": r"(?i)double fault",
}
DUMP = r"^=== TRACE DUMP \(last 32 events\) ===$"
END = "=== END OF TRACE DUMP ==="
SYMBOL = r"\b[a-z_]\w+\+0x[0-9a-f]+"


@test("a death in {place} of the {kernel} kernel is told: reason, names, the "
      "last events", place=REASONS, kernel=("release", "debug"))
def panic(place, kernel):
    path = {"release": KERNEL, "debug": DEBUG_KERNEL}[kernel]
    with Vm(Machine(kernel=path, initrd=INITRD, append="bench=off "
                    f"init=/bin/hello crash={place} panic=exit")) as vm:
        vm.expect(REASONS[place])
        vm.expect(SYMBOL)
        vm.expect(DUMP)
        status = vm.expect_end()
    if status % 2 == 0:
        vm.fail(f"panic=exit left QEMU with status {status}, not an odd one")
    events, end, _ = vm.text[vm.read_to:].strip().partition(END)
    events = events.splitlines()
    if not end or len(events) > 32 or "PANIC" not in events[-1]:
        vm.fail("the dump does not end with the event that killed the kernel")


@test("a death with a lock held names the lock")
def panic_names_lock():
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD,
                    append="bench=off crash=locked panic=exit")) as vm:
        vm.expect(r"^locks held: [1-9]\d*\n +LOCK_\w+ at 0x")
        vm.expect(DUMP)


@test("panic=reboot starts the machine anew")
def panic_reboots():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD,
                    append="bench=off crash=thread panic=reboot")) as vm:
        vm.expect(DUMP)
        vm.wait_event("SHUTDOWN")


CHECKS = {
    "order": r"lock order: LOCK_TEST_OUTER taken while LOCK_TEST_INNER",
    "sleeps": r"preempt_depth\(\) == 1",
    "mutex_atomic": r"preempt_depth\(\) == 0",
    "leaves_spinlock": r"to user mode with 1 spinlocks, 0 mutexes",
    "leaves_mutex": r"to user mode with 0 spinlocks, 1 mutexes",
    "leaves_preempt": r"to user mode with 0 spinlocks, 0 mutexes, "
                      r"preemption 1 deep",
}


@test("the debug kernel's check finds {what}", what=CHECKS)
def panic_checks(what):
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD,
                    append=f"bench=off crash={what} panic=exit")) as vm:
        vm.expect(CHECKS[what])
        vm.expect(DUMP)
        vm.expect_end()
