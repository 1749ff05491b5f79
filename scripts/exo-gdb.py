# SPDX-License-Identifier: MIT
"""gdb commands for the kernel's own objects; `make debug` loads this file.

    exo threads         every thread: number, state, processor, name
    exo bt [TID]        the calls of a thread, or of all, that does not run now
    exo trace [COUNT]   the last events of all processors (32)
    exo locks           the spinlocks that each processor holds (debug kernel)
    exo runq            who runs on each processor, and who waits, in order
    exo vm PID          the regions of a process's memory
    exo pages           how many frames there are of each state

They read the stopped machine's memory and change nothing: that of a machine
that gdb is attached to, or of one that QEMU wrote to a file by its monitor's
dump-guest-memory (with paging), which gdb opens as a core.
"""
import re
from pathlib import Path

import gdb

ROOT = Path(__file__).resolve().parent.parent
EVENT = re.compile(r'^TRACE_EVENT\((\w+), \w+, "(.*)"\)', re.M)
ARGUMENT = re.compile(r"%([xstn]?)([ab])")
NS_FRACTION_BITS = 32  # struct clock_rate, kernel/clock.c
# What arch_switch() leaves on the stack: six registers, rbp the last of them.
SAVED_RBP, SAVED_RETURN = 5 * 8, 6 * 8
MAX_FRAMES = 64
KERNEL_HALF = 1 << 63


def value(expression):
    return gdb.parse_and_eval(expression)


def number_of(text, what):
    if not text.strip().isdigit():
        raise gdb.GdbError(f"{what} is a number, not \"{text.strip()}\"")
    return int(text)


def need_memory():
    """What a kernel's file holds is no machine."""
    if not gdb.selected_inferior().pid:
        raise gdb.GdbError("no machine: see make debug, or open a dump of its "
                           "memory")


def processors():
    """The numbers of the processors that have per-CPU data."""
    need_memory()
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
    head = value("&threads.all")
    link = head["next"]
    while int(link) not in (0, int(head)):
        yield container(link, "thread", "all_link")
        link = link["next"]


def container(link, kind, field):
    """The structure that the node or entity at an address is part of."""
    kind = gdb.lookup_type(f"struct {kind}")
    offset = next(each.bitpos // 8 for each in kind.fields()
                  if each.name == field)
    return gdb.Value(int(link) - offset).cast(kind.pointer()).dereference()


def nodes(node):
    """A tree's nodes, by rising keys."""
    if int(node):
        yield from nodes(node["child"][0])
        yield node
        yield from nodes(node["child"][1])


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


def nanoseconds(cycles):
    """As clock_cycles_to_ns(): what so many cycles take."""
    return cycles * int(value("rate")["ns_per_cycle_32"]) >> NS_FRACTION_BITS


def word(address):
    kind = gdb.lookup_type("unsigned long").pointer()
    return int(gdb.Value(address).cast(kind).dereference())


class Exo(gdb.Command):
    """Shows the kernel's objects: exo threads|bt|trace|locks|runq|vm|pages."""

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
            print(f"{int(thread['tid']):>6} {state:<14}"
                  f"cpu {int(thread['cpu']):<3} {thread['name'].string()}")


