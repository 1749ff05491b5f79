/* SPDX-License-Identifier: MIT */
/*
 * The sums of who holds memory: each processor adds to its own.
 */
#include "mm/owner.h"

#if defined(EXO_DEBUG) && !defined(EXO_HOST)

#include "arch/cpu.h"
#include "kernel/preempt.h"

static percpu_zero struct owner_held held[OWNER_COUNT];

void owner_count(enum owner who, struct owner_held more)
{
	WITH_PREEMPT_OFF () {
		struct owner_held *own = this_cpu_ptr(held[who]);

		own->frames += more.frames;
		own->objects += more.objects;
		own->bytes += more.bytes;
	}
}

struct owner_held owner_held(enum owner who)
{
	struct owner_held sum = { 0 };

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu_present(cpu)) {
			const struct owner_held *of = cpu_ptr(cpu, held[who]);

			sum.frames += READ_ONCE(of->frames);
			sum.objects += READ_ONCE(of->objects);
			sum.bytes += READ_ONCE(of->bytes);
		}
	}
	return sum;
}

const char *owner_name(enum owner who)
{
	static const char *const names[] = {
#define OWNER(name) #name,
		OWNERS(OWNER)
#undef OWNER
	};

	return names[who];
}

#endif
