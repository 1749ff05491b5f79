#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fetches Debian's Linux kernel for virtual machines, to be booted beside ours:
# the package is downloaded and unpacked below a folder, never installed.
#
# Usage: linux.sh OUT	(OUT becomes the kernel; OUT.version tells its package)
set -eu
out=$1
meta=linux-image-cloud-amd64

command -v apt-get > /dev/null || {
	echo "linux.sh: no apt here; name a Linux kernel: make compare" \
		"LINUX=/path/to/vmlinuz"
	exit 1
} >&2
package=$(apt-cache depends "$meta" 2> /dev/null |
	sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
[ -n "$package" ] || {
	echo "linux.sh: apt does not know $meta: run apt-get update," \
		"or name a Linux kernel: make compare LINUX=/path/to/vmlinuz"
	exit 1
} >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && apt-get download -q "$package" 2> "$folder/log") || {
	cat "$folder/log"
	exit 1
} >&2
dpkg-deb -x "$folder"/*.deb "$folder/root"
mkdir -p "$(dirname "$out")"
dpkg-deb -f "$folder"/*.deb Package Version | sed 's/^[^:]*: //' |
	paste -s -d ' ' - > "$out.version"
cp "$folder"/root/boot/vmlinuz-* "$out"