class Backtrace(gdb.Command):
    """exo bt [TID]: the calls of a thread that does not run now, or of all."""

    def __init__(self):
        super().__init__("exo bt", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        tid = argument.strip()
        current = running()
        if tid:
            number_of(tid, "TID")
        found = [thread for thread in threads()
                 if (tid or str(int(thread["tid"]))) == str(int(thread["tid"]))]
        if not found:
            raise gdb.GdbError(f"no thread {tid}: see exo threads")
        if tid and int(tid) in current:
            raise gdb.GdbError("it runs now: see bt")
        for thread in found:
            if int(thread["tid"]) in current:
                continue
            if not tid:
                print(f"thread {int(thread['tid'])} {thread['name'].string()}")
            sp = int(thread["arch"]["sp"])
            saved = int(thread["kstack"]["saved"])
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
            if rbp + moved < KERNEL_HALF:  # a program's
                return
            pc, rbp = word(rbp + moved + 8), word(rbp + moved)


class Trace(gdb.Command):
    """exo trace [COUNT]: the last events of all processors."""

    def __init__(self):
        super().__init__("exo trace", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        count = number_of(argument or "32", "COUNT")
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
            return str({"x": hex, "s": symbol, "t": text,
                        "n": nanoseconds}.get(match[1], int)(number))
        words = ARGUMENT.sub(argument, formats[name])
        return (f"{int(record['time']):>16} cpu {int(record['cpu'])} thread "
                f"{int(record['tid']):<5}{name.removeprefix('TRACE_'):<16}"
                f"{words}")


class Locks(gdb.Command):
    """The spinlocks that each processor holds (debug kernel)."""

    def __init__(self):
        super().__init__("exo locks", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        if gdb.lookup_static_symbol("held_locks") is None:
            raise gdb.GdbError("this kernel does not write down its locks")
        for cpu in processors():
            held = per_cpu(cpu, "held_locks")
            for at in range(int(held["count"])):
                lock = held["at"][at]
                print(f"cpu {cpu} {lock['class']} {symbol(int(lock['lock']))}")


class Runq(gdb.Command):
    """Who runs on each processor, and who waits there, in order."""

    def __init__(self):
        super().__init__("exo runq", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for cpu in processors():
            queue = per_cpu(cpu, "runq")["ready"]
            waiting = [self.name(thread) for thread in self.waiting(queue)]
            current = per_cpu(cpu, "percpu_head")["current"]
            runs = self.name(current) if int(current) else "nobody"
            print(f"cpu {cpu} runs {runs}; {int(queue['count'])} wait: "
                  f"{', '.join(waiting) or 'nobody'}")

    @staticmethod
    def name(thread):
        return f"{int(thread['tid'])} {thread['name'].string()}"

    @staticmethod
    def waiting(queue):
        """The calendar's lists, from its first day on."""
        first, last = queue["day"].type.range()
        days = last - first + 1
        for number in range(days):
            day = (int(queue["first_day"]) + number) % days
            if int(queue["days"]) >> day & 1:
                entity = queue["day"][day]["first"]
                end = int(queue["day"][day]["last"])
                yield container(entity, "thread", "fair")
                while int(entity) != end:
                    entity = entity["next"]
                    yield container(entity, "thread", "fair")


class Vm(gdb.Command):
    """exo vm PID: the regions of a process's memory."""

    def __init__(self):
        super().__init__("exo vm", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        need_memory()
        pid = number_of(argument, "PID")
        found = [node for node in nodes(value("pids.all.root"))
                 if pid == int(node["key"])]
        process = found and container(found[0], "pid", "node")["process"]
        if not process or not int(process):
            raise gdb.GdbError(f"no process {pid}")
        aspace = process["aspace"]
        print(f"process {pid} \"{process['name'].string()}\"")
        for node in nodes(aspace["regions"]["root"]) if int(aspace) else ():
            self.show(container(node, "region", "node"))

    @staticmethod
    def show(region):
        flags = int(region["flags"])
        rights = "".join(letter if flags & int(value(f"REGION_{name}")) else "-"
                         for letter, name in (("r", "READ"), ("w", "WRITE"),
                                              ("x", "EXEC"), ("s", "SHARED")))
        source = region["source"]
        what = f"object {int(source['object']):#x}+" \
               f"{int(source['offset_bytes']):#x}" \
            if int(source["object"]) else "zeroes"
        print(f"  {int(region['node']['key']):012x}-{int(region['end']):012x} "
              f"{rights} {what}")


class Pages(gdb.Command):
    """How many frames there are of each state."""

    def __init__(self):
        super().__init__("exo pages", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        need_memory()
        names = {field.enumval: field.name.removeprefix("PAGE_").lower()
                 for field in gdb.lookup_type("enum page_state").fields()}
        frames, at = dict.fromkeys(names.values(), 0), 0
        pages = value("frame_table.pages")
        size = pages.dereference().type.sizeof
        count = int(value("frame_table.count"))
        table = gdb.selected_inferior().read_memory(
            int(pages), count * size).tobytes()
        while at < count:
            state, order = table[at * size], table[at * size + 1]
            state = min(state, max(names))
            heads = names[state] not in ("reserved", "slab")
            block = 1 << order if heads else 1
            frames[names[state]] += block
            at += block
        for name, number in frames.items():
            print(f"{name:<10}{number:>8}")


for command in (Exo, Threads, Backtrace, Trace, Locks, Runq, Vm, Pages):
    command()
