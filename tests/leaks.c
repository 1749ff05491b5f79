/* SPDX-License-Identifier: MIT */
/*
 * Comparing what the subsystems hold.
 */
#include "tests/leaks.h"

#ifdef OWNER_HERE

#include "kernel/log.h"
#include "sched/sched.h"
#include "sched/worker.h"

/* What others give back, later. */
#define LOOKS  100
#define NAP_NS 10000000

static struct owner_held then[OWNER_COUNT];

void leaks_begin(void)
{
	for (enum owner who = 0; who < OWNER_COUNT; who++) {
		then[who] = owner_held(who);
	}
}

/* What `who` holds more than then; not all of it need be positive. */
static struct owner_held more_of(enum owner who)
{
	struct owner_held more = owner_held(who);

	more.frames -= then[who].frames;
	more.objects -= then[who].objects;
	more.bytes -= then[who].bytes;
	return more;
}

static bool any_more(void)
{
	bool any = false;

	for (enum owner who = 0; who < OWNER_COUNT; who++) {
		struct owner_held more = more_of(who);

		any |= more.objects > 0 || more.frames > 0;
	}
	return any;
}

static void tell(enum owner who)
{
	struct owner_held more = more_of(who);

	if (more.objects > 0 || more.frames > 0) {
		log_raw("# %s holds more than before: %ld objects, %ld bytes, "
			"%ld frames\n",
			owner_name(who), more.objects, more.bytes, more.frames);
	}
}

bool leaks_told(void)
{
	for (unsigned i = 0; i < LOOKS && any_more(); i++) {
		if (i > 0) {
			sched_sleep_ns(NAP_NS);
		}
		worker_drain_memory();
	}
	for (enum owner who = 0; who < OWNER_COUNT; who++) {
		tell(who);
	}
	return any_more();
}

#endif
