/* SPDX-License-Identifier: MIT */
/*
 * Damaged boot information never takes a door down, and what passes still
 * keeps the invariants of boot_info.h.
 */
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "lib/assert.h"
#include "tests/boot/samples.h"
#include "tests/host/fuzz.h"
#include "tests/ktest.h"

static u8 buffer[1024];
static struct boot_info info;

static void check_invariants(int err, const char *why)
{
	if (err != 0) {
		ASSERT(why != NULL);
		return;
	}
	for (u32 i = 0; i < info.memory_count; i++) {
		const struct boot_memory *range = &info.memory[i];

		ASSERT(range->len_bytes != 0);
		ASSERT(range->base.pa + range->len_bytes <= BOOT_PHYS_LIMIT);
		ASSERT(i == 0 || range[-1].base.pa + range[-1].len_bytes <=
					 range->base.pa);
	}
	ASSERT(strnlen(info.cmdline, sizeof(info.cmdline)) <
	       sizeof(info.cmdline));
}

static void feed_multiboot2(const u8 *bytes, size_t len_bytes)
{
	const char *why = NULL;
	int err = multiboot2_parse(bytes, len_bytes, &info, &why);

	check_invariants(err, why);
}

static void feed_pvh(const u8 *bytes, size_t len_bytes)
{
	struct fuzz_window window;
	const char *why = NULL;
	int err;

	fuzz_window_open(&window, phys(SAMPLE_PVH_BASE), bytes, len_bytes);
	err = pvh_parse(&window.window, phys(SAMPLE_PVH_BASE), &info, &why);
	fuzz_window_close(&window);
	check_invariants(err, why);
}

KTEST(fuzz_multiboot2, "damaged Multiboot2 information is survived")
{
	struct sample s = SAMPLE(buffer);

	sample_multiboot2(&s);
	fuzz_run(
		&(struct fuzz){ s.bytes, s.len_bytes, 50000, feed_multiboot2 });
}

KTEST(fuzz_pvh, "damaged PVH start information is survived")
{
	struct sample s = SAMPLE(buffer);

	sample_pvh(&s);
	fuzz_run(&(struct fuzz){ s.bytes, s.len_bytes, 30000, feed_pvh });
}
