/* SPDX-License-Identifier: MIT */
/*
 * Fair sharing of one processor: who runs next.  Pure arithmetic, so that the
 * host can run it and a simulator can measure it.
 *
 * Theory.  Each entity has a virtual time: the cycles that it ran, times its
 * factor (1 for nice 0, 1.25 times more for each step of nice).  Entities that
 * always want to run advance together in virtual time; that is what fair
 * means.  Its virtual deadline is its virtual time plus its slice in virtual
 * time, and the earliest deadline runs next, so an entity that wakes up waits
 * for one slice at most, and one that owes time waits.
 *
 * The ready entities stand in a calendar: FAIR_DAYS lists, each a stretch of
 * 2^shift cycles of virtual deadlines wide, with a bit per list that is not
 * empty.  Inserting and picking the first are a handful of instructions,
 * whatever the number of entities.  Within a day the order is first come,
 * first served: a deadline is honoured to within a day, while virtual times
 * are exact, so no error adds up.
 *
 * I1  Bit d of `days` is set iff list d is not empty.
 * I2  All entities stand in days [first_day, first_day + FAIR_DAYS); one whose
 *     deadline lies before stands in first_day, one whose deadline lies
 *     beyond in the last.
 * I3  first_day and now never go back.
 * I4  The virtual time of a ready entity lies at most one slice behind `now`
 *     when it is inserted (fair_wake() forgives older debts of the queue):
 *     lag is bounded on both sides.
 *
 * The caller guards a queue and the entities in it.
 */
#ifndef EXO_SCHED_FAIR_H
#define EXO_SCHED_FAIR_H

#include "lib/list.h"
#include "lib/types.h"

#define FAIR_DAYS     64
#define FAIR_NICE_MIN (-20)
#define FAIR_NICE_MAX 19
#define FAIR_ONE      (1u << 16) /* the factor of nice 0 */

/* Of a slice of an entity, in days of virtual time. */
#define FAIR_SLICE_DAYS 4

/* No slice is longer, so that deadlines fit into the calendar. */
#define FAIR_SLICE_DAYS_MAX 24

struct fair_entity {
	struct list link;
	u64 vtime;    /* virtual cycles */
	u64 deadline; /* virtual cycles, as of the last insertion */
	u32 factor;   /* virtual cycles a cycle, times FAIR_ONE */
};

struct fair_queue {
	u64 days;	/* bit set of lists that are not empty */
	u64 first_day;	/* number of the first day, not wrapped */
	u64 now;	/* virtual time of the queue */
	u32 shift;	/* log2 of a day in virtual cycles */
	u32 count;	/* entities in the lists */
	struct list day[FAIR_DAYS];
};

/* A day is the power of two of cycles next to `day_cycles` (> 1). */
void fair_queue_init(struct fair_queue *q, u64 day_cycles);

/* A new entity, which begins at the queue's virtual time. */
void fair_entity_init(struct fair_entity *e, int nice);

/* The factor of a nice level (clamped to its range). */
u32 fair_factor(int nice);

/* Cycles that the entity may run before others are asked. */
static inline u64 fair_slice_cycles(const struct fair_queue *q,
				    const struct fair_entity *e)
{
	u64 slice = (u64)FAIR_SLICE_DAYS << q->shift;
	u64 longest = ((u64)FAIR_SLICE_DAYS_MAX << q->shift << 16) / e->factor;

	return MIN(slice, longest);
}

/* The entity ran for `cycles`. */
static inline void fair_charge(struct fair_entity *e, u64 cycles)
{
	e->vtime += e->factor == FAIR_ONE ? cycles : cycles * e->factor >> 16;
}

/* Puts a ready entity into the calendar. */
void fair_insert(struct fair_queue *q, struct fair_entity *e);

/*
 * As fair_insert for an entity that slept or is new: what it did not use
 * beyond one slice is forgotten.
 */
void fair_wake(struct fair_queue *q, struct fair_entity *e);

/* Takes out the entity that runs next; NULL if there is none. */
struct fair_entity *fair_pick(struct fair_queue *q);

/* Takes out the entity that would run last, for another queue. */
struct fair_entity *fair_take_last(struct fair_queue *q);

/* Takes out an entity that is in the calendar. */
void fair_remove(struct fair_queue *q, struct fair_entity *e);

/* True if `e`, just inserted, should run before `running` goes on. */
bool fair_preempts(const struct fair_queue *q, const struct fair_entity *e,
		   const struct fair_entity *running);

#endif
