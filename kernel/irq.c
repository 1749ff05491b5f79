/* SPDX-License-Identifier: MIT */
/*
 * From vector to handler, and the preemption at the end of an interrupt.
 */
#include "kernel/irq.h"

#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/trap.h"
#include "arch/vectors.h"
#include "kernel/spinlock.h"
#include "lib/errno.h"
#include "trace/trace.h"

struct irq_action {
	void (*handler)(void *arg); /* [a] NULL: nobody; set after `arg` */
	void *arg;
	u64 count; /* [a] */
};

/* Apart from its lock, so that it takes no room in the image. */
static struct irq_action actions[VECTOR_COUNT];
static struct spinlock actions_lock = SPINLOCK_INIT(LOCK_IRQ);

static percpu_zero const struct trap_frame *interrupted; /* [c] */

int irq_register_vector(unsigned vector, void (*handler)(void *), void *arg)
{
	struct irq_action *action = &actions[vector];

	WITH_SPINLOCK_IRQ (&actions_lock) {
		if (action->handler != NULL) {
			return -EBUSY;
		}
		action->arg = arg;
		/* Pairs with the acquire in irq_dispatch(). */
		__atomic_store_n(&action->handler, handler, __ATOMIC_RELEASE);
	}
	return 0;
}

int irq_register_isa(unsigned isa_irq, void (*handler)(void *), void *arg)
{
	int err;

	if (isa_irq >= IRQ_ISA_COUNT) {
		return -EINVAL;
	}
	err = irq_register_vector(VECTOR_ISA + isa_irq, handler, arg);
	return err ? err : arch_irq_route_isa(isa_irq, VECTOR_ISA + isa_irq);
}

u64 irq_count(unsigned vector)
{
	return READ_ONCE(actions[vector].count);
}

bool irq_active(void)
{
	return this_cpu(percpu_head).irq_depth != 0;
}

bool irq_from_user(void)
{
	return arch_frame_is_user(this_cpu(interrupted));
}

void irq_dispatch(unsigned vector, struct trap_frame *frame)
{
	struct irq_action *action = &actions[vector];
	void (*handler)(void *) =
		__atomic_load_n(&action->handler, __ATOMIC_ACQUIRE);

	arch_preempt_inc();
	this_cpu(percpu_head).irq_depth++;
	this_cpu(interrupted) = frame;
	trace(TRACE_IRQ, vector, arch_frame_ip(frame));
	__atomic_fetch_add(&action->count, 1, __ATOMIC_RELAXED);
	if (handler) {
		handler(action->arg);
	}
	arch_irq_end(vector);
	this_cpu(percpu_head).irq_depth--;
	if (arch_preempt_dec()) {
		trace_restart(frame);
		sched_preempt_irq();
	}
}
