/* SPDX-License-Identifier: MIT */
/*
 * The random generator.  After each request the key is replaced by key stream
 * that nobody saw, so that a later leak of it tells nothing about the past.
 */
#include "kernel/random.h"

#include "arch/cpu.h"
#include "kernel/spinlock.h"
#include "lib/chacha.h"
#include "lib/string.h"

static struct {
	struct spinlock lock;
	u32 key[CHACHA_KEY_WORDS];
} generator = { .lock = SPINLOCK_INIT(LOCK_RANDOM) };

void random_init(u64 seed)
{
	for (unsigned i = 0; i < CHACHA_KEY_WORDS; i += 2) {
		u64 word = seed ? seed + i : arch_entropy();

		memcpy(&generator.key[i], &word, sizeof(word));
	}
}

/* Bytes of the last block that do not become the next key. */
#define LAST_BYTES ((CHACHA_BLOCK_WORDS - CHACHA_KEY_WORDS) * sizeof(u32))

void random_bytes(void *buf, size_t len_bytes)
{
	u32 block[CHACHA_BLOCK_WORDS];
	u8 *out = buf;

	WITH_SPINLOCK_IRQ (&generator.lock) {
		for (u64 counter = 1; len_bytes > LAST_BYTES; counter++) {
			size_t piece = MIN(len_bytes, sizeof(block));

			chacha_block(generator.key, counter, block);
			memcpy(out, block, piece);
			out += piece;
			len_bytes -= piece;
		}
		chacha_block(generator.key, 0, block);
		memcpy(out, block + CHACHA_KEY_WORDS, len_bytes);
		memcpy(generator.key, block, sizeof(generator.key));
	}
	memset(block, 0, sizeof(block));
}
