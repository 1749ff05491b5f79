#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Compiles every header alone: each includes what it needs. A machine's half
# of an arch/ header (arch/x86_64/cpu.h) is compiled through its portable half.
# Usage: check_headers.sh COMPILER FLAGS...  (from the root of the repository)
set -u

status=0
for header in $(git ls-files '*.h' | grep -v -e ^user/ -e ^arch/host/ \
		-e ^bench/compare/ -e ^tests/user/); do
	case $header in
	arch/x86_64/*) [ ! -f "arch/${header##*/}" ] || continue ;;
	esac
	printf '#include "%s"\n' "$header" | "$@" -x c -fsyntax-only - || {
		echo "$header does not compile alone" >&2
		status=1
	}
done
exit $status
