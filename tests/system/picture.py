# SPDX-License-Identifier: MIT
"""/proc/exo/trace, and the picture that `make trace` makes of it."""
import collections
import json
import re

import timeline
import trace_picture
from suite import test
from user_faults import TESTS_INITRD
from vm import INITRD, KERNEL, Failure, Machine, Vm

PROGRAMS = ("busybox", "echo", "tr", "ls", "wc")
CALLS = ("execve", "read", "write", "wait4", "exit_group")
PIPES, FORKS = ("pipe", "pipe2"), trace_picture.FORKS


def check_bars(events):
    """Bars of a track do not overlap: a thread is at one place at a time."""
    tracks = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            tracks[event["pid"], event["tid"]].append(
                (round(event["ts"] * 1000), round(event["dur"] * 1000)))
    for track, bars in tracks.items():
        bars.sort()
        for (start, length), (following, _) in zip(bars, bars[1:]):
            if length < 0 or start + length > following:
                raise Failure(f"two bars of {track} overlap at {following}")


def check_arrows(events, names):
    """Each arrow that ends began before; these names are there."""
    begun = {}
    for event in sorted(events, key=lambda event: event["ts"]):
        if event["ph"] == "s":
            begun[event["id"]] = event["cat"]
        elif event["ph"] == "f" and begun.get(event["id"]) != event["cat"]:
            raise Failure(f"an arrow ends that did not begin: {event}")
    if set(begun.values()) != names:
        raise Failure(f"there are arrows of {set(begun.values())}")


def check_pipes(events):
    """Arrows from echo to tr and from ls to wc, from a write to a read."""
    found = []
    for arrow in events:
        if arrow.get("cat") == "pipe":
            found += [(program_of(events, arrow["tid"]), event["name"])
                      for event in events if event["ph"] == "X" and
                      (event["pid"], event["tid"]) ==
                      (arrow["pid"], arrow["tid"]) and
                      event["ts"] <= arrow["ts"] < event["ts"] + event["dur"]]
    if found != [("echo", "write"), ("tr", "read"),
                 ("ls", "write"), ("wc", "read")]:
        raise Failure(f"the pipes' arrows go along {found}")


def program_of(events, tid):
    """The last program of the thread that this track belongs to."""
    name = next(event["args"]["name"] for event in events
                if event["name"] == "thread_name" and
                (event["pid"], event["tid"]) == (trace_picture.THREADS, tid))
    return name.split(" > ")[-1].split()[0]


def check_torn(text, events):
    """The kernel's own lines within others change nothing."""
    torn = text.replace("SYSCALL_DONE", "SYSC[boot] optional  a  ok  1 us\r\n"
                        "[    0.123456] 0 a warning\nALL_DONE")
    if trace_picture.picture_of(torn)["traceEvents"] != events:
        raise Failure("a line of the kernel's log within another is not left out")


