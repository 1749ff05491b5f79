#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the root file system: a newc cpio archive, the same for equal input.

The data of every regular file starts on a page boundary of the archive, so
that the kernel maps file pages in place: the name is followed by more NULs
than the format asks for, which its size field counts and every reader skips.

Usage: mkinitrd.py -o OUT [PROGRAM...] [--overlay DIR] [--compact]
A PROGRAM becomes /bin/NAME, but init /init; DIR is laid over the root, its files win.
--compact leaves the NULs out: Linux skips a file whose name is too long with them.
"""
import argparse
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

PAGE = 4096
MAGIC = b"070701"
TRAILER = "TRAILER!!!"
HEADER_BYTES = 110

PASSWD = ("root:x:0:0:root:/root:/bin/sh\n"
          "nobody:*:65534:65534:nobody:/:/bin/false\n")
GROUP = "root:x:0:\nnogroup:x:65534:\n"
MOTD = """
Welcome to Exo-OS. The programs are Debian's busybox; `exit` or `poweroff`
switches the machine off, `reboot` starts it again, `dmesg` shows the log.

"""
PROFILE = """\
# Read by login shells.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
export HISTFILE="$HOME/.ash_history"
export PAGER=less EDITOR=vi
PS1='\\u@\\h:\\w\\$ '
"""
HOSTNAME = "exo"
FOLDERS = ("bin", "dev", "etc", "mnt", "proc", "root", "run", "sbin", "sys",
           "tmp", "usr", "usr/bin", "usr/sbin", "var", "var/log", "var/tmp")
STICKY = ("tmp", "var/tmp")


def align(value, to):
    return -value % to


class Tree:
    """Path to (mode, bytes); a later entry replaces an earlier one."""

    def __init__(self):
        self.entries = {}

    def folder(self, path, mode=0o755):
        self.entries[path] = (stat.S_IFDIR | mode, b"")

    def file(self, path, data, mode=0o644):
        self.entries[path] = (stat.S_IFREG | mode, data)

    def link(self, path, target):
        self.entries[path] = (stat.S_IFLNK | 0o777, os.fsencode(target))

    def overlay(self, root):
        """Lays the folder `root` over the tree; other kinds are named."""
        for path in sorted(Path(root).rglob("*")):
            name = str(path.relative_to(root))
            mode = path.lstat().st_mode
            if path.is_symlink():
                self.link(name, os.readlink(path))
            elif path.is_dir():
                self.folder(name, stat.S_IMODE(mode))
            elif path.is_file():
                self.file(name, path.read_bytes(), stat.S_IMODE(mode))
            else:
                print(f"mkinitrd.py: {path} is left out: not a file, folder "
                      "or link", file=sys.stderr)


def record(at, number, name, mode, data, boundary):
    """One archive member at byte `at`, its data on a boundary."""
    name_bytes = os.fsencode(name) + b"\0"
    data_at = at + HEADER_BYTES + len(name_bytes)
    if stat.S_ISREG(mode) and data:
        name_bytes += bytes(align(data_at, boundary))
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0,
              len(name_bytes), 0)
    head = MAGIC + b"".join(b"%08x" % field for field in fields) + name_bytes
    head += bytes(align(at + len(head), 4))
    return head + data + bytes(align(len(data), 4))


def archive(entries, boundary):
    """The whole archive, members in the order of their paths."""
    out = bytearray()
    for number, path in enumerate(sorted(entries), 1):
        out += record(len(out), number, path, *entries[path], boundary)
    out += record(len(out), 0, TRAILER, 0, b"", boundary)
    return bytes(out) + bytes(align(len(out), PAGE))


def add_busybox(tree):
    """Debian's static busybox, unchanged, with a link for each applet."""
    busybox = shutil.which("busybox")
    if not busybox:
        sys.exit("mkinitrd.py: the package busybox-static is missing")
    tree.file("bin/busybox", Path(busybox).read_bytes(), 0o755)
    applets = subprocess.run([busybox, "--list-full"], check=True,
                             capture_output=True, text=True).stdout.split()
    for applet in applets:
        if applet != "bin/busybox":
            tree.link(applet, "/bin/busybox")


def base(programs):
    """The root file system before any overlay."""
    tree = Tree()
    for path in FOLDERS:
        tree.folder(path, 0o1777 if path in STICKY else 0o755)
    tree.file("etc/passwd", PASSWD.encode())
    tree.file("etc/group", GROUP.encode())
    tree.file("etc/motd", MOTD.encode())
    tree.file("etc/profile", PROFILE.encode())
    tree.file("etc/hostname", f"{HOSTNAME}\n".encode())
    tree.file("etc/hosts", f"127.0.0.1 localhost {HOSTNAME}\n".encode())
    tree.file("etc/shells", b"/bin/sh\n/bin/ash\n")
    tree.link("var/run", "/run")
    add_busybox(tree)
    for program in programs:
        name = Path(program).name
        tree.file(name if name == "init" else "bin/" + name,
                  Path(program).read_bytes(), 0o755)
    tree.link("sbin/init", "/init")
    return tree


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", required=True, dest="out")
    parser.add_argument("--overlay")
    parser.add_argument("--compact", action="store_true")
    parser.add_argument("programs", nargs="*")
    opts = parser.parse_args()
    tree = base(opts.programs)
    if opts.overlay:
        if not Path(opts.overlay).is_dir():
            sys.exit(f"mkinitrd.py: ROOTFS={opts.overlay} is no folder")
        tree.overlay(opts.overlay)
    Path(opts.out).parent.mkdir(parents=True, exist_ok=True)
    boundary = 1 if opts.compact else PAGE
    Path(opts.out).write_bytes(archive(tree.entries, boundary))


main()
