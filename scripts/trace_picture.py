#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the kernel's trace into a picture for Perfetto or chrome://tracing.

Boots the kernel, lets its shell run a workload with everything recorded, and
reads /proc/exo/trace; or takes the text of that file (--from). The picture is
JSON: a track for each processor (which thread runs) and two for each thread
(where it runs, its system calls), arrows from a wake-up to the thread that
runs then, from a call to whoever serves it and from a write into a shell's
pipe to the read that takes it, the waits for locks, counters of ready threads,
page faults, frames and objects. Beside it stands a drawing of the programs'
part (timeline.py), which --accept puts into docs/.

Usage: trace_picture.py OUT [--workload 'SHELL WORDS'] [--from FILE] [--accept]
"""
import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import timeline
from qemu import Machine, count_of

ROOT = Path(__file__).resolve().parent.parent
WORKLOAD = "/bin/echo hello | /usr/bin/tr a-z A-Z; /bin/ls /bin | /usr/bin/wc -l"
CONTROL = "/proc/exo/trace"
BEGIN, END = "TRACE-BEGIN", "TRACE-END"
WORDS = ("bench=off console=serial loglevel=1 trace_records=32768 "
         "init=/bin/busybox -- sh -c \"echo all > " + CONTROL +
         "; {workload}; echo off > " + CONTROL + "; echo " + BEGIN +
         "; cat " + CONTROL + "; echo " + END + "\"")
COUNTED = "shift=1,sleep=off"
LIMIT_S = 300

LINE = re.compile(r"^\[ *(\d+)\.(\d{9})\] (\d+) thread (\d+) +(\w+) +(.*?)\r?$",
                  re.M)
# The kernel's own lines of its log, which may come within another line.
OURS = re.compile(r"\[(?:boot| *\d+\.\d{6})\] .*\n")
EVENT = re.compile(r'^TRACE_EVENT\(TRACE_(\w+), \w+, "(.*)"\)', re.M)
CALL = re.compile(r"^SYSCALL\((\d+), (\w+),\s*(?:FULL|PARTIAL\(.*?\"\))"
                  r"([\w,\s]*)\)$", re.M | re.S)
OWN_CALL = re.compile(r"^EXO_CALL\((\d+), (\w+)([\w,\s]*)\)$", re.M)
OWN_FIRST = re.compile(r"^#define EXO_CALL_FIRST (\d+)", re.M)
LOCK = re.compile(r"^LOCK_CLASS\((\w+),", re.M)
FORMS = {"%ta%tb": "(?P<a>.*)", "%a": r"(?P<a>-?\d+)", "%b": r"(?P<b>-?\d+)",
         "%xa": r"(?P<a>\w+)", "%xb": r"(?P<b>\w+)", "%sa": r"(?P<a>\S+)",
         "%sb": r"(?P<b>\S+)", "%nb": r"(?P<b>\d+)"}
FORM = re.compile(r"%ta%tb|%[xsn]?[ab]")
FORKS = ("clone", "fork", "vfork")
PIPES = ("pipe", "pipe2")
WRITES, READS = ("write", "writev", "sendfile"), ("read", "readv")
OPENS = ("open", "openat", "creat")
IN, OUT = 0, 1  # a program's descriptors that a shell lays a pipe to
CHILD_BEGINS = "child_begin"
PROCESSORS, THREADS = 1, 2
LAST_ERRNO = 4095


def source(name):
    return (ROOT / name).read_text(encoding="utf-8")


def calls_of():
    """The name and the kinds of arguments of each system call, by number."""
    calls = {int(number): (name, kinds.replace(",", " ").split())
             for number, name, kinds in CALL.findall(
                 source("posix/syscalls.def"))}
    first = int(OWN_FIRST.search(source("arch/trap.h"))[1])
    for number, name, kinds in OWN_CALL.findall(source("posix/exo_calls.def")):
        calls[first + int(number)] = (f"exo_{name}",
                                      kinds.replace(",", " ").split())
    return calls


def shown(kind, value, texts):
    """An argument as people read it; takes its text if it has one."""
    if kind in ("STR", "BUF") and texts:
        return json.dumps(texts.pop(0))
    if kind in ("INT", "FD", "SIG"):
        return str((value & 0xffffffff ^ 1 << 31) - (1 << 31))
    return {"UINT": str, "SIZE": str, "MODE": oct}.get(kind, hex)(value)


def reader_of(form):
    """What finds the arguments in the text that `form` became."""
    pieces = FORM.split(form)
    found = [FORMS[each] for each in FORM.findall(form)] + [""]
    return re.compile("".join(re.escape(piece) + group
                              for piece, group in zip(pieces, found)) + "$")


class Record:
    """One line of the trace; `a` and `b` are as the event's text has them."""

    def __init__(self, match, readers):
        seconds, ns, cpu, tid, self.event, self.text = match.groups()
        self.ns = int(seconds) * 10 ** 9 + int(ns)
        self.cpu, self.tid = int(cpu), int(tid)
        found = readers[self.event].match(self.text) \
            if self.event in readers else None
        self.is_whole = bool(found)
        values = found.groupdict() if found else {}
        self.a, self.b = values.get("a"), values.get("b")


