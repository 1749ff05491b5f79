# SPDX-License-Identifier: MIT
"""What a message through a ring costs, counted in the kernel's own trace."""
import trace_picture
from suite import test
from user_faults import TESTS_INITRD
from vm import KERNEL, Machine, Vm

MARK, WAIT, BELL = "getppid", "exo_ring_wait", "exo_ring_bell"
BATCHES = 10  # of tests/user/awake.c
MARKS = 4     # of each process: two around its messages, two around batches
SCRIPT = ("echo syscall,sched > /proc/exo/trace; /tests/awake; "
          "echo off > /proc/exo/trace; cat /proc/exo/trace; echo the end")


def traced():
    """The machine that ran the program, and the records of its trace."""
    with Vm(Machine(kernel=KERNEL, initrd=TESTS_INITRD, accel="tcg", cpus=2,
                    icount="shift=1,sleep=off", append="bench=off loglevel=1 "
                    "console=serial trace_records=16384 "
                    f'init=/bin/busybox -- sh -c "{SCRIPT}"')) as vm:
        vm.expect(r"^\d+ checks, 0 failed\r?$")
        vm.expect(r"^the end\r?$")
        vm.expect_end(0)
    if "lost" in vm.text:
        vm.fail("events are lost")
    return vm, trace_picture.records_of(vm.text)


def calls_in(records, tid):
    """(name, place) of each system call of this thread, in order."""
    names = trace_picture.calls_of()
    return [(names[int(record.a)][0], place)
            for place, record in enumerate(records)
            if record.event == "SYSCALL" and record.tid == tid]


def marked(calls):
    return [at for at, (name, _) in enumerate(calls) if name == MARK]


def switches_to(tid, records):
    return sum(record.event == "SWITCH" and int(record.a) == tid
               for record in records)


@test("between two that are awake messages cost no system call; a batch of "
      "three for one that sleeps costs one bell and one switch")
def ring_counted():
    vm, records = traced()
    calls = {tid: calls_in(records, tid)
             for tid in sorted({record.tid for record in records})}
    calls = {tid: found for tid, found in calls.items()
             if len(marked(found)) == MARKS}
    if len(calls) != 2:
        vm.fail(f"the threads {list(calls)} have made their marks")
    for tid, found in calls.items():
        first, last, *_ = marked(found)
        if last != first + 1:
            vm.fail(f"awake, thread {tid} calls {found[first + 1:last]}")
    (_, sends), (receiver, receives) = calls.items()
    bells = [place for name, place in sends[marked(sends)[2]:] if name == BELL]
    waits = [place for name, place in receives if name == WAIT]
    switches = [switches_to(receiver, records[bell:min(
        [place for place in waits if place > bell] or [len(records)])])
        for bell in bells]
    print(f"{len(bells)} bells, {len(waits)} waits, switches {switches}")
    if len(bells) != BATCHES or len(waits) != BATCHES:
        vm.fail(f"{BATCHES} batches: {len(bells)} bells, {len(waits)} waits")
    # The end of a slice may fall into one of them.
    if min(switches) != 1 or switches.count(1) < BATCHES - 1:
        vm.fail(f"the batches cost {switches} switches to the receiver")
