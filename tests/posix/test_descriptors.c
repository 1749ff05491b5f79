/* SPDX-License-Identifier: MIT */
/*
 * Tables of descriptors.
 */
#include "posix/descriptors.h"

#include "lib/errno.h"
#include "mm/frame.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

#define MANY 500

static const struct file_ops no_ops;

static struct file *file_make(void)
{
	return file_create(&no_ops, FILE_READ);
}

/* Opens `count` files; false if one did not get the next number. */
static bool fill(struct descriptors *d, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		struct file *file = file_make();

		if (file == NULL ||
		    descriptors_add(d, file, 0, MANY, i % 2) != (int)i) {
			return false;
		}
	}
	return true;
}

static bool is_open(struct descriptors *d, u64 fd)
{
	struct file *file = descriptors_file(d, fd, CAP_ANY);

	if (file != NULL) {
		file_put(file);
	}
	return file != NULL;
}

KTEST(descriptors_lowest, "a new descriptor is the lowest that is free")
{
	struct descriptors *d = descriptors_create();
	struct file *file = file_make();
	struct file *one_more = file_make();

	EXPECT(d && file && one_more && fill(d, MANY));
	EXPECT_EQ(descriptors_add(d, one_more, 0, MANY, false), -EMFILE);
	EXPECT_EQ(descriptors_close(d, 77), 0);
	EXPECT_EQ(descriptors_close(d, 77), -EBADF);
	EXPECT_EQ(descriptors_close(d, 10), 0);
	EXPECT_EQ(descriptors_add(d, file, 11, MANY, false), 77);
	EXPECT_EQ(descriptors_add(d, one_more, 0, MANY, false), 10);
	EXPECT_EQ(descriptors_close(d, MANY), -EBADF);
	EXPECT_EQ(descriptors_close(d, DESCRIPTORS_MAX), -EBADF);
	descriptors_put(d);
}

KTEST(descriptors_copied, "a copy has the same files and marks, and its own")
{
	struct descriptors *d = descriptors_create(), *copy;

	EXPECT(d && fill(d, MANY));
	copy = descriptors_clone(d);
	EXPECT(copy != NULL);
	descriptors_close_on_exec(copy);
	EXPECT(is_open(d, 3) && !is_open(copy, 3) && is_open(copy, 4));
	EXPECT_EQ(descriptors_mark(d, 3), 1);
	EXPECT_EQ(descriptors_mark(copy, 4), 0);
	EXPECT_EQ(descriptors_mark(copy, 3), -EBADF);
	EXPECT_EQ(descriptors_set_mark(copy, 4, true), 0);
	EXPECT_EQ(descriptors_mark(d, 4), 0);
	descriptors_close_range(copy, 5, MANY);
	EXPECT_EQ(descriptors_next(copy, 0), 0);
	EXPECT_EQ(descriptors_next(copy, 5), -1);
	descriptors_put(copy);
	EXPECT(is_open(d, MANY - 1));
	descriptors_put(d);
}

KTEST(descriptors_return_all, "the end of a table gives back all it held")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads), after;
	struct descriptors *d = descriptors_create(), *copy = NULL;

	EXPECT(d && fill(d, MANY));
	copy = descriptors_clone(d);
	EXPECT(copy != NULL);
	descriptors_put(d);
	descriptors_put(copy);
	after = holdings_now(threads);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

KTEST(descriptors_out_of_memory,
      "a table that finds no memory to grow stays as it was")
{
	struct descriptors *d = descriptors_create();
	struct file *file = file_make();
	int fd = 0;

	EXPECT(d && file && fill(d, 16));
	while (fd >= 0) {
		frame_drain();
		frame_fail_after(0);
		fd = descriptors_add(d, file_get(file), (u64)fd * 2, 60000,
				     false);
		frame_fail_after(FRAME_FAIL_NEVER);
	}
	file_put(file);
	EXPECT_EQ(fd, -ENOMEM);
	EXPECT(is_open(d, 15));
	file_put(file);
	descriptors_put(d);
}
