/* SPDX-License-Identifier: MIT */
/*
 * The log's lines.  The unit is compiled into this file, with fakes for the
 * clock and the console.
 */
#define console_write log_test_write
#define clock_ns      log_test_clock
#include "kernel/log.c"

#include "lib/assert.h"
#include "tests/ktest.h"

static u64 now_ns;
static char shown[2 * CONSOLE_CHUNK_BYTES];
static size_t shown_bytes;
static unsigned writes;

u64 clock_ns(void)
{
	return now_ns;
}

void console_write(const char *text, size_t len_bytes)
{
	ASSERT(len_bytes < sizeof(shown));
	memcpy(shown, text, len_bytes);
	shown[len_bytes] = '\0';
	shown_bytes = len_bytes;
	writes++;
}

static void begin(u64 ns)
{
	now_ns = ns;
	shown[0] = '\0';
	shown_bytes = 0;
	writes = 0;
	log_set_level(LOG_INFO);
}

KTEST(log_prefix, "a line has seconds, microseconds and processor in front")
{
	begin(0);
	log_info("early");
	EXPECT(strcmp(shown, "[    0.000000] 0 early\n") == 0);
	begin(3214999);
	log_warn("answer %d", 42);
	EXPECT(strcmp(shown, "[    0.003214] 0 answer 42\n") == 0);
	begin(123456789012345678);
	log_error("late");
	EXPECT(strcmp(shown, "[123456789.012345] 0 late\n") == 0);
}

KTEST(log_levels, "lines above the level are not shown, raw text is")
{
	begin(0);
	log_debug("hidden");
	EXPECT_EQ(writes, 0);
	log_set_level(LOG_DEBUG);
	log_debug("shown");
	EXPECT_EQ(writes, 1);
	log_set_level(LOG_ERROR);
	log_warn("hidden");
	log_error("shown");
	log_raw("raw");
	EXPECT_EQ(writes, 3);
}

KTEST(log_raw_as_is, "raw text stands as it is")
{
	begin(5000);
	log_raw("[boot] %s\n\nBENCH {}", "ok");
	EXPECT(strcmp(shown, "[boot] ok\n\nBENCH {}") == 0);
}

KTEST(log_cut, "whatever its length, a line is one write and ends as a line")
{
	char text[400];

	for (size_t len = 200; len < sizeof(text); len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		begin(0);
		log_info("%s", text);
		EXPECT_EQ(writes, 1);
		EXPECT(shown_bytes < LINE_BYTES);
		EXPECT_EQ(shown[shown_bytes - 1], '\n');
		EXPECT_EQ(shown[shown_bytes - 2],
			  17 + len + 1 < LINE_BYTES ? 'x' : '.');
		log_raw("%s\n", text);
		EXPECT_EQ(shown[shown_bytes - 1], '\n');
		EXPECT_EQ(shown_bytes, MIN(len + 1, LINE_BYTES - 1));
	}
}
