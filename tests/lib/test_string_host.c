/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests of lib/string.c on the host: that file and its tests are
 * compiled here once more, as kernel code, under names that the C library
 * does not have.  A further test puts the operands against an unmapped page.
 */
#include <sys/mman.h>

#undef EXO_HOST
#define memcpy  kernel_memcpy
#define memmove kernel_memmove
#define memset  kernel_memset
#define memcmp  kernel_memcmp
#define strlen  kernel_strlen
#define strnlen kernel_strnlen
#define strcmp  kernel_strcmp
#define strncmp kernel_strncmp
#define strchr  kernel_strchr

#include "lib/string.c"
#include "tests/lib/test_string.c"

/* A page that nothing can be read from or written to follows this one. */
static u8 *map_last_page(void)
{
	u8 *page = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		return NULL;
	}
	mprotect(page + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	return page;
}

/* Every function with operands that end at `end` and are `len` long. */
static void touch_up_to(u8 *end, size_t len, volatile size_t *sink)
{
	u8 *at = end - len;
	u8 copy[LEN_MAX];

	memcpy(copy, at, len);
	memcpy(at, copy, len);
	memmove(at, at - 3, len);
	memmove(at - 3, at, len);
	memset(at, 'x', len);
	*sink += (size_t)memcmp(at, at - 1, len);
	*sink += strnlen((char *)at, len);
	if (len != 0) {
		end[-1] = '\0';
		*sink += strlen((char *)at) + (size_t)strcmp((char *)at, "xx");
		*sink += strchr((char *)at, 'y') != NULL;
	}
}

KTEST(string_stays_inside, "no function touches a byte behind its operands")
{
	volatile size_t sink = 0;
	u8 *page = map_last_page();

	EXPECT(page != NULL);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		touch_up_to(page + PAGE_SIZE, len, &sink);
	}
	munmap(page, 2 * PAGE_SIZE);
}
