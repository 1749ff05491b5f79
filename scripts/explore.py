#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Searches over seeds for one under which a test fails; `make explore` runs it.

TEST is an in-kernel test of the kernel that explores, or, as /tests/NAME, a
program of the tests, which must end with status 0 and print what it prints on
Linux, if Linux can run it. SEEDS is 7, 1..200 or 1,5,9. CPUS and MEM come from the environment. Two machines run at a time; each
counts instructions, so a seed gives the same run every time. A failing seed
shows what failed and the commands that repeat it; the status is then 1.

With --gdb one seed runs under gdb, stopped where the test fails. On one
processor the run is recorded first and gdb gets the recording, in which
reverse-stepi and reverse-step go back.
"""
import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from qemu import Machine, count_of

ROOT = Path(__file__).resolve().parent.parent
KERNEL = ROOT / "build/explore/exo.elf"
INITRD = ROOT / "build/tests.cpio"
PROGRAMS = ROOT / "build/testroot"
LOGS = ROOT / "build/explore/log"
AT_A_TIME = 2
LIMIT_S = 300
PASSED = 1  # QEMU's status when the tests passed
FAILED = re.compile(r"^(?:# (tests/\S+:\d+: .*)|=== (PANIC: .*) ===|"
                    r"# (threads left behind: .*)|"
                    r"(init exited, status (?!0$).*))$", re.M)
# The kernel's own lines, which come in between, even within a line.
OURS = re.compile(r"\[ *(\d+\.\d+\] \d+|boot\]) .*\n")
# What record and replay adds to the counting of instructions.
RECORDING = ",rr={},rrfile={}/record,rrsnapshot=start"


@dataclass
class Run:
    """One seed's run: None for `why` means that it passed."""
    seed: int
    why: str
    text: str


def is_program(test):
    return test.startswith("/")


def machine(test, cpus, seed, **options):
    """The machine that runs this test with this seed."""
    what = f"loglevel=1 init={test}" if is_program(test) else f"test={test}"
    return Machine(kernel=str(KERNEL), initrd=str(INITRD), accel="tcg",
                   cpus=cpus, seed=seed, mem=os.environ.get("MEM") or "256M",
                   append=f"panic=exit console=serial explore=1 {what}",
                   **options)


def on_linux(program):
    """What one of the tests' programs prints on Linux, which is right.

    None if it does not work there, for it makes calls that only we have.
    """
    done = subprocess.run([f"{PROGRAMS}{program}"], check=False, text=True,
                          timeout=LIMIT_S, capture_output=True)
    return None if done.returncode else done.stdout


def printed(text):
    """What the first program printed: what is left without the kernel's."""
    begin = re.search(r"^\[boot\] ready in.*\n", text, re.M)
    end = re.search(r"^init exited,.*", text, re.M)
    if not begin or not end:
        return ""
    return OURS.sub("", text[begin.end():end.start()])


def absent(test):
    return f"there is no test {test}"


def judge(test, status, text, wanted):
    """What is wrong with a run, None if nothing is."""
    found = FAILED.search(text)
    if found:
        return next(filter(None, found.groups()))
    if "1..0" in text.split():
        return absent(test)
    if status != (0 if is_program(test) else PASSED):
        return f"QEMU ended with status {status}"
    if wanted is not None and printed(text) != wanted:
        return "it did not print what it prints on Linux"
    return None


def run(test, cpus, seed, wanted=None):
    """Runs it once; its serial port stays in build/explore/log/."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{Path(test).name}-{cpus}-{seed}"
    log.unlink(missing_ok=True)
    command = machine(test, cpus, seed, serial=f"file:{log}").command()
    try:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                                timeout=LIMIT_S).returncode
    except subprocess.TimeoutExpired:
        status = f"none within {LIMIT_S} s of this host"
    text = log.read_text(encoding="utf-8", errors="replace") \
        if log.exists() else ""
    return Run(seed, judge(test, status, text, wanted), text)


def search(test, cpus, seeds):
    """The runs, in the order of the seeds; who stops asking stops them."""
    wanted = on_linux(test) if is_program(test) else None
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        runs = [pool.submit(run, test, cpus, seed, wanted) for seed in seeds]
        try:
            for future in runs:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def read_seeds(text):
    """[1, 2, 3] of 1..3, or of 1,2,3; 0 is no seed of the kernel's."""
    first, dots, last = text.partition("..")
    try:
        seeds = range(int(first), int(last) + 1) if dots else \
            [int(word) for word in text.split(",")]
    except ValueError:
        seeds = ()
    if not seeds or min(seeds) < 1:
        sys.exit(f"explore: SEEDS={text}: not 7, 1..200 or 1,5,9, from 1 on")
    return seeds


