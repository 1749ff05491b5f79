# SPDX-License-Identifier: MIT
"""gdb commands for the kernel's own objects; `make debug` loads this file.

    exo threads         every thread: number, state, processor, name
    exo bt TID          the calls of a thread that does not run now
    exo trace [COUNT]   the last events of all processors (32)
    exo locks           the spinlocks that each processor holds (debug kernel)

They read the stopped machine's memory and change nothing.
"""
import re
from pathlib import Path

import gdb

ROOT = Path(__file__).resolve().parent.parent
EVENT = re.compile(r'^TRACE_EVENT\((\w+), \w+, "(.*)"\)', re.M)
ARGUMENT = re.compile(r"%([xstn]?)([ab])")
# What arch_switch() leaves on the stack: six registers, rbp the last of them.
SAVED_RBP, SAVED_RETURN = 5 * 8, 6 * 8
MAX_FRAMES = 64


def value(expression):
    return gdb.parse_and_eval(expression)


def processors():
    """The numbers of the processors that have per-CPU data."""
    first, last = value("percpu_area").type.range()
    return [cpu for cpu in range(first, last + 1)
            if int(value(f"percpu_area[{cpu}]"))]


def per_cpu(cpu, name):
    """A processor's copy of a per-CPU variable."""
    variable = value(name)
    address = int(value(f"percpu_area[{cpu}]")) + int(variable.address)
    return gdb.Value(address).cast(variable.type.pointer()).dereference()


def threads():
    """Every thread, along the list of all."""
    kind = gdb.lookup_type("struct thread")
    offset = next(field.bitpos // 8 for field in kind.fields()
                  if field.name == "all_link")
    head = value("&threads.all")
    link = head["next"]
    while int(link) not in (0, int(head)):
        at = gdb.Value(int(link) - offset)
        yield at.cast(kind.pointer()).dereference()
        link = link["next"]


def running():
    """The numbers of the threads that run now."""
    return {int(per_cpu(cpu, "percpu_head")["tid"]) for cpu in processors()}


def symbol(address):
    """function+offset, or the number if it is no code."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    match = re.match(r"(\S+)(?: \+ (\d+))? in section", text)
    return f"{match[1]}+{match[2] or 0}" if match else f"{address:#x}"


def text(number):
    """The characters that lie in a number."""
    return number.to_bytes(8, "little").rstrip(b"\0").decode()


def word(address):
    kind = gdb.lookup_type("unsigned long").pointer()
    return int(gdb.Value(address).cast(kind).dereference())


class Exo(gdb.Command):
    """Shows the kernel's own objects: exo threads|bt|trace|locks."""

    def __init__(self):
        super().__init__("exo", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Threads(gdb.Command):
    """Every thread: number, state, processor, name."""

    def __init__(self):
        super().__init__("exo threads", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        states = {field.enumval: field.name.removeprefix("THREAD_").lower()
                  for field in gdb.lookup_type("enum thread_state").fields()}
        current = running()
        for thread in threads():
            state = "running" if int(thread["tid"]) in current \
                else states[int(thread["state"])]
            print(f"{int(thread['tid']):>6} {state:<9}"
                  f"cpu {int(thread['cpu']):<3} {thread['name'].string()}")


class Backtrace(gdb.Command):
    """exo bt TID: the calls of a thread that does not run now."""

    def __init__(self):
        super().__init__("exo bt", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        found = [thread for thread in threads()
                 if argument.strip() == str(int(thread["tid"]))]
        if not found:
            raise gdb.GdbError(f"no thread {argument}: see exo threads")
        if int(argument) in running():
            raise gdb.GdbError("it runs now: see bt")
        sp = int(found[0]["arch"]["sp"])
        saved = int(found[0]["kstack"]["saved"])
        # Where the bytes of a stack that is away lie (sched/keeper.c).
        self.show(sp, saved - sp if saved else 0)

    @staticmethod
    def show(sp, moved):
        sp += moved
        pc, rbp = word(sp + SAVED_RETURN), word(sp + SAVED_RBP)
        for number in range(MAX_FRAMES):
            line = gdb.find_pc_line(pc)
            at = f" at {line.symtab.filename}:{line.line}" \
                if line.symtab else ""
            print(f"#{number:<2} {symbol(pc)}{at}")
            if rbp == 0:
                return
            pc, rbp = word(rbp + moved + 8), word(rbp + moved)


class Trace(gdb.Command):
    """exo trace [COUNT]: the last events of all processors."""

    def __init__(self):
        super().__init__("exo trace", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        count = int(argument or 32)
        records = sorted((record for cpu in processors()
                          for record in self.records(cpu, count)),
                         key=lambda record: int(record["time"]))
        text = (ROOT / "trace/events.def").read_text(encoding="utf-8")
        formats = dict(EVENT.findall(text))
        for record in records[-count:]:
            print(self.line(record, formats))

    @staticmethod
    def records(cpu, count):
        """The last complete records of one processor."""
        ring = per_cpu(cpu, "trace_ring")
        size = ring["records"].dereference().type.sizeof
        slots = int(ring["mask"]) // size + 1
        following = int(ring["next"]) // size
        for at in range(max(0, following - min(count, slots)), following):
            record = ring["records"][at % slots]
            if int(record["event"]):
                yield record

    @staticmethod
    def line(record, formats):
        events = gdb.lookup_type("enum trace_event").fields()
        name = next(field.name for field in events
                    if field.enumval == int(record["event"]))

        def argument(match):
            number = int(record[match[2]])
            return {"x": hex, "s": symbol, "t": text}.get(
                match[1], str)(number)
        words = ARGUMENT.sub(argument, formats[name])
        return (f"{int(record['time']):>16} cpu {int(record['cpu'])} thread "
                f"{int(record['tid']):<5}{name.removeprefix('TRACE_'):<16}"
                f"{words}")


class Locks(gdb.Command):
    """The spinlocks that each processor holds (debug kernel)."""

    def __init__(self):
        super().__init__("exo locks", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for cpu in processors():
            held = per_cpu(cpu, "held_locks")
            for at in range(int(held["count"])):
                lock = held["at"][at]
                print(f"cpu {cpu} {lock['class']} {symbol(int(lock['lock']))}")


for command in (Exo, Threads, Backtrace, Trace, Locks):
    command()
