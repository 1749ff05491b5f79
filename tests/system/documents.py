# SPDX-License-Identifier: MIT
"""The documents agree with the sources that they tell about."""
import fnmatch
import re
import sys

from suite import TESTS, test
from vm import ROOT, Failure

sys.path.append(str(ROOT / "scripts"))
import syscalls  # noqa: E402  pylint: disable=wrong-import-position

KEY = re.compile(r'^CMDLINE\((\w+), \w+, (.*?),\s*"(.*?)"\)', re.M | re.S)
LOCK = re.compile(r"^LOCK_CLASS\((\w+), (\d+),", re.M)
GOALS = re.compile(r"^\.PHONY: ((?:.*\\\n)*.*)", re.M)

# A path of this repository, and a test's name or pattern, between backticks.
CITED = re.compile(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`")
CITED_TEST = re.compile(r"`(kernel|preempt|smp2|smp4|host|system)/([a-z][\w*]*)`")
KTEST = re.compile(r"^KTEST\((\w+),", re.M)
MADE = ("build/",)

CITED_FUNCTION = re.compile(r"`(\w+)\(\)`")
SOURCES = ("arch", "bench", "boot", "drivers", "fs", "ipc", "kernel", "lib",
           "mm", "posix", "sched", "scripts", "tests", "trace", "user")


def document(name):
    return (ROOT / name).read_text(encoding="utf-8")


@test("the README has each key of the kernel's command line as its list does")
def documents_command_line():
    readme = document("README.md")
    keys = KEY.findall(document("kernel/cmdline.def"))
    for key, fallback, meaning in keys:
        shown = "" if fallback == "NULL" else "`" + fallback.strip('"') + "`"
        meaning = meaning.replace("|", "\\|")
        row = f"| `{key}=` | {shown} | {meaning} |"
        if row not in readme:
            raise Failure(f"README.md lacks the row\n{row}")
    rows = len(re.findall(r"^\| `\w+=` \|", readme, re.M))
    if not keys or rows != len(keys):
        raise Failure(f"README.md has {rows} keys, the list {len(keys)}")


@test("the README has each goal of the Makefile")
def documents_goals():
    readme = document("README.md")
    goals = GOALS.search(document("Makefile"))[1].replace("\\\n", " ").split()
    missing = [goal for goal in goals
               if goal != "FORCE" and f"`{goal}`" not in readme]
    if missing:
        raise Failure(f"README.md lacks {missing}")


@test("docs/syscalls.md is what the list of system calls makes")
def documents_system_calls():
    calls = document("posix/syscalls.def")
    if document("docs/syscalls.md") != syscalls.page(calls):
        raise Failure("docs/syscalls.md is old: make docs")
    found = list(syscalls.calls(calls))
    if len(found) != len(re.findall(r"^SYSCALL\(", calls, re.M)):
        raise Failure("scripts/syscalls.py does not read every call")
    for _, name, support, missing in found:
        if (support == "PARTIAL") != bool(missing):
            raise Failure(f"{name}: {support}, missing: {missing!r}")


# What no header of Linux names.
NAMELESS = re.compile(r"SYSLOG_\w+|MFD_NAME_MAX|ST_VALID")
ABI_NAME = re.compile(r"^\s*(?:#define )?ABI_(\w+)(?: =|\s)", re.M)
ABI_STRUCT = re.compile(r"^struct (abi_\w+) \{", re.M)


@test("each number and structure of the ABI is held against Linux's")
def documents_abi():
    ours = "".join(document(f"posix/abi{part}.h")
                   for part in ("", "_file", "_signal"))
    checks = "".join(document(f"tests/posix/test_abi{part}.c")
                     for part in ("", "_numbers", "_kernel"))
    checked = set(re.findall(r"\b(?:ABI_|SAME\()(\w+)", checks))
    checked |= {"REBOOT_" + name
                for name in re.findall(r"SAME_REBOOT\((\w+)", checks)}
    missing = [name for name in ABI_NAME.findall(ours)
               if name not in checked and not NAMELESS.fullmatch(name)]
    missing += [name for name in ABI_STRUCT.findall(ours)
                if not re.search(rf"\b{name}\b", checks)]
    if missing:
        raise Failure("never held against Linux's: " + ", ".join(missing))


@test("docs/locking.md has each class of lock with its rank")
def documents_locks():
    page = document("docs/locking.md")
    for name, rank in LOCK.findall(document("kernel/locks.def")):
        if not re.search(rf"\b{name} {rank}\b", page):
            raise Failure(f"docs/locking.md lacks {name} {rank}")


def pages():
    """Each document with its text."""
    return [(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
            for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))]


@test("each file that a document cites is there")
def documents_cite_files():
    for page, text in pages():
        for cited in CITED.findall(text):
            if not cited.startswith(MADE) and not (ROOT / cited).is_file():
                raise Failure(f"{page} cites {cited}")


@test("each test that a document cites is there")
def documents_cite_tests():
    ktests = [name for path in ROOT.glob("tests/**/*.c")
              for name in KTEST.findall(path.read_text(encoding="utf-8"))]
    for page, text in pages():
        for kind, pattern in CITED_TEST.findall(text):
            names = TESTS if kind == "system" else ktests
            if not fnmatch.filter(names, pattern):
                raise Failure(f"{page} cites {kind}/{pattern}")


@test("each function that a document cites is there")
def documents_cite_functions():
    words = {word for folder in SOURCES for kind in ("c", "h", "asm", "py")
             for path in ROOT.glob(f"{folder}/**/*.{kind}")
             for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    for page, text in pages():
        for cited in CITED_FUNCTION.findall(text):
            if cited not in words and not cited.endswith("_NAME"):
                raise Failure(f"{page} cites {cited}()")
