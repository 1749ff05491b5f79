/* SPDX-License-Identifier: MIT */
/*
 * Starting processors: INIT and start-up IPIs (SDM vol. 3, 8.4.4), one
 * processor at a time.
 *
 * The handshake, through x86_ap_start: the new processor stores its cycle
 * counter; the starter checks that this lies between two readings of its own
 * and tells it to go on.  One that is late, or whose counter is wrong, gets
 * another INIT, which stops it wherever it is: its memory is free again.
 */
#include "arch/smp.h"

#include "arch/cpu.h"
#include "arch/directmap.h"
#include "arch/paging.h"
#include "arch/vectors.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/smp.h"
#include "lib/errno.h"
#include "lib/string.h"

#define US_PER_S        1000000ul
#define INIT_WAIT_US    200
#define STARTUP_WAIT_US 2000
#define ANSWER_WAIT_US  500000 /* a virtual one may wait for its turn */

enum ap_go {
	AP_WAIT,
	AP_RUN,
};

extern const u8 x86_trampoline[], x86_trampoline_end[];
extern const u8 percpu_template[], percpu_data_size[], percpu_size[];

/* [I] APIC number of each started processor. */
static u32 hardware_ids[MAX_CPUS];

size_t arch_percpu_bytes(void)
{
	return (size_t)percpu_size;
}

size_t arch_cpu_tables_bytes(void)
{
	return sizeof(struct x86_cpu_tables);
}

u32 arch_cpu_hardware_id(void)
{
	return x86_apic_id();
}

static void area_fill(const struct cpu_start *start)
{
	struct percpu_head *head = start->area;

	memcpy(start->area, percpu_template, (size_t)percpu_data_size);
	head->self = start->area;
	head->cpu = start->cpu;
	head->current = start->idle;
	head->kernel_sp = start->stack_top;
}

static u64 cycles_after(u64 us)
{
	return arch_cycles() + us * (arch_cycles_hz() / US_PER_S);
}

static bool answered_within(u64 us, void (*rest)(void))
{
	u64 until = cycles_after(us);

	while (__atomic_load_n(&x86_ap_start.cycles, __ATOMIC_ACQUIRE) == 0) {
		if (arch_cycles() > until) {
			return false;
		}
		rest();
	}
	return true;
}

/* True if the processor reached C. A second start-up IPI may be needed. */
static bool wake_up(u32 hardware_id, void (*rest)(void))
{
	x86_apic_ipi(hardware_id, APIC_IPI_INIT);
	answered_within(INIT_WAIT_US, arch_relax);
	x86_apic_ipi(hardware_id,
		     APIC_IPI_STARTUP | TRAMPOLINE_BASE >> PAGE_SHIFT);
	if (answered_within(STARTUP_WAIT_US, arch_relax)) {
		return true;
	}
	x86_apic_ipi(hardware_id,
		     APIC_IPI_STARTUP | TRAMPOLINE_BASE >> PAGE_SHIFT);
	return answered_within(ANSWER_WAIT_US, rest);
}

static void stop(u32 hardware_id)
{
	u64 until = cycles_after(INIT_WAIT_US);

	x86_apic_ipi(hardware_id, APIC_IPI_INIT);
	while (arch_cycles() < until) {
		arch_relax();
	}
}

static bool counters_agree(u64 before)
{
	u64 theirs = x86_ap_start.cycles;

	return theirs >= before && theirs <= arch_cycles_ordered();
}

int arch_cpu_start(const struct cpu_start *start)
{
	u64 before = arch_cycles_ordered();
	bool awake;

	if (!x86_apic_reaches(start->hardware_id)) {
		return -ENXIO;
	}
	area_fill(start);
	hardware_ids[start->cpu] = start->hardware_id;
	x86_ap_start = (struct x86_ap_start){
		.cr3 = kernel_page_table.root.pa,
		.stack_top = start->stack_top,
		.area = (u64)start->area,
		.tables = (u64)start->tables,
		.cpu = start->cpu,
		.go = AP_WAIT,
	};
	memcpy(phys_to_virt(phys(TRAMPOLINE_BASE)), x86_trampoline,
	       (size_t)(x86_trampoline_end - x86_trampoline));
	awake = wake_up(start->hardware_id, start->rest);
	if (!awake || !counters_agree(before)) {
		stop(start->hardware_id);
		return awake ? -EIO : -ETIMEDOUT;
	}
	percpu_area[start->cpu] = start->area;
	/* Pairs with the acquire in x86_ap_main(). */
	__atomic_store_n(&x86_ap_start.go, AP_RUN, __ATOMIC_RELEASE);
	return 0;
}

/* Called by the trampoline, on the idle thread's stack. */
noreturn void x86_ap_main(void);

void x86_ap_main(void)
{
	struct x86_cpu_tables *tables = (void *)x86_ap_start.tables;
	unsigned cpu = x86_ap_start.cpu;

	x86_features_enable();
	x86_paging_init_cpu();
	x86_tables_load(tables);
	x86_set_kernel_sp(x86_ap_start.stack_top);
	x86_syscall_init();
	x86_fpu_init();
	if (x86_apic_init_cpu() != 0) {
		arch_halt();
	}
	x86_timer_init_cpu();
	__atomic_store_n(&x86_ap_start.cycles, arch_cycles_ordered(),
			 __ATOMIC_RELEASE);
	while (__atomic_load_n(&x86_ap_start.go, __ATOMIC_ACQUIRE) != AP_RUN) {
		arch_relax();
	}
	cpu_main(cpu);
}

void arch_ipi_send(unsigned cpu, unsigned vector)
{
	x86_apic_ipi(hardware_ids[cpu], vector);
}

void arch_stop_others(void)
{
	x86_apic_ipi_others(APIC_IPI_NMI);
}
