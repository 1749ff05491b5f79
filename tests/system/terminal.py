# SPDX-License-Identifier: MIT
"""The console's terminal, driven over the serial port."""
from hashlib import md5

from suite import test
from vm import INITRD, KERNEL, Machine, Vm


def boot(init, **choices):
    return Vm(Machine(kernel=KERNEL, initrd=INITRD,
                      append=f"bench=off init={init}", **choices))


@test("lines are edited, echoed and read as typed; ^D ends the input")
def terminal_lines():
    with boot("/bin/cat") as vm:
        vm.expect(r"^\[boot\] ready in.*\n")
        vm.send("wrong\x15hello worlt\x7fd again\x17\n")
        vm.expect(r"^wrong[\b ]*hello worlt\x08 \x08d again[\b ]*\n"
                  r"hello world \n")
        vm.send("\x01\x7f\x16\x03\n")
        vm.expect(r"^\^A[\b ]*\^\x08\^C\n\x03\n")
        vm.send("half\x04\x04")
        vm.expect(r"^halfhalfinit exited, status 0$")
        vm.expect_end(0)


@test("a thousand pasted lines all arrive, however slow the reader")
def terminal_paste():
    lines = "".join(f"{n} {'x' * 60}\n" for n in range(1000))
    with boot("/bin/busybox -- md5sum") as vm:
        vm.expect(r"^\[boot\] ready in.*\n")
        vm.send(lines + "\x04")
        vm.expect(r"^999 x+\n")
        vm.expect(rf"^{md5(lines.encode()).hexdigest()}  -$")
        vm.expect_end(0)
