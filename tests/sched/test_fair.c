/* SPDX-License-Identifier: MIT */
/*
 * sched/fair.h: random operations against a model that searches all entities,
 * with the invariants of the theory checked after each.
 */
#include "sched/fair.h"
#include "tests/ktest.h"

#define ENTITIES 40
#define ROUNDS   12000
#define TURNS    100
#define SHIFT    10
#define DAY      (1ull << SHIFT)
#define SLICE    (FAIR_SLICE_DAYS * DAY)

/* What the model knows of an entity that stands in the calendar. */
struct place {
	bool in;
	u64 day;
	u64 turn; /* who came first */
};

static struct {
	struct fair_queue q;
	struct fair_entity *running; /* while turns are open */
	struct fair_entity entity[ENTITIES];
	struct place place[ENTITIES];
	u64 first_day;
	u64 turns;
	u64 steps; /* yields with their pick in one */
	u32 count;
} model;

static void clear_model(void)
{
	fair_queue_init(&model.q, DAY);
	model.q.running = &model.running;
	model.first_day = model.q.first_day;
	model.turns = 0;
	model.steps = 0;
	model.count = 0;
	for (size_t i = 0; i < ENTITIES; i++) {
		model.place[i].in = false;
		fair_entity_init(&model.entity[i],
				 (int)(ktest_random() % 40) - 20);
	}
}

/* I2: where an entity with this deadline has to stand. */
static u64 model_day(u64 deadline)
{
	u64 eve = model.first_day - FAIR_SLICE_DAYS;

	return MIN(MAX(deadline >> SHIFT, eve), eve + FAIR_DAYS - 1);
}

static void model_put(size_t i, u64 day)
{
	model.place[i] = (struct place){ true, day, model.turns++ };
	model.count++;
}

/* The first of the earliest or the latest day; ENTITIES: there is none. */
static size_t model_end(bool last)
{
	size_t best = ENTITIES;

	for (size_t i = 0; i < ENTITIES; i++) {
		const struct place *p = &model.place[i];
		const struct place *b = &model.place[best % ENTITIES];
		bool before = p->day == b->day ? p->turn < b->turn
					       : (p->day < b->day) != last;

		if (p->in && (best == ENTITIES || before)) {
			best = i;
		}
	}
	return best;
}

/* The number of the entities in a list, all of which belong there, or ~0. */
static u32 checked_length(unsigned list)
{
	u64 eve = model.q.first_day - FAIR_SLICE_DAYS;
	const struct fair_entity *e = model.q.day[list].first;
	const struct fair_entity *last = model.q.day[list].last;

	if (!(model.q.days >> list & 1)) {
		return 0;
	}
	if (model.q.turn_end != 0 && model.q.today == &model.q.day[list]) {
		e = model.running->next; /* I6 */
		last = model.running->prev;
		if (e->prev != model.running || last->next != model.running) {
			return ~0u;
		}
	}
	for (u32 length = 1; length <= ENTITIES; length++, e = e->next) {
		const struct place *p = &model.place[e - model.entity];

		if (!p->in || p->day % FAIR_DAYS != list || p->day < eve ||
		    p->day >= eve + FAIR_DAYS) {
			break;
		}
		if (e == last) {
			return length;
		}
	}
	return ~0u;
}

/* I1, I2, I6, I7 and the count. */
static bool calendar_holds(void)
{
	const struct fair_queue *q = &model.q;
	u32 count = 0;

	if (q->plain_end != (q->turn_end != 0 && fair_is_plain(model.running)
				     ? q->turn_end
				     : 0)) {
		return false;
	}
	for (unsigned list = 0; list < FAIR_DAYS; list++) {
		u32 length = checked_length(list);

		if (length == ~0u) {
			return false;
		}
		count += length;
	}
	return count == model.count && count == model.q.count;
}

/* I3, and what the model expects. */
static bool time_holds(void)
{
	return model.q.first_day == model.first_day && model.q.shift == SHIFT &&
	       model.q.epoch == 0;
}