def show(failed, test, cpus):
    again = f"./exo explore TEST={test} CPUS={cpus} SEEDS={failed.seed}"
    print(f"seed {failed.seed}: {failed.why}\n  repeat: {again}\n"
          f"  in gdb: {again} GDB=1", flush=True)


def explore(test, cpus, seeds):
    """Prints what failed; returns how many."""
    bad = []
    for one in search(test, cpus, seeds):
        if len(seeds) == 1:
            print(one.text)
        if one.why == absent(test):
            sys.exit(f"explore: {one.why}")
        if one.why:
            bad.append(one.seed)
            show(one, test, cpus)
        else:
            (LOGS / f"{Path(test).name}-{cpus}-{one.seed}").unlink()
    print(f"{len(seeds)} seeds, {len(bad)} failed" +
          (": " + " ".join(map(str, bad)) if bad else ""))
    return len(bad)


def write_disk(path):
    """An empty disk, qcow2 version 2, for the snapshots of a recording.

    Four clusters: header, table of reference counts, the counts, table L1.
    """
    cluster = 1 << 16
    head = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, cluster, 0,
                       1, 3 * cluster, cluster, 1, 0, 0)
    parts = [head, struct.pack(">Q", 2 * cluster), struct.pack(">4H", *4 * [1]),
             b""]
    path.write_bytes(b"".join(part.ljust(cluster, b"\0") for part in parts))


def in_gdb(test, cpus, seed, words=(), **options):
    """Runs gdb on one seed, for people or, with `words`, by these commands."""
    with tempfile.TemporaryDirectory() as folder:
        door = f"{folder}/gdb"
        wanted = machine(test, cpus, seed, serial=f"file:{folder}/serial")
        extra = ["-S", "-gdb", f"unix:{door},server=on,wait=off"]
        if cpus == 1:
            disk = Path(folder) / "disk"
            write_disk(disk)
            wanted.extra = ["-drive", f"file={disk},if=none,id=snapshots"]
            counting = wanted.counting()
            wanted.icount = counting + RECORDING.format("record", folder)
            subprocess.run(wanted.command(), stdin=subprocess.DEVNULL,
                           check=False, timeout=LIMIT_S)
            wanted.icount = counting + RECORDING.format("replay", folder)
        wanted.extra = wanted.extra + extra
        process = subprocess.Popen(wanted.command(), stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            commands = [f"target remote {door}", "hbreak ktest_fail",
                        "hbreak panic", "continue", *words]
            return subprocess.run(
                ["gdb", "-nx", "-q", "-x", ROOT / "scripts/exo-gdb.py",
                 *(["-batch"] if words else []),
                 *(word for text in commands for word in ("-ex", text)),
                 KERNEL], cwd=ROOT, check=False, **options)
        finally:
            process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("test", help="the name of an in-kernel test, or a path")
    parser.add_argument("seeds")
    parser.add_argument("--gdb", action="store_true")
    opts = parser.parse_args()
    if not opts.test:
        sys.exit("explore: which? TEST=name of an in-kernel test, or "
                 "TEST=/tests/name")
    if is_program(opts.test) and not Path(f"{PROGRAMS}{opts.test}").is_file():
        sys.exit(f"explore: there is no program {opts.test} of the tests")
    cpus, seeds = count_of("CPUS", 1), read_seeds(opts.seeds)
    if not opts.gdb:
        sys.exit(1 if explore(opts.test, cpus, seeds) else 0)
    if len(seeds) != 1:
        sys.exit("explore: GDB=1 wants one seed: SEEDS=n")
    sys.exit(in_gdb(opts.test, cpus, seeds[0]).returncode)


if __name__ == "__main__":
    main()