def records_of(text):
    """All lines of the trace that are whole, by time."""
    readers = {name: reader_of(form)
               for name, form in EVENT.findall(source("trace/events.def"))}
    records = [Record(match, readers)
               for match in LINE.finditer(OURS.sub("", text))]
    whole = [record for record in records if record.is_whole]
    if len(whole) < len(records):
        print(f"trace_picture.py: {len(records) - len(whole)} lines are no "
              "events of trace/events.def: left out", file=sys.stderr)
    return sorted(whole, key=lambda record: record.ns)


class Pipes:
    """Which call wrote what another one reads, through the pipes of a shell.

    A shell makes a pipe, forks, and the child lays one end to its descriptor
    0 or 1: the newest pipe that its parent had made then, or the one before
    that, if it lays both. What a child has opened itself is a file.
    """

    def __init__(self):
        self.made = {}      # thread: its pipes, each the writes to be read
        self.ends = {}      # (thread, IN or OUT): the pipe there
        self.opened = set()  # (thread, descriptor)

    def forked(self, parent, child):
        self.made[child] = list(self.made.get(parent, ()))

    def lay(self, tid, old, new):
        made = self.made.get(tid, ())
        if new not in (IN, OUT) or not made or (tid, old) in self.opened:
            return
        if new == OUT and self.ends.get((tid, IN)) is made[-1] and made[1:]:
            self.ends[tid, IN] = made[-2]
        both = new == IN and self.ends.get((tid, OUT)) is made[-1]
        if not both or made[1:]:
            self.ends[tid, new] = made[-2 if both else -1]

    def writes(self, tid, fd, ns):
        if fd == OUT and (tid, OUT) in self.ends:
            self.ends[tid, OUT].append((tid, ns))

    def ended(self, tid, name, values, result):
        """A call that went well; the write that it reads, or None."""
        if name in PIPES:
            self.made.setdefault(tid, []).append([])
        elif name in OPENS:
            self.opened.add((tid, result))
        elif name == "dup2":
            self.lay(tid, *values[:2])
        elif name in READS and values[0] == IN and result > 0:
            written = self.ends.get((tid, IN))
            if written:
                first = written[0]
                written.clear()
                return first
        return None


