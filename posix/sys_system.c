/* SPDX-License-Identifier: MIT */
/*
 * System calls on the system: its names, memory and processors.
 */
#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define HOST_BYTES_MAX (ABI_UTSNAME_BYTES - 1)
#define PERSONA_ASK    0xffffffffu
#define NS_PER_S       1000000000ul

/* Two names may be changed. */
static struct {
	struct spinlock lock;
	struct abi_utsname name; /* [lock] */
} machine = {
	.lock = SPINLOCK_INIT(LOCK_HOSTNAME),
	.name = { .sysname = "Exo-OS",
		  .nodename = "exo",
		  .release = "6.1.0-exo",
		  .version = "#1 SMP",
		  .machine = "x86_64",
		  .domainname = "(none)" },
};

SYSCALL_HANDLER(uname)
{
	struct abi_utsname name;

	WITH_SPINLOCK (&machine.lock) {
		name = machine.name;
	}
	return copy_to_user(uaddr(a), &name, sizeof(name));
}

static long name_set(char *to, u64 from, u64 len)
{
	char name[ABI_UTSNAME_BYTES] = { 0 };

	if (!is_privileged()) {
		return -EPERM;
	}
	if (len > HOST_BYTES_MAX) {
		return -EINVAL;
	}
	if (copy_from_user(name, uaddr(from), len) != 0) {
		return -EFAULT;
	}
	WITH_SPINLOCK (&machine.lock) {
		memcpy(to, name, sizeof(name));
	}
	return 0;
}

SYSCALL_HANDLER(sethostname)
{
	return name_set(machine.name.nodename, a, b);
}

SYSCALL_HANDLER(setdomainname)
{
	return name_set(machine.name.domainname, a, b);
}

/* There is no swap. */
SYSCALL_HANDLER(sysinfo)
{
	struct frame_stats frames = frame_stats();
	struct abi_sysinfo info = {
		.uptime_s = (s64)(clock_ns() / NS_PER_S),
		.total_ram = frames.total * PAGE_SIZE,
		.free_ram = frames.free * PAGE_SIZE,
		.processes = (u16)MIN(pid_count(), UINT16_MAX),
		.unit_bytes = 1,
	};
	u32 load[LOAD_COUNT];

	load_averages(load);
	for (unsigned i = 0; i < LOAD_COUNT; i++) {
		info.loads[i] = (u64)load[i]
				<< (ABI_SI_LOAD_SHIFT - LOAD_SHIFT);
	}
	return copy_to_user(uaddr(a), &info, sizeof(info));
}

SYSCALL_HANDLER(getcpu)
{
	u32 cpu = cpu_id(), node = 0;

	if ((a != 0 && copy_to_user(uaddr(a), &cpu, sizeof(cpu)) != 0) ||
	    (b != 0 && copy_to_user(uaddr(b), &node, sizeof(node)) != 0)) {
		return -EFAULT;
	}
	return 0;
}

/* There is one: Linux's own. */
SYSCALL_HANDLER(personality)
{
	return (u32)a == 0 || (u32)a == PERSONA_ASK ? 0 : -EINVAL;
}
