/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: first come, first served (a ticket lock).
 *
 * Holding one keeps preemption off.  A lock that an interrupt handler takes
 * too is always taken with the _irq forms.  Each lock has a class with a rank
 * in kernel/locks.def; the debug build checks at each take that the rank is
 * higher than every rank this processor holds, and at each release that it is
 * held.  The files built for speed take and release in place, the others by a
 * call.
 *
 *	static struct spinlock lock = SPINLOCK_INIT(LOCK_FRAME);
 *
 *	WITH_SPINLOCK(&lock) {
 *		...		any way out of the block releases
 *	}
 */
#ifndef EXO_KERNEL_SPINLOCK_H
#define EXO_KERNEL_SPINLOCK_H

#include "arch/cpu.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "lib/types.h"

enum lock_class {
#define LOCK_CLASS(name, rank, guards) name,
#include "kernel/locks.def"
#undef LOCK_CLASS
	LOCK_CLASS_COUNT
};

struct spinlock {
	u16 next;  /* [a] ticket of the next who comes */
	u16 owner; /* [a] ticket of who holds it */
	u8 class;  /* [I] enum lock_class */
	u8 cpu;    /* [a] who holds it (debug build); 0xff: nobody */
};

#define SPINLOCK_INIT(lock_class)                  \
	{                                          \
		.class = (lock_class), .cpu = 0xff \
	}

static inline void spin_init(struct spinlock *lock, enum lock_class class)
{
	*lock = (struct spinlock)SPINLOCK_INIT((u8) class);
}

#ifdef EXO_DEBUG
/* kernel/lockcheck.c: rank order and ownership, per processor. */
void lockcheck_take(const void *lock, enum lock_class class);
void lockcheck_release(const void *lock, enum lock_class class);
/* How many locks this processor holds. */
unsigned lockcheck_held(void);
/* Stops the machine if `inner` must not be taken while `outer` is held. */
void lockcheck_order(enum lock_class outer, enum lock_class inner);
const char *lockcheck_name(enum lock_class class);
/* Prints them, for a panic. */
void lockcheck_show(void);
#else
static inline void lockcheck_take(const void *lock, enum lock_class class)
{
	(void)lock;
	(void)class;
}

static inline void lockcheck_release(const void *lock, enum lock_class class)
{
	(void)lock;
	(void)class;
}

static inline unsigned lockcheck_held(void)
{
	return 0;
}

static inline void lockcheck_show(void)
{
}
#endif

/* Who holds a lock is noted in the debug build alone: it asks, and it shows. */
static inline void spin_note_(struct spinlock *lock, unsigned cpu)
{
#ifdef EXO_DEBUG
	WRITE_ONCE(lock->cpu, (u8)cpu);
#else
	(void)lock;
	(void)cpu;
#endif
}

/* Waits until a ticket is served. */
static inline void spin_wait_(const struct spinlock *lock, u16 ticket)
{
	/* Pairs with the release in spin_release_(). */
	if (unlikely(!arch_equals(&lock->owner, ticket))) {
		arch_spin_wait(lock, ticket);
	}
}

/* What spin_lock() and so on are in the files built for size. */
void spin_lock_called(struct spinlock *lock);
void spin_unlock_called(struct spinlock *lock);
must_check u64 spin_lock_irq_called(struct spinlock *lock);
void spin_unlock_irq_called(struct spinlock *lock, u64 flags);

#ifdef __OPTIMIZE_SIZE__
#define SPIN_CALLED 1
#else
#define SPIN_CALLED 0
#endif

/* Context: any with interrupts on, or a lock that no handler takes. */
static inline void spin_lock(struct spinlock *lock)
{
	if (SPIN_CALLED) {
		spin_lock_called(lock);
		return;
	}
	preempt_off();
	lockcheck_take(lock, lock->class);
	spin_wait_(lock, __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED));
	spin_note_(lock, cpu_id());
}

/* Takes the lock if it is free. Context: as spin_lock. */
must_check static inline bool spin_trylock(struct spinlock *lock)
{
	u16 owner;
	bool taken;

	preempt_off();
	/* Pairs with the release in spin_unlock(). */
	owner = __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);
	/* Free if the next ticket is the one that is served. */
	taken = __atomic_compare_exchange_n(&lock->next, &owner,
					    (u16)(owner + 1), false,
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
	if (!taken) {
		preempt_on();
		return false;
	}
	lockcheck_take(lock, lock->class);
	spin_note_(lock, cpu_id());
	return true;
}

static inline void spin_release_(struct spinlock *lock)
{
	spin_note_(lock, 0xff);
	lockcheck_release(lock, lock->class);
	/* Pairs with the acquire in spin_wait_(); only the owner writes it. */
	arch_release_add(&lock->owner, 1);
}

static inline void spin_unlock(struct spinlock *lock)
{
	if (SPIN_CALLED) {
		spin_unlock_called(lock);
		return;
	}
	spin_release_(lock);
	preempt_on();
}

