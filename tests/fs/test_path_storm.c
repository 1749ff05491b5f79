/* SPDX-License-Identifier: MIT */
/*
 * Storms over known paths.  In the first each slot is a name that one changer
 * changes, and all lookers look up.  All slots have the same place in the
 * table, and turn each other out.  In the second one path is learned and
 * forgotten, again and again.
 */
#include "arch/cpu.h"
#include "fs/names.h"
#include "fs/path_cache.h"
#include "lib/format.h"
#include "lib/random.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "tests/fs/scene.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define CHANGES    150
#define SLOT_TRIES 10000 /* texts, of which one in 64 has that place */
#define TEXT_BYTES 48

enum change {
	REPLACED, /* another gets the name, somebody always has it */
	REMOVED,
	COVERED, /* by a mount */
};

static struct slot {
	enum change change;
	u32 mode; /* of whoever has the name, of nobody else */
	int err;  /* the changer's */
	char path[TEXT_BYTES];
	char spare[TEXT_BYTES];
	u64 oldest;            /* [a] nobody of before has the name any more */
	u64 removing, removed; /* [a] times that was begun, ended */
	u64 making, made;      /* [a] the same */
} slots[] = {
	{ .change = REPLACED, .mode = MODE_REGULAR | 0100 },
	{ .change = REMOVED, .mode = MODE_REGULAR | 0200 },
	{ .change = REPLACED, .mode = MODE_DIRECTORY | 0300 },
	{ .change = REMOVED, .mode = MODE_DIRECTORY | 0400 },
	{ .change = COVERED, .mode = MODE_DIRECTORY | 0500 },
};

static struct {
	struct scene scene;
	struct fs *fs;
	struct vnode *root;
	bool stop;     /* [a] */
	u64 of_others; /* [a] found under a name that they never had */
	u64 of_before; /* [a] found by a look that began too late for them */
	u64 not_found; /* [a] though they were there all the time */
} storm;

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static u64 counted(const u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static void maybe_yield(struct random *random)
{
	if (random_below(random, 2) == 0) {
		sched_yield();
	}
}

static int replace(struct slot *s, struct random *random)
{
	s64 ino = scene_make_numbered(&storm.scene, s->spare, s->mode, NULL);
	int err = (int)MIN(ino, 0);

	maybe_yield(random);
	err = err ?: scene_move(&storm.scene, s->spare, s->path);
	if (err == 0) {
		__atomic_store_n(&s->oldest, (u64)ino, __ATOMIC_SEQ_CST);
	}
	return err;
}

static int take_away(struct slot *s)
{
	return s->change == COVERED
		       ? scene_mount(s->path)
		       : scene_remove(&storm.scene, s->path,
				      (s->mode & MODE_TYPE) == MODE_DIRECTORY);
}

static int bring_back(struct slot *s)
{
	s64 ino;

	if (s->change == COVERED) {
		return scene_unmount(s->path);
	}
	ino = scene_make_numbered(&storm.scene, s->path, s->mode, NULL);
	if (ino > 0) {
		__atomic_store_n(&s->oldest, (u64)ino, __ATOMIC_SEQ_CST);
	}
	return (int)MIN(ino, 0);
}

static int remove_and_make(struct slot *s, struct random *random)
{
	int err;

	count(&s->removing);
	err = take_away(s);
	count(&s->removed);
	maybe_yield(random);
	count(&s->making);
	err = err ?: bring_back(s);
	count(&s->made);
	return err;
}

static void changer(void *arg)
{
	u64 changes = ktest_rounds(CHANGES);
	struct slot *s = arg;
	struct random random;

	random_seed(&random, (u64)(s - slots));
	for (u64 i = 0; i < changes && s->err == 0; i++) {
		s->err = s->change == REPLACED ? replace(s, &random)
					       : remove_and_make(s, &random);
		maybe_yield(&random);
	}
}

/* What covers a slot counts as nothing. */
static struct vnode *found_at(const struct slot *s, bool known_only)
{
	struct vnode *v = NULL;
	struct path p;

	if (known_only) {
		v = path_known(storm.root, s->path, (u32)strlen(s->path));
	} else if (path_from_kernel(&p, s->path) == 0) {
		if (path_walk(&p, storm.scene.context, NULL, 0) == 0) {
			v = vnode_get(p.vnode);
		}
		path_end(&p);
	}
	if (v != NULL && v->fs != storm.fs) {
		vnode_put(v);
		v = NULL;
	}
	return v;
}

static void look_at(const struct slot *s, bool known_only)
{
	u64 oldest = counted(&s->oldest);
	u64 removed = counted(&s->removed), made = counted(&s->made);
	struct vnode *v = found_at(s, known_only);

	if (v == NULL) {
		if (!known_only && made > counted(&s->removing)) {
			count(&storm.not_found);
		}
		return;
	}
	if (v->mode != s->mode) {
		count(&storm.of_others);
	} else if (v->ino < oldest || removed == counted(&s->making)) {
		count(&storm.of_before);
	}
	vnode_put(v);
}

static void looker(void *arg)
{
	struct random random;

	random_seed(&random, (u64)arg);
	while (!READ_ONCE(storm.stop)) {
		const struct slot *s =
			&slots[random_below(&random, ARRAY_SIZE(slots))];

		/* The second look finds what the first has learned. */
		look_at(s, false);
		look_at(s, random_below(&random, 2));
		maybe_yield(&random);
	}
}

/* Is the text's place the one of the first slot? */
static bool has_the_place(struct slot *s)
{
	u64 generation = path_generation();

	path_learn(storm.root, slots[0].path, (u32)strlen(slots[0].path),
		   storm.root, generation);
	path_learn(storm.root, s->path, (u32)strlen(s->path), storm.root,
		   generation);
	return s == slots || !scene_knows(&storm.scene, slots[0].path);
}

static bool slot_prepare(struct slot *s)
{
	unsigned i = 0, n = (unsigned)(s - slots);

	format(s->spare, sizeof(s->spare), "/mnt/spare%u", n);
	do {
		format(s->path, sizeof(s->path),
		       n % 2 ? "/mnt/%u-%u"
			     : "/mnt/a-name-of-three-words-%u-%u",
		       n, i);
	} while (!has_the_place(s) && ++i < SLOT_TRIES);
	s->err = 0;
	s->removing = s->removed = 0;
	s->making = s->made = 1;
	s->oldest = 0;
	path_forget(true);
	return i < SLOT_TRIES &&
	       scene_make(&storm.scene, s->path, s->mode, NULL) == 0;
}

static int storm_run(void)
{
	static struct crew changers, lookers;
	int err = 0;

	storm.stop = false;
	for (u64 i = 0; i < cpu_count(); i++) {
		lookers.affinity = nth_cpu(i);
		err = err ?: crew_add(&lookers, looker, (void *)ktest_random());
	}
	for (u64 i = 0; i < ARRAY_SIZE(slots); i++) {
		changers.affinity = nth_cpu(i);
		err = err ?: crew_add(&changers, changer, &slots[i]);
	}
	crew_join(&changers);
	WRITE_ONCE(storm.stop, true);
	crew_join(&lookers);
	return err;
}

KTEST(path_cache_storm, "while names change on all processors no look finds "
			"who lost the name before, or misses who has it")
{
	struct scene *scene = &storm.scene;
	struct vnode *mount;

	EXPECT(scene_enter(scene));
	EXPECT_EQ(path_lookup("/mnt", &mount), 0);
	storm.fs = mount->fs;
	vnode_put(mount);
	storm.root = fs_context_root(scene->context);
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++) {
		EXPECT(slot_prepare(&slots[i]));
	}
	storm.of_others = storm.of_before = storm.not_found = 0;
	EXPECT_EQ(storm_run(), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++) {
		EXPECT_EQ(slots[i].err, 0);
	}
	EXPECT_EQ(storm.of_others, 0);
	EXPECT_EQ(storm.of_before, 0);
	EXPECT_EQ(storm.not_found, 0);
	vnode_put(storm.root);
	EXPECT(scene_leave(scene));
}

