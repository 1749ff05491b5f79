# SPDX-License-Identifier: MIT
"""What the build leaves: the archive, the image, the size, nothing to redo."""
import os
import subprocess
import tempfile
from pathlib import Path

from suite import test
from vm import INITRD, ROOT, Failure

PAGE = 4096
HEADER_BYTES = 110
ISO_LIMIT_BYTES = 10_000_000


def run(*command):
    """Runs a command; what it prints, or a failure with all of it."""
    done = subprocess.run(command, cwd=ROOT, text=True, check=False,
                          capture_output=True,
                          env={**os.environ, "MAKEFLAGS": ""})
    print(done.stdout + done.stderr)
    if done.returncode:
        raise Failure(f"{command} left with status {done.returncode}")
    return done.stdout


def members(archive):
    """The (name, mode, data offset, data) of each member."""
    at, found = 0, []
    while True:
        field = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                 for i in range(13)]
        mode, size, name_size = field[1], field[6], field[11]
        name_at = at + HEADER_BYTES
        name = archive[name_at:name_at + name_size].split(b"\0")[0].decode()
        if name == "TRAILER!!!":
            return found
        data_at = (name_at + name_size + 3) & ~3
        found.append((name, mode, data_at, archive[data_at:data_at + size]))
        at = (data_at + size + 3) & ~3


@test("cpio reads the root file system, and all file data is page-aligned")
def archive_reads():
    names = subprocess.run(["cpio", "-t", "--quiet"], check=True, text=True,
                           stdin=open(INITRD, "rb"),
                           capture_output=True).stdout.split()
    found = members(Path(INITRD).read_bytes())
    if names != [name for name, *_ in found]:
        raise Failure("cpio -t and the test read different names")
    for name, mode, data_at, data in found:
        if mode >> 12 == 8 and data and data_at % PAGE:
            raise Failure(f"the data of {name} starts at {data_at:#x}")
    for name in ("bin/hello", "bin/busybox", "bin/sh", "etc/passwd"):
        if name not in names:
            raise Failure(f"no {name}")


@test("a folder laid over the root file system wins, equal bytes each time")
def archive_overlay():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        (root / "etc").mkdir(parents=True)
        (root / "etc/motd").write_text("mine\n")
        (root / "link").symlink_to("/etc/motd")
        archives = []
        for name in ("one", "two"):
            out = f"{folder}/{name}"
            run("scripts/mkinitrd.py", "-o", out, "--overlay", str(root))
            archives.append(Path(out).read_bytes())
    data = {name: data for name, _, _, data in members(archives[0])}
    if data["etc/motd"] != b"mine\n" or data["link"] != b"/etc/motd":
        raise Failure("the folder's files are not in the archive")
    if archives[0] != archives[1]:
        raise Failure("two archives of one folder differ")


@test("the image is below 10 MB and boots by BIOS and by UEFI")
def image_parts():
    path = ROOT / "build/exo.iso"
    size = path.stat().st_size
    if size >= ISO_LIMIT_BYTES:
        raise Failure(f"the image has {size} bytes")
    boots = run("xorriso", "-indev", str(path), "-report_el_torito", "plain")
    for platform in ("BIOS", "UEFI"):
        if f" {platform} " not in boots:
            raise Failure(f"no boot entry for {platform}")


@test("a second make makes nothing; a changed header would remake its readers")
def build_is_complete():
    made = [ROOT / "build" / name for name in
            ("exo.elf", "exo.iso", "initrd.cpio", "debug/exo.elf")]
    before = [path.stat().st_mtime_ns for path in made]
    run("make", "-s", "all", "build/debug/exo.elf")
    if before != [path.stat().st_mtime_ns for path in made]:
        raise Failure("make made something anew right after a build")
    plan = run("make", "-n", "V=1", "-W", "lib/types.h", "build/exo.elf")
    for source in ("lib/string.c", "lib/tree.c"):
        if f"-c {source} " not in plan:
            raise Failure(f"a changed lib/types.h would not remake {source}")


@test("the stripped kernel's loadable bytes are within the budget")
def size_budget():
    run("scripts/size.py", "build/exo.elf", "build/exo.stripped",
        "build/release/exo.map")
