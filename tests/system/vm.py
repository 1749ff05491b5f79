# SPDX-License-Identifier: MIT
"""A machine under test: QEMU with its serial port and QMP in our hands.

    with Vm(Machine(kernel=KERNEL, append="init=/bin/hello")) as vm:
        vm.expect(r"init exited, status (\\d+)")
        vm.expect_end(0)

A test waits for a marker on the serial port, each with its limit in seconds;
nothing here sleeps. The pipes are made before QEMU starts, so not one byte is
lost, and the serial port's holds more than a boot writes: the kernel never
waits for this reader, and counted runs are equal. What came over the serial
port is kept in build/test/, for people.
"""
import codecs
import fcntl
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from qemu import Machine  # noqa: E402

KERNEL = str(ROOT / "build/exo.elf")
DEBUG_KERNEL = str(ROOT / "build/debug/exo.elf")
STRIPPED = str(ROOT / "build/exo.stripped")
INITRD = str(ROOT / "build/initrd.cpio")
LIMIT_S = 120
SHOWN_LINES = 40
WHO_WAITS_LINES = 190
WHO_WAITS = ("exo threads", "exo trace 40", "exo locks", "exo runq",
             "thread apply all bt 20", "exo bt")
PIPE_BYTES = 1 << 20
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]|\r|\x00")
LONGEST_CODE = 16


# QEMU's names of the keys that have another than their character.
KEYS = {" ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal",
        "[": "bracket_left", "]": "bracket_right", ";": "semicolon",
        "'": "apostrophe", "`": "grave_accent", "\\": "backslash",
        ",": "comma", ".": "dot", "/": "slash"}
SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))


class Failure(Exception):
    """What the test found wrong, for people."""


class Skip(Exception):
    """Why the test cannot run here."""


def make_iso(cmdline, initrd=INITRD):
    """Builds an image that boots with this command line; returns its path."""
    path = Path(os.environ["EXO_TEST_LOG"]).with_suffix(".iso")
    subprocess.run([ROOT / "scripts/mkiso.sh", path, STRIPPED, initrd,
                    cmdline], check=True, timeout=LIMIT_S)
    return str(path)


class Console:
    """The text that one file descriptor delivers, and waiting for it."""

    def __init__(self, fd):
        self.fd = fd
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.half_code = ""
        self.text = ""
        self.read_to = 0
        self.log = open(os.environ["EXO_TEST_LOG"] + ".serial", "ab")

    def more(self, limit_s):
        """Takes in what comes within the limit; False at the end of it all."""
        if not select.select([self.fd], [], [], max(limit_s, 0))[0]:
            return True
        data = os.read(self.fd, 65536)
        self.log.write(data)
        self.log.flush()
        self.text += self.clean(self.decoder.decode(data))
        return bool(data)

    def clean(self, text):
        """Drops terminal codes; one that has half arrived waits."""
        text = self.half_code + text
        start = text.rfind("\x1b")
        whole = start < 0 or len(text) - start > LONGEST_CODE or \
            TERMINAL_CODES.match(text, start)
        end = len(text) if whole else start
        self.half_code = text[end:]
        return TERMINAL_CODES.sub("", text[:end])

    def fail(self, what):
        last = "\n".join(self.text.splitlines()[-SHOWN_LINES:])
        raise Failure(f"{what}\n--- the last of the serial port:\n{last}")

    def fail_waiting(self, what):
        """The same, for who says nothing more."""
        self.fail(what)

    def expect(self, pattern, limit_s=LIMIT_S):
        """Waits until the text behind the last match has the pattern.

        Only whole lines are looked at: `$` and `(\\d+)` mean what they say.
        """
        deadline = time.monotonic() + limit_s
        compiled = re.compile(pattern, re.M)
        open_end = True
        while True:
            whole = self.text.rfind("\n") + 1 if open_end else len(self.text)
            match = compiled.search(self.text, self.read_to, whole)
            if match:
                self.read_to = match.end()
                return match
            left_s = deadline - time.monotonic()
            if not open_end:
                self.fail(f"did not see {pattern!r} before the end")
            if left_s <= 0:
                self.fail_waiting(f"did not see {pattern!r} within {limit_s} s")
            open_end = self.more(left_s)

    def read_to_end(self, limit_s=LIMIT_S):
        """Reads until the other side closes."""
        deadline = time.monotonic() + limit_s
        while self.more(deadline - time.monotonic()):
            if time.monotonic() >= deadline:
                self.fail_waiting(f"still running after {limit_s} s")
        return self.text


