/* SPDX-License-Identifier: MIT */
/*
 * The random generator.  It makes a store of key stream at a time, whose
 * beginning becomes the next key, and forgets what it hands out, so that a
 * later leak of it tells nothing about the past.
 */
#include "kernel/random.h"

#include "arch/cpu.h"
#include "kernel/spinlock.h"
#include "lib/chacha.h"
#include "lib/string.h"

/* What is made at once: the more, the less of it goes into keys. */
#define STORE_BLOCKS 4
#define STORE_BYTES  (STORE_BLOCKS * CHACHA_BLOCK_WORDS * sizeof(u32))

static struct {
	struct spinlock lock;
	u32 key[CHACHA_KEY_WORDS];
	u32 store[STORE_BLOCKS][CHACHA_BLOCK_WORDS];
	u32 left_bytes; /* at the store's end, not handed out yet */
} generator = { .lock = SPINLOCK_INIT(LOCK_RANDOM) };

void random_init(u64 seed)
{
	for (unsigned i = 0; i < CHACHA_KEY_WORDS; i += 2) {
		u64 word = seed ? seed + i : arch_entropy();

		memcpy(&generator.key[i], &word, sizeof(word));
	}
}

static void store_fill_locked(void)
{
	for (u64 i = 0; i < STORE_BLOCKS; i++) {
		chacha_block(generator.key, i, generator.store[i]);
	}
	memcpy(generator.key, generator.store, sizeof(generator.key));
	memset(generator.store, 0, sizeof(generator.key));
	generator.left_bytes = STORE_BYTES - sizeof(generator.key);
}

void random_bytes(void *buf, size_t len_bytes)
{
	u8 *out = buf;

	WITH_SPINLOCK_IRQ (&generator.lock) {
		while (len_bytes > 0) {
			u8 *from = (u8 *)generator.store + STORE_BYTES;
			size_t piece;

			if (generator.left_bytes == 0) {
				store_fill_locked();
			}
			piece = MIN(len_bytes, generator.left_bytes);
			from -= generator.left_bytes;
			memcpy(out, from, piece);
			memset(from, 0, piece);
			generator.left_bytes -= (u32)piece;
			out += piece;
			len_bytes -= piece;
		}
	}
}