class Picture:
    """The events of the picture, made record by record."""

    def __init__(self):
        self.events = []
        self.names = {0: ["boot"]}
        self.running = {}   # processor: (thread, since)
        self.calls = {}     # thread: (number, arguments, texts, since)
        self.arriving = {"wake": {}, "call": {}, "answer": {}}
        self.sums = {"frames": 0, "bytes of objects": 0}
        self.forks = []     # (thread, arrow) of calls whose child is to come
        self.arrows = self.faults = 0
        self.pipes = Pipes()
        self.call_kinds = calls_of()
        self.locks = LOCK.findall(source("kernel/locks.def"))

    def add(self, kind, name, ns, pid, tid, **more):
        self.events.append({"ph": kind, "name": name, "ts": ns / 1000,
                            "pid": pid, "tid": tid, **more})


    def name_of(self, number):
        return self.call_kinds.get(number, ("",))[0]

    def label(self, tid):
        return f"{self.names.get(tid, ['thread'])[-1]} {tid}"

    def is_named(self, tid, name):
        names = self.names.setdefault(tid, [])
        if name not in names[-1:]:
            names.append(name)

    def slice(self, name, since, until, pid, tid, **args):
        self.add("X", name, since, pid, tid, dur=(until - since) / 1000,
                 args=args)

    def runs(self, cpu, tid, ns):
        """From now on this thread runs there; what ran before has its bars."""
        if cpu in self.running:
            before, since = self.running[cpu]
            self.slice(self.label(before), since, ns, PROCESSORS, cpu)
            self.slice(f"runs on {cpu}", since, ns, THREADS, 2 * before)
        self.running[cpu] = (tid, ns)

    def call_ends(self, tid, ns, result=None):
        if tid in self.calls:
            number, values, texts, since = self.calls.pop(tid)
            name, kinds = self.call_kinds.get(number, (f"call {number}", []))
            words = ", ".join(shown(kind, value, texts)
                              for kind, value in zip(kinds, values))
            more = {} if result is None else {"result": result}
            self.slice(name, since, ns, THREADS, 2 * tid + 1,
                       call=f"{name}({words})", **more)

    def take(self, record):
        if record.cpu not in self.running:
            self.runs(record.cpu, record.tid, record.ns)
        handle = getattr(self, f"on_{record.event.lower()}", self.on_other)
        handle(record)

    def on_other(self, r):
        self.add("i", r.event.lower(), r.ns, THREADS, 2 * r.tid, s="t",
                 args={"what": r.text})

    def on_irq(self, r):
        self.add("i", f"interrupt {r.a}", r.ns, PROCESSORS, r.cpu, s="t",
                 args={"what": r.text})

    def arrow_begins(self, name, r):
        """From the bar of the processor on which this happens."""
        self.arrows += 1
        self.add("s", name, r.ns, PROCESSORS, r.cpu, cat=name, id=self.arrows)
        return self.arrows

    def arrow_ends(self, name, r, arrow):
        self.add("f", name, r.ns, PROCESSORS, r.cpu, bp="e", cat=name,
                 id=arrow)

    def on_switch(self, r):
        tid = int(r.a)
        self.runs(r.cpu, tid, r.ns)
        self.add("C", f"ready on {r.cpu}", r.ns, PROCESSORS, 0,
                 args={"threads": int(r.b)})
        for name, arriving in self.arriving.items():
            if tid in arriving:
                self.arrow_ends(name, r, arriving.pop(tid))

    def arrow_to(self, tid, name, r):
        """To the bar of that thread when it runs next."""
        if tid not in self.arriving[name]:
            self.arriving[name][tid] = self.arrow_begins(name, r)
        self.on_other(r)

    def on_wake(self, r):
        self.arrow_to(int(r.a), "wake", r)

    def on_call(self, r):
        """One that nobody serves yet has no arrow: who takes it runs on."""
        if int(r.b) != 0:
            self.arrow_to(int(r.b), "call", r)

    def on_reply(self, r):
        self.arrow_to(int(r.b), "answer", r)

    def add_up(self, name, r, amount):
        self.sums[name] += amount
        self.add("C", name, r.ns, THREADS, 0,
                 args={"since it began": self.sums[name]})

    def on_frames(self, r):
        self.add_up("frames", r, 1 << int(r.b))

    def on_frames_free(self, r):
        self.add_up("frames", r, -1 << int(r.b))

    def on_object(self, r):
        self.add_up("bytes of objects", r, int(r.b))

    def on_object_free(self, r):
        self.add_up("bytes of objects", r, -int(r.b))

    def span(self, what, r):
        """A bar of its own that ends now: others may overlap it."""
        self.arrows += 1
        name = f"{what} {self.locks[int(r.a)]}"
        for kind, ns in (("b", r.ns - int(r.b)), ("e", r.ns)):
            self.add(kind, name, ns, THREADS, 2 * r.tid, cat="lock",
                     id=self.arrows)

    def on_lock_wait(self, r):
        self.span("waits for", r)

    def on_lock_held(self, r):
        self.span("holds", r)

    def on_thread_start(self, r):
        """A child has its parent's name; others that of their function."""
        name = r.b.split("+")[0]
        if name == CHILD_BEGINS and self.forks:
            parent, arrow = self.forks.pop(0)
            self.arrow_ends("fork", r, arrow)
            name = self.names.get(parent, ["thread"])[-1]
            self.pipes.forked(parent, int(r.a))
        self.names.setdefault(r.tid, [name])
        self.on_other(r)

    def on_name(self, r):
        self.is_named(r.tid, r.a)

    def on_syscall(self, r):
        self.call_ends(r.tid, r.ns)
        number = int(r.a)
        self.calls[r.tid] = (number, [int(r.b, 16)], [], r.ns)
        if self.name_of(number) in FORKS:
            self.forks.append((r.tid, self.arrow_begins("fork", r)))
        if self.name_of(number) in WRITES:
            self.pipes.writes(r.tid, int(r.b, 16), r.ns)

    def is_read(self, r, name, values):
        """An arrow from the call that wrote what this one has read."""
        written = self.pipes.ended(r.tid, name, values, int(r.b))
        if written:
            writer, ns = written
            self.arrows += 1
            self.add("s", "pipe", ns, THREADS, 2 * writer + 1, cat="pipe",
                     id=self.arrows)
            self.add("f", "pipe", r.ns - 1, THREADS, 2 * r.tid + 1, bp="e",
                     cat="pipe", id=self.arrows)

    def on_syscall_args(self, r):
        if r.tid in self.calls:
            self.calls[r.tid][1].extend([int(r.a, 16), int(r.b, 16)])

    def on_syscall_text(self, r):
        if r.tid in self.calls:
            self.calls[r.tid][2].append(r.a)

    def on_syscall_done(self, r):
        value = int(r.b)
        if r.tid in self.calls and value >= 0:
            number, values, *_ = self.calls[r.tid]
            self.is_read(r, self.name_of(number), values)
        self.call_ends(r.tid, r.ns, os.strerror(-value)
                       if -LAST_ERRNO <= value < 0 else value)

    def on_exec(self, r):
        self.call_ends(r.tid, r.ns)
        self.on_other(r)

    def on_thread_exit(self, r):
        self.call_ends(r.tid, r.ns)
        self.on_other(r)

    def on_fault(self, r):
        self.faults += 1
        self.add("C", "page faults", r.ns, THREADS, 0,
                 args={"count": self.faults})
        self.on_other(r)

    def finish(self, ns):
        """Ends what goes on, and names the tracks."""
        for cpu, (tid, _) in list(self.running.items()):
            self.runs(cpu, tid, ns)
            self.title(PROCESSORS, cpu, f"processor {cpu}", cpu)
        for tid in list(self.calls):
            self.call_ends(tid, ns)
        for pid, words in ((PROCESSORS, "processors"), (THREADS, "threads")):
            self.add("M", "process_name", 0, pid, 0, args={"name": words})
        for tid, names in self.names.items():
            name = f"{' > '.join(names)} {tid}"
            self.title(THREADS, 2 * tid, name, 2 * tid)
            self.title(THREADS, 2 * tid + 1, f"{name} calls", 2 * tid + 1)

    def title(self, pid, tid, name, place):
        self.add("M", "thread_name", 0, pid, tid, args={"name": name})
        self.add("M", "thread_sort_index", 0, pid, tid,
                 args={"sort_index": place})


