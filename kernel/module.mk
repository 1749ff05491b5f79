kernel-y += kernel/boot_info.c kernel/console.c kernel/log.c kernel/machine.c
kernel-y += kernel/cmdline.c
hostsrc-y += kernel/boot_info.c kernel/cmdline.c
kernel-y += kernel/spinlock.c kernel/watchdog.c
hostsrc-y += kernel/spinlock.c
kernel-y += kernel/symbols.c kernel/panic.c kernel/lockcheck.c kernel/clock.c \
	kernel/irq.c kernel/timer.c
hot-y += kernel/spinlock.c kernel/irq.c kernel/timer.c kernel/clock.c
kernel-y += kernel/random.c kernel/numa.c
hostsrc-y += kernel/numa.c
explore-y += kernel/explore.c kernel/explore_points.c
unexplored-y += kernel/explore.c kernel/explore_points.c kernel/panic.c
hot-y += kernel/explore.c kernel/explore_points.c
