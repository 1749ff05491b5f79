/* SPDX-License-Identifier: MIT */
/*
 * What a processor needs before it can run, and its way into the scheduler.
 */
#include "boot/processors.h"

#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/smp.h"
#include "boot/nodes.h"
#include "kernel/log.h"
#include "kernel/numa.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "mm/tlb.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/worker.h"
#include "trace/trace.h"

/* The least and the most records in a processor's trace ring: 4 KB, 4 MB. */
#define TRACE_RECORDS_MIN 128u
#define TRACE_RECORDS_MAX 131072u

/* Between two looks at a processor that has not answered for a while. */
#define REST_NS 1000000u

/* [I] In a trace ring once there is memory; a power of two. */
static u32 trace_records = TRACE_RECORDS_MIN;

static void rest(void)
{
	sched_sleep_ns(REST_NS);
}

static int bring_up(struct cpu_start *start)
{
	int err;

	if (!start->area || !start->tables || !start->idle) {
		return -ENOMEM;
	}
	start->stack_top = start->idle->arch.kernel_sp;
	err = arch_cpu_start(start);
	while (err == 0 && !sched_online(start->cpu)) {
		arch_relax();
	}
	return err;
}

static void give_back(const struct cpu_start *start)
{
	if (start->idle != NULL) {
		thread_discard(start->idle);
	}
	kfree(start->tables);
	kfree(start->area);
}

int processor_start(unsigned cpu, u32 hardware_id)
{
	struct cpu_start start = {
		.cpu = cpu,
		.hardware_id = hardware_id,
		.area = kzalloc(arch_percpu_bytes()),
		.tables = kzalloc(arch_cpu_tables_bytes()),
		.idle = thread_create_idle(cpu),
		.rest = rest,
	};
	int err;

	numa_set_cpu(cpu, nodes_of_cpu(hardware_id));
	err = bring_up(&start);
	if (err) {
		numa_forget_cpu(cpu);
		give_back(&start);
		log_warn("processor with APIC number %u left out: %s",
			 hardware_id, errno_name(err));
	} else if (worker_start(cpu) != 0) {
		log_warn("processor %u: no memory for its worker", cpu);
	}
	return err;
}

void processors_set_trace(u64 count)
{
	while (trace_records < TRACE_RECORDS_MAX &&
	       trace_records * 2 <= count) {
		trace_records *= 2;
	}
}

/* The ring is the first thing that a processor needs. */
int processor_trace_ring(void)
{
	struct arch_record *records = kmalloc(trace_records * sizeof(*records));

	if (records == NULL) {
		return -ENOMEM;
	}
	trace_set_ring(records, trace_records);
	return 0;
}

void cpu_main(unsigned cpu)
{
	kmem_cpu_init();
	tlb_listen();
	if (processor_trace_ring() != 0) {
		log_warn("processor %u: no memory for a trace ring", cpu);
	}
	sched_init(current_thread());
	sched_idle();
}