class Vm(Console):
    """A running QEMU; leaving the `with` ends it, whatever happened."""

    def __init__(self, machine):
        self.folder = tempfile.TemporaryDirectory()
        path = f"{self.folder.name}/serial"
        for end in (".in", ".out"):
            os.mkfifo(path + end)
        serial = os.open(path + ".out", os.O_RDWR)
        fcntl.fcntl(serial, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.monitor, theirs = socket.socketpair()
        machine.serial = "chardev:serial"
        machine.extra = [
            *machine.extra,
            "-chardev", f"pipe,id=serial,path={path}",
            "-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
            "-mon", "chardev=monitor,mode=control"]
        command = machine.command()
        print("+ " + " ".join(command), flush=True)
        self.kernel = machine.kernel
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()],
                                        stdin=subprocess.DEVNULL)
        theirs.close()
        super().__init__(serial)
        self.replies = self.monitor.makefile("r", encoding="utf-8")
        self.monitor.settimeout(LIMIT_S)

    def __enter__(self):
        self.reply()
        # QEMU has the pipes open now; from here on its end is their end.
        both_ways, path = self.fd, f"{self.folder.name}/serial"
        self.fd = os.open(path + ".out", os.O_RDONLY)
        self.typed = os.open(path + ".in", os.O_WRONLY)
        os.close(both_ways)
        self.qmp("qmp_capabilities")
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.monitor.close()
        os.close(self.typed)
        os.close(self.fd)
        self.folder.cleanup()

    def reply(self):
        """The next line of QMP."""
        try:
            line = self.replies.readline()
        except ConnectionError:
            line = ""
        if not line:
            raise Failure(f"QEMU is gone, status {self.process.wait()}")
        return json.loads(line)

    def send(self, text):
        """Types on the serial port."""
        os.write(self.typed, text.encode())

    def press(self, *names):
        """Presses keys together on the keyboard, by QEMU's names."""
        self.qmp("send-key", **{"hold-time": 1, "keys": [
            {"type": "qcode", "data": name} for name in names]})

    def strike(self, *names):
        """Presses keys together and waits until they show: the keyboard keeps
        16 bytes for a machine that is slow to take them."""
        shown, deadline = len(self.text), time.monotonic() + LIMIT_S
        self.press(*names)
        while len(self.text) == shown:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not self.more(left_s):
                self.fail(f"{' '.join(names)} does not show")

    def type(self, text):
        """Types on the keyboard what the terminal echoes."""
        for char in text:
            plain = SHIFTED.get(char, char.lower())
            shift = ["shift"] if plain != char else []
            self.strike(*shift, KEYS.get(plain, plain))

    def qmp(self, command, **arguments):
        """One QMP command; returns what it answers."""
        request = {"execute": command, "arguments": arguments}
        self.monitor.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self.reply()
            if "error" in reply:
                raise Failure(f"QMP {command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def gdb_on_dump(self, commands):
        """Stops the machine; what gdb says of its memory."""
        core = f"{self.folder.name}/core"
        self.qmp("stop")
        self.qmp("dump-guest-memory", paging=True, protocol=f"file:{core}")
        words = ["gdb", "-nx", "-q", "-batch", "-x",
                 ROOT / "scripts/exo-gdb.py"]
        for command in commands:
            words += ["-ex", command]
        done = subprocess.run(
            words + [self.kernel, core], cwd=ROOT, text=True, check=False,
            capture_output=True, timeout=LIMIT_S)
        return done.stdout + done.stderr

    def fail_waiting(self, what):
        """Who waits for what, and what came last, as far as it can be told."""
        if str(self.kernel).endswith("exo.elf"):
            try:
                lines = self.gdb_on_dump(WHO_WAITS).splitlines()
                what = "\n".join([what, *lines[:WHO_WAITS_LINES]])
            except (Failure, OSError, subprocess.SubprocessError) as why:
                what += f"\nno dump of its memory: {why}"
        self.fail(what)

    def wait_event(self, name):
        """Reads QMP's events up to this one."""
        while self.reply().get("event") != name:
            pass

    def expect_end(self, status=None, limit_s=LIMIT_S):
        """Waits until the machine is off; returns QEMU's exit status."""
        self.read_to_end(limit_s)
        found = self.process.wait(limit_s)
        if status is not None and found != status:
            self.fail(f"QEMU left with status {found}, not {status}")
        return found

    def text_page(self):
        """The VGA text page: 25 rows of 80 (character, attribute) bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page"
            self.qmp("pmemsave", val=0xB8000, size=80 * 25 * 2,
                     filename=str(path))
            return path.read_bytes()

    def screendump(self):
        """The picture on the screen: (width, height, RGB bytes)."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "screen.ppm"
            self.qmp("screendump", filename=str(path))
            _, size, _, pixels = path.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        return width, height, pixels
