# SPDX-License-Identifier: MIT
"""The documents agree with the sources that they tell about."""
import re

from suite import test
from vm import ROOT, Failure

KEY = re.compile(r'^CMDLINE\((\w+), \w+, (.*?),\s*"(.*?)"\)', re.M | re.S)
GOALS = re.compile(r"^\.PHONY: ((?:.*\\\n)*.*)", re.M)


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
