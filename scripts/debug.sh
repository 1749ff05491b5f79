#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Starts QEMU halted with its gdb server on a socket of its own, and gdb on it
# with our commands loaded; both end together. The serial port goes to a file.
# Usage: debug.sh KERNEL INITRD COMMAND_LINE
set -eu

kernel=$1 initrd=$2 cmdline=$3
here=$(dirname "$0")
log=$(dirname "$kernel")/serial.log
for tool in gdb qemu-system-x86_64; do
	command -v $tool > /dev/null || {
		echo "debug.sh: $tool is missing" >&2
		exit 1
	}
done

# In a session of its own, so that Ctrl-C in gdb does not end QEMU.
setsid python3 "$here/qemu.py" --kernel "$kernel" --initrd "$initrd" \
	--append "$cmdline" -- -s -S -serial "file:$log" \
	< /dev/null > "$log.qemu" 2>&1 &
qemu=$!
trap 'kill $qemu 2> /dev/null || :' EXIT INT TERM
echo "The serial port is written to $log"
gdb -q -x "$here/exo-gdb.py" -ex 'target remote :1234' \
	-ex 'hbreak kernel_main' -ex continue "$kernel"