static bool taken_is(struct fair_entity *e, size_t expected)
{
	if (expected == ENTITIES) {
		return e == NULL;
	}
	model.place[expected].in = false;
	model.count--;
	return e == &model.entity[expected];
}

static bool pick(void)
{
	size_t expected = model_end(false);

	if (expected != ENTITIES) {
		model.first_day =
			MAX(model.first_day, model.place[expected].day);
	}
	return taken_is(fair_pick(&model.q), expected);
}

static bool take_last(void)
{
	size_t expected = model_end(true);

	return taken_is(fair_take_last(&model.q), expected);
}

static bool wake(size_t i)
{
	struct fair_entity *e = &model.entity[i];
	u64 slept_at = e->vtime;
	u64 first = model.first_day << SHIFT;

	fair_wake(&model.q, e);
	model_put(i, model_day(e->deadline));
	return e->vtime >= slept_at && e->deadline >= first - SLICE &&
	       (e->vtime == slept_at || e->deadline <= first);
}

static bool start(size_t i)
{
	struct fair_entity *e = &model.entity[i];
	struct fair_entity *parent = &model.entity[(i + 1) % ENTITIES];
	u64 was = parent->vtime;

	fair_close_turns(&model.q); /* it may be the one that runs */
	fair_entity_init(e, (int)(ktest_random() % 40) - 20);
	fair_start(&model.q, e, parent);
	model_put(i, model_day(e->deadline));
	return e->vtime >= was && parent->vtime >= e->vtime + DAY &&
	       e->deadline >= (model.first_day << SHIFT) - SLICE;
}

static bool yield(size_t i)
{
	size_t first = model_end(false);
	u64 day;

	fair_yield(&model.q, &model.entity[i]);
	day = model_day(model.entity[i].deadline);
	if (first != ENTITIES) {
		day = MAX(day, model.place[first].day);
	}
	model_put(i, day);
	return true;
}

/* A yield and the pick that follows in one step, which is open to `e`. */
static bool turn(struct fair_entity *e)
{
	size_t first = model_end(false);
	u64 day = model.place[first].day;

	model.running = fair_turn(e);
	fair_turn_to(&model.q, model.running);
	model_put((size_t)(e - model.entity), day);
	model.steps++;
	return model_day(e->vtime + SLICE) <= day && day <= model.first_day &&
	       taken_is(model.running, first);
}

/*
 * The entity runs and yields, as the next one may do, until one does not.  Most
 * are as if they had just been picked, for one that ran far ahead of the others
 * never gets there.
 */
static bool turns(size_t i)
{
	struct fair_entity *e = &model.entity[i];

	fair_close_turns(&model.q);
	if (ktest_random() % 4 != 0) {
		e->vtime = (model.first_day << SHIFT) -
			   ktest_random() % (2 * SLICE);
	}
	e->factor = FAIR_ONE;
	e->special = ktest_random() % 2;
	model.running = e;
	fair_open_turns(&model.q, e);
	while (e->vtime < model.q.turn_end &&
	       fair_turn(e)->factor == FAIR_ONE) {
		if (!turn(e) || !calendar_holds()) {
			return false;
		}
		if (ktest_random() % 4 == 0) {
			return true; /* turns stay open */
		}
		e = model.running;
		fair_charge(e, ktest_random() % DAY);
	}
	return yield((size_t)(e - model.entity));
}

/* Runs for about a slice, seldom far too long. */
static void charge(struct fair_entity *e)
{
	u64 cycles = ktest_random() % (SLICE + DAY);

	if (ktest_random() % 64 == 0) {
		cycles <<= ktest_random() % 20;
	}
	fair_charge(e, cycles);
}

/* Something that the caller of an entity outside may do. */
static bool put_somehow(size_t i)
{
	charge(&model.entity[i]);
	switch (ktest_random() % 8) {
	case 0: return start(i);
	case 1:
	case 2: return wake(i);
	case 3: return yield(i);
	case 4: return turns(i);
	default:
		fair_insert(&model.q, &model.entity[i]);
		model_put(i, model_day(model.entity[i].deadline));
		return true;
	}
}

