/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: locks that sleep, with an owner.  Declared here, below who uses
 * them (mm/), and defined in sched/mutex.c, which knows how to sleep.
 */
#ifndef EXO_KERNEL_MUTEX_H
#define EXO_KERNEL_MUTEX_H

#include "kernel/waitq.h"

struct mutex {
	u64 owner; /* [a] the owner's address | MUTEX_WAITERS */
	struct waitq waitq;
	enum lock_class class; /* [I] */
#ifdef EXO_DEBUG
	u64 since; /* [the owner's] arch_cycles() when it was taken */
#endif
};

#define MUTEX_INIT(m, of_class)                                      \
	{                                                            \
		.waitq = WAITQ_INIT((m).waitq), .class = (of_class), \
	}

static inline void mutex_init(struct mutex *mutex, enum lock_class class)
{
	mutex->owner = 0;
	mutex->class = class;
	waitq_init(&mutex->waitq);
}

/* Context: thread, preemption on, no spinlock held; sleeps. */
void mutex_lock(struct mutex *mutex);

/* Context: the owner. */
void mutex_unlock(struct mutex *mutex);

/* In `owner`: somebody waits. */
#define MUTEX_WAITERS 1ul

/* True if the running thread owns it. */
static inline bool mutex_held(const struct mutex *mutex)
{
	return (READ_ONCE(mutex->owner) & ~MUTEX_WAITERS) ==
	       (u64)current_thread();
}

static inline struct mutex *mutex_guard_enter_(struct mutex *mutex)
{
	mutex_lock(mutex);
	return mutex;
}

static inline void mutex_guard_exit_(struct mutex *const *guard)
{
	mutex_unlock(*guard);
}

#define MUTEX_GUARDED_(m, guard, once)                             \
	for (struct mutex * guard                                  \
		     __attribute__((cleanup(mutex_guard_exit_))) = \
		     mutex_guard_enter_(m),                        \
		     *once = guard;                                \
	     once; once = NULL)

#define WITH_MUTEX(m) \
	MUTEX_GUARDED_(m, CONCAT(guard_, __LINE__), CONCAT(once_, __LINE__))

#endif
