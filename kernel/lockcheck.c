/* SPDX-License-Identifier: MIT */
/*
 * The debug build's lock checker: which spinlocks this processor holds, in
 * order, and whether the next one may be taken (kernel/locks.def).
 */
#include "arch/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"
#include "trace/trace.h"

#ifdef EXO_DEBUG

#define HELD_MAX 16

struct held_lock {
	const void *lock;
	enum lock_class class;
	u64 since; /* arch_cycles() */
};

struct held_locks {
	unsigned count;
	struct held_lock at[HELD_MAX];
};

static percpu_zero struct held_locks held_locks; /* [c] */

static const struct {
	const char *name;
	unsigned rank;
} classes[] = {
#define LOCK_CLASS(name, rank, guards) { #name, rank },
#include "kernel/locks.def"
#undef LOCK_CLASS
};

void lockcheck_order(enum lock_class outer, enum lock_class inner)
{
	if (classes[outer].rank >= classes[inner].rank) {
		panic("lock order: %s taken while %s is held",
		      classes[inner].name, classes[outer].name);
	}
}

void lockcheck_take(const void *lock, enum lock_class class)
{
	u64 flags = arch_irq_save();
	struct held_locks *held = this_cpu_ptr(held_locks);

	for (unsigned i = 0; i < held->count; i++) {
		lockcheck_order(held->at[i].class, class);
	}
	ASSERT(held->count < HELD_MAX);
	held->at[held->count++] =
		(struct held_lock){ lock, class, arch_cycles() };
	arch_irq_restore(flags);
}

void lockcheck_release(const void *lock, enum lock_class class)
{
	u64 flags = arch_irq_save();
	struct held_locks *held = this_cpu_ptr(held_locks);
	unsigned i = held->count;

	while (i > 0 && held->at[i - 1].lock != lock) {
		i--;
	}
	if (i == 0) {
		panic("%s released by a processor that does not hold it",
		      classes[class].name);
	}
	trace(TRACE_LOCK_HELD, class, arch_cycles() - held->at[i - 1].since);
	for (; i < held->count; i++) {
		held->at[i - 1] = held->at[i];
	}
	held->count--;
	arch_irq_restore(flags);
}

unsigned lockcheck_held(void)
{
	return this_cpu(held_locks).count;
}

const char *lockcheck_name(enum lock_class class)
{
	return classes[class].name;
}

void lockcheck_show(void)
{
	const struct held_locks *held = this_cpu_ptr(held_locks);

	log_raw("locks held: %u\n", held->count);
	for (unsigned i = 0; i < held->count && i < HELD_MAX; i++) {
		log_raw("  %s at %p\n", classes[held->at[i].class].name,
			held->at[i].lock);
	}
}

#endif
