/* SPDX-License-Identifier: MIT */
/*
 * The archive reader: every entry of several archives in their order, the
 * last of equal paths, the data of hard links, and no damage unnoticed.
 */
#include "fs/cpio.h"

#include "lib/errno.h"
#include "tests/fs/samples.h"
#include "tests/ktest.h"

static u8 buffer[2560] aligned(4);

static struct sample fresh_sample(void)
{
	struct sample s = SAMPLE(buffer);

	sample_cpio(&s);
	return s;
}

/* How many entries there are, or the error. */
static int count_entries(const u8 *bytes, size_t len_bytes)
{
	struct cpio it;
	struct cpio_entry entry;
	int count = 0;
	int got;

	cpio_open(&it, bytes, len_bytes);
	while ((got = cpio_next(&it, &entry)) > 0) {
		count++;
	}
	if (got < 0 && it.why == NULL) {
		return -EFAULT;
	}
	return got < 0 ? got : count;
}

static bool data_is(const struct cpio_entry *entry, const char *text)
{
	return entry->size_bytes == strlen(text) &&
	       memcmp(entry->data, text, entry->size_bytes) == 0;
}

KTEST(cpio_entries, "the entries come in their order with their fields")
{
	static const char *const names[] = {
		".",   "./etc", "./etc/motd", "./a",
		"./b", "./sh",  "etc/motd",   "c",
	};
	struct sample s = fresh_sample();
	struct cpio it;
	struct cpio_entry entry;

	cpio_open(&it, s.bytes, s.len_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(cpio_next(&it, &entry), 1);
		EXPECT(strcmp(entry.name, names[i]) == 0);
		EXPECT_EQ(entry.uid, 1);
		EXPECT_EQ(entry.gid, 2);
		EXPECT_EQ(entry.mtime, 3);
		EXPECT_EQ(entry.rdev_major, 4);
		EXPECT_EQ(entry.rdev_minor, 5);
		EXPECT_EQ(entry.archive, i >= 6);
	}
	EXPECT_EQ(entry.mode, 0100600);
	EXPECT_EQ(entry.nlink, 2);
	EXPECT_EQ(cpio_next(&it, &entry), 0);
	EXPECT_EQ(cpio_next(&it, &entry), 0);
}

KTEST(cpio_find_path, "a path is found whatever stands in front of it")
{
	struct sample s = fresh_sample();
	struct cpio_entry entry;

	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "/etc/motd", &entry), 0);
	EXPECT(data_is(&entry, "later"));
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, ".//./sh", &entry), 0);
	EXPECT(data_is(&entry, "busybox"));
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "/", &entry), 0);
	EXPECT(strcmp(entry.name, ".") == 0);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "/etc/mot", &entry), -ENOENT);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "TRAILER!!!", &entry),
		  -ENOENT);
}

KTEST(cpio_hard_link, "a hard link has its file's data, in its archive only")
{
	struct sample s = fresh_sample();
	struct cpio_entry entry;

	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "a", &entry), 0);
	EXPECT(data_is(&entry, "linked"));
	EXPECT(strcmp(entry.name, "./a") == 0);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "b", &entry), 0);
	EXPECT(data_is(&entry, "linked"));
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "c", &entry), 0);
	EXPECT_EQ(entry.size_bytes, 0);
}

KTEST(cpio_link_not, "only empty regular files with links look for data")
{
	static const struct sample_file files[] = {
		{ "file", "data", 0100644, 9, 2 },
		{ "alone", NULL, 0100644, 9, 1 },
		{ "dir", NULL, 0040755, 9, 2 },
		{ "own", "mine", 0100644, 9, 2 },
	};
	struct sample s = SAMPLE(buffer);
	struct cpio_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		sample_cpio_file(&s, &files[i]);
	}
	sample_cpio_end(&s);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "alone", &entry), 0);
	EXPECT_EQ(entry.size_bytes, 0);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "dir", &entry), 0);
	EXPECT_EQ(entry.size_bytes, 0);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "own", &entry), 0);
	EXPECT(data_is(&entry, "mine"));
}

