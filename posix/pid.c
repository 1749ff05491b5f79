/* SPDX-License-Identifier: MIT */
/*
 * Taking numbers: in a circle, so that one that was given back comes again as
 * late as possible.
 */
#include "posix/pid.h"

#include "lib/assert.h"
#include "mm/kmem.h"

/* A second round begins here: the low ones are for the system's first. */
#define PID_ROUND 300

struct spinlock processes_lock = SPINLOCK_INIT(LOCK_PROCESSES);

static struct {
	struct tree all; /* [p] struct pid.node */
	u64 count;       /* [p] */
	u32 last;        /* [p] number given */
	struct kmem_cache *cache;
} pids = { .last = 1 };

void pid_init(void)
{
	pids.cache = kmem_cache_create("pid", sizeof(struct pid), 8);
	ASSERT(pids.cache != NULL);
}

static u32 number_after(u32 number)
{
	return number + 1 < PID_MAX ? number + 1 : PID_ROUND;
}

static bool insert_locked(struct pid *pid, u32 wanted)
{
	pid->node.key = wanted;
	if (wanted != 0) {
		return tree_insert(&pids.all, &pid->node);
	}
	do {
		pids.last = number_after(pids.last);
		pid->node.key = pids.last;
	} while (!tree_insert(&pids.all, &pid->node));
	return true;
}

struct pid *pid_alloc(u32 wanted)
{
	struct pid *pid = kmem_cache_alloc(pids.cache);
	bool taken = false;

	if (pid == NULL) {
		return NULL;
	}
	*pid = (struct pid){ .refs = 1 };
	list_init(&pid->group);
	list_init(&pid->session);
	WITH_PROCESSES () {
		taken = pids.count < PID_MAX / 2 && insert_locked(pid, wanted);
		pids.count += taken;
	}
	if (!taken) {
		kmem_cache_free(pids.cache, pid);
		return NULL;
	}
	return pid;
}

static struct pid *pid_of(struct tree_node *node)
{
	return node ? container_of(node, struct pid, node) : NULL;
}

struct pid *pid_find_locked(u64 number)
{
	DEBUG_ASSERT(spin_held(&processes_lock));
	return pid_of(tree_find(&pids.all, number));
}

struct pid *pid_next_locked(u64 number)
{
	DEBUG_ASSERT(spin_held(&processes_lock));
	return pid_of(tree_find_ge(&pids.all, number));
}

struct pid *pid_get_locked(struct pid *pid)
{
	DEBUG_ASSERT(spin_held(&processes_lock));
	pid->refs++;
	return pid;
}

void pid_put_locked(struct pid *pid)
{
	DEBUG_ASSERT(spin_held(&processes_lock));
	if (pid != NULL && --pid->refs == 0) {
		tree_remove(&pids.all, &pid->node);
		pids.count--;
		kmem_cache_free(pids.cache, pid);
	}
}

u64 pid_count(void)
{
	return READ_ONCE(pids.count);
}

u32 pid_last(void)
{
	return READ_ONCE(pids.last);
}