@test("make trace draws fork, exec and a pipe between two commands")
def trace_picture_of_shell():
    text = trace_picture.trace_of(trace_picture.WORKLOAD)
    if "lost" in text:
        raise Failure("events are lost")
    picture = json.loads(json.dumps(trace_picture.picture_of(text)))
    events = picture["traceEvents"]
    kinds = collections.Counter(event["ph"] for event in events)
    if not set("XiCsfM") <= set(kinds) <= set("XiCsfMbe") or \
            any(not {"name", "ts", "pid", "tid"} <= set(event)
                for event in events):
        raise Failure(f"the kinds of events are {kinds}")
    check_bars(events)
    check_arrows(events, {"wake", "fork", "pipe"})
    check_pipes(events)
    check_torn(text, events)
    bars = {event["name"] for event in events if event["ph"] == "X"}
    run = {name.rsplit(" ", 1)[0] for name in bars if " " in name}
    missing = [name for name in PROGRAMS if name not in run] + \
        [name for name in CALLS if name not in bars]
    if missing or not bars & set(PIPES) or not bars & set(FORKS):
        raise Failure(f"no bars of {missing}; there are {sorted(bars)}")
    calls = {event["args"]["call"] for event in events
             if event["ph"] == "X" and "call" in event["args"]}
    for call in (r'execve\("/bin/ls", 0x\w+, 0x\w+\)', r'write\(1, "HELLO.*", 6\)',
                 r"dup2\(\d+, [01]\)"):
        if not any(re.fullmatch(call, found) for found in calls):
            raise Failure(f"no call is decoded as {call}")
    counters = {event["name"] for event in events if event["ph"] == "C"}
    if not {"page faults", "frames", "bytes of objects"} <= counters:
        raise Failure(f"the counters are {counters}")
    drawing = timeline.draw(events, trace_picture.PROCESSORS,
                            trace_picture.THREADS)
    for program in PROGRAMS[1:]:
        if not re.search(rf">busybox &gt; {program} \d+</text>", drawing):
            raise Failure(f"{program} has no row in the drawing")
    tracks = [event["args"]["name"] for event in events
              if event["name"] == "thread_name"]
    if not {"processor 0", "processor 1"} <= set(tracks):
        raise Failure(f"the tracks are {tracks}")


IPC = ("rings", "calls", "handles")


@test("a picture of calls and rings: arrows to whoever serves and back")
def trace_picture_of_calls():
    runs = "; ".join(f"/tests/{name} > /dev/null" for name in IPC)
    with Vm(Machine(kernel=KERNEL, initrd=TESTS_INITRD, accel="tcg",
                    icount="shift=1,sleep=off",
                    append="bench=off console=serial loglevel=1 "
                    "trace_records=65536 init=/bin/busybox -- sh -c \"echo "
                    f"ipc,sched > /proc/exo/trace; {runs}; cat /proc/exo/trace; "
                    'echo the end"')) as vm:
        vm.expect(r"^the end$")
        vm.expect_end(0)
    found = set(events_in(vm.text))
    missing = {"CALL", "REPLY", "BELL", "REVOKE"} - found
    if missing:
        vm.fail(f"no events of {missing}, but {found}")
    events = trace_picture.picture_of(vm.text)["traceEvents"]
    check_arrows(events, {"wake", "call", "answer"})


SCRIPT = ("cd /proc/exo; exec 3< trace; cat <&3 > /tmp/1; cat <&3 > /tmp/2; "
          "cat trace || echo second reader; exec 3<&-; "
          "echo nonsense > trace || echo no such group; "
          "echo irq,sched > trace; exec 3< trace; cat <&3 > /dev/null; "
          "usleep 20000; cat <&3 > /tmp/3; exec 3<&-; "
          "for i in 1 2 3; do echo part $i; cat /tmp/$i; done; echo end")


def events_in(part):
    return re.findall(r"^\[.*?\] \d+ thread \d+ +(\w+)", part, re.M)


@test("/proc/exo/trace ends, goes on where it ended, and chooses groups")
def trace_file():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, accel="tcg",
                    icount="shift=1,sleep=off",
                    append="bench=off console=serial loglevel=1 "
                    f'init=/bin/busybox -- sh -c "{SCRIPT}"')) as vm:
        for words in (r"can't open 'trace': (Device or r|R)esource busy",
                      r"^second reader$", r"write error: Invalid argument",
                      r"^no such group$", r"^end$"):
            vm.expect(words)
        vm.expect_end(0)
    _, first, second, third = re.split(r"^part \d$", vm.text, flags=re.M)
    if "BOOT_TASK" not in events_in(first) or not events_in(second) or \
            "BOOT_TASK" in events_in(second):
        vm.fail("the file does not go on where it ended")
    others = set(events_in(third)) - {
        "SWITCH", "WAKE", "MIGRATE", "SLEEP", "THREAD_START", "THREAD_EXIT",
        "NAME", "IRQ", "TIMER", "STEAL"}
    if "SWITCH" not in events_in(third) or others:
        vm.fail(f"with irq,sched there are {others}")
