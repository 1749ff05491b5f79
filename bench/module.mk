# Floor 9: benchmarks.
kernel-y += bench/bench.c bench/stats.c bench/sched.c bench/memory.c \
	bench/user.c bench/machine.c bench/threads.c bench/scaling.c bench/capability.c \
	bench/trace.c
hot-y += bench/trace.c
hostsrc-y += bench/stats.c
