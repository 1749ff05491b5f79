# SPDX-License-Identifier: MIT
"""Where we go: every ratio that we are going for, a line each.

A line is: what; the instrument (docs/ratios.md); our figure; the peer's, of
several the least; what peer that is; the goal; why we fall short, if we do.
Figures are named for the command that measures them: bench/NAME (`NAME.max`
is its longest sample), exo/ROW and linux/ROW of compare, without the copy
where bench/compare/rows.def tells how much that is, host/ROW/WHO of
bench-host, machine/NAME of bench-machine.
"""
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Goal:
    """Our figure, in parts of the peer's if there is one."""
    words: str
    bound: Fraction
    at_least: bool = False

    def met(self, figure):
        return figure >= self.bound if self.at_least else figure <= self.bound


@dataclass(frozen=True)
class Line:
    """One line of the table; `why` may be empty while the goal is met."""
    what: str
    instrument: str
    ours: str
    theirs: tuple
    peer: str
    goal: Goal
    why: str = ""


def part(words):
    return Goal(words, Fraction(words))


def at_most(figure):
    return Goal(f"{figure:,}", Fraction(figure))


def at_least(figure):
    return Goal(f"{figure:,} or more", Fraction(figure), True)


def beside(what, instrument, ours, theirs, peer, goal, why=""):
    theirs = (theirs,) if isinstance(theirs, str) else tuple(theirs)
    return Line(what, instrument, ours, theirs, peer, part(goal), why)


def alone(what, instrument, ours, goal, why=""):
    return Line(what, instrument, ours, (), "", goal, why)


def linux(what, row, goal, why=""):
    """The same row of the same program on Linux."""
    return beside(what, "A", f"exo/{row}", f"linux/{row}", "Linux", goal, why)


def inside(what, bench, row, goal, why=""):
    """A benchmark of our kernel beside the same in Linux's."""
    return beside(what, "A", f"bench/{bench}", f"linux/{row}", "Linux", goal,
                  why)


def host(what, row, peer, name, goal, why=""):
    return beside(what, "C", f"host/{row}/exo", f"host/{row}/{peer}", name,
                  goal, why)


def malloc(what, row, goal, why=""):
    return beside(what, "C", f"host/{row}/exo",
                  [f"host/{row}/{peer}" for peer in
                   ("glibc", "jemalloc", "mimalloc", "tcmalloc")],
                  "the best malloc", goal, why)


SWITCH = (
    "Ours and Boost's save the same six registers and differ by two control "
    "words of the floating point unit alone, which ours leaves alone; "
    "swapcontext's figure is mostly a system call of the host.")
ENTRY = (
    "More than half of it is the four calls, which cost the same where "
    "nobody sleeps (`pipe_self`, `eventfd_self` twice); the rest is twice a "
    "sleep, a wake-up and a switch of address spaces, each with its record "
    "in the trace.")
FORK = (
    "Sharing the memory (`vfork`) costs a third of copying it; the rest is "
    "the child's thread, kernel stack, descriptors and number, its end, and "
    "telling the parent.")
EXEC = (
    "The new address space, whose pages faults show one by one, and its end "
    "are more than half.")
FAULT = (
    "An exception that saves all registers, the region's search and the way "
    "back; a frame and its entry in the page table are a fourth to a third. "
    "Pages are shown one by one, as they are asked for.")
LOOK_UP = (
    "Each of two checks is seven instructions more than believing the slot "
    "(`docs/capabilities.md`), in a message of some ten ticks.")
CORES = (
    "What a line costs between two cores decides it, and on a shared host "
    "that swings with what else runs there.")
MALLOC = (
    "Ours finds the class by the object's page; one that is used again at once "
    "is bound by its pointer's way through memory, into the list and out.")
FRAME = (
    "Each frame's state is looked at and changed in its `struct page`, which "
    "finds one that is freed twice, in the release kernel, too.")
COUNTER = (
    "Reading the counter of cycles is nearly all of both; who tells the time "
    "cannot be faster than `rdtsc_alone` in the same row.")

