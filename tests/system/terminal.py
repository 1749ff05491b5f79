# SPDX-License-Identifier: MIT
"""The console's terminal, driven over the serial port and by the keyboard."""
from hashlib import md5
from re import escape

from screen import rows
from suite import test
from vm import INITRD, KERNEL, Machine, Vm


def boot(init, **choices):
    return Vm(Machine(kernel=KERNEL, initrd=INITRD,
                      append=f"bench=off init={init}", **choices))


def settle(vm):
    """Waits until the kernel has said all that it says by itself."""
    for _ in range(3):
        vm.expect(r"^\[boot\] (ready in|optional).*\n")


@test("lines are edited, echoed and read as typed; ^D ends the input")
def terminal_lines():
    with boot("/bin/cat") as vm:
        settle(vm)
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
        settle(vm)
        vm.send(lines + "\x04")
        vm.expect(r"^999 x+\n")
        vm.expect(rf"^{md5(lines.encode()).hexdigest()}  -$")
        vm.expect_end(0)


@test("what is typed on the keyboard is read, and seen on the screen")
def terminal_keyboard():
    line = "Hello, World! {[(~|#`'\"\\\\/_-+*?:;<>.)]} 0123456789"
    with boot("/bin/cat") as vm:
        settle(vm)
        vm.type(line + "\n")
        vm.expect(f"^{escape(line)}\n{escape(line)}\n")
        screen = rows(vm.text_page())
        print("\n".join(screen))
        if screen.count(line) != 2:
            vm.fail(f"{line!r} is not twice on the screen")
        vm.press("caps_lock")
        vm.type("ab")
        for keys in (("up",), ("ctrl", "a"), ("alt", "x"), ("f5",)):
            vm.strike(*keys)
        vm.type("\n")
        vm.expect(r"^AB\^\[\[A\^A\^\[X\^\[\[\[E\n")
        vm.press("ctrl", "d")
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)


@test("a machine without keyboard controller boots all the same")
def terminal_no_keyboard():
    with boot("/bin/hello", extra=["-machine", "i8042=off"]) as vm:
        vm.expect(r"keyboard: there is no controller")
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
