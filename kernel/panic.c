/* SPDX-License-Identifier: MIT */
/*
 * Panic: the report, in the order in which it is most likely to come through.
 */
#include "kernel/panic.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/smp.h"
#include "arch/trap.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/spinlock.h"
#include "kernel/symbols.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "trace/trace.h"

#define BACKTRACE_MAX 24
/* Looks at a processor that was told to stop: some milliseconds. */
#define STOP_PATIENCE 1000000
#define PANIC_EVENTS  32

static const char *const action_names[] = { "halt", "reboot", "exit" };

static struct {
	enum panic_action action; /* [I] after boot */
	u32 reporter;             /* [a] 1 + the processor that reports */
	u32 depth;                /* [the reporter's] panics so far */
	u32 dying;                /* [a] panics that have begun */
	u32 expected;             /* [I] the reporter waits for so many */
} state;

int panic_set_action(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(action_names); i++) {
		if (strcmp(name, action_names[i]) == 0) {
			state.action = i;
			return 0;
		}
	}
	return -EINVAL;
}

void panic_act(u8 exit_code)
{
	switch (state.action) {
	case PANIC_REBOOT: arch_reboot();
	case PANIC_EXIT: arch_debug_exit(exit_code);
	default: arch_halt();
	}
}

/* A saved frame pointer and the return address above it can be read. */
static bool frame_readable(u64 fp)
{
	struct page_mapping mapping;

	if (fp < KSTACK_AREA_BASE || !IS_ALIGNED(fp, 8) ||
	    fp > UINT64_MAX - 2 * PAGE_SIZE) {
		return false;
	}
	return kernel_page_table.root.pa == 0 ||
	       (arch_query_page(&kernel_page_table, fp, &mapping) &&
		arch_query_page(&kernel_page_table, fp + 8, &mapping));
}

/* `address` is where a call returns to: the call itself stands before it. */
static void show_return(u64 address)
{
	u64 offset;
	const char *name = symbol_find(address - 1, &offset);

	log_raw("  %016lx  %s+%#lx\n", address, name ? name : "?",
		name ? offset + 1 : 0);
}

void panic_backtrace(u64 fp)
{
	for (unsigned i = 0; i < BACKTRACE_MAX && frame_readable(fp); i++) {
		const u64 *frame = (const u64 *)fp;

		if (frame[1] == 0) {
			break;
		}
		show_return(frame[1]);
		if (frame[0] <= fp) {
			break;
		}
		fp = frame[0];
	}
}

static void show_place(u64 ip)
{
	char text[96];

	symbol_format(ip, text, sizeof(text));
	log_raw("  %016lx  %s\n", ip, text);
}

static void show_event(const struct arch_record *r)
{
	u64 us = clock_at(r->time) / 1000;
	char text[160];

	trace_format(r, text, sizeof(text));
	log_raw("[%5lu.%06lu] %u thread %-4u %-18s %s\n", us / 1000000,
		us % 1000000, r->cpu, r->tid, trace_event_name(r->event), text);
}

static void show_thread(void)
{
	struct panic_thread thread;

	if (panic_thread(&thread)) {
		log_raw("processor %u, thread %u \"%s\", stack %lx-%lx\n",
			cpu_id(), thread.tid, thread.name, thread.stack_low,
			thread.stack_high);
	} else {
		log_raw("processor %u, no thread yet\n", cpu_id());
	}
}

/* A page fault or double fault below the stack: name the cause. */
static void show_overflow(u64 sp)
{
	struct panic_thread thread;

	if (panic_thread(&thread) && sp < thread.stack_low + 64 &&
	    sp + 4 * PAGE_SIZE > thread.stack_low) {
		log_raw("the kernel stack overflowed into its guard page\n");
	}
}

/* What a stopped processor was doing, for the one that reports. */
struct stopped_cpu {
	bool stopped;       /* [a] set last */
	const char *reason; /* [a] of a panic of its own, or NULL */
	u64 ip;
	u64 fp;
	u32 tid;
};

static percpu_zero struct stopped_cpu stopped_cpu;

static void stopped_at(u64 ip, u64 fp)
{
	struct stopped_cpu *self = this_cpu_ptr(stopped_cpu);

	if (!self->stopped) {
		self->ip = ip;
		self->fp = fp;
		self->tid = this_cpu(percpu_head).tid;
		__atomic_store_n(&self->stopped, true, __ATOMIC_RELEASE);
	}
}

bool panic_stopped(struct trap_frame *frame)
{
	if (READ_ONCE(state.reporter) == 0) {
		return false;
	}
	stopped_at(arch_frame_ip(frame), arch_frame_fp(frame));
	return true;
}

