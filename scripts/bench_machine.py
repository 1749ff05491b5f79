#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What whole machines tell of Exo-OS: counts, boots, the smallest one.

How often a switch between two processes writes CR3 and saves vectors; the
boot to the shell's prompt, in little memory and in much; what GRUB takes of
it; a million threads; the image. Writes build/bench-machine/results.jsonl, a
line each: {"name", "value"}.

Usage: bench_machine.py [NAME...]	(names of STEPS; all of them)
"""
import collections
import json
import os
import re
import select
import subprocess
import sys
import time

import size
from measure import COUNTED, CPU, KERNEL, PROGRAM_ROOT, ROOT, SHOWN_BYTES, \
    Unfinished, boot, boot_instructions, write_lines
from qemu import Machine

OUT = ROOT / "build/bench-machine"
RESULTS = OUT / "results.jsonl"
ROOT_FILES = str(ROOT / "build/initrd.cpio")
STRIPPED = str(ROOT / "build/exo.stripped")
LIMIT_S = 600
PROMPT = "root@exo:~# "
TO_PROMPT = "bench=off panic=exit init=/init"
FIRST_WORDS = "started by"
LONG_NS = 5000000
ROUNDS = 5
MEGABYTES = (4, 5, 6, 7, 8, 10, 12, 14, 16, 24, 32)

# Instructions of a switch that are counted.
KINDS = {"cr3": r"mov +%\w+,%cr3",
         "flush": r"invlpg|invpcid|mov +%\w+,%cr4",
         "vectors": r"f?xsave|fnsave|f?xrstor"}
CODE = re.compile(r"^\s*([0-9a-f]+):\t(.*)$", re.M)
EXECUTED = re.compile(r"^Trace .*?\[[0-9a-f]+/([0-9a-f]+)/", re.M)
RECORD = re.compile(r"^\[ *(\d+)\.(\d+)\] \d+ thread (\d+) +(\w+) +(.*)$", re.M)
CROWD = re.compile(r"(\d+) threads alive, \d+ stacks mapped, (\d+) bytes each")


class Talk:
    """A machine whose serial port we read and write, its monitor behind it."""

    def __init__(self, counted, **machine):
        command = Machine(serial="mon:stdio", accel="tcg", cpu=CPU,
                          icount=COUNTED if counted else "",
                          **machine).command()
        self.text, self.start = "", time.monotonic()
        # Ended by __exit__().
        self.qemu = subprocess.Popen(command, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.qemu.kill()
        self.qemu.communicate()

    def wait(self, words):
        """Until the machine has said so; how old it is then, in seconds."""
        port = self.qemu.stdout.fileno()
        while words not in self.text:
            left = self.start + LIMIT_S - time.monotonic()
            ready = left > 0 and select.select([port], [], [], left)[0]
            data = os.read(port, 4096) if ready else b""
            if not data:
                raise Unfinished(f"no {words!r} in\n{self.text[-SHOWN_BYTES:]}")
            self.text += data.decode("utf-8", "replace").replace("\r", "")
        return time.monotonic() - self.start

    def say(self, words, answer=PROMPT):
        """Types this, and waits for the answer. Returns what came."""
        self.text = ""
        self.qemu.stdin.write(f"{words}\n".encode())
        self.qemu.stdin.flush()
        self.wait(answer)
        return self.text

    def began(self):
        """The first reading of the counter, from the kernel's memory."""
        rate = re.search(r"^(\w+) . first_rate$", run("nm", KERNEL), re.M)
        self.text = self.say(f"\x01cx /1gx 0x{rate[1]}",
                             f"{rate[1]}: 0x").rpartition(": ")[2]
        self.wait("(qemu)")
        return int(self.text.split()[0], 16)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def points():
    """{address: kind} of the kernel's instructions that are counted."""
    found = {}
    for address, words in CODE.findall(
            run("objdump", "-d", "--no-show-raw-insn", KERNEL)):
        for kind, pattern in KINDS.items():
            if re.match(pattern, words):
                found[int(address, 16)] = kind
    switch = re.search(r"^(\w+) T arch_switch$", run("nm", KERNEL), re.M)
    return found | {int(switch[1], 16): "switch"}


def switches(kinds):
    """For each switch in this list of what was executed: a count by kind."""
    found = []
    for kind in kinds:
        if kind == "switch":
            found.append(collections.Counter())
        elif found:
            found[-1][kind] += 1
    return [tuple(each[kind] for kind in KINDS) for each in found]