def picture_of(text):
    """The picture as what JSON holds."""
    records = records_of(text)
    if not records:
        sys.exit("trace_picture.py: there is no event in this trace")
    picture = Picture()
    for record in records:
        picture.take(record)
    picture.finish(records[-1].ns)
    return {"displayTimeUnit": "ns", "traceEvents": picture.events}


def command(workload):
    """The machine that runs the workload and shows its trace."""
    return Machine(kernel=str(ROOT / "build/exo.elf"), accel="tcg",
                   initrd=str(ROOT / "build/initrd.cpio"), icount=COUNTED,
                   append=WORDS.format(workload=workload),
                   cpus=count_of("CPUS", 2), serial="stdio")


def trace_of(workload):
    """Boots, and returns the text of the trace."""
    done = subprocess.run(command(workload).command(), check=False,
                          capture_output=True, timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL)
    text = done.stdout.decode(errors="replace")
    _, _, text = text.partition(BEGIN)
    text, _, end = text.partition(END)
    if not end:
        sys.exit(f"{text}\ntrace_picture.py: the machine did not show its "
                 f"trace; QEMU's status is {done.returncode}")
    return text


def text_of(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        sys.exit(f"trace_picture.py: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--workload", default=WORKLOAD)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--accept", action="store_true")
    opts = parser.parse_args()
    text = text_of(opts.source) if opts.source else trace_of(opts.workload)
    picture = picture_of(text)
    out = Path(opts.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".txt").write_text(text, encoding="utf-8")
    out.write_text(json.dumps(picture), encoding="utf-8")
    drawing = timeline.draw(picture["traceEvents"], PROCESSORS, THREADS)
    out.with_suffix(".svg").write_text(drawing, encoding="utf-8")
    if opts.accept:
        (ROOT / "docs/trace.svg").write_text(drawing, encoding="utf-8")
    print(f"{len(picture['traceEvents'])} events in {out}: open it in "
          "https://ui.perfetto.dev or chrome://tracing")


if __name__ == "__main__":
    main()
