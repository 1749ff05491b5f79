# SPDX-License-Identifier: MIT
"""The host's benchmark: it builds, and prints a figure for each contender."""
import json
import re
from pathlib import Path

from artifacts import run
from suite import test
from vm import ROOT, Failure, Skip

NEEDED = [Path(name) for name in
          ("/usr/lib/x86_64-linux-gnu/libboost_context.a",
           "/usr/include/ck_ring.h", "/usr/include/dpdk/rte_ring.h",
           "/usr/include/x86_64-linux-gnu/lttng/tracepoint.h")]
LISTED = re.compile(r"^(ROW|PEER)\((\w+),", re.M)


def listed():
    """The (row, who) of each line of bench/host/rows.def."""
    text = (ROOT / "bench/host/rows.def").read_text(encoding="utf-8")
    found, row = [], ""
    for kind, name in LISTED.findall(text):
        if kind == "ROW":
            row = name
        else:
            found.append((row, name))
    return found


@test("make bench-host prints a line for each contender, by the clock")
def bench_host():
    missing = [path for path in NEEDED if not path.is_file()]
    if missing:
        raise Skip(f"no {missing[0]}: ./exo bench-host installs it")
    shown = run("make", "-s", "bench-host", "ROUNDS=3")
    text = (ROOT / "build/bench-host/results.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    if [(line["row"], line["who"]) for line in lines] != listed():
        raise Failure("the lines are not those of bench/host/rows.def")
    for line in lines:
        if not re.search(rf"^  {line['who']} ", shown, re.M):
            raise Failure(f"the table has no {line['who']}")
        if line["unit"] == "none":
            if not re.search(r"\.so|one processor|rte_eal_init|LTTng", line["reason"]):
                raise Failure(f"not measured: {line}")
        elif line["n"] != 3 or not 0 < line["min"] <= line["p50"]:
            raise Failure(f"this cannot be: {line}")