#define FORGETS   1500
#define WATCHES   50  /* looks at the count after it was forgotten */
#define WAITS_MAX 200 /* rounds of a loop before it is forgotten */

static void knower(void *arg)
{
	u32 len = (u32)strlen(arg);
	unsigned looks = 0;

	while (!READ_ONCE(storm.stop)) {
		vnode_put(path_known(storm.root, arg, len));
		if (++looks % 64 == 0) {
			arch_relax();
			sched_yield();
		}
	}
}

/* How often a reference was taken that is too late: `v` is forgotten. */
static u64 late_references(const struct vnode *v, u32 refs_before)
{
	u32 refs = READ_ONCE(v->refs), late = 0;

	for (unsigned i = 0; i < WATCHES || refs > refs_before; i++) {
		u32 now = READ_ONCE(v->refs);

		late += now > refs;
		refs = now;
		if (i > WATCHES) {
			sched_yield();
		}
	}
	return late;
}

static u64 forget_and_watch(struct vnode *v, const char *path, u64 waits)
{
	u32 refs = v->refs;

	path_learn(storm.root, path, (u32)strlen(path), v, path_generation());
	for (volatile u64 i = 0; i < waits; i++) {
	}
	if (waits % 16 == 0) {
		sched_yield();
	}
	path_forget(vnode_is(v, MODE_DIRECTORY));
	return late_references(v, refs);
}

KTEST(path_cache_waits, "who forgets a path waits for who looks: nobody takes "
			"a reference afterwards")
{
	static struct crew crew;
	static char path[TEXT_BYTES] = "/mnt/file";
	u64 late = 0, rounds = ktest_rounds(FORGETS);
	struct vnode *v;

	EXPECT(scene_enter(&storm.scene));
	EXPECT_EQ(scene_make(&storm.scene, path, MODE_REGULAR, NULL), 0);
	EXPECT_EQ(path_lookup(path, &v), 0);
	path_forget(true);
	storm.root = fs_context_root(storm.scene.context);
	storm.stop = false;
	for (u64 i = 0; i < cpu_count(); i++) {
		crew.affinity = nth_cpu(i);
		EXPECT_EQ(crew_add(&crew, knower, path), 0);
	}
	for (u64 i = 0; i < rounds; i++) {
		late += forget_and_watch(v, path, ktest_random() % WAITS_MAX);
	}
	WRITE_ONCE(storm.stop, true);
	crew_join(&crew);
	EXPECT_EQ(late, 0);
	vnode_put(v);
	vnode_put(storm.root);
	EXPECT(scene_leave(&storm.scene));
}
