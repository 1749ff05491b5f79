/* SPDX-License-Identifier: MIT */
/*
 * The steps of the boot, one function per line of boot/tasks.def.
 */
#include "boot/crash.h"
#include "boot/steps.h"

#include "arch/cpu.h"
#include "arch/directmap.h"
#include "arch/irq.h"
#include "arch/paging.h"
#include "arch/smp.h"
#include "boot/firmware.h"
#include "boot/multiboot2.h"
#include "boot/nodes.h"
#include "boot/processors.h"
#include "boot/pvh.h"
#include "boot/tasks.h"
#include "drivers/framebuffer.h"
#include "drivers/ps2.h"
#include "drivers/serial.h"
#include "drivers/tty.h"
#include "drivers/vga_text.h"
#include "fs/device.h"
#include "fs/initramfs.h"
#include "kernel/checks.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/explore.h"
#include "kernel/log.h"
#include "kernel/numa.h"
#include "kernel/panic.h"
#include "kernel/random.h"
#include "kernel/timer.h"
#include "kernel/watchdog.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/tlb.h"
#include "posix/process.h"
#include "posix/proc.h"
#include "sched/keeper.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/worker.h"
#include "trace/trace.h"

/* Below here other processors are started and firmware keeps its tables. */
#define LOW_MEMORY_BYTES 0x10000ul

/* Low memory, the image, and one for each module. */
#define RESERVED_MAX (BOOT_MODULES_MAX + 2)

static struct {
	enum boot_door door;
	phys_t door_info;
	struct boot_info info;
	struct cmdline cmdline;
	struct frame_range usable[BOOT_MEMORY_MAX];
	struct frame_range reserved[RESERVED_MAX];
} boot;

/* What the first page tables reach; the loaders put all they tell there. */
static const void *boot_map(void *ctx, phys_t base, size_t len_bytes)
{
	(void)ctx;
	if (base.pa >= BOOT_MAP_BYTES || len_bytes > BOOT_MAP_BYTES - base.pa) {
		return NULL;
	}
	return phys_to_virt(base);
}

static const struct memory_window window = { .map = boot_map };

void boot_set_door(enum boot_door door, phys_t info)
{
	boot.door = door;
	boot.door_info = info;
}

const struct cmdline *boot_cmdline(void)
{
	return &boot.cmdline;
}

const char *machine_cmdline(void)
{
	return boot.info.cmdline;
}

int task_cpu(void)
{
	arch_cpu_init();
	return 0;
}

/* A machine without a serial port is one with fewer consoles. */
int task_serial(void)
{
	serial_init();
	return 0;
}

static int door_read(const char **why)
{
	const void *info;

	if (boot.door == BOOT_DOOR_PVH) {
		return pvh_parse(&window, boot.door_info, &boot.info, why);
	}
	info = boot_map(NULL, boot.door_info, 1);
	if (info == NULL) {
		*why = "information out of reach";
		return -EINVAL;
	}
	return multiboot2_parse(info, BOOT_MAP_BYTES - boot.door_info.pa,
				&boot.info, why);
}

int task_boot_info(void)
{
	const char *why = "";
	int err = door_read(&why);

	if (err) {
		log_error("boot information: %s", why);
		return err;
	}
	log_info("started by %s (%s)", boot.info.door, boot.info.loader);
	return 0;
}

/* explore= says from when on. */
static void explore_from(u64 now)
{
	if (boot.cmdline.explore == now &&
	    explore_start(boot.cmdline.seed) != 0) {
		log_warn("explore=: this kernel does not");
	}
}

int task_cmdline(void)
{
	struct cmdline *c = &boot.cmdline;

	if (cmdline_parse(boot.info.cmdline, c) != 0) {
		log_warn("command line: \"%s\" and %u others ignored",
			 c->ignored ? c->ignored : "", c->ignored_count);
	}
	console_select(c->console);
	log_set_level((enum log_level)MIN(c->loglevel, (u64)LOG_DEBUG));
	if (panic_set_action(c->panic) != 0) {
		log_warn("panic=%s is not one of halt, reboot, exit", c->panic);
	}
	if (c->trace != NULL && trace_select(c->trace) != 0) {
		log_warn("trace=%s names an unknown group", c->trace);
	}
	crash_before_memory(c->crash);
	watchdog_set(c->watchdog);
	processors_set_trace(c->trace_records);
	random_init(c->seed);
	explore_from(2);
	log_info("command line: %s", boot.info.cmdline);
	log_info("processor: %s (%s)", arch_cpu_name(), arch_cpu_features());
	return 0;
}

/* Without ACPI the PC's defaults must do. */
int task_acpi(void)
{
	firmware_read(&window, &boot.info);
	return 0;
}

static size_t usable_ranges(struct frame_range *out)
{
	size_t count = 0;

	for (u32 i = 0; i < boot.info.memory_count; i++) {
		const struct boot_memory *m = &boot.info.memory[i];

		if (m->type == MEMORY_USABLE) {
			out[count++] =
				(struct frame_range){ m->base, m->len_bytes };
		}
	}
	return count;
}

