# SPDX-License-Identifier: MIT
"""Boot archives and programs that lie: a clear message, then off, no crash."""
import os
import struct
import subprocess
from pathlib import Path

from suite import test
from vm import INITRD, KERNEL, ROOT, Machine, Vm

CRASH = ("TRACE DUMP", "page fault", "general protection", "double fault")
BASE, KERNEL_BASE = 0x400000, 0xFFFFFFFF80000000
EHDR, PHDR = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
PT_LOAD, PT_INTERP, R_X, R_W = 1, 3, 5, 6
# mov edi, 5; mov eax, 231 (exit_group); syscall
CODE = bytes.fromhex("bf05000000b8e70000000f05")
CODE_AT = 0x200


def scratch(suffix):
    """A path of this test's own, beside its log."""
    return Path(os.environ["EXO_TEST_LOG"] + suffix)


def expect_clear_message(vm, pattern):
    """The message, the end of the machine, one boot, and no crash."""
    vm.expect(pattern)
    vm.expect_end()
    for word in CRASH:
        if word.lower() in vm.text.lower():
            vm.fail(f"the kernel crashed: {word}")
    if vm.text.count("[boot] critical  gdt") > 1:
        vm.fail("the kernel booted more than once")


# ---- The archive ------------------------------------------------------------

ARCHIVE = Path(INITRD).read_bytes() if Path(INITRD).exists() else b""
CUTS = {"header": 60, "name": 112, "data": 0x1000 + 10000,
        "trailer": ARCHIVE.rfind(b"070701")}


@test("an archive that is cut off in its {part} is reported", part=CUTS)
def bad_archive_cut(part):
    path = scratch(".cpio")
    path.write_bytes(ARCHIVE[:CUTS[part]])
    with Vm(Machine(kernel=KERNEL, initrd=str(path),
                    append="bench=off init=/bin/hello panic=exit")) as vm:
        expect_clear_message(vm, r"(?i)archive: .*(cut|damaged)")


@test("an archive of noise is reported")
def bad_archive_noise():
    path = scratch(".cpio")
    path.write_bytes(bytes(range(256)) * 64)
    with Vm(Machine(kernel=KERNEL, initrd=str(path),
                    append="bench=off init=/bin/hello panic=exit")) as vm:
        expect_clear_message(vm, r"(?i)archive: .*damaged")


@test("a boot without any archive says that there is no first program")
def bad_no_archive():
    with Vm(Machine(kernel=KERNEL,
                    append="bench=off init=/bin/hello panic=exit")) as vm:
        expect_clear_message(vm, r"/bin/hello")


@test("a first program that is not there is named")
def bad_no_init():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD,
                    append="bench=off init=/bin/nobody panic=exit")) as vm:
        expect_clear_message(vm, r"/bin/nobody")


# ---- Programs ---------------------------------------------------------------

def ehdr(**changes):
    """The bytes of a file header; `changes` are the lies."""
    ident = changes.pop("ident", b"\x7fELF\2\1\1" + bytes(9))
    fields = {"type": 2, "machine": 62, "version": 1,
              "entry": BASE + CODE_AT, "phoff": EHDR.size, "shoff": 0,
              "flags": 0, "ehsize": EHDR.size, "phentsize": PHDR.size,
              "phnum": 1, "shentsize": 0, "shnum": 0, "shstrndx": 0}
    return EHDR.pack(ident, *{**fields, **changes}.values())


def phdr(**changes):
    """The bytes of a program header: all of the file at BASE."""
    size = CODE_AT + len(CODE)
    fields = {"type": PT_LOAD, "flags": R_X, "offset": 0, "vaddr": BASE,
              "paddr": 0, "filesz": size, "memsz": size, "align": 0x1000}
    return PHDR.pack(*{**fields, **changes}.values())


def program(header=None, *segments):
    """A whole program of these headers, the code behind them."""
    segments = segments or (phdr(),)
    head = (header or ehdr(phnum=len(segments))) + b"".join(segments)
    return head.ljust(CODE_AT, b"\0") + CODE


DATA = {"flags": R_W, "offset": 0}
PROGRAMS = {
    "empty": b"",
    "text": b"this is no program\n",
    "cut_header": program()[:40],
    "cut_table": program()[:EHDR.size + 20],
    "class32": program(ehdr(ident=b"\x7fELF\1\1\1" + bytes(9))),
    "machine": program(ehdr(machine=183)),
    "many_headers": program(ehdr(phnum=65535)),
    "table_outside": program(ehdr(phoff=1 << 40)),
    "table_wraps": program(ehdr(phoff=(1 << 64) - 32)),
    "header_size": program(ehdr(phentsize=1)),
    "file_outside": program(None, phdr(filesz=1 << 30, memsz=1 << 30)),
    "offset_wraps": program(None, phdr(offset=(1 << 64) - 0x1000)),
    "file_above_memory": program(None, phdr(memsz=8)),
    "huge": program(None, phdr(memsz=1 << 63)),
    "wraps": program(None, phdr(vaddr=(1 << 64) - 0x1000)),
    "kernel_address": program(None, phdr(vaddr=KERNEL_BASE)),
    "null_page": program(ehdr(entry=CODE_AT), phdr(vaddr=0)),
    "overlap": program(None, phdr(), phdr(vaddr=BASE, **DATA)),
    "misaligned": program(None, phdr(vaddr=BASE + 0x10)),
    "entry_outside": program(ehdr(entry=BASE + 0x100000)),
    "entry_kernel": program(ehdr(entry=KERNEL_BASE + 0x1000)),
    "entry_in_data": program(None, phdr(flags=R_W)),
    "interpreter_outside": program(
        None, phdr(), phdr(type=PT_INTERP, offset=1 << 20, filesz=64)),
}


def boot_program(data):
    """A machine whose first program is these bytes."""
    root = scratch(".root")
    (root / "bin").mkdir(parents=True, exist_ok=True)
    (root / "bin/bad").write_bytes(data)
    (root / "bin/bad").chmod(0o755)
    archive = scratch(".cpio")
    subprocess.run([ROOT / "scripts/mkinitrd.py", "-o", archive, "--overlay",
                    root], check=True)
    return Vm(Machine(kernel=KERNEL, initrd=str(archive),
                      append="bench=off init=/bin/bad panic=exit"))


@test("the program that the others here are bent from runs")
def bad_program_none():
    with boot_program(program()) as vm:
        vm.expect(r"^init exited, status 5$")
        vm.expect_end(0)


@test("a program of the kind {lie} is refused by name", lie=PROGRAMS)
def bad_program(lie):
    with boot_program(PROGRAMS[lie]) as vm:
        expect_clear_message(vm, r"/bin/bad: cannot be run: \w+")
        if "[boot] ready" in vm.text:
            vm.fail("the program ran")
