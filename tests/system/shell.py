# SPDX-License-Identifier: MIT
"""The shell that `./exo run` ends in, driven over serial port and keyboard."""
import re
import time

from screen import rows
from suite import test
from terminal import settle
from vm import INITRD, KERNEL, Failure, Machine, Vm, make_iso

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
LIMIT_S = 60


class Shell(Vm):
    """A machine that has come to its prompt."""

    def __init__(self, append="bench=off", **choices):
        choices.setdefault("kernel", KERNEL)
        choices.setdefault("initrd", INITRD)
        super().__init__(Machine(append=append, **choices))

    def __enter__(self):
        super().__enter__()
        settle(self)
        self.prompt()
        return self

    def prompt(self, limit_s=LIMIT_S):
        """Waits for the prompt, which no newline follows."""
        deadline = time.monotonic() + limit_s
        while not self.text.endswith(":~# "):
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not self.more(left_s):
                self.fail("no prompt")
        self.read_to = len(self.text)

    def await_text(self, piece, start, limit_s=LIMIT_S):
        """Waits until the text from `start` on has the piece."""
        deadline = time.monotonic() + limit_s
        while piece not in self.text[start:]:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not self.more(left_s):
                self.fail(f"no {piece!r}")

    def run(self, line):
        """What the line prints."""
        start = self.read_to
        self.send(line + "\n")
        self.expect(r"\n")
        self.prompt()
        return self.text[start:].split("\n", 1)[1].rpartition("\n")[0]


def expect_equal(vm, found, wanted):
    if found != wanted:
        vm.fail(f"{found!r}, not {wanted!r}")


@test("the prompt comes; the shell runs programs; its status is init's")
def shell_prompt():
    with Shell() as vm:
        expect_equal(vm, vm.run("echo $HOME $TERM $0 $((6 * 7))"),
                     "/root linux -sh 42")
        expect_equal(vm, vm.run("id -un; hostname; tty; stty size"),
                     "root\nexo\n/dev/console\n24 80")
        expect_equal(vm, vm.run("false; echo $?"), "1")
        vm.send("exit 7\n")
        vm.expect(r"^init exited, status 7$")
        vm.expect_end(0)


@test("^C ends, ^Z stops, bg and fg continue; the background may not read")
def shell_jobs():
    with Shell() as vm:
        vm.send("sh -c 'echo up; exec sleep 1000'\n")
        vm.expect(r"^up\n")
        vm.send(CTRL_C)
        vm.prompt()
        expect_equal(vm, vm.run("echo $?"), "130")
        vm.send("sh -c 'echo up; exec sleep 1001'\n")
        vm.expect(r"^up\n")
        vm.send(CTRL_Z)
        vm.prompt()
        vm.run("bg")
        if "Running" not in vm.run("jobs"):
            vm.fail("the job does not run in the background")
        vm.send("fg\n")
        vm.expect(r"^sh -c .*sleep 1001.*\n")
        vm.send(CTRL_C)
        vm.prompt()
        vm.run("cat &")
        vm.run("sleep 0.2")
        if "Stopped" not in vm.run("jobs"):
            vm.fail("the background reads the terminal")
        vm.run("kill -9 %1")


@test("lines are edited, and come again from the history")
def shell_editing():
    with Shell() as vm:
        vm.send("echo one twx\x7fo\x01\x1b[C\x05 three\n")
        vm.expect(r"^one two three\n")
        vm.prompt()
        vm.send("\x1b[A\n")
        vm.expect(r"^one two three\n")


@test("{command} ends the machine", command=("poweroff", "reboot -f"))
def shell_ends(command):
    with Shell() as vm:
        vm.send(command + "\n")
        vm.expect(r"machine: (power off|reboot)$")
        vm.expect_end(0)


@test("dmesg shows the kernel's log; a letter in sysrq-trigger crashes it")
def shell_log():
    with Shell(append="bench=off panic=exit") as vm:
        found = vm.run("dmesg")
        if "[boot] ready in" not in found or "Welcome" in found:
            vm.fail("dmesg does not show the kernel's log alone")
        vm.send("echo c > /proc/sysrq-trigger\n")
        vm.expect(r"sysrq: a crash on purpose")
        vm.expect(r"TRACE DUMP")
        vm.expect_end(255)


@test("what is typed on the keyboard the shell runs, and the screen shows it")
def shell_keyboard():
    with Shell(kernel="", initrd="", iso=make_iso("bench=off")) as vm:
        vm.type('for i in 1 2; do echo "<$i> | $((i + 1))"; done\n')
        vm.expect(r"^<1> \| 2\n<2> \| 3\n")
        vm.prompt()
        vm.type("sh -c 'echo up; exec sleep 1000'\n")
        vm.expect(r"^up\n")
        vm.press("ctrl", "c")
        vm.prompt()
        for key in ("up", "up", "ret"):
            vm.strike(key)
        vm.expect(r"^<1> \| 2\n<2> \| 3\n")
        vm.prompt()
        screen = rows(vm.text_page())
        print("\n".join(screen))
        if screen.count("<2> | 3") != 2:
            raise Failure("the screen does not show it")


# What tools say of the machine itself, which no other machine says.
TOLD = {
    "mount": (r"^proc on /proc type proc \(rw", r"^dev on /dev type devtmpfs",
              r"^\S+ on / type "),
    "ps": (r"^ +1 root +/init$", r"^ +\d+ root +-sh$",
           r"^ +\d+ root +\{ps\} -sh$"),
    "top -b -n 1": (r"^Mem: \d+K used, \d+K free", r"^CPU: ",
                    r"^ +\d+ +\d+ root +R .* top -b -n 1$"),
    "free": (r"^Mem: +\d+ +\d+ +\d+",),
    "df": (r"^dev +\d+ +\d+ +\d+ +\d+% /dev$",),
    "uptime": (r"^ \d\d:\d\d:\d\d up .*load average: \d",)}


@test("ps, top, mount, free, df and uptime tell of this machine")
def shell_tools():
    with Shell() as vm:
        for command, patterns in TOLD.items():
            found = vm.run(command)
            for pattern in patterns:
                if not re.search(pattern, found, re.M):
                    vm.fail(f"{command}: no {pattern!r} in {found!r}")


@test("vi edits a file: the screen shows it, the file has it")
def shell_vi():
    with Shell() as vm:
        for typed, shown in (("vi /tmp/file\n", "/tmp/file 1/1"),
                             ("ihello\nworld", "world"),
                             ("\x1b", "[Modified] 2/2"), ("kAX", "50%X"),
                             ("\x1b", "[Modified] 1/2")):
            start = len(vm.text)
            vm.send(typed)
            vm.await_text(shown, start)
        vm.send(":wq\n")
        vm.prompt()
        expect_equal(vm, vm.run("cat /tmp/file"), "helloX\nworld")
