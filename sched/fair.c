/* SPDX-License-Identifier: MIT */
/*
 * The calendar of ready entities.  See sched/fair.h for the theory.
 */
#include "sched/fair.h"

#include "lib/assert.h"

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
		.first_day = FAIR_DAYS,
	};
}

void fair_entity_init(struct fair_entity *e, int nice)
{
	*e = (struct fair_entity){ .factor = fair_factor(nice) };
}

/* The first day that has a list (I2). */
static inline u64 eve_of(const struct fair_queue *q)
{
	return q->first_day - FAIR_SLICE_DAYS;
}

/* The list of the day on which the deadline is honoured (I2). */
static inline unsigned day_of(const struct fair_queue *q, u64 deadline)
{
	u64 eve = eve_of(q);
	u64 day = deadline >> q->shift;

	if (unlikely(day - eve >= FAIR_DAYS)) {
		day = day < eve ? eve : eve + FAIR_DAYS - 1;
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

static inline u64 rotate_right(u64 v, unsigned bits)
{
	return v >> bits | v << (-bits & 63);
}

/* Number of the earliest day that is not empty; there is one. */
static inline u64 earliest_day(const struct fair_queue *q)
{
	u64 eve = eve_of(q);

	return eve + (unsigned)__builtin_ctzll(
			     rotate_right(q->days, eve % FAIR_DAYS));
}

/*
 * In or out of a list, which is empty iff its bit is clear.  Turns are closed.
 */
static inline void put_in(struct fair_queue *q, unsigned day,
			  struct fair_entity *e)
{
	struct fair_list *list = &q->day[day];
	u64 bit = 1ull << day;

	if (q->days & bit) {
		e->prev = list->last;
		list->last->next = e;
	} else {
		q->days |= bit;
		list->first = e;
	}
	list->last = e;
	q->count++;
}

static inline struct fair_entity *take_out(struct fair_queue *q, unsigned day)
{
	struct fair_list *list = &q->day[day];
	struct fair_entity *e = list->first;

	if (e == list->last) {
		q->days &= ~(1ull << day);
	} else {
		list->first = e->next;
	}
	q->count--;
	return e;
}

static always_inline void insert(struct fair_queue *q, struct fair_entity *e,
				 u64 slice)
{
	fair_close_turns(q);
	e->deadline = e->vtime + slice;
	put_in(q, day_of(q, e->deadline), e);
}

static always_inline void forgive(const struct fair_queue *q,
				  struct fair_entity *e, u64 slice)
{
	u64 credit = MIN(slice, (u64)FAIR_SLICE_DAYS << q->shift);
	u64 earliest = (q->first_day << q->shift) - credit - slice;

	e->vtime = MAX(e->vtime, earliest);
}

void fair_insert(struct fair_queue *q, struct fair_entity *e)
{
	insert(q, e, virtual_slice(q, e));
}

void fair_forgive(const struct fair_queue *q, struct fair_entity *e)
{
	forgive(q, e, virtual_slice(q, e));
}

void fair_wake(struct fair_queue *q, struct fair_entity *e)
{
	u64 slice = virtual_slice(q, e);

	forgive(q, e, slice);
	insert(q, e, slice);
}

void fair_start(struct fair_queue *q, struct fair_entity *e,
		struct fair_entity *parent)
{
	u64 slice = virtual_slice(q, e);

	if (parent == NULL) {
		e->vtime = (q->first_day << q->shift) - slice;
	} else {
		e->vtime = parent->vtime;
		fair_forgive(q, e);
		parent->vtime = e->vtime +
				MAX(slice / FAIR_SLICE_DAYS, 1ull << q->shift);
	}
	fair_insert(q, e);
}

void fair_yield(struct fair_queue *q, struct fair_entity *e)
{
	u64 deadline = e->vtime + virtual_slice(q, e);

	fair_close_turns(q);
	e->deadline = deadline;
	if (q->days != 0) {
		deadline = MAX(deadline, earliest_day(q) << q->shift);
	}
	put_in(q, day_of(q, deadline), e);
}

struct fair_entity *fair_pick(struct fair_queue *q)
{
	u64 day;

	fair_close_turns(q);
	if (q->days == 0) {
		return NULL;
	}
	day = earliest_day(q);
	q->first_day = MAX(q->first_day, day);
	return take_out(q, day % FAIR_DAYS);
}

void fair_open_turns(struct fair_queue *q, struct fair_entity *running)
{
	struct fair_list *list;
	u64 day;

	if (q->days == 0 || running->factor != FAIR_ONE) {
		return;
	}
	day = earliest_day(q);
	if (day > q->first_day) {
		return;
	}
	list = &q->day[day % FAIR_DAYS];
	running->next = list->first;
	running->prev = list->last;
	list->first->prev = running;
	list->last->next = running;
	q->today = list;
	q->turn_end = (day + 1 - FAIR_SLICE_DAYS) << q->shift;
	fair_turn_to(q, running);
}

void fair_close_open_turns(struct fair_queue *q)
{
	const struct fair_entity *running = *q->running;

	q->today->first = running->next;
	q->today->last = running->prev;
	q->turn_end = 0;
	q->plain_end = 0;
}

struct fair_entity *fair_take_last(struct fair_queue *q)
{
	u64 eve = eve_of(q);
	unsigned behind;

	fair_close_turns(q);
	if (q->days == 0) {
		return NULL;
	}
	behind = (unsigned)__builtin_clzll(
		rotate_right(q->days, eve % FAIR_DAYS));
	return take_out(q, (eve + FAIR_DAYS - 1 - behind) % FAIR_DAYS);
}

/*
 * Where it stands follows from its deadline only while the first day stands,
 * so all lists are asked whether it is at one of their ends.
 */
void fair_remove(struct fair_queue *q, struct fair_entity *e)
{
	fair_close_turns(q);
	for (u64 days = q->days; days != 0; days &= days - 1) {
		unsigned day = (unsigned)__builtin_ctzll(days);
		struct fair_list *list = &q->day[day];

		if (list->first == e) {
			take_out(q, day);
			return;
		}
		if (list->last == e) {
			list->last = e->prev;
			goto out;
		}
	}
	e->prev->next = e->next;
	e->next->prev = e->prev;
out:
	q->count--;
}

void fair_advance(struct fair_queue *q, struct fair_entity *running)
{
	if (q->days != 0) {
		return;
	}
	running->deadline = running->vtime + virtual_slice(q, running);
	q->first_day = MAX(q->first_day, running->deadline >> q->shift);
}

/* Days that `q` is ahead of `other`. */
static s64 distance(const struct fair_queue *q, const struct fair_queue *other)
{
	return (s64)(fair_pace(q) - fair_pace(other));
}

bool fair_should_take(struct fair_queue *q, const struct fair_queue *other)
{
	s64 ahead = distance(q, other);

	if (ahead > FAIR_APART_DAYS) {
		q->epoch += (u64)ahead - FAIR_APART_DAYS;
	}
	return ahead > FAIR_AHEAD_DAYS;
}

void fair_follow(struct fair_queue *q, const struct fair_queue *other)
{
	q->epoch = q->first_day - fair_pace(other);
}

static inline s64 clamp(s64 value, s64 bound)
{
	return MAX(MIN(value, bound), -bound);
}

/*
 * I5.  The entity's lead is the same in one time for all queues, unless they
 * are too far apart; many moves add up to half of the calendar at most.
 */
void fair_move(struct fair_entity *e, const struct fair_queue *from,
	       const struct fair_queue *to)
{
	s64 day = 1ll << to->shift;
	s64 apart = clamp(distance(from, to), FAIR_APART_DAYS);
	s64 lead = (s64)(e->vtime - (from->first_day << from->shift));

	lead = clamp(lead + apart * day, FAIR_DAYS / 2 * day);
	e->vtime = (to->first_day << to->shift) + (u64)lead;
}
