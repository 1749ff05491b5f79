/* SPDX-License-Identifier: MIT */
/*
 * /proc: what is told about the machine and the kernel.
 */
#include "posix/proc.h"

#include "arch/cpu.h"
#include "arch/percpu.h"
#include "fs/mount.h"
#include "kernel/clock.h"
#include "kernel/machine.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/tick.h"

#define NS_PER_CENTISECOND 10000000ul

static long self_link(u64 key, char *buf, size_t size_bytes)
{
	(void)key;
	return MIN(format(buf, size_bytes, "%u", process_current()->pid),
		   (int)size_bytes);
}

static long thread_self_link(u64 key, char *buf, size_t size_bytes)
{
	(void)key;
	return MIN(format(buf, size_bytes, "%u/task/%u", process_current()->pid,
			  task_current()->tid),
		   (int)size_bytes);
}

static bool show_mount(struct fs *fs, void *ctx)
{
	struct text *out = ctx;

	text_add_escaped(out, fs->source);
	text_add(out, " ");
	text_add_escaped(out, fs->path);
	text_add(out, " %s %s%s%s%s 0 0\n", fs->type->name,
		 fs->flags & FS_READ_ONLY ? "ro" : "rw",
		 fs->flags & FS_NO_SUID ? ",nosuid" : "",
		 fs->flags & FS_NO_DEV ? ",nodev" : "",
		 fs->flags & FS_NO_EXEC ? ",noexec" : "");
	return true;
}

int proc_show_mounts(struct text *out, u64 key)
{
	(void)key;
	fs_for_each(show_mount, out);
	return 0;
}

static void show_type(const struct fs_type *type, void *ctx)
{
	text_add(ctx, "%s\t%s\n", type->nodev ? "nodev" : "", type->name);
}

static int show_filesystems(struct text *out, u64 key)
{
	(void)key;
	fs_type_for_each(show_type, out);
	return 0;
}

static int show_uptime(struct text *out, u64 key)
{
	u64 up = clock_ns() / NS_PER_CENTISECOND;

	(void)key;
	text_add(out, "%lu.%02lu 0.00\n", up / 100, up % 100);
	return 0;
}

static int show_cmdline(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "%s\n", machine_cmdline());
	return 0;
}

static int show_version(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "Exo-OS version 6.1.0-exo #1 SMP\n");
	return 0;
}

/* What caches of files take is theirs: nothing can be given back. */
static int show_meminfo(struct text *out, u64 key)
{
	struct frame_stats stats = frame_stats();
	u64 kb = PAGE_SIZE / 1024;

	(void)key;
	text_add(out,
		 "MemTotal:       %8lu kB\n"
		 "MemFree:        %8lu kB\n"
		 "MemAvailable:   %8lu kB\n"
		 "Buffers:        %8u kB\n"
		 "Cached:         %8u kB\n"
		 "SwapCached:     %8u kB\n"
		 "Shmem:          %8u kB\n"
		 "Slab:           %8lu kB\n"
		 "SReclaimable:   %8u kB\n"
		 "SwapTotal:      %8u kB\n"
		 "SwapFree:       %8u kB\n",
		 stats.total * kb, stats.free * kb, stats.free * kb, 0, 0, 0, 0,
		 kmem_held_bytes() / 1024, 0, 0, 0);
	return 0;
}

static unsigned cpu_total(void)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		count += cpu_present(cpu);
	}
	return count;
}

static int show_cpuinfo(struct text *out, u64 key)
{
	(void)key;
	for (unsigned cpu = 0; cpu < cpu_total(); cpu++) {
		text_add(out,
			 "processor\t: %u\nmodel name\t: %s\n"
			 "cpu MHz\t\t: %lu.%03lu\n\n",
			 cpu, arch_cpu_name(), arch_cycles_hz() / 1000000,
			 arch_cycles_hz() / 1000 % 1000);
	}
	return 0;
}

static int show_loadavg(struct text *out, u64 key)
{
	u32 load[LOAD_COUNT];

	(void)key;
	load_averages(load);
	for (unsigned i = 0; i < LOAD_COUNT; i++) {
		u32 hundredths = (load[i] * 100 + LOAD_ONE / 2) / LOAD_ONE;

		text_add(out, "%u.%02u ", hundredths / 100, hundredths % 100);
	}
	text_add(out, "%lu/%lu %u\n", load_now(), thread_count(), pid_last());
	return 0;
}

/* Where processors' time went. */
struct spent {
	u64 kernel_ns;
	u64 idle_ns;
};

/* The rest of the time is the programs'. */
static void show_times(struct text *out, const char *name, u64 ns,
		       const struct spent *spent)
{
	text_add(out, "%s %lu 0 %lu %lu 0 0 0 0 0 0\n", name,
		 (ns - spent->kernel_ns - spent->idle_ns) / NS_PER_CENTISECOND,
		 spent->kernel_ns / NS_PER_CENTISECOND,
		 spent->idle_ns / NS_PER_CENTISECOND);
}

static struct spent spent_by(unsigned cpu, u64 now_ns)
{
	u64 kernel = clock_cycles_to_ns(tick_kernel_cycles(cpu));
	u64 idle = MIN(clock_cycles_to_ns(sched_idle_cycles(cpu)), now_ns);

	return (struct spent){ MIN(kernel, now_ns - idle), idle };
}

