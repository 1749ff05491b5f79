# SPDX-License-Identifier: MIT
"""A firmware of our own that lies: the machine's ACPI tables are ours alone.

QEMU puts the kernel and the archive into memory; these 64 KB of ROM hold the
few instructions from the reset vector to the kernel's PVH entry, and behind
them the tables, the memory map and the command line.
"""
import os
import re
import struct
import subprocess
from pathlib import Path

from suite import test
from vm import DEBUG_KERNEL, INITRD, KERNEL, Machine, Vm

ROM, ROM_BYTES = 0xF0000, 0x10000
RESET = 0xFFF0
RSDP_AT, XSDT_AT, TABLES_AT = 0x100, 0x200, 0x1000
START_INFO_AT, MODULE_AT, MEMORY_AT, CMDLINE_AT = 0x400, 0x480, 0x500, 0x800
INITRD_AT = 0x4000000
MIB = 1 << 20
PVH_MAGIC = 0x336EC578


def summed(data, at):
    """The table with the byte there set so that all bytes give 0."""
    data = data[:at] + b"\0" + data[at + 1:]
    return data[:at] + bytes([-sum(data) & 255]) + data[at + 1:]


def table(signature, body, length=None):
    """An ACPI table, by default with its true length."""
    data = struct.pack("<4sIBB6s8sI4sI", signature.encode(),
                       length or 36 + len(body), 1, 0, b"EXO", b"LIES", 1,
                       b"TEST", 1) + body
    return summed(data, 9)


def lapic(number, enabled=1):
    """A processor with a small number, in the MADT."""
    return struct.pack("<BBBBI", 0, 8, number, number, enabled)


def x2apic(number, enabled=1):
    """One with a number of 32 bits."""
    return struct.pack("<BBHIII", 9, 16, 0, number, enabled, number)


IOAPIC = struct.pack("<BBBBII", 1, 12, 0, 0, 0xFEC00000, 0)
TIMER = struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)


def madt(*entries):
    body = struct.pack("<II", 0xFEE00000, 1) + IOAPIC + TIMER
    return table("APIC", body + b"".join(entries))


def pvh_entry(kernel):
    """The address in the kernel's PVH note."""
    notes = subprocess.run(["readelf", "-Wn", kernel], check=True,
                           capture_output=True, text=True).stdout
    data = re.search(r"Xen\s.*0x00000012.*\s+description data: ([0-9a-f ]+)",
                     notes)
    return int.from_bytes(bytes.fromhex(data[1].replace(" ", ""))[:4],
                          "little")


def code(entry):
    """From real mode at the reset vector to protected mode at the entry."""
    gdt = struct.pack("<QQQ", 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF)
    pointer = struct.pack("<HI", len(gdt) - 1, ROM)
    start = len(gdt) + len(pointer)
    real = b"\xfa\x2e\x66\x0f\x01\x16" + struct.pack("<H", len(gdt)) + \
        b"\x66\xb8\x11\x00\x00\x00\x0f\x22\xc0"  # cli, lgdt, CR0
    to = ROM + start + len(real) + 8
    real += b"\x66\xea" + struct.pack("<IH", to, 8)
    flat = b"\x66\xb8\x10\x00\x8e\xd8\x8e\xc0\x8e\xd0" + \
        b"\xbb" + struct.pack("<I", ROM + START_INFO_AT) + \
        b"\xb8" + struct.pack("<I", entry) + b"\xff\xe0"
    jump = b"\xe9" + struct.pack("<H", start - RESET - 3 & 0xFFFF)
    return gdt + pointer + real + flat, jump


def rom(kernel, cmdline, mem_mib, tables):
    """All of the ROM."""
    image = bytearray(ROM_BYTES)

    def put(at, data):
        image[at:at + len(data)] = data

    head, jump = code(pvh_entry(kernel))
    put(0, head)
    put(RESET, jump)
    at, places = TABLES_AT, []
    for each in tables:
        put(at, each)
        places.append(ROM + at)
        at += len(each) + 15 & ~15
    put(XSDT_AT, table("XSDT", struct.pack(f"<{len(places)}Q", *places)))
    rsdp = summed(struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"EXO", 2, 0), 8)
    rsdp += struct.pack("<IQB3s", 36, ROM + XSDT_AT, 0, b"")
    put(RSDP_AT, summed(rsdp, 32))
    put(MODULE_AT, struct.pack("<QQQQ", INITRD_AT,
                               os.path.getsize(INITRD), 0, 0))
    put(MEMORY_AT, struct.pack("<QQIIQQII", 0, 0x9F000, 1, 0, MIB,
                               (mem_mib - 1) * MIB, 1, 0))
    put(CMDLINE_AT, cmdline.encode() + b"\0")
    put(START_INFO_AT, struct.pack(
        "<IIIIQQQQII", PVH_MAGIC, 1, 0, 1, ROM + MODULE_AT, ROM + CMDLINE_AT,
        ROM + RSDP_AT, ROM + MEMORY_AT, 2, 0))
    return bytes(image)


