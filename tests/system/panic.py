# SPDX-License-Identifier: MIT
"""The kernel tells its own death, wherever it dies."""
import re
import subprocess
import sys

from suite import test
from vm import DEBUG_KERNEL, INITRD, KERNEL, ROOT, Failure, Machine, Vm

REASONS = {
    "thread": r"(?i)panic",
    "irq": r"(?i)panic",
    "locked": r"(?i)panic",
    "runq": r"(?i)panic",
    "early": r"(?i)panic",
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
    check_dump(vm)


def check_dump(vm):
    """What is left to read is the dump; its last event is the panic."""
    events, end, _ = vm.text[vm.read_to:].strip().partition(END)
    events = events.splitlines()
    if not end or len(events) > 32 or "PANIC" not in events[-1]:
        vm.fail("the dump does not end with the event that killed the kernel")


CPUS = 4
DIES = {"other": "panics+", "irq": "timer_panics+"}
BACKTRACE = re.compile(r"^backtrace \(processor (\d+).*\):\n((?:  .+\n)+)", re.M)


@test("a death {how} of four processors is told once, with the calls of all",
      how=DIES, kernel=("release", "debug"))
def panic_smp(how, kernel):
    path = {"release": KERNEL, "debug": DEBUG_KERNEL}[kernel]
    vm, calls = die_among(path, how, CPUS)
    dying = [cpu for cpu, names in calls.items()
             if any(DIES[how] in name for name in names)]
    if len(dying) != 1:
        vm.fail(f"the processors {dying} die")


def die_among(kernel, how, cpus):
    """The machine after its one report, and each processor's calls."""
    with Vm(Machine(kernel=kernel, initrd=INITRD, cpus=cpus, accel="tcg",
                    icount="shift=1,sleep=off", append="bench=off "
                    f"init=/bin/hello crash={how} panic=exit")) as vm:
        vm.expect(DUMP)
        vm.expect_end()
    check_dump(vm)
    if len(re.findall("^=== PANIC: ", vm.text, re.M)) != 1:
        vm.fail("there is not one report")
    calls = {int(cpu): re.findall(SYMBOL, text)
             for cpu, text in BACKTRACE.findall(vm.text)}
    if sorted(calls) != list(range(cpus)) or not all(calls.values()):
        vm.fail(f"the calls of the processors are {calls}")
    return vm, calls


TWICE = {"crash=twice": "crash_twice+",
         "crash=twice, on the other processor": "panics_second+"}


@test("of {cpus} processors two die at once: one reports, and tells the "
      "other's reason and calls", cpus=(2, 4), kernel=("release", "debug"))
def panic_twice(cpus, kernel):
    path = {"release": KERNEL, "debug": DEBUG_KERNEL}[kernel]
    vm, calls = die_among(path, "twice", cpus)
    first = re.findall(r"^=== PANIC: (.*) ===$", vm.text, re.M)
    second = re.findall(r"^processor (\d+) panics, too: (.*)$", vm.text, re.M)
    if len(second) != 1 or {*first, second[0][1]} != {*TWICE}:
        vm.fail(f"the reasons are {first} and {second}")
    cpu, reason = int(second[0][0]), second[0][1]
    if not any(TWICE[reason] in name for name in calls[cpu]):
        vm.fail(f"{reason!r}, but its calls are {calls[cpu]}")


@test("a pasted report is decoded to files and lines")
def panic_decoded():
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD,
                    append="bench=off crash=double panic=exit")) as vm:
        vm.expect(END)
        vm.expect_end()
    pasted = "".join(f"> {line}\n" for line in vm.text.splitlines())
    done = subprocess.run([sys.executable, ROOT / "scripts/decode_dump.py",
                           DEBUG_KERNEL], input=pasted, check=True,
                          capture_output=True, text=True)
    for words in (r"^> === PANIC: ", r"^ +crash_double at boot/crash\.c:\d+$",
                  r"^ +boot_thread at boot/main\.c:\d+$"):
        if not re.search(words, done.stdout, re.M):
            raise Failure(f"no {words!r} in\n{done.stdout}")


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


HANGS = {
    "hangs_mutex": (
        r'^watchdog: thread \d+ "boot" waits for mutex LOCK_TEST_INNER, which '
        r'thread (\d+) "crash" holds, 20 ms more$',
        r"^  \w+  crash_hangs_mutex\+", r"^the calls of thread \d+:$",
        r"^  \w+  holds_mutex\+", r"^watchdog: .* 20 ms more$"),
    "hangs_spinlock": (
        r"^watchdog: processor \d waits for spinlock LOCK_TEST_OUTER, which "
        r"processor 1 holds, 20 ms more$",
        r"^  \w+  crash_hangs_spinlock\+", r"^watchdog: .* 20 ms more$"),
}


@test("the watchdog tells who waits for what, and for whom: {how}", how=HANGS)
def watchdog(how):
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, cpus=2, accel="tcg",
                    icount="shift=5,sleep=off", append="bench=off watchdog=20 "
                    f"crash={how} panic=exit")) as vm:
        for line in HANGS[how]:
            vm.expect(line)