LOADING = (
    "GRUB reads the root file system's 2.3 MB by the BIOS, which is most of "
    "the difference; what comes after that is the boot above.")

LINES = [
    host("stack switch, two stacks", "switch_2_coloured", "boost",
         "Boost.Context", "0.6", SWITCH),
    host("stack switch, two stacks", "switch_2_coloured", "swapcontext",
         "swapcontext", "1/60", SWITCH),
    inside("kernel thread switch, pick and accounting in it", "context_switch",
           "inside_switch", "1/18"),
    alone("process switch: CR3 writes", "A", "machine/switch_cr3",
          at_most(1)),
    alone("process switch: other flushes of the TLB", "A",
          "machine/switch_flush", at_most(0)),
    alone("process switch: vector registers saved or loaded, none used", "A",
          "machine/switch_vectors", at_most(0),
          "XSAVEOPT and XRSTOR are executed at each switch between programs: "
          "the processor knows what has changed, and leaves out the rest."),
    linux("null call", "null_call", "0.15",
          "The entry lays down the whole frame of registers that faults and "
          "interrupts leave, so that signals, fork and one way back serve "
          "all of them."),
    linux("pipe round trip", "pipe_round", "1/6", ENTRY),
    linux("futex round trip", "futex_round", "1/8",
          "Four calls, in each a look-up of the word's key; twice a sleep, a "
          "wake-up and a switch, each with its record in the trace."),
    linux("eventfd round trip", "eventfd_round", "1/8", ENTRY),
    linux("yield, nobody else ready", "yield", "1/6"),
    linux("yield, two processes in turns", "yield_two", "1/6",
          "Linux yields to the other now and then, we do each time: a yield "
          "is compared with a yield and a switch of address spaces."),
    inside("call/reply between processes, of a pipe's round trip",
           "call_reply", "pipe_round", "1/30",
           "Two entries and exits are a fifth of it; each way has the "
           "handle's look-up, the gate's lock, the question whether anybody "
           "is passed over, a switch of address spaces and vector registers "
           "(`docs/capabilities.md`)."),
    host("ring across cores: round trip", "ring_trip", "line",
         "the bare line", "1.15", CORES),
    host("ring across cores: single message", "ring_cores_single", "rte",
         "rte_ring", "1/4", CORES),
    host("ring across cores: single message", "ring_cores_single", "ck",
         "ck", "1/4", CORES),
    host("ring across cores: burst of 32", "ring_cores_burst", "rte",
         "rte_ring", "2/3", CORES),
    host("ring across cores: burst of 32", "ring_cores_burst", "ck", "ck",
         "2/3", CORES),
    host("ring across cores: many producers", "ring_many", "rte", "rte_ring",
         "1/10", CORES),
    host("ring across cores: many producers", "ring_many", "ck", "ck",
         "1/10", CORES),
    beside("ring operation, handle checked, of 10", "A",
           "bench/ring_checked_10", "bench/ring_unchecked", "unchecked",
           "1.15"),
    beside("ring operation, handle checked, of 65,536", "A",
           "bench/ring_checked_64k", "bench/ring_unchecked", "unchecked",
           "1.15"),
    host("message, handles checked, of 16", "capability", "unchecked",
         "unchecked", "1.15", LOOK_UP),
    host("message, handles checked, of 65,536", "capability_64k", "unchecked",
         "unchecked", "1.15", LOOK_UP),
    malloc("kmalloc of 64 bytes, hot", "kmalloc_64_hot", "0.6", MALLOC),
    malloc("kmalloc of 64 bytes, oldest of 128", "kmalloc_64_fifo", "0.85",
           MALLOC),
    malloc("kmalloc of 64 bytes, any of 4,096", "kmalloc_64_random", "0.9",
           MALLOC),
    inside("kmalloc and kfree of 64 bytes", "kmalloc_64", "inside_kmalloc_64",
           "1/12", MALLOC),
    inside("frame, single", "frame", "inside_frame", "1/20", FRAME),
    inside("frame, 64 deep", "frame_64", "inside_frame_64", "1/30", FRAME),
    inside("frame, order 3", "frame_order3", "inside_frame_order3", "1/10",
           FRAME),
    beside("frame at any fill, most of median", "A", "bench/frame_fill.max",
           "bench/frame_fill", "the median", "4",
           "Now and then the processor's stack is empty, and takes a third of "
           "its size from the buddy's lists at once."),
    linux("fork, exit, wait", "fork_exit", "1/15", FORK),
    linux("vfork, exit, wait", "vfork_exit", "1/15", FORK),
    linux("posix_spawn, exec, exit, wait", "spawn", "1/15", EXEC),
    linux("fork, exec, exit, wait", "fork_exec", "1/15", EXEC),
    beside("fork, exit, wait with 64 MB", "A", "exo/fork_exit_64m",
           "exo/fork_exit_1m", "with 1 MB", "1.2",
           "Page tables are shared, but each is noted in both processes."),
    linux("demand-zero fault, without the zeroing", "demand_zero", "1/10",
          FAULT),
    linux("copy on write, without the copy", "cow", "1/10", FAULT),
    linux("copy on write, last owner", "cow_reuse", "1/7"),
    linux("mmap and munmap of 64 KB", "mmap_munmap", "1/20",
          "Two entries and exits are not a tenth; a place is searched, a "
          "region is made, entered, found, taken out and freed under the "
          "address space's lock."),
    linux("mprotect of 64 KB and back", "mprotect", "1/15",
          "The region is split, and its sixteen pages are changed one by "
          "one."),
    linux("signal to self, handler, return", "signal", "1/8",
          "Two calls and the frame that the ABI prescribes, vector registers "
          "in it, written to the program's stack, read back and checked."),
    host("trace record, one after the other", "trace", "rte", "rte_trace",
         "0.85", COUNTER),
    host("trace record, amid work", "trace_amid", "rte", "rte_trace", "0.85",
         COUNTER),
    host("trace record", "trace", "lttng", "LTTng-UST", "1/9", COUNTER),
    host("trace record, event off", "trace_off", "loop_alone",
         "an empty loop", "1", "A test and a branch stand in the loop."),
    alone("trace record, instructions", "A", "bench/trace_on", at_most(17)),
    linux("thread create and join", "thread", "1/30",
          "The kernel's thread is a sixth of it (benchmark `thread`); most "
          "of the rest is the C library's stack: mapped, protected, its "
          "pages shown by faults, unmapped."),
    alone("bytes per parked thread", "guest", "machine/thread_bytes",
          at_most(1024)),
    alone("threads alive in 2 GB", "guest", "machine/threads",
          at_least(1000000)),
    linux("boot, first kernel instruction to the first program", "boot",
          "1/500", "`docs/boot.md` tells how to see where it goes."),
    beside("boot to the shell's prompt, of Linux's to its first program", "A",
           "machine/prompt", "linux/boot", "Linux", "1/500",
           "What the kernel does not take is init and the shell's start."),
    beside("boot with 4 GB", "A", "machine/boot_4g", "machine/boot_128m",
           "with 128 MB", "1.05",
           "The bitmap of frames is proportional to memory."),
    beside("GRUB's ISO to prompt", "A", "machine/grub_prompt",
           "machine/grub_loaded", "up to our first instruction", "1.05",
           "The kernel's part is the boot above."),
    beside("GRUB's ISO to prompt", "A", "machine/grub_prompt", "machine/grub",
           "GRUB alone", "1.05", LOADING),
    beside("GRUB's ISO to prompt, ms", "B", "machine/grub_prompt_ms",
           "machine/grub_ms", "GRUB alone", "1.05", LOADING),
    alone("image with 150 system calls and more, loadable bytes", "file",
          "machine/image", at_most(102400),
          "`docs/decisions/image-size.md` lists what each step bought."),
    alone("memory at the prompt, KB", "guest", "exo/memory", at_most(2048),
          "`docs/memory.md` lists who holds it: of a machine of 256 MB 1 MB is "
          "a `struct page` for each frame, and 388 KB are no memory."),
    alone("smallest machine by PVH, MB", "guest", "machine/smallest_mb",
          at_most(8), "The root file system's archive is 2.3 MB of it."),
]
