# SPDX-License-Identifier: MIT
"""The program of `make compare` measures on Linux and here; its table is true."""
import json
import re
import subprocess

import compare_kernels as table
from measure import PROGRAM_ROOT, program_rows
from suite import test
from vm import KERNEL, ROOT, Failure, Machine, Vm

LINE = re.compile(r"^COMPARE (\{.*\})$", re.M)
LIMIT_S = 300


def rows_of(text, unit):
    """The rows by name, each measured in this unit or said to be absent."""
    found = {row["row"]: row for row in map(json.loads, LINE.findall(text))}
    for name, *_ in program_rows():
        row = found[name]
        measured = row["unit"] == unit and \
            0 <= row["min"] <= row["p50"] <= row["max"]
        if not measured and row.get("reason") != "absent":
            raise Failure(f"not measured: {row}")
    return found


@test("the program of compare measures every row on the host's Linux")
def compare_host():
    done = subprocess.run([ROOT / "build/compare/compare"], check=False,
                          capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode:
        raise Failure(f"status {done.returncode}\n{done.stdout}")
    rows_of(done.stdout, "ns")
    if not program_rows():
        raise Failure("bench/compare/rows.def has no rows")


@test("the program of compare counts instructions here, a copy exactly")
def compare_counted():
    with Vm(Machine(kernel=KERNEL, initrd=PROGRAM_ROOT, accel="tcg",
                    cpu="max,erms=off,fsrm=off", icount="shift=0,sleep=off",
                    append="bench=off loglevel=0 init=/bin/compare")) as vm:
        vm.expect(r'^COMPARE \{"row":"end","failed":0\}$', LIMIT_S)
        vm.expect_end(0)
    found = rows_of(vm.text, "instructions")
    # rep movsq of 512 words, or musl's own loop: no more than twice that.
    if not 512 <= found["memory_copy"]["min"] <= 1100:
        vm.fail(f"4 KB are not copied by {found['memory_copy']['min']}")


def planted(name, linux, exo, goal="1/10", copied=0):
    return table.Row((name, goal, copied, "planted"), {"p50": linux},
                     {"p50": exo} if exo else {"reason": "absent"}, {})


@test("the table of compare marks what is above half and names what is absent")
def compare_table():
    rows = [planted("half", 1000, 500), planted("above", 1000, 501),
            planted("copies", 1512, 612, copied=512),
            planted("gone", 1000, None), planted("same", 9, 9, "CONTROL")]
    page = table.table(rows, [("machine", 2, 1, 0.5, "1/4")], "planted")
    for words in ("Above it: `above`.", "Not measured: `gone`.",
                  "| 501 | **0.501 !** |", "| 500 | 0.500 |",
                  "| 612 | 0.405 | 0.100 | 1/10 = 0.100 |", "| absent |",
                  "1 of 3 rows", "| 1.000 |  | control |",
                  "| machine | 2 | 1 | 0.5000 | 1/4 |",
                  f"**{(.5 * .501 * 612 / 1512) ** (1 / 3):.3f}**"):
        if words not in page:
            raise Failure(f"no {words!r} in\n{page}")
    if table.picture(rows).count("<rect") != 2 * 3:
        raise Failure("not a bar and a mark for each row that is measured")
