# SPDX-License-Identifier: MIT
"""Debian's other static programs, unmodified: the same output as on Linux."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts import LIMIT_S, PATH, compare
from suite import test
from user_programs import KERNELS, OURS
from vm import ROOT, Failure, Machine, Skip, Vm

# Script in tests/programs/, how the program is called with it.
SHELLS = {"bash-static": "bash-static", "zsh-static": "zsh-static -f",
          "mksh-static": "mksh-static",
          "sash": "seq 1 5 > input; sash -f"}
COMMANDS = {"tini": "tini-static -s -- sh -c 'exit 3'",
            "tini-version": "tini-static --version",
            "ldconfig": "ldconfig -p -C /nowhere 2>&1",
            "bash-posix": "bash-static --posix -c 'echo $((1 + 1))'",
            "e2fsck": "e2fsck.static -V 2>&1"}
PROGRAMS = ("bash-static", "zsh-static", "mksh-static", "sash", "tini-static",
            "e2fsck.static", "ldconfig")
RUN = ("mkdir -p {0} && cd {0} && exec 2> /dev/null < /dev/null && "
       "{{ {1}; echo status $?; }} | cat")


def overlay(folder):
    """The programs and their scripts, as a root file system's overlay."""
    for kind in ("bin", "tests"):
        os.makedirs(f"{folder}/{kind}")
    for name in PROGRAMS:
        path = shutil.which(name, path=f"{os.environ['PATH']}:/sbin")
        if not path:
            raise Skip(f"{name} is not installed")
        shutil.copy(os.path.realpath(path), f"{folder}/bin/{name}")
    for path in (ROOT / "tests/programs").glob("*.sh"):
        shutil.copy(path, f"{folder}/tests")


def output_on_linux(folder, command):
    """With these programs and busybox's applets."""
    subprocess.run([shutil.which("busybox"), "--install", "-s",
                    f"{folder}/applets"], check=True, timeout=LIMIT_S)
    done = subprocess.run(
        ["busybox", "sh", "-c",
         RUN.format(f"{folder}/work", command.replace("/tests/",
                                                      f"{folder}/tests/"))],
        env={"PATH": f"{folder}/bin:{folder}/applets", "HOME": "/"},
        check=False, timeout=LIMIT_S, capture_output=True, text=True)
    return done.stdout, done.returncode


def same_as_on_linux(command, kernel, cpus):
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/applets")
        root = f"{folder}/root"
        overlay(root)
        initrd = Path(os.environ["EXO_TEST_LOG"]).with_suffix(".cpio")
        subprocess.run([ROOT / "scripts/mkinitrd.py", "-o", initrd,
                        "--overlay", root], check=True, timeout=LIMIT_S)
        os.makedirs(f"{root}/applets")
        wanted, status = output_on_linux(root, command)
    here = RUN.format("/tmp/work", command)
    append = (f"bench=off panic=exit loglevel=1 HOME=/ PATH={PATH} "
              f'init=/bin/sh -- -c "{here}"')
    try:
        with Vm(Machine(kernel=KERNELS[kernel], initrd=str(initrd), cpus=cpus,
                        append=append)) as vm:
            vm.expect(r"^\[boot\] ready in.*\n")
            start = vm.read_to
            end = vm.expect(r"^init exited, status (\d+)$", LIMIT_S)
            compare(vm, OURS.sub("", vm.text[start:end.start()]), wanted)
            if int(end[1]) != status:
                vm.fail(f"status {end[1]}, on Linux {status}")
            vm.expect_end(0)
    finally:
        initrd.unlink()


@test("Debian's {shell} runs its script as on Linux, {cpus} processors",
      limit_s=600, shell=SHELLS, cpus=(1, 4))
def debian_shell(shell, cpus):
    same_as_on_linux(f"{SHELLS[shell]} /tests/{shell}.sh", "debug", cpus)


@test("Debian's {program} behaves as on Linux", program=COMMANDS)
def debian_program(program):
    same_as_on_linux(COMMANDS[program], "release", 2)