KTEST(cpio_find_damaged, "nothing is found in a damaged archive")
{
	struct sample s = fresh_sample();
	struct cpio_entry entry;

	EXPECT_EQ(cpio_find(s.bytes, 600, "etc", &entry), -EINVAL);
	EXPECT_EQ(cpio_find(s.bytes, 600, "none", &entry), -EINVAL);
}

KTEST(cpio_crooked, "an archive that starts off the alignment is refused")
{
	struct sample s = SAMPLE(buffer);

	sample_zeros_to(&s, 2);
	sample_cpio_file(&s, &(struct sample_file){ "a", NULL, 0100644, 1, 1 });
	sample_cpio_end(&s);
	EXPECT_EQ(count_entries(s.bytes, s.len_bytes), -EINVAL);
}

KTEST(cpio_cut, "an archive cut anywhere but in its padding is refused")
{
	struct sample s = fresh_sample();
	size_t second = 0;

	while (memcmp(s.bytes + second, "TRAILER!!!", 10) != 0) {
		second++;
	}
	for (size_t len = 0; len < s.len_bytes; len++) {
		bool whole = len == 0 || (len >= second + 11 && len <= 1024) ||
			     len >= s.len_bytes - 3;
		int count = count_entries(s.bytes, len);

		EXPECT(whole ? count >= 0 : count == -EINVAL);
	}
	EXPECT_EQ(count_entries(s.bytes, 0), 0);
	EXPECT_EQ(count_entries(s.bytes, 1024), 6);
	EXPECT_EQ(count_entries(s.bytes, s.len_bytes), 8);
}

KTEST(cpio_padded_name, "a name may carry further NULs to place its data")
{
	struct sample s = SAMPLE(buffer);
	struct cpio_entry entry;

	sample_cpio_file(&s, &(struct sample_file){ "longer-name", "data",
						    0100644, 1, 1 });
	memset(s.bytes + 110 + 4, 0, 7);
	sample_cpio_end(&s);
	EXPECT_EQ(count_entries(s.bytes, s.len_bytes), 1);
	EXPECT_EQ(cpio_find(s.bytes, s.len_bytes, "long", &entry), 0);
	EXPECT(data_is(&entry, "data"));
}

/* True if the archive is refused with `text` written over its bytes. */
static bool refused_with(size_t at, const char *text)
{
	struct sample s = fresh_sample();

	memcpy(s.bytes + at, text, strlen(text));
	return count_entries(s.bytes, s.len_bytes) == -EINVAL;
}

KTEST(cpio_lies, "lying headers are refused")
{
	struct sample s;

	EXPECT(refused_with(0, "070707"));
	EXPECT(refused_with(0, "X"));
	EXPECT(refused_with(6, "0000000G"));
	EXPECT(refused_with(6, " 0000001"));
	EXPECT(refused_with(6, "0x000001"));
	EXPECT(refused_with(6 + 6 * 8, "FFFFFFFF"));
	EXPECT(refused_with(6 + 6 * 8, "00000001"));
	EXPECT(refused_with(6 + 11 * 8, "00000000"));
	EXPECT(refused_with(6 + 11 * 8, "00000001"));
	EXPECT(refused_with(6 + 11 * 8, "FFFFFFFF"));
	EXPECT(refused_with(111, "xxx"));
	s = fresh_sample();
	s.bytes[110] = '\0';
	EXPECT_EQ(count_entries(s.bytes, s.len_bytes), -EINVAL);
}

KTEST(cpio_zeros, "zeros alone are an empty archive, noise is none")
{
	memset(buffer, 0, sizeof(buffer));
	EXPECT_EQ(count_entries(buffer, sizeof(buffer)), 0);
	buffer[sizeof(buffer) - 1] = 'x';
	EXPECT_EQ(count_entries(buffer, sizeof(buffer)), -EINVAL);
}
