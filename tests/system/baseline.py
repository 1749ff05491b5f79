# SPDX-License-Identifier: MIT
"""No path grows by more than 5 % without its baseline being moved on purpose."""
import bench_counted
from suite import test
from vm import Failure, Skip

MOVE = "if this is meant: ./exo bench ACCEPT=1"


@test("no path is more than 5 % longer than bench/baseline says",
      limit_s=1200)
def bench_baseline():
    made_with, accepted = bench_counted.baseline()
    if made_with != bench_counted.tools():
        raise Skip(f"the baseline was made with {made_with}, this is "
                   f"{bench_counted.tools()}")
    found = bench_counted.lengths(bench_counted.measure())
    grown = list(bench_counted.complaints(found, accepted))
    if grown or not accepted:
        raise Failure("\n".join(grown + [MOVE]))


@test("growth beyond 5 % and lost paths are found, shrinking is not")
def bench_baseline_complains():
    accepted = {"grown": 1000, "grown_little": 1000, "shrunk": 1000,
                "small": 4, "small_grown": 4, "lost": 1}
    found = {"grown": 1051, "grown_little": 1049, "shrunk": 500, "small": 5,
             "small_grown": 6, "new": 1}
    words = "\n".join(bench_counted.complaints(found, accepted)).split()
    named = [name for name in [*accepted, "new"] if name in words]
    if named != ["grown", "small_grown", "lost"]:
        raise Failure(f"it complains about {named}")
