/* SPDX-License-Identifier: MIT */
/*
 * Known paths: a small table by the text of absolute paths.
 *
 * Only what holds for everybody is kept: no link, no "." or ".." and no
 * directory on the way that somebody may not search or that makes up its names.
 * Nothing is kept of what does not exist, so new names change nothing.
 *
 * Who looks takes no lock: processors that look up the same path share its
 * entry, and write to nothing but the count of the vnode that it leads to.
 *
 * P1  An entry has no reference.  Its vnode is alive while its generation is
 *     that of now: the name or the mount that holds it does, and before that is
 *     dropped path_forget() begins another generation.  So does the end of a
 *     directory: an entry's root is no other one in the same place.
 * P2  path_forget() waits for who looks: whoever found an entry has its
 *     reference before the name's is dropped.  A processor's count of looks
 *     is odd while it looks, with preemption off, so not for long.  Both sides
 *     write, then read, sequentially consistent: who looks its count, then the
 *     generation; who forgets the generation, then the counts.  Either the
 *     count is seen odd and waited for, or the generation is seen to be new and
 *     no entry of before is used.
 * P3  What a walk found counts from before its first step.  If anything was
 *     forgotten since, the entry is old when it is made.
 * P4  An entry's turn is odd while it is written, under the lock, and another
 *     one afterwards: who read the same even one before and behind the rest
 *     has read one entry, and not parts of two.
 * P5  Of a file whose name no walk looked up nothing is known, and its name may
 *     go without path_forget().  lookup() of a file system whose names stay
 *     (names_keep) notes it in the vnode, and whoever takes names away asks
 *     for it, both under the lock of the names.
 *
 * Directories are moved and removed seldom, files often: an entry of a
 * directory outlives the names of files.  Both counts are in one word.
 */
#include "fs/path_cache.h"

#include "arch/percpu.h"
#include "kernel/spinlock.h"
#include "lib/string.h"

#define KNOWN_SHIFT 58
#define KNOWN_COUNT (1u << (64 - KNOWN_SHIFT))
#define KNOWN_WORDS 5

/* Of the generation: how often directories' names were forgotten. */
#define DIRECTORIES   (~0ull << 32)
#define ONE_DIRECTORY (1ull << 32)

struct known {
	u32 turn; /* [a] P4 */
	u32 len;
	const struct vnode *root; /* NULL: nothing is known */
	struct vnode *vnode;
	u64 generation;
	u64 counts;             /* which bits of it must not have changed */
	u64 words[KNOWN_WORDS]; /* the text, zeroes behind it */
};

static struct {
	struct spinlock lock; /* LOCK_PATHS: who writes */
	u64 generation;       /* [a] */
} cache = { .lock = SPINLOCK_INIT(LOCK_PATHS) };

/* Under cache.lock; apart from it, as zeroes take no room in the image. */
static struct known known[KNOWN_COUNT];

static percpu_zero u16 looks; /* P2 */

static inline bool fits(u32 len)
{
	return len - 1 < KNOWN_WORDS * sizeof(u64);
}

/* A text of which the last of its words is in `last`, zeroes behind it. */
struct text_words {
	const char *text;
	u32 whole_bytes; /* in the words before the last */
	u64 last;
	struct known *place; /* where it stands if it is known */
};

static always_inline struct text_words words_of(const char *text, u32 len)
{
	struct text_words w = { text, (len - 1) & ~7u, 0, NULL };
	u64 hash = len;

	for (u32 at = 0; at != w.whole_bytes; at += (u32)sizeof(u64)) {
		hash = name_hash_step(hash, name_word(text + at));
	}
	w.last = name_word(text + w.whole_bytes) & name_mask(len);
	w.place = &known[(hash ^ w.last) * NAME_HASH_FACTOR >> KNOWN_SHIFT];
	return w;
}

static always_inline bool words_equal(const u64 *words, struct text_words w)
{
	const char *at = (const char *)words;

	for (u32 i = 0; i != w.whole_bytes; i += (u32)sizeof(u64)) {
		if (name_word(at + i) != name_word(w.text + i)) {
			return false;
		}
	}
	return name_word(at + w.whole_bytes) == w.last;
}

/* The vnode of an entry that is about that text and still holds, or NULL. */
static always_inline struct vnode *look(const struct known *k,
					const struct vnode *root, u32 len,
					struct text_words w)
{
	u64 generation = path_generation();
	/* Pairs with the releases in path_learn(). */
	u32 turn = __atomic_load_n(&k->turn, __ATOMIC_ACQUIRE);
	struct vnode *v;

	if (k->root != root || k->len != len ||
	    ((k->generation ^ generation) & k->counts) != 0 ||
	    !words_equal(k->words, w)) {
		return NULL;
	}
	v = READ_ONCE(k->vnode);
	/* What stands above was read before the turn is read again. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (unlikely(READ_ONCE(k->turn) != (turn & ~1u))) {
		return NULL;
	}
	return vnode_get(v);
}

struct vnode *path_known(const struct vnode *root, const char *text, u32 len)
{
	struct text_words w;
	struct vnode *v;

	if (unlikely(!fits(len))) {
		return NULL;
	}
	w = words_of(text, len);
	preempt_off();
	__atomic_fetch_add(this_cpu_ptr(looks), 1, __ATOMIC_SEQ_CST);
	v = look(w.place, root, len, w);
	/* Pairs with the acquire in looks_end(). */
	arch_percpu_release_add(looks, 1);
	preempt_on();
	return v;
}

u64 path_generation(void)
{
	/* Pairs with path_forget(). */
	return __atomic_load_n(&cache.generation, __ATOMIC_SEQ_CST);
}

void path_learn(const struct vnode *root, const char *text, u32 len,
		struct vnode *v, u64 generation)
{
	struct text_words w;
	struct known *k;

	if (!fits(len)) {
		return;
	}
	w = words_of(text, len);
	k = w.place;
	WITH_SPINLOCK (&cache.lock) {
		WRITE_ONCE(k->turn, k->turn + 1);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		k->root = root;
		k->vnode = v;
		k->generation = generation;
		k->counts = vnode_is(v, MODE_DIRECTORY) ? DIRECTORIES : ~0ull;
		k->len = len;
		memcpy(k->words, text, w.whole_bytes);
		k->words[w.whole_bytes / sizeof(u64)] = w.last;
		__atomic_store_n(&k->turn, k->turn + 1, __ATOMIC_RELEASE);
	}
}

/* Waits for the looks that had begun before. */
static void looks_end(void)
{
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		const u16 *looks_there;
		u16 seen;

		if (!cpu_present(cpu)) {
			continue;
		}
		looks_there = cpu_ptr(cpu, looks);
		seen = __atomic_load_n(looks_there, __ATOMIC_SEQ_CST);
		while ((seen & 1) &&
		       __atomic_load_n(looks_there, __ATOMIC_ACQUIRE) == seen) {
			arch_relax();
		}
	}
}

void path_forget(bool directory)
{
	__atomic_fetch_add(&cache.generation,
			   1 + (directory ? ONE_DIRECTORY : 0),
			   __ATOMIC_SEQ_CST);
	looks_end();
}