static bool take_somehow(size_t i)
{
	switch (ktest_random() % 8) {
	case 0: return take_last();
	case 1:
		fair_remove(&model.q, &model.entity[i]);
		return taken_is(&model.entity[i], i);
	default: return pick();
	}
}

KTEST(fair_model_agrees, "random operations keep the order and the invariants")
{
	clear_model();
	for (int round = 0; round < ROUNDS; round++) {
		size_t i = ktest_random() % ENTITIES;

		EXPECT(model.place[i].in ? take_somehow(i) : put_somehow(i));
		EXPECT(time_holds());
		EXPECT(calendar_holds());
	}
	EXPECT(model.first_day > 4 * FAIR_DAYS);
	EXPECT(model.steps >= TURNS);
	while (model.count > 0) {
		EXPECT(pick());
		EXPECT(calendar_holds());
	}
	EXPECT_EQ(model.q.days, 0);
	EXPECT(pick() && take_last());
}

KTEST(fair_factors, "each step of nice weighs 1.25 times less")
{
	EXPECT_EQ(fair_factor(0), FAIR_ONE);
	EXPECT_EQ(fair_factor(-100), fair_factor(FAIR_NICE_MIN));
	EXPECT_EQ(fair_factor(100), fair_factor(FAIR_NICE_MAX));
	for (int nice = FAIR_NICE_MIN; nice < FAIR_NICE_MAX; nice++) {
		u64 high = 4ull * fair_factor(nice + 1);
		u64 low = 5ull * fair_factor(nice);

		EXPECT(high * 1000 >= low * 995 && high * 1000 <= low * 1005);
	}
}

KTEST(fair_slices, "a slice charged is the slice that the deadline allowed")
{
	struct fair_entity e;

	clear_model();
	for (int nice = FAIR_NICE_MIN; nice <= FAIR_NICE_MAX; nice++) {
		u64 cycles, allowed;

		fair_entity_init(&e, nice);
		fair_start(&model.q, &e, NULL);
		allowed = e.deadline - e.vtime;
		cycles = fair_slice_cycles(&model.q, &e);
		EXPECT(fair_pick(&model.q) == &e);
		EXPECT(allowed <= FAIR_SLICE_DAYS_MAX * DAY);
		EXPECT(cycles > 0 && cycles <= SLICE);
		e.vtime = 0;
		fair_charge(&e, cycles);
		EXPECT(e.vtime <= allowed && allowed - e.vtime < 128);
	}
}

/* Fills the queue with equal hogs, the first of which runs now. */
static struct fair_entity *start_hogs(void)
{
	clear_model();
	for (size_t i = 0; i < ENTITIES; i++) {
		fair_entity_init(&model.entity[i], 0);
		fair_start(&model.q, &model.entity[i], NULL);
	}
	return fair_pick(&model.q);
}

KTEST(fair_woken_goes_first, "of any nice, who slept runs before hogs")
{
	struct fair_entity *running = start_hogs();
	struct fair_entity sleeper;

	for (int nice = FAIR_NICE_MIN; nice <= FAIR_NICE_MAX; nice++) {
		fair_entity_init(&sleeper, nice);
		fair_wake(&model.q, &sleeper);
		EXPECT(fair_preempts(&model.q, &sleeper, running));
		EXPECT(fair_pick(&model.q) == &sleeper);
	}
}

KTEST(fair_equals_do_not_preempt, "a hog does not interrupt a hog's slice")
{
	struct fair_entity *running = start_hogs();

	for (size_t i = 0; i < ENTITIES; i++) {
		EXPECT(!fair_preempts(&model.q, &model.entity[i], running));
	}
}

KTEST(fair_births_are_paid, "in a slice of others a parent starts four")
{
	struct fair_entity *running = start_hogs();
	struct fair_entity children[10];
	unsigned births;

	for (births = 0; births < ARRAY_SIZE(children); births++) {
		struct fair_entity *child = &children[births];

		fair_entity_init(child, 0);
		running->vtime = MAX(running->vtime, model.entity[1].vtime);
		fair_start(&model.q, child, running);
		if (child->deadline >= model.entity[1].deadline + SLICE) {
			break;
		}
	}
	EXPECT_EQ(births, 4);
}

