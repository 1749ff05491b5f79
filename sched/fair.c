/* SPDX-License-Identifier: MIT */
/*
 * The calendar of ready entities.  See sched/fair.h for the theory.
 */
#include "sched/fair.h"

#include "lib/assert.h"

static inline struct fair_entity *entity_of(struct list *link)
{
	return list_entry(link, struct fair_entity, link);
}

u32 fair_factor(int nice)
{
	u64 factor = FAIR_ONE;

	for (int i = 0; i < MIN(nice, FAIR_NICE_MAX); i++) {
		factor = factor * 5 / 4;
	}
	for (int i = 0; i > MAX(nice, FAIR_NICE_MIN); i--) {
		factor = factor * 4 / 5;
	}
	return (u32)factor;
}

void fair_queue_init(struct fair_queue *q, u64 day_cycles)
{
	*q = (struct fair_queue){
		.shift = 63 - (u32)__builtin_clzll(day_cycles),
	};
	for (unsigned i = 0; i < FAIR_DAYS; i++) {
		list_init(&q->day[i]);
	}
}

void fair_entity_init(struct fair_entity *e, int nice)
{
	*e = (struct fair_entity){ .factor = fair_factor(nice) };
	list_init(&e->link);
}

/* The list of the day on which the deadline is honoured (I2). */
static inline unsigned day_of(const struct fair_queue *q, u64 deadline)
{
	u64 day = deadline >> q->shift;

	if (day < q->first_day) {
		day = q->first_day;
	} else if (day - q->first_day >= FAIR_DAYS) {
		day = q->first_day + FAIR_DAYS - 1;
	}
	return day % FAIR_DAYS;
}

static inline u64 virtual_slice(const struct fair_queue *q,
				const struct fair_entity *e)
{
	u64 days = (u64)FAIR_SLICE_DAYS << q->shift;

	if (likely(e->factor == FAIR_ONE)) {
		return days;
	}
	return MIN(days * e->factor >> 16,
		   (u64)FAIR_SLICE_DAYS_MAX << q->shift);
}

void fair_insert(struct fair_queue *q, struct fair_entity *e)
{
	unsigned day;

	e->deadline = e->vtime + virtual_slice(q, e);
	day = day_of(q, e->deadline);
	list_push_back(&q->day[day], &e->link);
	q->days |= 1ull << day;
	q->count++;
}

void fair_wake(struct fair_queue *q, struct fair_entity *e)
{
	u64 slice = virtual_slice(q, e);

	if (e->vtime + slice < q->now) {
		e->vtime = q->now - slice;
	}
	fair_insert(q, e);
}

static inline u64 rotate_right(u64 v, unsigned bits)
{
	return v >> bits | v << (-bits & 63);
}

static inline void take_out(struct fair_queue *q, unsigned day,
			    struct list *link)
{
	list_remove(link);
	if (list_empty(&q->day[day])) {
		q->days &= ~(1ull << day);
	}
	q->count--;
}

struct fair_entity *fair_pick(struct fair_queue *q)
{
	struct fair_entity *e;
	unsigned ahead, day;

	if (q->days == 0) {
		return NULL;
	}
	ahead = (unsigned)__builtin_ctzll(
		rotate_right(q->days, q->first_day % FAIR_DAYS));
	q->first_day += ahead;
	day = q->first_day % FAIR_DAYS;
	e = entity_of(q->day[day].next);
	take_out(q, day, &e->link);
	if (e->vtime > q->now) {
		q->now = e->vtime;
	}
	return e;
}

struct fair_entity *fair_take_last(struct fair_queue *q)
{
	unsigned behind, day;
	struct fair_entity *e;

	if (q->days == 0) {
		return NULL;
	}
	behind = (unsigned)__builtin_clzll(
		rotate_right(q->days, q->first_day % FAIR_DAYS));
	day = (q->first_day + FAIR_DAYS - 1 - behind) % FAIR_DAYS;
	e = entity_of(q->day[day].prev);
	take_out(q, day, &e->link);
	return e;
}

/* Where it stands follows from its deadline only while the first day stands. */
void fair_remove(struct fair_queue *q, struct fair_entity *e)
{
	bool alone = e->link.next == e->link.prev;

	DEBUG_ASSERT(!list_empty(&e->link));
	if (alone) {
		take_out(q, (unsigned)((struct list *)e->link.next - q->day),
			 &e->link);
	} else {
		list_remove(&e->link);
		q->count--;
	}
}

bool fair_preempts(const struct fair_queue *q, const struct fair_entity *e,
		   const struct fair_entity *running)
{
	return e->deadline + (1ull << q->shift) <= running->deadline;
}
