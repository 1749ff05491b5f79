/* SPDX-License-Identifier: MIT */
/*
 * Who hands its processor on past the queue (sched/pass.h): threads that call
 * each other, beside hogs, in simulated time.  They are to get the shares of
 * as many threads as they are and no more, whatever their bursts are, and the
 * hogs are to wait no longer than beside threads that take their turns.
 */
#include "lib/random.h"
#include "sched/fair.h"
#include "tests/ktest.h"

#define DAY       (1ull << 18)
#define SLICE     ((u64)FAIR_SLICE_DAYS * DAY)
#define PAIRS_MAX 3
#define HOGS_MAX  4

struct member {
	struct fair_entity fair;
	struct member *peer; /* whom it hands on to; NULL: a hog */
	u64 ran;             /* cycles */
	u64 burst;           /* cycles, before it hands on */
	u64 ready_since;
	u64 wait_max;
};

static struct {
	struct fair_queue queue;
	struct member *running;
	u64 now, slice_end, burst_end;
	u64 passes, wakes;
	struct random random;
} sim;

static void insert(struct member *m)
{
	m->ready_since = sim.now;
	fair_insert(&sim.queue, &m->fair);
}

static void run_next(void)
{
	struct fair_entity *e = fair_pick(&sim.queue);
	struct member *m = container_of(e, struct member, fair);

	m->wait_max = MAX(m->wait_max, sim.now - m->ready_since);
	sim.running = m;
	sim.slice_end = sim.now + SLICE;
}

/* As may_pass_() in sched/pass.h has it. */
static bool may_pass(const struct member *from, const struct member *to)
{
	struct fair_entity forgiven = to->fair;

	fair_forgive(&sim.queue, &forgiven);
	return forgiven.vtime == to->fair.vtime &&
	       (sim.queue.count == 0 ||
		fair_may_follow(&sim.queue, &to->fair, &from->fair));
}

/* The running one sleeps, and its peer goes on. */
static void hand_on(void)
{
	struct member *from = sim.running, *to = from->peer;

	if (may_pass(from, to)) {
		sim.passes++;
		sim.running = to;
	} else {
		sim.wakes++;
		to->ready_since = sim.now;
		fair_wake(&sim.queue, &to->fair);
		run_next();
	}
}

/* Between half and one and a half of its burst. */
static u64 next_burst(const struct member *m)
{
	return m->burst / 2 + random_below(&sim.random, m->burst + 1);
}

static void run(u64 until)
{
	u64 left = next_burst(sim.running);

	while (sim.now < until) {
		struct member *m = sim.running;
		u64 slice = sim.slice_end - sim.now;
		u64 ran = m->peer != NULL ? MIN(left, slice) : slice;

		sim.now += ran;
		m->ran += ran;
		left -= MIN(left, ran);
		fair_charge(&m->fair, ran);
		if (m->peer != NULL && left == 0) {
			hand_on();
			left = next_burst(sim.running);
		} else {
			insert(m);
			run_next();
		}
	}
}

static struct member members[2 * PAIRS_MAX + HOGS_MAX];

static void begin(unsigned pairs, unsigned hogs, u64 caller, u64 server)
{
	random_seed(&sim.random, ktest_random());
	sim.now = sim.passes = sim.wakes = 0;
	fair_queue_init(&sim.queue, DAY);
	for (unsigned i = 0; i < 2 * pairs + hogs; i++) {
		struct member *m = &members[i];
		bool hog = i >= 2 * pairs;

		*m = (struct member){ .peer = hog ? NULL : &members[i ^ 1],
				      .burst = i & 1 ? server : caller };
		fair_entity_init(&m->fair, 0);
		if (hog || !(i & 1)) {
			fair_start(&sim.queue, &m->fair, NULL);
		} else {
			m->fair.vtime = sim.queue.first_day << sim.queue.shift;
		}
	}
	run_next();
}

/* What the hogs get at least, of a fair share each, and how long they wait. */
static void beside(unsigned pairs, unsigned hogs, u64 caller, u64 server)
{
	unsigned all = 2 * pairs + hogs;
	u64 until = 4000 * SLICE, least = until, wait = 0;

	begin(pairs, hogs, caller, server);
	run(until);
	for (unsigned i = 2 * pairs; i < all; i++) {
		least = MIN(least, members[i].ran);
		wait = MAX(wait, members[i].wait_max);
	}
	EXPECT(sim.passes > 0);
	EXPECT(least * 100 > until / all * 99);
	/* A slice for each other, and one that each may be ahead. */
	EXPECT(wait <= 2 * (u64)all * SLICE);
}

KTEST(follow_pair_and_hog, "a caller and its server leave a hog its share")
{
	static const u64 bursts[] = { 400, 10000,     DAY / 3,
				      DAY, SLICE - 1, 3 * SLICE };

	for (unsigned i = 0; i < ARRAY_SIZE(bursts); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(bursts); j++) {
			beside(1, 1, bursts[i], bursts[j]);
		}
	}
}

KTEST(follow_pairs_and_hogs, "several pairs leave several hogs their shares")
{
	for (unsigned pairs = 1; pairs <= PAIRS_MAX; pairs++) {
		for (unsigned hogs = 1; hogs <= HOGS_MAX; hogs++) {
			beside(pairs, hogs, 2000, 5000);
			beside(pairs, hogs, 100, 2 * DAY);
		}
	}
}

KTEST(follow_pairs_alone, "pairs without hogs take their turns")
{
	u64 until = 4000 * SLICE;

	begin(2, 0, 2000, 5000);
	run(until);
	for (unsigned i = 0; i < 4; i += 2) {
		u64 ran = members[i].ran + members[i + 1].ran;

		EXPECT(ran * 100 > until / 2 * 97);
		EXPECT(ran * 97 < until / 2 * 100);
	}
}
