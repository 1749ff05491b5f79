#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs a command while LTTng, if it is here, records the events of the provider
# `exo` that are named `mark`: into memory alone, the oldest overwritten, which
# is what the kernel's trace does.  What it starts it ends.
#
# Usage: bench_host.sh COMMAND...
set -eu
home=$(mktemp -d)
session=exo-bench-$$
daemon=

end() {
	if [ -e "$home/created" ]; then
		lttng -q destroy "$session" > /dev/null 2>&1 || :
	fi
	if [ -n "$daemon" ]; then
		kill "$daemon" 2> /dev/null || :
		wait "$daemon" || :
	fi
	rm -rf "$home"
}
trap end EXIT
trap 'exit 1' INT TERM

# One that runs already sends its second away, and serves as well.
start_daemon() {
	ready=
	trap 'ready=1' USR1
	lttng-sessiond --no-kernel --sig-parent &
	daemon=$!
	while [ -z "$ready" ] && kill -0 "$daemon"; do
		sleep 0.05
	done
}

record() {
	lttng -q create "$session" --snapshot && : > "$home/created" &&
		lttng -q enable-channel -u -s "$session" --overwrite c &&
		lttng -q enable-event -u -s "$session" -c c exo:mark &&
		lttng -q start "$session"
}

if command -v lttng > /dev/null && command -v lttng-sessiond > /dev/null; then
	export LTTNG_HOME="$home"
	start_daemon > "$home/log" 2>&1
	record >> "$home/log" 2>&1 || cat "$home/log" >&2
fi
"$@"
