/* SPDX-License-Identifier: MIT */
/*
 * Fair sharing of one processor: who runs next.  Pure arithmetic, so that the
 * host can run it and a simulator can measure it.
 *
 * Theory.  Each entity has a virtual time: the cycles that it ran, times its
 * factor (1 for nice 0, 1.25 times more for each step of nice).  Entities that
 * always want to run advance together in virtual time; that is what fair
 * means.  Its virtual deadline is its virtual time plus its slice in virtual
 * time, and the earliest deadline runs next; one that owes time waits.
 *
 * The ready entities stand in a calendar: FAIR_DAYS lists, each a stretch of
 * 2^shift cycles of virtual deadlines wide, with a bit per list that is not
 * empty.  Inserting and picking the first are a handful of instructions,
 * whatever the number of entities.  Within a day the order is first come,
 * first served: a deadline is honoured to within a day, while virtual times
 * are exact, so no error adds up.
 *
 * Entities of one day that yield to each other go round.  While turns are
 * open, the running one stands in the list of that day, too, and closes it to a
 * ring: behind it is who runs next, before it who ran last.  So a turn changes
 * nothing in the queue: the next one becomes the running one.  Whatever else
 * happens to the queue first closes turns, which makes the ring a list again.
 *
 * The first day is the latest on which an entity was picked: who always wants
 * to run stands there or later.  The eves, a slice of days before it, are for
 * those who woke up.  What a sleeper did not use is its own up to one slice,
 * which puts it before all who did not sleep; the rest is forgotten.
 *
 * A new entity goes on where its parent is, so that a chain of short-lived
 * entities gets the share of one, and its birth costs the parent a quarter of
 * a slice, but at least a day.  Without that a parent could start children,
 * each new and owing nothing, that run one after the other while the time
 * stands still; so at most four of them have their slice in one of others.
 *
 * Each processor has a queue, whose time goes the faster the fewer share it.
 * Its pace (first_day - epoch) is comparable with the others': a processor
 * that is ahead of another takes over an entity, so that all advance together.
 * Queues part for good where nothing may move, though: with one entity each,
 * or entities bound to their processors.  So no distance counts beyond
 * FAIR_APART_DAYS; the processor ahead moves its epoch and forgets the rest.
 *
 * I1  Bit d of `days` is set iff list d is not empty.
 * I2  All entities stand in the FAIR_DAYS days from the first eve on; one whose
 *     deadline lies before stands in the first eve, one whose deadline lies
 *     beyond in the last day.
 * I3  first_day never goes back.
 * I4  An entity that wakes up or is new has a deadline of at most a slice
 *     before the first day: lag is bounded.
 * I5  What an entity is behind or ahead of its queue is the same after a
 *     move, but for the distance of the queues, at most FAIR_APART_DAYS, and
 *     never more than half of the calendar.
 * I6  turn_end is 0, or `today` is the list of the earliest day that is not
 *     empty, which is not behind first_day, and the running entity has the
 *     factor FAIR_ONE, may go into the calendar, stands in that day until its
 *     virtual time is turn_end, and closes the ring: its `next` and `prev` are
 *     the first and the last, and theirs are it.
 * I7  plain_end is turn_end if the running entity is plain, else 0.
 *
 * The caller guards a queue and the entities in it.
 */
#ifndef EXO_SCHED_FAIR_H
#define EXO_SCHED_FAIR_H

#include "lib/types.h"

#define FAIR_DAYS     64
#define FAIR_NICE_MIN (-20)
#define FAIR_NICE_MAX 19
#define FAIR_ONE      (1u << 16) /* the factor of nice 0 */

/* A slice, and the eves, in days of virtual time. */
#define FAIR_SLICE_DAYS 4

/* No slice is longer, so that deadlines fit into the calendar. */
#define FAIR_SLICE_DAYS_MAX 24

/* A queue that is further ahead of another takes over an entity. */
#define FAIR_AHEAD_DAYS (2 * FAIR_SLICE_DAYS)

/* No queue counts as further ahead of another. */
#define FAIR_APART_DAYS (4 * FAIR_SLICE_DAYS)

struct fair_entity {
	struct fair_entity *next; /* in its list, unless it is the last */
	struct fair_entity *prev; /* likewise, unless it is the first */
	u64 vtime;                /* virtual cycles */
	u64 deadline;             /* virtual cycles, as of the last insertion */
	u32 factor;               /* virtual cycles a cycle, times FAIR_ONE */
	u32 special; /* the caller's: a turn to or from it is more */
};

/* First come, first served; arbitrary while it is empty. */
struct fair_list {
	struct fair_entity *first;
	struct fair_entity *last;
};

