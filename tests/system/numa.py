# SPDX-License-Identifier: MIT
"""Machines of several nodes: the log shows them, frames and threads use them."""
import re
import struct

from firmware import boot_with, expect_survival, lapic, madt, table
from suite import test
from vm import DEBUG_KERNEL, INITRD, KERNEL, Machine, Vm

MIB = 1 << 20
# Of each machine: processors per node, MB per node, distances from node 0.
MACHINES = {2: (2, (64, 192), (10, 30)),
            4: (1, (64, 32, 96, 64), (10, 40, 20, 30))}


def nodes_of(count):
    """QEMU's options for a machine of so many nodes."""
    per_node, sizes, distances = MACHINES[count]
    words = []
    for node, size in enumerate(sizes):
        first = node * per_node
        words += ["-object", f"memory-backend-ram,id=m{node},size={size}M",
                  "-numa", f"node,nodeid={node},memdev=m{node},"
                  f"cpus={first}-{first + per_node - 1}"]
    for node, distance in enumerate(distances[1:], 1):
        words += ["-numa", f"dist,src=0,dst={node},val={distance}"]
    for a in range(1, count):
        for b in range(a + 1, count):
            words += ["-numa", f"dist,src={a},dst={b},val={50 + a + b}"]
    return words


@test("the log shows the {count} nodes of a machine and their distances",
      count=MACHINES)
def numa_log(count):
    per_node, sizes, distances = MACHINES[count]
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, cpus=per_node * count,
                    mem=f"{sum(sizes)}M", extra=nodes_of(count),
                    append="bench=off init=/bin/hello")) as vm:
        vm.expect(rf"processors: {per_node * count} of {per_node * count} run")
        for node, size in enumerate(sizes):
            found = vm.expect(rf"node {node}: (\d+) MB, processors (\S+), "
                              r"distances ([\d ]+)$")
            mask = (1 << per_node) - 1 << node * per_node
            if not size - 8 <= int(found[1]) <= size or \
                    int(found[2], 16) != mask:
                vm.fail(f"node {node} is wrong")
            if node == 0 and found[3] != " ".join(map(str, distances)):
                vm.fail("the distances are wrong")
        vm.expect(r"^init exited, status 0$")


@test("on {count} nodes frames are near until there are none, then the nearest",
      count=MACHINES)
def numa_frames(count):
    per_node, sizes, _ = MACHINES[count]
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, cpus=per_node * count,
                    mem=f"{sum(sizes)}M", extra=nodes_of(count), accel="tcg",
                    icount="shift=1,sleep=off",
                    append="bench=off panic=exit test=nodes_near_first")) as vm:
        vm.expect(r"^ok 1 nodes_near_first$")
        vm.expect_end(1)


@test("on two nodes of two processors work goes to near processors first")
def numa_balance():
    with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, cpus=4, mem="256M",
                    extra=nodes_of(2), accel="tcg", icount="shift=1,sleep=off",
                    append="bench=off panic=exit test=near_steal")) as vm:
        vm.expect(r"^ok 1 near_steal$")
        vm.expect_end(1)
    for count in MACHINES:
        with Vm(Machine(kernel=DEBUG_KERNEL, initrd=INITRD, accel="tcg",
                        cpus=MACHINES[count][0] * count, mem="256M",
                        extra=nodes_of(count), icount="shift=1,sleep=off",
                        append="bench=off panic=exit test=near_place")) as vm:
            vm.expect(r"^ok 1 near_place$")
            vm.expect_end(1)


# ---- Tables that lie --------------------------------------------------------

def memory(domain, base, size, flags=1):
    return struct.pack("<BBIHQQIIQ", 1, 40, domain, 0, base, size, 0, flags, 0)


def near(domain, number):
    """A processor's place."""
    return struct.pack("<BBBBIQ", 0, 16, domain, number, 1, 0)


def srat(*entries):
    return table("SRAT", struct.pack("<IQ", 1, 0) + b"".join(entries))


def slit(*rows):
    return table("SLIT", struct.pack("<Q", len(rows)) + b"".join(rows))


CPUS = near(0, 0) + near(7, 1)
HALVES = memory(0, 0, 128 * MIB) + memory(7, 128 * MIB, 128 * MIB)
ONE_NODE, TWO_NODES = r"taken for one node$", r"node 1: 128 MB, processors 0x2"
# The tables, what the log must say, whether there are two nodes.
LIES = {
    "none_at_all": ([srat(CPUS, HALVES)], TWO_NODES, True),
    "overlap": ([srat(CPUS, HALVES, memory(7, 100 * MIB, 50 * MIB))],
                "overlaps: " + ONE_NODE, False),
    "wrap": ([srat(CPUS, HALVES, memory(0, -4096 & (1 << 64) - 1, 1 << 63))],
             "wraps: " + ONE_NODE, False),
    "cut_entry": ([srat(CPUS, HALVES, b"\1")], "length .* " + ONE_NODE, False),
    "no_length": ([srat(CPUS, HALVES, b"\1\0")], "length .* " + ONE_NODE,
                  False),
    "no_memory": ([srat(CPUS)], "no memory: " + ONE_NODE, False),
    "empty_range": ([srat(CPUS, HALVES, memory(7, 0, 0))], "1 empty range",
                    True),
    "processor_twice": ([srat(CPUS, HALVES, near(7, 0))],
                        "twice: " + ONE_NODE, False),
    "ninth_node": ([srat(HALVES, *(near(n, n) for n in range(9)))],
                   "too many domains: " + ONE_NODE, False),
    "distances_cut": ([srat(CPUS, HALVES), slit(*[b"\x0a"] * 8)],
                      "SLIT is cut off: no distances$", True),
    "distances_few": ([srat(CPUS, HALVES), slit(b"\x0a\x14", b"\x14\x0a")],
                      "SLIT lacks a domain: no distances$", True),
    "distances_uneven": ([srat(CPUS, HALVES),
                          slit(*[bytes(10 + abs(i - j) + (i > j)
                                       for j in range(8)) for i in range(8)])],
                         "distance in the SLIT is wrong: no distances$", True),
    "distances_tiny": ([srat(CPUS, HALVES), slit(*[b"\1" * 8] * 8)],
                       "distance in the SLIT is wrong: no distances$", True),
}


@test("an SRAT or SLIT of the kind {lie} is survived, and reported",
      lie=LIES)
def numa_lies(lie):
    tables, line, two_nodes = LIES[lie]
    with boot_with(madt(lapic(0), lapic(1)), *tables, cpus=2) as vm:
        expect_survival(vm, line, r"processors: 2 of 2 run$")
        if bool(re.search(TWO_NODES, vm.text)) != two_nodes:
            vm.fail("the wrong number of nodes")
