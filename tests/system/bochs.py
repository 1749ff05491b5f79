# SPDX-License-Identifier: MIT
"""Bochs, a second and stricter machine, boots the same image."""
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from suite import test
from vm import Console, Skip, make_iso

LIMIT_S = 150
CONFIG = """\
display_library: term
megs: 128
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=corei7_haswell_4770, ips=50000000
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={serial}
log: {log}
panic: action=fatal
error: action=report
info: action=ignore
clock: sync=none
"""


def drain(terminal):
    """Reads what Bochs draws on its terminal, until nobody has it open."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass


@test("Bochs boots the ISO to the first program", limit_s=LIMIT_S + 30)
def bochs_boots():
    if not shutil.which("bochs"):
        raise Skip("bochs is not here")
    iso = make_iso("bench=off init=/bin/hello")
    with tempfile.TemporaryDirectory() as folder:
        serial = Path(folder) / "serial"
        os.mkfifo(serial)
        config, rc = Path(folder) / "bochsrc", Path(folder) / "rc"
        config.write_text(CONFIG.format(
            iso=iso, serial=serial,
            log=os.environ["EXO_TEST_LOG"] + ".bochs"))
        rc.write_text("c\n")
        fifo = os.open(serial, os.O_RDWR | os.O_NONBLOCK)
        ours, terminal = os.openpty()
        process = subprocess.Popen(
            ["bochs", "-q", "-f", config, "-rc", rc],
            stdin=terminal, stdout=terminal, stderr=terminal,
            env={**os.environ, "TERM": "vt100"})
        os.close(terminal)
        threading.Thread(target=drain, args=(ours,), daemon=True).start()
        try:
            console = Console(fifo)
            console.expect(r"^\[boot\] ready in", LIMIT_S)
            console.expect(r"^hello from user mode")
            console.expect(r"^init exited, status 0$")
        finally:
            process.kill()
            process.wait()