/* Waits a little for a processor that was told to stop. */
static void wait_until_stopped(const struct stopped_cpu *cpu)
{
	for (unsigned i = 0; i < STOP_PATIENCE; i++) {
		if (__atomic_load_n(&cpu->stopped, __ATOMIC_ACQUIRE)) {
			return;
		}
		arch_relax();
	}
}

void panic_expect(unsigned count)
{
	WRITE_ONCE(state.expected, count);
}

static void wait_for_expected(void)
{
	for (unsigned i = 0; i < STOP_PATIENCE; i++) {
		if (READ_ONCE(state.dying) >= READ_ONCE(state.expected)) {
			return;
		}
		arch_relax();
	}
}

/* While there is no other, there may be nothing yet to stop it with. */
static void stop_others(void)
{
	bool told = false;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu == cpu_id() || !cpu_present(cpu)) {
			continue;
		}
		if (!told) {
			arch_stop_others();
			told = true;
		}
		wait_until_stopped(cpu_ptr(cpu, stopped_cpu));
	}
}

static void show_others(void)
{
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct stopped_cpu *other;

		if (cpu == cpu_id() || !cpu_present(cpu)) {
			continue;
		}
		other = cpu_ptr(cpu, stopped_cpu);
		if (READ_ONCE(other->reason) != NULL) {
			log_raw("processor %u panics, too: %s\n", cpu,
				other->reason);
		}
		if (!__atomic_load_n(&other->stopped, __ATOMIC_ACQUIRE)) {
			log_raw("processor %u does not answer\n", cpu);
			continue;
		}
		log_raw("backtrace (processor %u, thread %u):\n", cpu,
			other->tid);
		show_place(other->ip);
		panic_backtrace(other->fp);
	}
}

/*
 * One processor reports; another that panics meanwhile is shown by it, with
 * the reason that it has left before, wherever the reporter's NMI finds it.
 */
static bool may_report(void)
{
	u32 self = cpu_id() + 1;
	u32 reporter = 0;

	return __atomic_compare_exchange_n(&state.reporter, &reporter, self,
					   false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE) ||
	       reporter == self;
}

/* `frame` is NULL where no trap is to blame; `fp` begins the backtrace. */
static noreturn void report(const char *reason, struct trap_frame *frame,
			    u64 ip, u64 fp)
{
	u32 depth;

	arch_irq_disable();
	this_cpu(stopped_cpu).reason = reason;
	__atomic_add_fetch(&state.dying, 1, __ATOMIC_RELEASE);
	wait_for_expected();
	if (!may_report()) {
		stopped_at(ip, fp); /* an NMI may never reach it */
		arch_halt();
	}
	depth = state.depth++;
	if (depth > 1) {
		arch_halt(); /* even the short report failed */
	}
	if (depth == 0) {
		stop_others();
	}
	trace(TRACE_PANIC, ip, 0); /* the last event of all */
	console_panic_begin();
	log_raw("\n=== PANIC: %s ===\n", reason);
	if (depth == 1) {
		log_raw("(while reporting another panic)\n");
		panic_act(PANIC_EXIT_CODE);
	}
	show_thread();
	if (frame) {
		show_overflow(arch_frame_sp(frame));
		arch_frame_print(frame, log_raw);
	}
	log_raw("backtrace (processor %u):\n", cpu_id());
	if (frame) {
		show_place(arch_frame_ip(frame));
	}
	panic_backtrace(fp);
	show_others();
	lockcheck_show();
	log_raw("=== TRACE DUMP (last %u events) ===\n", PANIC_EVENTS);
	trace_dump(PANIC_EVENTS, show_event);
	log_raw("=== END OF TRACE DUMP ===\n");
	panic_act(PANIC_EXIT_CODE);
}

void panic(const char *fmt, ...)
{
	char reason[160];
	va_list args;

	va_start(args, fmt);
	format_v(reason, sizeof(reason), fmt, args);
	va_end(args);
	report(reason, NULL, (u64)__builtin_return_address(0) - 1,
	       (u64)__builtin_frame_address(0));
}

void panic_trap(const char *reason, struct trap_frame *frame)
{
	report(reason, frame, arch_frame_ip(frame), arch_frame_fp(frame));
}

void assert_failed(const char *cond, const char *file, int line)
{
	panic("%s:%d: assertion failed: %s", file, line, cond);
}

/* The compiler's stack protector; panic_guard_set() replaces the value. */
extern u64 __stack_chk_guard;
noreturn void __stack_chk_fail(void);

u64 __stack_chk_guard = 0x9d3f00a5c6e71b42;

/* The lowest byte stays 0, so that no string can write the whole guard. */
void panic_guard_set(u64 random)
{
	__stack_chk_guard = random & ~0xfful;
}

void __stack_chk_fail(void)
{
	panic("stack smashed in the caller of %p", __builtin_return_address(0));
}
