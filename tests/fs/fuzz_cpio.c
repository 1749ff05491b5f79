/* SPDX-License-Identifier: MIT */
/*
 * A damaged archive is survived, and each entry that it still has lies inside.
 */
#include "fs/cpio.h"
#include "lib/assert.h"
#include "tests/fs/samples.h"
#include "tests/host/fuzz.h"
#include "tests/ktest.h"

static u8 buffer[2560];

static void feed(const u8 *bytes, size_t len_bytes)
{
	struct cpio it;
	struct cpio_entry entry;
	u32 sum = 0;
	int got;

	cpio_open(&it, bytes, len_bytes);
	while ((got = cpio_next(&it, &entry)) > 0) {
		sum += (u32)strlen(entry.name);
		for (u32 i = 0; i < entry.size_bytes; i++) {
			sum += entry.data[i];
		}
	}
	ASSERT(got == 0 || it.why != NULL);
	ASSERT(sum < 256 * sizeof(buffer));
	(void)!cpio_find(bytes, len_bytes, "a", &entry);
}

KTEST(fuzz_cpio, "a damaged archive is survived")
{
	struct sample s = SAMPLE(buffer);

	sample_cpio(&s);
	fuzz_run(&(struct fuzz){ s.bytes, s.len_bytes, 60000, feed });
}
