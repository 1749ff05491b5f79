# SPDX-License-Identifier: MIT
"""What the commands for people say of words that make no sense: one line."""
import os
import re
import subprocess
import sys

from suite import test
from vm import DEBUG_KERNEL, LIMIT_S, ROOT, Failure

EXPLORE = ("explore.py", "planted_deadlock")
PICTURE = ("trace_picture.py", "build/refused/trace.json")
NOT_THERE = "/nonexistent"
PANIC = b"  ffffffff80100000  nothing+0x1\n"
# The command, what it reads, CPUS, what it says.
REFUSED = (
    ((*EXPLORE, "abc"), b"", "", r"explore: SEEDS=abc: not 7, "),
    ((*EXPLORE, "5..1"), b"", "", r"explore: SEEDS=5\.\.1: not 7, "),
    ((*EXPLORE, "0..3"), b"", "", r"explore: SEEDS=0\.\.3: not 7, "),
    ((*EXPLORE, "1"), b"", "0", r"CPUS=0: not a number from 1 on"),
    ((*EXPLORE, "1..3", "--gdb"), b"", "", r"explore: GDB=1 wants one seed"),
    (("explore.py", "", "1"), b"", "", r"explore: which\? "),
    (("explore.py", NOT_THERE, "1"), b"", "", r"explore: there is no program "),
    (PICTURE, b"", "two", r"CPUS=two: not a number from 1 on"),
    ((*PICTURE, "--from", NOT_THERE), b"", "", r".*No such file.*nonexistent"),
    ((*PICTURE, "--from", "/dev/null"), b"", "", r".*there is no event in this"),
    ((*PICTURE, "--from", DEBUG_KERNEL), b"", "", r".*there is no event in this"),
    (("qemu.py",), b"", "x", r"CPUS=x: not a number from 1 on"),
    (("decode_dump.py", NOT_THERE), PANIC, "", r".*there is no kernel /nonex"),
    (("decode_dump.py", "README.md"), PANIC, "", r".*README\.md: file format"),
    (("decode_dump.py", DEBUG_KERNEL), b"\xff\n", "", r".*no line of a backtrace"),
)


@test("words that make no sense are refused in a line that says why")
def tools_refuse():
    for (script, *words), read, cpus, says in REFUSED:
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / script, *words], input=read,
            cwd=ROOT, env={**os.environ, "CPUS": cpus}, check=False,
            capture_output=True, timeout=LIMIT_S)
        said = done.stderr.decode()
        print(script, *words, "says", said)
        if done.returncode == 0 or not re.fullmatch(f"{says}.*\n", said):
            raise Failure(f"{script} says {said}")


GDB = (("exo threads", "no machine: see make debug"),
       ("exo pages", "no machine: see make debug"),
       ("exo vm 1", "no machine: see make debug"),
       ("exo trace many", 'COUNT is a number, not "many"'))


@test("our gdb commands without a machine say that there is none")
def gdb_refuses():
    for command, says in GDB:
        said = subprocess.run(
            ["gdb", "-nx", "-q", "-batch", "-x", ROOT / "scripts/exo-gdb.py",
             "-ex", command, DEBUG_KERNEL], cwd=ROOT, text=True, check=False,
            capture_output=True, timeout=LIMIT_S).stderr
        if says not in said or "Traceback" in said:
            raise Failure(f"{command} says {said}")