def boot_with(*tables, kernel=KERNEL, append="bench=off init=/bin/hello",
              cpus=1, mem_mib=256, extra=()):
    """A machine whose firmware has these tables."""
    path = Path(os.environ["EXO_TEST_LOG"] + ".rom")
    path.write_bytes(rom(kernel, append, mem_mib, tables))
    loads = ["-bios", str(path), "-device", f"loader,file={kernel}",
             "-device", f"loader,file={INITRD},addr={INITRD_AT:#x},"
             "force-raw=on"]
    return Vm(Machine(cpus=cpus, mem=f"{mem_mib}M", accel="tcg",
                      extra=[*loads, *extra]))


def expect_survival(vm, *patterns):
    """These lines of the log in any order, then the first program's end."""
    vm.expect(r"^init exited, status 0$")
    for pattern in patterns:
        if not re.search(pattern, vm.text, re.M):
            vm.fail(f"did not see {pattern!r}")


# A MADT, the processors that the machine has, what the log must say.
MADTS = {
    "true": (madt(lapic(0), lapic(1)), 2, [r"processors: 2 of 2 run$"]),
    "too_many": (madt(*map(lapic, range(5))), 2,
                 [rf"APIC number {n} left out: ETIMEDOUT$" for n in (2, 3, 4)]
                 + [r"processors: 2 of 5 run$"]),
    "duplicates": (madt(lapic(0), lapic(1), lapic(1), x2apic(1), x2apic(0)),
                   2, [r"acpi: 2 processors,", r"processors: 2 of 2 run$"]),
    "disabled": (madt(lapic(0), lapic(1, 0), lapic(2, 2)), 3,
                 [r"processors: 1 of 1 run$"]),
    "wide_numbers": (madt(lapic(0), x2apic(1), x2apic(0x101),
                          x2apic(0xFFFFFFFF), lapic(255)), 2,
                     [r"APIC number 257 left out: ENXIO$",
                      r"APIC number 4294967295 left out: ENXIO$",
                      r"APIC number 255 left out: ENXIO$",
                      r"processors: 2 of 5 run$"]),
    "cut_off": (madt(lapic(0), lapic(1), b"\0\x08\x02"), 3,
                [r"acpi: MADT: .*length is wrong$",
                 r"processors: 2 of 2 run$"]),
    "endless": (madt(lapic(0), lapic(1), b"\0\0\0\0\0\0\0\0"), 2,
                [r"acpi: MADT: .*length is wrong$",
                 r"processors: 2 of 2 run$"]),
    "without_us": (madt(lapic(1)), 2, [r"processors: 2 of "]),
    "nobody": (madt(), 2, [r"processors: 1 of 1 run$"]),
    "too_long": (table("APIC", bytes(64), 0x7FFFFFFF), 2,
                 [r"acpi: MADT: .*length is wrong$",
                  r"processors: 1 of 1 run$"]),
    "crowd": (madt(*map(x2apic, range(70))), 1,
              [r"acpi: MADT: 6 processors too many$"]),
}


@test("a MADT of the kind {lie} is survived, and the log says what was wrong",
      lie=MADTS)
def firmware_madt(lie):
    data, cpus, lines = MADTS[lie]
    with boot_with(data, cpus=cpus) as vm:
        expect_survival(vm, *lines)


@test("the debug kernel gives back all that a silent processor was given")
def firmware_silent_processor():
    with boot_with(madt(lapic(0), lapic(1), lapic(9)), cpus=2,
                   kernel=DEBUG_KERNEL,
                   append="bench=off init=/bin/hello "
                   "test=processor_silent") as vm:
        vm.expect(r"^ok 1 processor_silent$")
        expect_survival(vm, r"APIC number 9 left out: ETIMEDOUT$")
