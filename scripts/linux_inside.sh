#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds bench/linux/inside.c for the Linux kernel that linux.sh fetched, with
# the headers of the same version, which are unpacked and not installed; and a
# root file system that loads it.
#
# Usage: linux_inside.sh VERSION MODULE.c OUT.cpio	(VERSION: linux.sh's file)
set -eu
read -r image version < "$1"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
headers=$(echo "$image" | sed 's/linux-image/linux-headers/')
tools=linux-kbuild-$(echo "$version" | cut -d . -f 1,2)
(cd "$folder" && apt-get download -q "$headers=$version" \
	"${headers%-cloud-amd64}-common=$version" "$tools=$version" \
	> log 2>&1 && for package in *.deb; do
		dpkg-deb -x "$package" root
	done) || {
	cat "$folder/log"
	echo "linux_inside.sh: no headers of $image $version; if apt has a newer" \
		"kernel, remove ${1%.version} and make it again"
	exit 1
} >&2

tree=$folder/root/usr/src
sed -i "s#/usr/src#$tree#" "$tree/$headers/Makefile"
mkdir -p "$folder/module" "$folder/overlay"
cp "$2" "$folder/module/inside.c"
echo 'obj-m := inside.o' > "$folder/module/Makefile"
make -s -C "$tree/$headers" M="$folder/module" MAKEFLAGS= modules \
	> "$folder/log" 2>&1 || {
	cat "$folder/log"
	exit 1
} >&2
cp "$folder/module/inside.ko" "$folder/overlay"
cat > "$folder/overlay/init" <<'END'
#!/bin/sh
busybox insmod /inside.ko
busybox poweroff -f
END
chmod +x "$folder/overlay/init"
"${PYTHON:-python3}" "$(dirname "$0")/mkinitrd.py" -o "$3" --compact \
	--overlay "$folder/overlay"
