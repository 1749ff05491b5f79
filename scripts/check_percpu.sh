#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Per-CPU variables marked percpu_zero take no place in the image, so an
# initialiser would be lost without a word: says which object has one.
#
# Usage: check_percpu.sh OBJECT...
set -eu

bad=0
for object; do
	objdump -s -j .percpu_zero "$object" 2> /dev/null | awk '
		/^ [0-9a-f]/ { for (i = 2; i <= 5; i++)
			if ($i ~ /^[0-9a-f]+$/ && $i ~ /[1-9a-f]/) bad = 1 }
		END { exit bad }' || {
		echo "$object: a percpu_zero variable has an initialiser" >&2
		bad=1
	}
done
exit $bad