/*
 * The same where interrupts are off from before it is taken until after it is
 * released, so preemption needs not be held off.
 */
#ifdef EXO_DEBUG
#define spin_lock_off(lock)   spin_lock(lock)
#define spin_unlock_off(lock) spin_unlock(lock)
#else
static inline void spin_lock_off(struct spinlock *lock)
{
	spin_wait_(lock, __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED));
}

static inline void spin_unlock_off(struct spinlock *lock)
{
	/* As in spin_release_(). */
	arch_release_add(&lock->owner, 1);
}
#endif

/* Interrupts off, then the lock; give the result to spin_unlock_irq(). */
must_check static inline u64 spin_lock_irq(struct spinlock *lock)
{
	u64 flags;

	if (SPIN_CALLED) {
		return spin_lock_irq_called(lock);
	}
	flags = arch_irq_save();
	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irq(struct spinlock *lock, u64 flags)
{
	if (SPIN_CALLED) {
		spin_unlock_irq_called(lock, flags);
		return;
	}
	spin_release_(lock);
	arch_irq_restore(flags);
	preempt_on();
}

/*
 * The same in a thread whose interrupts are on: they are turned on again
 * without a question.
 */
static inline void spin_lock_irq_on(struct spinlock *lock)
{
	DEBUG_ASSERT(arch_irq_enabled());
	arch_irq_disable();
	spin_lock(lock);
}

static inline void spin_unlock_irq_on(struct spinlock *lock)
{
	spin_release_(lock);
	arch_irq_enable();
	preempt_on();
}

/*
 * A lock of this processor's own per-CPU data, `lock` in the percpu variable
 * `var`.  Interrupts are off from before it is taken until after it is
 * released, so preemption needs not be held off.
 */
#ifdef EXO_DEBUG
#define spin_lock_own(var)   spin_lock(&this_cpu_ptr(var)->lock)
#define spin_unlock_own(var) spin_unlock(&this_cpu_ptr(var)->lock)
#else
#define spin_lock_own(var)                                                   \
	do {                                                                 \
		u16 ticket_;                                                 \
		if (unlikely(!arch_percpu_ticket(                            \
			    (var).lock.next, (var).lock.owner, &ticket_))) { \
			spin_wait_(&this_cpu_ptr(var)->lock, ticket_);       \
		}                                                            \
	} while (0)
#define spin_unlock_own(var) arch_percpu_release_add((var).lock.owner, 1)
#endif

/* True while this processor holds the lock (release build: while anybody). */
static inline bool spin_held(const struct spinlock *lock)
{
#ifdef EXO_DEBUG
	return READ_ONCE(lock->cpu) == (u8)cpu_id();
#else
	return READ_ONCE(lock->next) != READ_ONCE(lock->owner);
#endif
}

struct spin_guard_ {
	struct spinlock *lock;
	u64 flags;
};

static inline void spin_guard_exit_(const struct spin_guard_ *guard)
{
	spin_unlock(guard->lock);
}

static inline void spin_irq_guard_exit_(const struct spin_guard_ *guard)
{
	spin_unlock_irq(guard->lock, guard->flags);
}

static inline void spin_irq_on_guard_exit_(const struct spin_guard_ *guard)
{
	spin_unlock_irq_on(guard->lock);
}

static inline struct spin_guard_ spin_guard_enter_(struct spinlock *lock)
{
	spin_lock(lock);
	return (struct spin_guard_){ lock, 0 };
}

static inline struct spin_guard_ spin_irq_guard_enter_(struct spinlock *lock)
{
	u64 flags = spin_lock_irq(lock);

	return (struct spin_guard_){ lock, flags };
}

static inline struct spin_guard_ spin_irq_on_guard_enter_(struct spinlock *lock)
{
	spin_lock_irq_on(lock);
	return (struct spin_guard_){ lock, 0 };
}

/*
 * The loop runs once; `break` and `return` inside release too, for the
 * guard's cleanup does it.
 */
#define SPIN_GUARDED_(exit, enter, guard, once)                               \
	for (struct spin_guard_ guard __attribute__((cleanup(exit))) = enter, \
				      *once = &guard;                         \
	     once; once = NULL)

#define WITH_SPINLOCK(l)                                      \
	SPIN_GUARDED_(spin_guard_exit_, spin_guard_enter_(l), \
		      CONCAT(guard_, __LINE__), CONCAT(once_, __LINE__))

#define WITH_SPINLOCK_IRQ(l)                                          \
	SPIN_GUARDED_(spin_irq_guard_exit_, spin_irq_guard_enter_(l), \
		      CONCAT(guard_, __LINE__), CONCAT(once_, __LINE__))

#define WITH_SPINLOCK_IRQ_ON(l)                                             \
	SPIN_GUARDED_(spin_irq_on_guard_exit_, spin_irq_on_guard_enter_(l), \
		      CONCAT(guard_, __LINE__), CONCAT(once_, __LINE__))

#endif