def process_switch():
    """Of two processes that yield: QEMU tells each counted instruction.

    Every instruction is a block of its own there, and only those at our
    addresses are written down. Other switches are few: the commonest counts.
    """
    at, log = points(), OUT / "executed"
    places = ",".join(f"{address:#x}+1" for address in at)
    command = Machine(
        kernel=KERNEL, initrd=PROGRAM_ROOT, accel="tcg", cpu=CPU,
        icount=COUNTED, serial="stdio",
        append="bench=off init=/bin/compare -- yield_two",
        extra=["-singlestep", "-d", "exec,nochain", "-D", str(log),
               "-dfilter", places]).command()
    subprocess.run(command, check=True, timeout=LIMIT_S, text=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    executed = EXECUTED.findall(log.read_text("utf-8"))
    each = switches([at.get(int(address, 16)) for address in executed])
    counts, times = collections.Counter(each).most_common(1)[0]
    if times < len(each) * 0.9:
        raise Unfinished(f"switches differ: {collections.Counter(each)}")
    return {f"switch_{kind}": count for kind, count in zip(KINDS, counts)}


def prompt_at(trace):
    """Instructions until the shell that started last waits for a command.

    That is its first sleep of more than a moment; what the processor idled
    before is none: the time is that of the instructions and of idling.
    """
    shell, slept, idled, idles_from = None, None, 0, None
    for second, part, thread, event, words in RECORD.findall(trace):
        now = int(second + part)
        if event == "EXEC":
            shell = thread
        elif event == "SLEEP" and thread == shell:
            slept = now, now - idled
        elif event == "WAKE" and slept and now - slept[0] > LONG_NS and \
                words.startswith(f"wake thread {shell} "):
            return slept[1]
        elif event == "SWITCH":
            if idles_from:
                idled += now - idles_from
            idles_from = now if words.startswith("switch to thread 0,") \
                else None
    raise Unfinished(f"no prompt in\n{trace[-SHOWN_BYTES:]}")


def to_prompt(**machine):
    """Instructions until the kernel's first, and from there to the prompt."""
    with Talk(True, seed="1", **machine) as talk:
        talk.wait(PROMPT)
        took = prompt_at(talk.say("cat /proc/exo/trace"))
        return talk.began(), took


def boots():
    """To the first program in little and in much memory, and to the prompt."""
    found = {"prompt": to_prompt(kernel=KERNEL, initrd=ROOT_FILES,
                                 append=TO_PROMPT)[1]}
    for name, mem in (("128m", "128M"), ("4g", "4G")):
        found[f"boot_{name}"] = boot_instructions(boot(
            KERNEL, ROOT_FILES, "bench=off init=/bin/hello", True, LIMIT_S,
            mem=mem))
    return found


def make_iso(name, initrd, words):
    path = str(OUT / name)
    run(str(ROOT / "scripts/mkiso.sh"), path, STRIPPED, initrd, words)
    return path


def small_root():
    """A root file system of one small program."""
    path, program = OUT / "small.cpio", ROOT / "build/user/hello"
    with path.open("wb") as file:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], check=True,
                       cwd=program.parent, stdout=file,
                       input=program.name.encode())
    return str(path)


def grub():
    """The image by GRUB, counted, and the least of some rounds by the clock.

    What GRUB takes alone is what it takes with next to nothing to load; that
    machine stops by a panic, and can be asked.
    """
    small = make_iso("small.iso", small_root(),
                     "bench=off crash=thread panic=halt")
    iso = make_iso("prompt.iso", ROOT_FILES, TO_PROMPT)
    alone_s, prompt_s = [], []
    for _ in range(ROUNDS):
        with Talk(False, iso=small) as talk:
            alone_s.append(talk.wait(FIRST_WORDS))
        with Talk(False, iso=iso) as talk:
            prompt_s.append(talk.wait(PROMPT))
    with Talk(True, iso=small) as talk:
        talk.wait(FIRST_WORDS)
        alone = talk.began()
    loaded, took = to_prompt(iso=iso)
    return {"grub": alone, "grub_loaded": loaded,
            "grub_prompt": loaded + took, "grub_ms": 1000 * min(alone_s),
            "grub_prompt_ms": 1000 * min(prompt_s)}


def smallest():
    """The least memory, in megabytes, in which the shell asks for a command."""
    for megabytes in MEGABYTES:
        try:
            with Talk(True, kernel=KERNEL, initrd=ROOT_FILES,
                      append=TO_PROMPT, mem=f"{megabytes}M") as talk:
                talk.wait(PROMPT)
                talk.say("ls /proc")
            return {"smallest_mb": megabytes}
        except Unfinished:
            continue
    raise Unfinished(f"none of {MEGABYTES} MB is enough")


def threads():
    """As many as there is room for in 2 GB, up to a million."""
    found = boot(KERNEL, ROOT_FILES, "bench=threads init=/bin/hello", False,
                 LIMIT_S, mem="2G")
    count, each = CROWD.search(found.text).groups()
    return {"threads": int(count), "thread_bytes": int(each)}


def image():
    loads, symbols = size.loadable(STRIPPED)
    return {"image": loads - symbols}


STEPS = {step.__name__: step for step in
         (image, process_switch, boots, grub, smallest, threads)}


def before():
    """What an earlier run left, of the steps that are not asked for now."""
    if not RESULTS.exists():
        return {}
    rows = map(json.loads, RESULTS.read_text("utf-8").splitlines())
    return {row["name"]: row["value"] for row in rows}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    found = before() if sys.argv[1:] else {}
    failures = []
    for name in sys.argv[1:] or STEPS:
        print(f"{name} ...", flush=True)
        try:
            step = STEPS[name]()
        except Unfinished as why:
            failures.append(f"{name}: {why}")
            continue
        for figure, value in step.items():
            print(f"  {figure:<16} {value:,.0f}")
        found |= step
        write_lines(RESULTS, [{"name": figure, "value": value}
                              for figure, value in found.items()])
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
