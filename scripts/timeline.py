# SPDX-License-Identifier: MIT
"""Draws the events of a trace as SVG: what Perfetto shows, on one sheet.

A row for each processor; below, for each thread that ran a program, where it
ran and its system calls; arrows from each fork to the child, and from what is
written into a pipe to who reads it. A child has its parent's colour until it
starts a program of its own. The time of the programs alone, from the first fork
on, kernel threads left out.
"""
from xml.sax.saxutils import escape

WIDTH, LABELS, ROW, TOP, GAP = 1200, 180, 40, 32, 14
PROCESSOR_ROW = 22
LETTER = 6.4
FONT = "font-family='DejaVu Sans,Helvetica,sans-serif' font-size='11'"
COLORS = ("#2f7fc1", "#d1495b", "#3f9d5c", "#b07aa1", "#c98a1b", "#5aa5a5",
          "#8c6d4f")
GREY, ORANGE, PALE = "#808080", "#e8590c", "0.45"
TITLE = ("Where each thread ran, in its parent's colour until exec; its system "
         "calls below; arrows: forks, and what a pipe carries (dashed)")


def words(x, y, what, anchor="start", color=GREY):
    return (f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' "
            f"fill='{color}' {FONT}>{escape(what)}</text>")


def box(x, y, width, height, color, opacity="1"):
    return (f"<rect x='{x:.2f}' y='{y}' width='{max(width, 0.6):.2f}' "
            f"height='{height}' fill='{color}' opacity='{opacity}'/>")


def arrow(x1, y1, x2, y2, color=GREY, dashes="none"):
    return (f"<path d='M{x1:.1f} {y1:.1f} L{x2:.1f} {y2:.1f}' stroke='{color}' "
            f"stroke-dasharray='{dashes}'/>"
            f"<path d='M{x2 - 4:.1f} {y2 - 7:.1f} l4 7 l2 -8' fill='none' "
            f"stroke='{color}'/>")


