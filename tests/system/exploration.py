# SPDX-License-Identifier: MIT
"""A seed repeats a run, and a search over seeds finds races.

EXPLORE=1 searches longer: each planted race on one, two and four processors,
the right variants under 100 seeds, and the storms.
"""
import itertools
import os
import re
import subprocess

from suite import test
from vm import LIMIT_S, ROOT, Failure, Skip

import explore

PLANTED = {"planted_lost_update": "explored_update",
           "planted_lost_wakeup": "explored_wakeup",
           "planted_deadlock": "explored_two_locks",
           "planted_inversion": "explored_order"}
SEEDS = range(1, 301)  # within these a planted race is found
FEW = range(1, 4)
MANY = range(1, 101)
STORMS = ("storm_wakes_counted", "storm_ping_pong", "storm_market",
          "storm_of_lives", "affinity_storm", "waitq_interrupt_storm",
          "waitq_wake_races_timeout", "poll_misses_nothing", "keeper_storm")
SCRIPT = ("for i in 1 2 3 4; do (echo $i $$ | cat; cat /proc/uptime) & done; "
          "wait; date; head -c 32 /dev/urandom | md5sum; uname -a")


def said(cpus, seed):
    """What `make run SEED=` says, to the end of a shell's work.

    The recipe alone is run: nothing is built beside other tests.
    """
    environ = {**os.environ, "MAKEFLAGS": "", "CPUS": str(cpus),
               "CMDLINE": f'bench=off init=/bin/sh -- -c "{SCRIPT}"'}
    recipe = subprocess.run(["make", "-n", "run", f"SEED={seed}"], cwd=ROOT,
                            env=environ, check=True, timeout=LIMIT_S,
                            capture_output=True, text=True).stdout
    done = subprocess.run(recipe[recipe.index("python3 scripts/qemu.py"):],
                          shell=True, cwd=ROOT, env=environ, check=False,
                          timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE)
    print(done.stdout.decode(errors="replace"))
    if b"init exited, status 0" not in done.stdout:
        raise Failure("the first program did not end well")
    return done.stdout


@test("make run SEED=7 says the same twice, byte for byte, and 8 another thing",
      cpus=(1, 4))
def seed_repeats(cpus):
    first, second, other = said(cpus, 7), said(cpus, 7), said(cpus, 8)
    if first != second:
        raise Failure("two runs with one seed differ")
    if first == other:
        raise Failure("two seeds gave the same run")


def first_failing(name, cpus):
    """The first seed that fails, and its run."""
    for one in explore.search(name, cpus, SEEDS):
        if one.why:
            return one
    raise Failure(f"no seed up to {SEEDS[-1]} finds {name}")


def find(name, cpus):
    """A seed finds it, and the same line shows when it is repeated."""
    found = first_failing(name, cpus)
    again = explore.run(name, cpus, found.seed)
    print(f"{name} on {cpus}: seed {found.seed}: {found.why}")
    if again.text != found.text:
        print(found.text, again.text, sep="\n--- again:\n")
        raise Failure("the same seed gave another run")


@test("a search finds {name}, and its seed fails in the same line again",
      name=PLANTED)
def explore_finds(name):
    for cpus in (1, 2, 4) if os.environ.get("EXPLORE") else (2,):
        find(name, cpus)


def all_pass(name, cpus, seeds):
    for one in explore.search(name, cpus, seeds):
        if one.why:
            raise Failure(f"seed {one.seed}: {one.why}\n{one.text}")


@test("no seed breaks what is right: {name}", name=PLANTED.values())
def explore_passes(name):
    all_pass(name, 2, MANY if os.environ.get("EXPLORE") else FEW)


@test("no seed breaks the storms", limit_s=24 * 3600)
def explore_storms():
    if not os.environ.get("EXPLORE"):
        raise Skip("it takes an hour or more: EXPLORE=1")
    for name, cpus in itertools.product(STORMS, (2, 4)):
        all_pass(name, cpus, MANY)


def gdb(name, cpus, seed, *words):
    """What gdb says about a failing seed."""
    done = explore.in_gdb(name, cpus, seed, words, timeout=LIMIT_S, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout)
    return done.stdout


@test("in gdb a failing seed stops where it fails")
def explore_gdb():
    name = "planted_lost_update"
    found = first_failing(name, 2)
    text = gdb(name, 2, found.seed, "print tally.count")
    file, line, count = re.match(r"(.*):(\d+): .*\((\w+),", found.why).groups()
    if f'"{file}", line={line}, ' not in text or \
            f"$1 = {int(count, 16)}" not in text:
        raise Failure(f"it did not stop where it failed: {found.why}")


@test("in gdb a failing seed of one processor goes back")
def explore_gdb_back():
    name = "planted_lost_update"
    found = first_failing(name, 1)
    text = gdb(name, 1, found.seed, "reverse-stepi", "info symbol $pc")
    if "count_together" not in text.split("ktest_fail")[-1]:
        raise Failure("reverse-stepi did not go back into the test")
