# SPDX-License-Identifier: MIT
# `make bench-host`: hot paths of the kernel, and what they need, compiled for
# the host, and what measures them beside their peers.
hostbench-y := bench/host/main.c bench/host/machine.c bench/host/switch.c \
	bench/host/runq.c bench/host/kmem.c bench/host/capability.c \
	bench/host/trace.c \
	bench/stats.c arch/host/machine.c
hostbench-y += arch/x86_64/switch.asm arch/x86_64/thread.c
hostbench-y += sched/fair.c
hostbench-y += mm/buddy.c mm/frame.c mm/frame_init.c mm/frame_map.c \
	mm/frame_stack.c mm/kmem.c mm/slab.c
hostbench-y += trace/trace.c bench/host/trace_rte.c \
	bench/host/trace_rte_point.c bench/host/trace_lttng.c
hostbench-y += kernel/numa.c kernel/spinlock.c lib/random.c
hostbench-y += bench/host/cores.c bench/host/ring.c bench/host/ring_ck.c \
	bench/host/ring_rte.c lib/ring.c
hostbench-cflags := -DALLOW_EXPERIMENTAL_API -isystem /usr/include/dpdk \
	-isystem /usr/include/x86_64-linux-gnu/dpdk
hostbench-ldlibs := -l:libboost_context.a -lrte_eal -llttng-ust \
	-ldl -lpthread
