/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks and preemption: what is held, and what every way out gives back.
 */
#include "kernel/spinlock.h"

#include "arch/cpu.h"
#include "kernel/preempt.h"
#include "tests/ktest.h"

#define TICKETS 70000

static struct spinlock outer = SPINLOCK_INIT(LOCK_TEST_OUTER);
static struct spinlock inner = SPINLOCK_INIT(LOCK_TEST_INNER);

static bool all_free(void)
{
	return lockcheck_held() == 0 && preempt_depth() == 0 &&
	       arch_irq_enabled() && !spin_held(&outer) && !spin_held(&inner);
}

KTEST(spinlock_nests, "each lock holds preemption off until the outermost goes")
{
	EXPECT(all_free());
	WITH_SPINLOCK (&outer) {
		EXPECT_EQ(preempt_depth(), 1);
		EXPECT(spin_held(&outer) && !spin_held(&inner));
		WITH_SPINLOCK_IRQ (&inner) {
			EXPECT_EQ(preempt_depth(), 2);
			EXPECT_EQ(lockcheck_held(), 2);
			EXPECT(!arch_irq_enabled());
			EXPECT(spin_held(&inner));
		}
		EXPECT(arch_irq_enabled());
		EXPECT_EQ(lockcheck_held(), 1);
	}
	EXPECT(all_free());
}

static int leave_by_return(void)
{
	WITH_SPINLOCK_IRQ (&outer) {
		WITH_SPINLOCK (&inner) {
			return 1;
		}
	}
	return 0;
}

static int leave_by_break(void)
{
	int rounds = 0;

	for (int i = 0; i < 3; i++) {
		WITH_SPINLOCK (&outer) {
			rounds++;
			break;
		}
	}
	return rounds;
}

static int leave_by_goto(void)
{
	WITH_PREEMPT_OFF () {
		WITH_SPINLOCK (&outer) {
			goto out;
		}
	}
	return 0;
out:
	return 1;
}

KTEST(spinlock_every_way_out, "return, break and goto release what was taken")
{
	EXPECT_EQ(leave_by_return(), 1);
	EXPECT(all_free());
	EXPECT_EQ(leave_by_break(), 3);
	EXPECT(all_free());
	EXPECT_EQ(leave_by_goto(), 1);
	EXPECT(all_free());
}

KTEST(spinlock_keeps_irqs_off, "what was off before is off afterwards")
{
	u64 flags = arch_irq_save();
	bool on_inside, on_after;

	WITH_SPINLOCK_IRQ (&outer) {
		on_inside = arch_irq_enabled();
	}
	on_after = arch_irq_enabled();
	arch_irq_restore(flags);
	EXPECT(!on_inside);
	EXPECT(!on_after);
	EXPECT(all_free());
}

KTEST(spinlock_tickets_wrap, "tickets go round 16 bits")
{
	for (unsigned i = 0; i < TICKETS; i++) {
		WITH_SPINLOCK (&outer) {
		}
	}
	EXPECT_EQ(outer.next, outer.owner);
	EXPECT(all_free());
}

KTEST(spinlock_any_order_out, "locks may be released in any order")
{
	spin_lock(&outer);
	spin_lock(&inner);
	spin_unlock(&outer);
	EXPECT(spin_held(&inner) && !spin_held(&outer));
	EXPECT_EQ(lockcheck_held(), 1);
	spin_unlock(&inner);
	EXPECT(all_free());
}