static size_t reserved_ranges(struct frame_range *out)
{
	size_t count = 0;

	out[count++] = (struct frame_range){ phys(0), LOW_MEMORY_BYTES };
	out[count++] = (struct frame_range){
		arch_image_start(), arch_image_end().pa - arch_image_start().pa
	};
	for (u32 i = 0; i < boot.info.module_count; i++) {
		out[count++] =
			(struct frame_range){ boot.info.modules[i].base,
					      boot.info.modules[i].len_bytes };
	}
	return count;
}

/* The end of RAM: what the firmware keeps behind it is not mapped. */
static phys_t ram_end(void)
{
	u64 end = 0;

	for (u32 i = 0; i < boot.info.memory_count; i++) {
		const struct boot_memory *m = &boot.info.memory[i];

		if (m->type <= MEMORY_ACPI_RECLAIM) {
			end = MAX(end, m->base.pa + m->len_bytes);
		}
	}
	return phys(ALIGN_UP(end, PAGE_SIZE));
}

int task_frames(void)
{
	size_t usable = usable_ranges(boot.usable);
	size_t reserved = reserved_ranges(boot.reserved);

	return frame_init(boot.usable, usable, boot.reserved, reserved,
			  phys(BOOT_MAP_BYTES));
}

int task_paging(void)
{
	int err = arch_paging_init(ram_end());

	if (err == 0) {
		frame_init_high(boot.usable, usable_ranges(boot.usable),
				boot.reserved, reserved_ranges(boot.reserved));
		log_info("memory: %lu MB, %lu MB free",
			 frame_stats().total >> (20 - PAGE_SHIFT),
			 frame_stats().free >> (20 - PAGE_SHIFT));
	}
	return err;
}

int task_objects(void)
{
	kmem_init();
	aspace_init();
	return 0;
}

/* The screen is a convenience: a machine without one boots all the same. */
int task_screen(void)
{
	const struct boot_framebuffer *fb = &boot.info.framebuffer;
	u64 bytes = framebuffer_size_bytes(fb);
	void *memory;

	if (bytes == 0) {
		vga_text_init();
		return 0;
	}
	memory = arch_map_device(fb->base, bytes, PROT_PAGE_COMBINING);
	if (memory == NULL || framebuffer_init(fb, memory) != 0) {
		log_warn("no memory for the framebuffer console");
	}
	return 0;
}

int task_terminal(void)
{
	tty_console_init();
	return 0;
}

int task_interrupts(void)
{
	struct irq_topology topology = firmware_irq_topology();

	return arch_irq_init(&topology);
}

int task_clock(void)
{
	int err = arch_timer_calibrate();

	if (err) {
		log_error("clock: the reference timer stands still");
		return err;
	}
	clock_init();
	log_info("clock: counter %lu kHz (by %s), timer %lu kHz",
		 arch_cycles_hz() / 1000, arch_timer_source(),
		 arch_timer_hz() / 1000);
	return 0;
}

int task_threads(void)
{
	int err;

	thread_init();
	process_init();
	sched_init(thread_boot_idle());
	err = timer_start();
	err = err ? err : tlb_start();
	err = err ? err : sched_start_interrupts();
	return err ? err : keeper_start();
}

int task_processors(void)
{
	const struct acpi_madt *madt = firmware_madt();
	u64 limit = MIN(boot.cmdline.maxcpus, (u64)MAX_CPUS);
	unsigned cpu = 1;
	int err = worker_start(0);

	if (err) {
		return err;
	}
	numa_set_cpu(0, nodes_of_cpu(arch_cpu_hardware_id()));
	for (u32 i = 0; i < madt->cpu_count && cpu < limit; i++) {
		u32 id = madt->cpus[i].apic_id;

		if (id != arch_cpu_hardware_id()) {
			cpu += processor_start(cpu, id) == 0;
		}
	}
	log_info("processors: %u of %u run", cpu, MAX(madt->cpu_count, 1u));
	nodes_show();
	return 0;
}

int task_serial_irq(void)
{
	int err = serial_irq_enable();

	return err == -ENODEV ? 0 : err;
}

int task_trace_ring(void)
{
	return processor_trace_ring();
}

int task_archive(void)
{
	const struct boot_module *module = &boot.info.modules[0];

	int err = initramfs_mount();

	if (err) {
		return err;
	}
	if (boot.info.module_count == 0) {
		log_error("archive: the loader gave none: no files");
		return 0;
	}
	frame_share_range(
		(struct frame_range){ module->base, module->len_bytes });
	return initramfs_unpack(phys_to_virt(module->base), module->len_bytes);
}

int task_devices(void)
{
	int err = devfs_init();

	err = err ? err : console_file_add();
	return err ? err : proc_init();
}

/* A machine without a keyboard is used over its serial port. */
int task_keyboard(void)
{
	int err = firmware_has_8042() ? ps2_init() : -ENODEV;

	if (err == -ENODEV) {
		log_info("keyboard: there is no controller");
		err = 0;
	}
	return err;
}

int task_clock_check(void)
{
	return clock_check();
}

void boot_checks(void)
{
	bench_run(boot.cmdline.bench);
	explore_from(1);
	if (boot.cmdline.test != NULL) {
		int failed = ktest_run(boot.cmdline.test, boot.cmdline.seed);

		if (strcmp(boot.cmdline.panic, "exit") == 0) {
			console_flush();
			panic_act(failed ? 1 : 0);
		}
	}
}
