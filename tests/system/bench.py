# SPDX-License-Identifier: MIT
"""The benchmarks of the boot: the lines are as promised, and say the truth."""
import json
import os
import re

from suite import test
from vm import INITRD, KERNEL, ROOT, Machine, Skip, Vm

SAMPLES = 1000
LINE_BYTES = 256
ORDERED = ("min", "p50", "p99", "max")
LISTED = re.compile(r"^BENCH\((\w+), (QUICK|ALL),", re.M)
QUICK_LIMIT_MS = 2000


def listed(which):
    """The names in bench/bench.def that bench=quick or bench=all runs."""
    text = (ROOT / "bench/bench.def").read_text(encoding="utf-8")
    return [name for name, group in LISTED.findall(text)
            if which == "all" or group == "QUICK"]


def run(which, **machine):
    """Boots with bench=`which`; what came over the serial port."""
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, accel="tcg",
                    append=f"bench={which} init=/bin/hello", **machine)) as vm:
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
        return vm


def rows(vm):
    """The BENCH lines, each checked by itself."""
    found = []
    for line in re.findall(r"^BENCH .*$", vm.text, re.M):
        row = json.loads(line.removeprefix("BENCH "))
        if len(line) >= LINE_BYTES:
            vm.fail(f"a line of {len(line)} bytes")
        if row["unit"] == "none":
            vm.fail(f"not measured: {line}")
        values = [row[key] for key in ORDERED]
        if row["n"] < SAMPLES or values != sorted(values) or \
                not row["min"] <= row["mean"] <= row["max"] or \
                row["pass"] != (row["p50"] <= row["target"]):
            vm.fail(f"this cannot be: {line}")
        found.append(row)
    return found


@test("bench={which} prints each benchmark once, all of them as promised",
      which=("quick", "all"))
def bench(which):
    vm = run(which)
    found = rows(vm)
    if [row["name"] for row in found] != listed(which):
        vm.fail("the lines are not those of bench/bench.def")
    if {row["clock"] for row in found} != {"emulated"}:
        vm.fail("an emulator's cycles are not called so")
    for name in listed(which):
        if not re.search(rf"^{name} +\d+ +\d+ +\d+ +\d+ +\d+  -$", vm.text,
                         re.M):
            vm.fail(f"no row for {name} in the table")


# Those that reached their targets in bench/bench.def, and keep them.
WITHIN = ("context_switch", "yield", "mutex", "null_call", "timer_latency",
          "timer_interrupt")


@test("under instruction counting two runs give the same numbers, in bounds")
def bench_counted():
    vms = [run("quick", icount="shift=0,sleep=off") for _ in range(2)]
    runs = [rows(vm) for vm in vms]
    took = re.search(r"^\[boot\] ready in (\d+)", vms[0].text, re.M)
    if int(took[1]) > QUICK_LIMIT_MS:
        vms[0].fail(f"the benchmarks held the boot up for {took[1]} ms")
    if runs[0] != runs[1]:
        raise AssertionError("two runs differ")
    for row in runs[0]:
        if (row["unit"], row["clock"]) != ("instructions", "counted"):
            raise AssertionError(f"{row['name']} does not count instructions")
        if row["name"] in WITHIN and not row["pass"]:
            raise AssertionError(f"{row['name']} is above its target: {row}")


THREADS = re.compile(
    r"^\[bench\] (\d+) threads alive, (\d+) stacks mapped, (\d+) bytes each; "
    r"each ran (\d+) times more$", re.M)
LEFT = ("[bench] all ended: 0 frames, 0 bytes of objects and 0 threads more "
        "than before")


def crowd(memory, at_least, bytes_most, **machine):
    """bench=threads in so much memory: how many there were, what is left."""
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, accel="tcg", mem=memory,
                    append="bench=threads init=/bin/hello", **machine)) as vm:
        vm.expect(r"^BENCH .*threads_end.*$", 600)
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
    found = THREADS.search(vm.text)
    count, mapped, each, rounds = map(int, found.groups())
    if count < at_least or mapped > count / 10 or each > bytes_most or \
            rounds < 1:
        vm.fail(f"not what was promised: {found[0]}")
    if LEFT not in vm.text:
        vm.fail("something is left of the threads")
    for name in ("threads_create", "threads_round_all", "threads_end"):
        if not re.search(rf'"name":"{name}","unit":"cycles"', vm.text):
            vm.fail(f"{name} was not measured")
    return vm


@test("in 64 MB more than 40,000 threads are alive, switch, end, leave nothing")
def threads_crowd():
    crowd("64M", 40000, 1100)


@test("a million threads are alive in 2 GB, switch, end, leave nothing",
      limit_s=1200)
def threads_million():
    if not os.environ.get("MILLION"):
        raise Skip("it takes a minute or more: MILLION=1")
    crowd("2G", 1000000, 1100)


@test("one benchmark runs by its name, bench=off runs none")
def bench_chosen():
    if [row["name"] for row in rows(run("mutex"))] != ["mutex"]:
        raise AssertionError("bench=mutex ran something else")
    for words in ("off", "nonsense"):
        if rows(run(words)):
            raise AssertionError(f"bench={words} ran something")


JOBS = ["loop", "width", "counter", "switch", "frame", "kmalloc_64",
        "null_call", "yield", "page_fault"]


@test("bench=scaling measures each job on one processor and on both of two")
def bench_scaling():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, accel="tcg", cpus=2,
                    append="bench=scaling init=/bin/hello")) as vm:
        for name in JOBS:
            row = json.loads(vm.expect(r"^BENCH (.*)$")[1])
            if row["name"] != f"scaling_{name}" or row["unit"] != "ratio" or \
                    abs(row["two"] / row["one"] - row["ratio"]) > .01 or \
                    not row["on_first"] or not row["on_second"]:
                vm.fail(f"this cannot be: {row}")
        vm.expect(r"^init exited, status 0$")