struct fair_queue {
	u64 days;      /* bit set of lists that are not empty */
	u64 first_day; /* number of the first day, not wrapped */
	u32 shift;     /* log2 of a day in virtual cycles, of all queues */
	u32 count;     /* entities in the lists */
	u64 epoch;     /* day from which the pace is counted */
	u64 turn_end;  /* virtual cycles, 0: turns are closed (I6) */
	u64 plain_end; /* virtual cycles (I7) */
	struct fair_list *today;
	struct fair_entity *const *running; /* [I] set by who wants turns */
	struct fair_list day[FAIR_DAYS];
};

/* A day is the power of two of cycles next to `day_cycles` (> 1). */
void fair_queue_init(struct fair_queue *q, u64 day_cycles);

/* A new entity; fair_start() gives it its virtual time. */
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

/* As fair_insert for an entity that slept. */
void fair_wake(struct fair_queue *q, struct fair_entity *e);

/* I4: forgets what the entity did not use beyond a slice. */
void fair_forgive(const struct fair_queue *q, struct fair_entity *e);

/*
 * Whether `e`, which slept, may go on in the slice of `running`, past others
 * that wait: if it is not more than a slice ahead of `running`.  Who is goes
 * into the queue, so that two that run by turns get no more than their shares,
 * whoever of them is running when a slice ends.
 */
static inline bool fair_may_follow(const struct fair_queue *q,
				   const struct fair_entity *e,
				   const struct fair_entity *running)
{
	return (s64)(e->vtime - running->vtime) <=
	       (s64)((u64)FAIR_SLICE_DAYS << q->shift);
}

/*
 * As fair_insert for a new entity.  Its `parent` runs on this queue's
 * processor and pays; an entity without (NULL) begins in the first day.
 */
void fair_start(struct fair_queue *q, struct fair_entity *e,
		struct fair_entity *parent);

/*
 * As fair_insert for an entity that lets others go first: all who stand in
 * the earliest day.  It loses nothing.
 */
void fair_yield(struct fair_queue *q, struct fair_entity *e);

/* Takes out the entity that runs next; NULL if there is none. */
struct fair_entity *fair_pick(struct fair_queue *q);

/*
 * `running` was picked and will be in *q->running before anything else happens
 * to the queue.  If it may yield by turns, opens them.
 */
void fair_open_turns(struct fair_queue *q, struct fair_entity *running);

/* Equal in all its aspects to most others. */
static inline bool fair_is_plain(const struct fair_entity *e)
{
	return ((u64)e->special << 32 | e->factor) == FAIR_ONE;
}

/* Makes the ring a list without *q->running. */
void fair_close_open_turns(struct fair_queue *q);

/* The running entity is to be another one than I6 says, or leaves. */
static inline void fair_close_turns(struct fair_queue *q)
{
	if (q->turn_end != 0) {
		fair_close_open_turns(q);
	}
}

/*
 * Who runs next if `running`, whose virtual time is before turn_end, yields, if
 * its factor is FAIR_ONE: then fair_turn_to() and noting it in *q->running do
 * what fair_yield() and fair_pick() would do.
 */
static inline struct fair_entity *fair_turn(const struct fair_entity *running)
{
	return running->next;
}

/* Changes nothing if both are plain. */
static inline void fair_turn_to(struct fair_queue *q,
				const struct fair_entity *next)
{
	q->plain_end = fair_is_plain(next) ? q->turn_end : 0;
}

/* Takes out an entity that is in the calendar. */
void fair_remove(struct fair_queue *q, struct fair_entity *e);

/* Takes out an entity of the last day that is not empty, for another queue. */
struct fair_entity *fair_take_last(struct fair_queue *q);

/*
 * True if `e`, just inserted, should run before `running` goes on, which was
 * picked from this queue.
 */
static inline bool fair_preempts(const struct fair_queue *q,
				 const struct fair_entity *e,
				 const struct fair_entity *running)
{
	return e->deadline >> q->shift < running->deadline >> q->shift;
}

/*
 * The running entity was charged.  If it is alone, the queue's time goes on
 * with it.  Needed before an insertion on a processor whose timer does not
 * interrupt an entity that is alone: the time would be that of the last pick.
 */
void fair_advance(struct fair_queue *q, struct fair_entity *running);

/* How far the queue is, in days; meant to be compared with others'. */
static inline u64 fair_pace(const struct fair_queue *q)
{
	return q->first_day - q->epoch;
}

/*
 * True if `q` should take over an entity of `other`, which has some to give,
 * because it is ahead; forgets by how much it is too far ahead.
 * Context: reads `other` without its lock; a stale value does no harm.
 */
bool fair_should_take(struct fair_queue *q, const struct fair_queue *other);

/* The queue of a processor that was idle gets the pace of one that was not. */
void fair_follow(struct fair_queue *q, const struct fair_queue *other);

/*
 * An entity that stands in no calendar changes its queue; the caller inserts
 * (or wakes) it afterwards.
 */
void fair_move(struct fair_entity *e, const struct fair_queue *from,
	       const struct fair_queue *to);

#endif
