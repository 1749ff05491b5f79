# SPDX-License-Identifier: MIT
"""Boots on every machine that we promise, to the first program and off."""
import json

from suite import test
from vm import INITRD, KERNEL, Machine, Vm, make_iso

HELLO = "init=/bin/hello"
UEFI_LIMIT_S = 120


def expect_boot(vm, limit_s=60):
    """The log, the first program, its status, and power off."""
    vm.expect(r"^\[boot\] critical +\S+ +ok +\d+ us", limit_s)
    vm.expect(r"^\[boot\] ready in \d+\.\d+ ms", limit_s)
    vm.expect(r"^hello from user mode", limit_s)
    vm.expect(r"^init exited, status 0$", limit_s)
    vm.expect_end(0)


def boot_iso(cmdline, **machine):
    with Vm(Machine(iso=make_iso(cmdline), **machine)) as vm:
        expect_boot(vm, UEFI_LIMIT_S)


@test("the ISO boots on {machine} with {firmware}, measures itself, "
      "runs the first program and powers off",
      machine=("pc", "q35"), firmware=("bios", "uefi"))
def boot(machine, firmware):
    iso = make_iso(f"bench=quick {HELLO}")
    with Vm(Machine(iso=iso, machine=machine, firmware=firmware,
                    cpus=4)) as vm:
        vm.expect(r"^\[boot\] critical +\S+ +ok +\d+ us", UEFI_LIMIT_S)
        row = vm.expect(r"^BENCH (\{.*\})$")
        fields = set(json.loads(row[1]))
        missing = {"name", "unit", "n"} - fields
        if missing:
            vm.fail(f"a BENCH line lacks {missing}")
        vm.expect(r"^hello from user mode")
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)


@test("the ISO boots with BIOS and {mem} of memory", mem=("16M", "8G"))
def boot_memory(mem):
    boot_iso(f"bench=off {HELLO}", mem=mem)


@test("the ISO boots with UEFI and 128 MB of memory")
def boot_uefi_128m():
    boot_iso(f"bench=off {HELLO}", mem="128M", firmware="uefi")


@test("the ISO boots on the processor model {cpu}", cpu=("qemu64", "max"))
def boot_cpu(cpu):
    boot_iso(f"bench=off {HELLO}", cpu=cpu)


@test("PVH boots with {cpus} processors", cpus=(1, 64))
def boot_pvh_cpus(cpus):
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, cpus=cpus,
                    append=f"bench=off {HELLO}")) as vm:
        expect_boot(vm)
        if f"processors: {cpus} of {cpus} run" not in vm.text:
            vm.fail(f"not all of {cpus} processors run")


@test("PVH boots on the processor model qemu64 in 16 MB")
def boot_pvh_small():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, cpu="qemu64", mem="16M",
                    append=f"bench=off {HELLO}")) as vm:
        expect_boot(vm)


@test("the image boots as a disk on {machine}, with {drive} CD drive",
      machine=("pc", "q35"), drive=("no", "empty"))
def boot_disk(machine, drive):
    iso = make_iso(f"bench=off {HELLO}")
    extra = ["-drive", f"file={iso},format=raw,if=none,id=disk,readonly=on",
             "-device", "virtio-blk-pci,drive=disk,bootindex=0"]
    if drive == "empty":
        extra += ["-device", "ide-cd"]
    with Vm(Machine(machine=machine, extra=extra)) as vm:
        expect_boot(vm)