class Sheet:
    """Where times and threads lie on the sheet, and what is drawn."""

    def __init__(self, events, processors, threads):
        self.processors, self.threads = processors, threads
        self.bars = [event for event in events if event["ph"] == "X"]
        self.arrows = [event for event in events
                       if event.get("cat") == "fork"]
        self.carried = [event for event in events
                        if event.get("cat") == "pipe"]
        self.execs = {}  # thread: when it started its first program
        for event in events:
            if event["name"] == "exec":
                self.execs.setdefault(event["tid"] // 2, event["ts"])
        self.names = {(event["pid"], event["tid"]): event["args"]["name"]
                      for event in events if event["name"] == "thread_name"}
        self.start = min((event["ts"] for event in self.arrows), default=0)
        self.end = max(event["ts"] + event["dur"] for event in self.bars)
        called = {bar["tid"] // 2 for bar in self.bars
                  if bar["pid"] == threads and bar["tid"] % 2 and
                  bar["ts"] + bar["dur"] > self.start}
        self.tids = sorted(called)
        self.cpus = sorted(tid for pid, tid in self.names if pid == processors)
        self.parents = {child: parent
                        for (parent, _), (child, _) in self.forks()}

    def x(self, time):
        part = (time - self.start) / (self.end - self.start)
        return LABELS + max(part, 0) * (WIDTH - LABELS - 10)

    def y_of_thread(self, tid):
        return TOP + GAP + len(self.cpus) * PROCESSOR_ROW + \
            self.tids.index(tid) * ROW

    def height(self):
        return TOP + GAP + len(self.cpus) * PROCESSOR_ROW + \
            len(self.tids) * ROW + 6

    def color(self, tid):
        return COLORS[self.tids.index(tid) % len(COLORS)]

    def bar(self, event, y, height, color, opacity="1"):
        left = self.x(event["ts"])
        width = self.x(event["ts"] + event["dur"]) - left
        parts = [box(left, y, width, height, color, opacity)]
        if event["name"] and width > LETTER * len(event["name"]) + 4:
            parts.append(words(left + 3, y + height - 4, event["name"],
                               color="#ffffff" if opacity == "1" else "#202020"))
        return parts

    def pieces(self, event, tid):
        """A bar, or its parts before and after the exec, each with its color."""
        at, end = self.execs.get(tid, 0), event["ts"] + event["dur"]
        if tid not in self.parents or at <= event["ts"]:
            return [(event, self.color(tid))]
        before = {**event, "dur": min(at, end) - event["ts"], "name": ""}
        parts = [(before, self.color(self.parents[tid]))]
        if at < end:
            parts.append(({**event, "ts": at, "dur": end - at},
                          self.color(tid)))
        return parts

    def draw_bar(self, event):
        """A bar on its track; nothing if the track is not on the sheet."""
        if event["ts"] + event["dur"] <= self.start:
            return
        on_processor = event["pid"] == self.processors
        tid = int(event["name"].rsplit(" ", 1)[-1]) if on_processor \
            else event["tid"] // 2
        if tid not in self.tids:
            return
        if not on_processor and event["tid"] % 2:
            yield from self.bar(event, self.y_of_thread(tid) + 16, 15,
                                self.color(tid), PALE)
            return
        for piece, color in self.pieces(event, tid):
            if on_processor:
                yield from self.bar(piece, TOP + event["tid"] * PROCESSOR_ROW,
                                    PROCESSOR_ROW - 4, color)
            else:
                yield from self.bar({**piece, "name": ""},
                                    self.y_of_thread(tid) + 4, 10, color)

    def forks(self):
        """Of each on the sheet: (thread, time) of the parent and of the child."""
        begun = {event["id"]: event for event in self.arrows
                 if event["ph"] == "s"}
        running = {bar["name"]: int(bar["name"].rsplit(" ", 1)[-1])
                   for bar in self.bars if bar["pid"] == self.processors}
        for event in self.arrows:
            if event["ph"] == "f":
                ends = [(self.running_at(each, running), each["ts"])
                        for each in (begun[event["id"]], event)]
                if all(tid in self.tids for tid, _ in ends):
                    yield ends

    def draw_arrows(self):
        """From the call that forks down to the child's first instruction."""
        for (parent, since), (child, until) in self.forks():
            yield arrow(self.x(since), self.y_of_thread(parent) + 31,
                        self.x(until), self.y_of_thread(child) + 4)

    def draw_pipes(self):
        """From the call that writes to the end of the one that has read."""
        begun = {}
        for event in self.carried:
            tid = event["tid"] // 2
            if event["ph"] == "s":
                begun[event["id"]] = tid, event["ts"]
            elif tid in self.tids and begun[event["id"]][0] in self.tids:
                writer, since = begun[event["id"]]
                down = writer < tid
                yield arrow(self.x(since), self.y_of_thread(writer) +
                            (31 if down else 16), self.x(event["ts"]),
                            self.y_of_thread(tid) + (16 if down else 31),
                            ORANGE, "4 2")

    def running_at(self, event, running):
        """The thread whose bar of the processor an end of an arrow lies on."""
        at = [bar for bar in self.bars if bar["pid"] == self.processors and
              bar["tid"] == event["tid"] and
              bar["ts"] <= event["ts"] <= bar["ts"] + bar["dur"]]
        return running[at[-1]["name"]] if at else None

    def draw_labels(self):
        for cpu in self.cpus:
            yield words(LABELS - 8, TOP + cpu * PROCESSOR_ROW + 13,
                        f"processor {cpu}", "end")
        for tid in self.tids:
            name = self.names.get((self.threads, 2 * tid), str(tid))
            yield words(LABELS - 8, self.y_of_thread(tid) + 14, name, "end")
            yield words(LABELS - 8, self.y_of_thread(tid) + 28, "calls", "end")


def draw(events, processors, threads):
    """The SVG; `processors` and `threads` are the two pids of the picture."""
    sheet = Sheet(events, processors, threads)
    height = sheet.height()
    span = sheet.end - sheet.start
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' "
             f"height='{height}' viewBox='0 0 {WIDTH} {height}'>",
             words(8, 18, TITLE),
             words(WIDTH - 10, 18, f"{span:,.0f} us", "end")]
    for bar in sheet.bars:
        parts += sheet.draw_bar(bar)
    parts += [*sheet.draw_arrows(), *sheet.draw_pipes(), *sheet.draw_labels(),
              "</svg>\n"]
    return "\n".join(parts)
