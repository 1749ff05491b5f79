/* SPDX-License-Identifier: MIT */
/*
 * Known paths: a small table by the text of absolute paths.
 *
 * Only what holds for everybody is kept: no link, no "." or ".." and no
 * directory on the way that somebody may not search or that makes up its names.
 * Nothing is kept of what does not exist, so new names change nothing.
 *
 * P1  An entry has no reference.  Its vnode is alive while its generation is
 *     that of now: the name or the mount that holds it does, and before that is
 *     dropped path_forget() begins another generation.  So does the end of a
 *     directory: an entry's root is no other one in the same place.
 * P2  path_forget() waits for who looks: whoever found an entry has its
 *     reference before the name's is dropped.
 * P3  What a walk found counts from before its first step.  If anything was
 *     forgotten since, the entry is old when it is made.
 *
 * Directories are moved and removed seldom, files often: an entry of a
 * directory outlives the names of files.  Both counts are in one word.
 */
#include "fs/path_cache.h"

#include "kernel/spinlock.h"
#include "lib/string.h"

#define KNOWN_COUNT 64
#define KNOWN_WORDS 5

/* Of the generation: how often directories' names were forgotten. */
#define DIRECTORIES   (~0ull << 32)
#define ONE_DIRECTORY (1ull << 32)

struct known {
	const struct vnode *root; /* NULL: nothing is known */
	struct vnode *vnode;
	u64 generation;
	u64 counts; /* which bits of it must not have changed */
	u32 len;
	u64 words[KNOWN_WORDS]; /* the text, zeroes behind it */
};

static struct {
	struct spinlock lock; /* LOCK_PATHS */
	u64 generation;       /* [a] written under the lock */
} cache = { .lock = SPINLOCK_INIT(LOCK_PATHS) };

/* [cache.lock] Apart from it: zeroes take no room in the image. */
static struct known known[KNOWN_COUNT];

/* Reads the text into words; returns where it stands if it is known. */
static always_inline struct known *place(const char *text, u32 len,
					 u64 words[KNOWN_WORDS])
{
	u64 hash = len;
	u32 left = len;

	for (; left > sizeof(u64); left -= (u32)sizeof(u64)) {
		__builtin_memcpy(words, text, sizeof(u64));
		hash = name_hash_step(hash, *words++);
		text += sizeof(u64);
	}
	__builtin_memcpy(words, text, sizeof(u64));
	*words &= ~0ull >> (sizeof(u64) - left) * 8;
	hash = name_hash_step(hash, *words);
	return &known[hash % KNOWN_COUNT];
}

static always_inline bool words_equal(const u64 *a, const u64 *b, u32 len)
{
	for (u32 at = 0; at < len; at += (u32)sizeof(u64)) {
		if (*a++ != *b++) {
			return false;
		}
	}
	return true;
}

static inline bool fits(u32 len)
{
	return len - 1 < KNOWN_WORDS * sizeof(u64);
}

struct vnode *path_known(const struct vnode *root, const char *text, u32 len)
{
	u64 words[KNOWN_WORDS];
	const struct known *k;

	if (!fits(len)) {
		return NULL;
	}
	k = place(text, len, words);
	WITH_SPINLOCK (&cache.lock) {
		if (k->root == root && k->len == len &&
		    ((k->generation ^ cache.generation) & k->counts) == 0 &&
		    words_equal(k->words, words, len)) {
			return vnode_get(k->vnode);
		}
	}
	return NULL;
}

u64 path_generation(void)
{
	/* Pairs with the release of the lock in path_forget(). */
	return __atomic_load_n(&cache.generation, __ATOMIC_ACQUIRE);
}

void path_learn(const struct vnode *root, const char *text, u32 len,
		struct vnode *v, u64 generation)
{
	u64 words[KNOWN_WORDS];
	struct known *k;

	if (!fits(len)) {
		return;
	}
	k = place(text, len, words);
	WITH_SPINLOCK (&cache.lock) {
		k->root = root;
		k->vnode = v;
		k->generation = generation;
		k->counts = vnode_is(v, MODE_DIRECTORY) ? DIRECTORIES : ~0ull;
		k->len = len;
		memcpy(k->words, words, sizeof(words));
	}
}

void path_forget(bool directory)
{
	WITH_SPINLOCK (&cache.lock) {
		WRITE_ONCE(cache.generation,
			   cache.generation + 1 +
				   (directory ? ONE_DIRECTORY : 0));
	}
}
