# SPDX-License-Identifier: MIT
"""Dynamic programs, with their own loaders: the same output as on Linux.

The tests' own programs are linked again, against musl's and glibc's shared
libraries; Debian's are taken as they are, with what ldd says they need.
"""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts import compare
from suite import test
from user_programs import KERNELS, OURS
from vm import ROOT, Failure, Machine, Skip, Vm

LIMIT_S = 120
COMPILERS = {"musl": "musl-gcc", "glibc": "gcc"}
# What glibc's pthread_exit() opens when it is first called.
UNWINDER = "/lib/x86_64-linux-gnu/libgcc_s.so.1"
MUSL_LIBRARY = "/usr/lib/x86_64-linux-musl/libc.so"
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
SOURCES = ("threads", "exec", "memory")
COMMANDS = {
    "env": ["/usr/bin/env", "-i", "A=1", "B=two words"],
    "expr": ["/usr/bin/expr", "6", "*", "7"],
    "sort": ["/usr/bin/sort", "-rn", "/etc/passwd"],
    "ls": ["/bin/ls", "-1d", "/", "/etc", "/proc"],
    "bash": ["/bin/bash", "-c", "for i in 1 2 3; do echo $((i * i)); done | "
             "while read x; do printf '%03d\\n' $x; done; exit 5"],
}


def lay(root, path):
    """A file of this machine at the same place below `root`."""
    target = Path(f"{root}{path}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy(os.path.realpath(path), target)


def lay_program(root, path):
    """And the libraries that it names, with their loader."""
    listed = subprocess.run(["ldd", path], check=True, capture_output=True,
                            text=True, timeout=LIMIT_S).stdout
    lay(root, path)
    for library in re.findall(r"(/\S+) \(0x", listed):
        lay(root, library)


def same_as_on_linux(words, kernel, cpus, root):
    """`root` has the program; if it is none of this machine's, alone."""
    here = words[0] if os.path.exists(words[0]) else f"{root}{words[0]}"
    linux = subprocess.run([here, *words[1:]], check=False, capture_output=True, text=True,
                           timeout=LIMIT_S, env={"HOME": "/", "PATH": "/bin"})
    initrd = Path(os.environ["EXO_TEST_LOG"]).with_suffix(".cpio")
    subprocess.run([ROOT / "scripts/mkinitrd.py", "-o", initrd, "--overlay",
                    root], check=True, timeout=LIMIT_S)
    quoted = " ".join(f'"{word}"' for word in words[1:])
    append = ("bench=off panic=exit loglevel=1 HOME=/ PATH=/bin "
              f"init={words[0]} -- {quoted}")
    try:
        with Vm(Machine(kernel=KERNELS[kernel], initrd=str(initrd), cpus=cpus,
                        append=append)) as vm:
            vm.expect(r"^\[boot\] ready in.*\n")
            start = vm.read_to
            end = vm.expect(r"^init exited, status (\d+)$", LIMIT_S)
            found = OURS.sub("", vm.text[start:end.start()])
            compare(vm, found, linux.stdout)
            if int(end[1]) != linux.returncode:
                vm.fail(f"status {end[1]}, on Linux {linux.returncode}")
            vm.expect_end(0)
    finally:
        initrd.unlink()


@test("{source}, linked with {libc}'s shared library, prints what it prints "
      "on Linux", source=SOURCES, libc=COMPILERS)
def dynamic_own(source, libc):
    with tempfile.TemporaryDirectory() as folder:
        root, program = f"{folder}/root", f"{folder}/root/tests/{source}"
        os.makedirs(f"{root}/tests")
        done = subprocess.run(
            [COMPILERS[libc], "-std=gnu11", "-Os", "-o", program,
             ROOT / f"tests/user/{source}.c", "-pthread"], check=False,
            capture_output=True, text=True, timeout=LIMIT_S)
        if done.returncode:
            raise Failure(done.stderr)
        if libc == "musl":
            os.makedirs(f"{root}/lib")
            shutil.copy(MUSL_LIBRARY, f"{root}{MUSL_LOADER}")
        else:
            lay_program(root, program)
            lay(root, UNWINDER)
        same_as_on_linux([f"/tests/{source}"], "debug", 2, root)


@test("Debian's dynamic {command} does what it does on Linux",
      command=COMMANDS)
def dynamic_debian(command):
    words = COMMANDS[command]
    if not os.path.exists(words[0]):
        raise Skip(f"{words[0]} is not installed")
    with tempfile.TemporaryDirectory() as root:
        lay_program(root, words[0])
        lay(root, "/etc/passwd")
        same_as_on_linux(words, "release", 1, root)