KTEST(fair_yield_alternates, "who yields is not picked again before another")
{
	struct fair_entity a, b;
	u64 vtime;

	clear_model();
	fair_entity_init(&a, FAIR_NICE_MIN);
	fair_entity_init(&b, 0);
	fair_start(&model.q, &a, NULL);
	fair_start(&model.q, &b, NULL);
	EXPECT(fair_pick(&model.q) == &a);
	vtime = a.vtime;
	for (int i = 0; i < 10; i++) {
		fair_yield(&model.q, &a);
		EXPECT(fair_pick(&model.q) == &b);
		fair_yield(&model.q, &b);
		EXPECT(fair_pick(&model.q) == &a);
	}
	EXPECT_EQ(a.vtime, vtime);
}

KTEST(fair_alone_moves_time, "who wakes beside a long run gets one slice of it")
{
	struct fair_entity hog, sleeper;

	clear_model();
	fair_entity_init(&hog, 0);
	fair_start(&model.q, &hog, NULL);
	fair_entity_init(&sleeper, 0);
	sleeper.vtime = hog.vtime;
	EXPECT(fair_pick(&model.q) == &hog);
	fair_charge(&hog, 1000 * SLICE);
	fair_advance(&model.q, &hog);
	fair_wake(&model.q, &sleeper);
	EXPECT(fair_preempts(&model.q, &sleeper, &hog));
	EXPECT(sleeper.vtime + 2 * SLICE >= hog.vtime);
}

/* Lets two queues be `apart` days from each other, `a` ahead. */
static void part(struct fair_queue *a, struct fair_queue *b, s64 apart)
{
	fair_queue_init(a, DAY);
	fair_queue_init(b, DAY);
	a->first_day += 1000 + (apart > 0 ? (u64)apart : 0);
	b->first_day += 1000 + (apart < 0 ? (u64)-apart : 0);
}

KTEST(fair_moves_keep_time, "between queues not far apart time is one")
{
	static struct fair_queue a, b;
	struct fair_entity e;

	fair_entity_init(&e, 0);
	for (s64 apart = -100; apart <= 100; apart++) {
		s64 kept = MAX(MIN(apart, FAIR_APART_DAYS), -FAIR_APART_DAYS);
		u64 before;

		part(&a, &b, apart);
		before = e.vtime = a.first_day << SHIFT;
		fair_move(&e, &a, &b);
		EXPECT_EQ(e.vtime - (b.first_day << SHIFT), (u64)kept * DAY);
		EXPECT(apart != kept || e.vtime == before);
	}
}

KTEST(fair_moves_do_not_add_up, "many moves leave half a calendar at most")
{
	static struct fair_queue a, b;
	struct fair_entity e;

	fair_entity_init(&e, 0);
	for (s64 apart = -100; apart <= 100; apart += 200) {
		u64 most = FAIR_DAYS / 2 * DAY;
		u64 start;

		part(&a, &b, 0);
		e.vtime = start = a.first_day << SHIFT;
		a.epoch -= (u64)apart;
		for (int i = 0; i < 10; i++) {
			fair_move(&e, &a, &b);
		}
		EXPECT_EQ(e.vtime, apart > 0 ? start + most : start - most);
	}
}

KTEST(fair_takes_when_ahead, "a queue ahead takes, and forgets a long lead")
{
	static struct fair_queue a, b;

	part(&a, &b, FAIR_AHEAD_DAYS);
	EXPECT(!fair_should_take(&a, &b));
	EXPECT(!fair_should_take(&b, &a));
	part(&a, &b, FAIR_AHEAD_DAYS + 1);
	EXPECT(fair_should_take(&a, &b));
	EXPECT_EQ(a.epoch, 0);
	part(&a, &b, 100000);
	EXPECT(fair_should_take(&a, &b));
	EXPECT_EQ(fair_pace(&a), fair_pace(&b) + FAIR_APART_DAYS);
	fair_follow(&b, &a);
	EXPECT_EQ(fair_pace(&a), fair_pace(&b));
	EXPECT(!fair_should_take(&a, &b));
}
