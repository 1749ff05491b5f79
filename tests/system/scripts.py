# SPDX-License-Identifier: MIT
"""Shell scripts: Debian's busybox prints here what it prints on Linux."""
import os
import shutil
import subprocess
import tempfile

from suite import test
from user_faults import TESTS_INITRD
from user_programs import KERNELS, OURS
from vm import ROOT, Failure, Machine, Vm

SCRIPTS = sorted(path.stem for path in (ROOT / "tests/shell").glob("*.sh"))
LIMIT_S = 300
PATH = "/bin:/sbin:/usr/bin:/usr/sbin"
RUN = ("mkdir -p {0} && cd {0} && exec 2> /dev/null < /dev/null && "
       "{{ sh {1}; echo status $?; }} | cat")


def output_on_linux(script):
    """In an empty folder, with nothing but busybox's applets."""
    busybox = shutil.which("busybox")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/bin")
        subprocess.run([busybox, "--install", "-s", f"{folder}/bin"],
                       check=True, timeout=LIMIT_S)
        path = ROOT / f"tests/shell/{script}.sh"
        done = subprocess.run(
            [busybox, "sh", "-c", RUN.format(f"{folder}/work", path)],
            env={"PATH": f"{folder}/bin", "HOME": "/"}, check=False,
            timeout=LIMIT_S, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"Linux: status {done.returncode}\n{done.stdout}")
    return done.stdout


def compare(vm, found, wanted):
    lines = zip(found.splitlines(), wanted.splitlines())
    for number, (ours, theirs) in enumerate(lines, 1):
        if ours != theirs:
            vm.fail(f"line {number}: {ours!r}, on Linux {theirs!r}")
    if found != wanted:
        vm.fail("it printed more or less than on Linux")


@test("busybox runs {script}.sh on the {kernel} kernel, {cpus} processors, "
      "as on Linux", limit_s=900, script=SCRIPTS, kernel=("release", "debug"),
      cpus=(1, 4))
def script(script, kernel, cpus):
    wanted = output_on_linux(script)
    command = RUN.format("/tmp/work", f"/tests/shell/{script}.sh")
    append = (f"bench=off panic=exit loglevel=1 HOME=/ PATH={PATH} "
              f'init=/bin/sh -- -c "{command}"')
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD, cpus=cpus,
                    append=append)) as vm:
        vm.expect(r"^\[boot\] ready in.*\n")
        start = vm.read_to
        end = vm.expect(r"^init exited, status \d+$", LIMIT_S)
        if end[0][-1] != "0":
            vm.fail(end[0])
        compare(vm, OURS.sub("", vm.text[start:end.start()]), wanted)
        vm.expect_end(0)