static int show_stat(struct text *out, u64 key)
{
	u64 now = clock_ns();
	struct spent all = { 0, 0 };
	char name[8];

	(void)key;
	for (unsigned cpu = 0; cpu < cpu_total(); cpu++) {
		struct spent spent = spent_by(cpu, now);

		all.kernel_ns += spent.kernel_ns;
		all.idle_ns += spent.idle_ns;
	}
	show_times(out, "cpu ", now * cpu_total(), &all);
	for (unsigned cpu = 0; cpu < cpu_total(); cpu++) {
		struct spent spent = spent_by(cpu, now);

		format(name, sizeof(name), "cpu%u", cpu);
		show_times(out, name, now, &spent);
	}
	text_add(out, "btime %lu\n",
		 clock_date_offset_ns() / (100 * NS_PER_CENTISECOND));
	return 0;
}

static int show_hostname(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "exo\n");
	return 0;
}

static int show_ostype(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "Exo-OS\n");
	return 0;
}

static int show_osrelease(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "6.1.0-exo\n");
	return 0;
}

static int show_pid_max(struct text *out, u64 key)
{
	(void)key;
	text_add(out, "%u\n", PID_MAX);
	return 0;
}

/* System calls that are absent: number, how often, who was first. */
static int show_absent(struct text *out, u64 key)
{
	const struct absent_call *call;
	unsigned at = 0;

	(void)key;
	while ((call = syscall_absent_next(&at)) != NULL) {
		text_add(out, "%u %u %s\n", call->number_1 - 1, call->count,
			 call->caller);
	}
	return 0;
}

#ifdef OWNER_HERE
static void show_owners(struct text *out)
{
	text_add(out, "subsystem objects bytes frames\n");
	for (enum owner who = 1; who < OWNER_COUNT; who++) {
		struct owner_held held = owner_held(who);

		text_add(out, "%s %ld %ld %ld\n", owner_name(who), held.objects,
			 held.bytes, held.frames);
	}
}
#else
#define show_owners(out)
#endif

/* Frames, caches of objects; in the debug build who holds how much. */
static int show_memory(struct text *out, u64 key)
{
	struct frame_stats frames = frame_stats();
	struct kmem_shown cache;

	(void)key;
	text_add(out, "frames %lu free %lu cached %lu meta %lu\n", frames.total,
		 frames.free, frames.cached, frames.meta);
	text_add(out, "cache size objects held\n");
	for (u32 i = 0; kmem_show(i, &cache); i++) {
		if (cache.held_bytes != 0) {
			text_add(out, "%s %u %lu %lu\n", cache.name,
				 cache.size_bytes, cache.in_use,
				 cache.held_bytes);
		}
	}
	show_owners(out);
	return 0;
}

/* The first letter counts, as on Linux. */
static long sysrq_write(u64 key, const char *bytes, size_t len_bytes)
{
	int err = len_bytes > 0 ? machine_sysrq(bytes[0]) : 0;

	(void)key;
	return err ? err : (long)len_bytes;
}

static const struct proc_entry kernel_children[] = {
	{ .name = "hostname", .mode = PROC_FILE(0444), .show = show_hostname },
	{ .name = "osrelease",
	  .mode = PROC_FILE(0444),
	  .show = show_osrelease },
	{ .name = "ostype", .mode = PROC_FILE(0444), .show = show_ostype },
	{ .name = "pid_max", .mode = PROC_FILE(0444), .show = show_pid_max },
	{ .name = NULL },
};

static const struct proc_entry sys_children[] = {
	{ .name = "kernel",
	  .mode = PROC_DIRECTORY,
	  .children = kernel_children },
	{ .name = NULL },
};

static const struct proc_entry exo_children[] = {
	{ .name = "memory", .mode = PROC_FILE(0444), .show = show_memory },
	{ .name = "trace", .mode = PROC_FILE(0600), .open = proc_trace_open },
	{ .name = "unimplemented",
	  .mode = PROC_FILE(0444),
	  .show = show_absent },
	{ .name = NULL },
};

static const struct proc_entry root_children[] = {
	{ .name = "cmdline", .mode = PROC_FILE(0444), .show = show_cmdline },
	{ .name = "cpuinfo", .mode = PROC_FILE(0444), .show = show_cpuinfo },
	{ .name = "exo", .mode = PROC_DIRECTORY, .children = exo_children },
	{ .name = "filesystems",
	  .mode = PROC_FILE(0444),
	  .show = show_filesystems },
	{ .name = "loadavg", .mode = PROC_FILE(0444), .show = show_loadavg },
	{ .name = "meminfo", .mode = PROC_FILE(0444), .show = show_meminfo },
	{ .name = "mounts", .mode = PROC_FILE(0444), .show = proc_show_mounts },
	{ .name = "self", .mode = PROC_LINK, .readlink = self_link },
	{ .name = "stat", .mode = PROC_FILE(0444), .show = show_stat },
	{ .name = "sys", .mode = PROC_DIRECTORY, .children = sys_children },
	{ .name = "sysrq-trigger",
	  .mode = PROC_FILE(0200),
	  .write = sysrq_write },
	{ .name = "thread-self",
	  .mode = PROC_LINK,
	  .readlink = thread_self_link },
	{ .name = "uptime", .mode = PROC_FILE(0444), .show = show_uptime },
	{ .name = "version", .mode = PROC_FILE(0444), .show = show_version },
	{ .name = NULL },
};

static const struct proc_entry root = {
	.name = "/",
	.mode = PROC_DIRECTORY,
	.children = root_children,
	.numbers = &proc_processes,
};

int proc_init(void)
{
	return procfs_init(&root);
}
