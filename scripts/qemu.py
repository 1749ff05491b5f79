#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The one place where a QEMU command line is made.

As a module: Machine(...).command() for the tests. As a program: boots the
ISO (--iso) or, through PVH, a kernel (--kernel, --initrd, --append) with the
serial port on this terminal. It takes the Makefile's variables from the
environment: CPUS MEM ACCEL MACHINE FIRMWARE.
"""
import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

QEMU = "qemu-system-x86_64"
OVMF = Path("/usr/share/OVMF")
OVMF_PAIRS = (("OVMF_CODE.fd", "OVMF_VARS.fd"),
              ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"))
MACHINES = ("pc", "q35")
FIRMWARES = ("bios", "uefi")
# What a run with a seed begins with, so that it can be repeated.
COUNTED = "shift=1,sleep=off"
DATE = "2026-01-01T00:00:00"


def kvm_works():
    """A /dev/kvm alone is no proof: the processor must have the extension."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError:
        return False
    return bool(words & {"vmx", "svm"})


def firmware_options():
    """UEFI's code read-only, its variables as a throw-away copy."""
    for code, variables in OVMF_PAIRS:
        if (OVMF / code).exists() and (OVMF / variables).exists():
            flash = "if=pflash,format=raw,"
            return ["-drive", f"{flash}readonly=on,file={OVMF / code}",
                    "-drive", f"{flash}snapshot=on,file={OVMF / variables}"]
    sys.exit("qemu.py: FIRMWARE=uefi needs the package ovmf")


def window_works():
    """There is a display, and this QEMU has the part that draws on it."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    kinds = subprocess.run([QEMU, "-display", "help"], check=False,
                           capture_output=True, text=True).stdout.split()
    return "gtk" in kinds or "sdl" in kinds


@dataclass
class Machine:
    """What is booted on what; the defaults are the Makefile's.

    With a seed a kernel that is not read from a disk runs the same every time:
    instructions are counted, and the date and all random numbers are fixed.
    """
    iso: str = ""
    kernel: str = ""
    initrd: str = ""
    append: str = ""
    machine: str = "pc"
    firmware: str = "bios"
    cpus: int = 1
    mem: str = "256M"
    accel: str = "auto"
    cpu: str = "max"
    icount: str = ""
    seed: str = ""
    serial: str = "mon:stdio"
    window: bool = False
    extra: list = field(default_factory=list)

    def counting(self):
        """How instructions are counted: a seed asks for it, too."""
        return self.icount or (COUNTED if self.seed != "" else "")

    def command(self):
        """The argument list that starts this machine."""
        accel = self.accel
        if accel == "auto":
            kvm = kvm_works() and not self.counting()
            accel = "kvm" if kvm else "tcg"
        args = [QEMU, "-machine", self.machine,
                "-accel", accel, "-cpu", self.cpu,
                "-smp", str(self.cpus), "-m", self.mem,
                "-nodefaults", "-no-user-config", "-vga", "std",
                "-serial", self.serial, "-no-reboot",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if self.firmware == "uefi":
            args += firmware_options()
        if self.counting():
            args += ["-icount", self.counting()]
        append = self.append
        if self.seed != "":
            args += ["-seed", str(self.seed), "-rtc", f"base={DATE},clock=vm"]
            append = f"seed={self.seed} {append}"
        if not self.window:
            args += ["-display", "none"]
        if self.iso:
            args += ["-cdrom", self.iso, "-boot", "d"]
        if self.kernel:
            args += ["-kernel", self.kernel, "-append", append]
        if self.initrd:
            args += ["-initrd", self.initrd]
        return args + self.extra


def choice(name, default, allowed):
    """A variable that has only a few values."""
    value = os.environ.get(name) or default
    if value not in allowed:
        sys.exit(f"{name}={value}: not one of {', '.join(allowed)}")
    return value


def count_of(name, default):
    """A variable that counts something, from 1 on."""
    value = os.environ.get(name) or str(default)
    if not re.fullmatch("[1-9][0-9]*", value):
        sys.exit(f"{name}={value}: not a number from 1 on")
    return int(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iso", default="")
    parser.add_argument("--kernel", default="")
    parser.add_argument("--initrd", default="")
    parser.add_argument("--append", default="")
    parser.add_argument("--seed", default="")
    parser.add_argument("extra", nargs="*", help="more words for QEMU")
    opts = parser.parse_args()
    env = os.environ.get
    command = Machine(
        iso=opts.iso, kernel=opts.kernel, initrd=opts.initrd,
        append=opts.append, seed=opts.seed, extra=opts.extra,
        machine=choice("MACHINE", "pc", MACHINES),
        firmware=choice("FIRMWARE", "bios", FIRMWARES),
        accel=choice("ACCEL", "auto", ("auto", "tcg", "kvm")),
        cpus=count_of("CPUS", 1), mem=env("MEM") or "256M",
        window=window_works(),
    ).command()
    if env("V"):
        print(" ".join(command), file=sys.stderr)
    sys.stdout.flush()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
