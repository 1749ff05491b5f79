/* SPDX-License-Identifier: MIT */
/*
 * The command line: keys become fields, the rest is the first program's, and
 * whatever is too much or nonsense is told.
 */
#include "kernel/cmdline.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "tests/ktest.h"

static struct cmdline cmdline;

static bool same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

KTEST(cmdline_defaults, "an empty line gives the defaults")
{
	EXPECT_EQ(cmdline_parse("", &cmdline), 0);
	EXPECT(same(cmdline.init, "/init"));
	EXPECT(cmdline.test == NULL);
	EXPECT_EQ(cmdline.seed, 0);
	EXPECT_EQ(cmdline.argc, 1);
	EXPECT(same(cmdline.argv[0], "/init"));
	EXPECT(cmdline.argv[1] == NULL);
	EXPECT(same(cmdline.envp[0], "HOME=/"));
	EXPECT(same(cmdline.envp[1], "TERM=linux"));
	EXPECT(cmdline.envp[2] == NULL);
}

KTEST(cmdline_keys, "known keys become fields, the last one wins")
{
	EXPECT_EQ(cmdline_parse("  seed=1 init=/a bench=off trace=sched,irq "
				"seed=0x10 maxcpus=2\tpanic=exit init=/bin/sh",
				&cmdline),
		  0);
	EXPECT(same(cmdline.init, "/bin/sh"));
	EXPECT(same(cmdline.argv[0], "/bin/sh"));
	EXPECT(same(cmdline.bench, "off"));
	EXPECT(same(cmdline.trace, "sched,irq"));
	EXPECT(same(cmdline.panic, "exit"));
	EXPECT_EQ(cmdline.seed, 16);
	EXPECT_EQ(cmdline.maxcpus, 2);
	EXPECT_EQ(cmdline.argc, 1);
}

KTEST(cmdline_for_init, "unknown words are the first program's")
{
	EXPECT_EQ(cmdline_parse("quiet A=1 init=/bin/sh A=2 AB=3 init -- -c "
				"\"echo hi\" seed=7 -- x",
				&cmdline),
		  0);
	EXPECT_EQ(cmdline.argc, 8);
	EXPECT(same(cmdline.argv[1], "quiet"));
	EXPECT(same(cmdline.argv[2], "init"));
	EXPECT(same(cmdline.argv[3], "-c"));
	EXPECT(same(cmdline.argv[4], "echo hi"));
	EXPECT(same(cmdline.argv[5], "seed=7"));
	EXPECT(same(cmdline.argv[6], "--"));
	EXPECT(same(cmdline.argv[7], "x"));
	EXPECT(cmdline.argv[8] == NULL);
	EXPECT_EQ(cmdline.envc, 4);
	EXPECT(same(cmdline.envp[2], "A=2"));
	EXPECT(same(cmdline.envp[3], "AB=3"));
	EXPECT_EQ(cmdline.seed, 0);
}

KTEST(cmdline_environment, "HOME and TERM can be replaced, quotes group")
{
	EXPECT_EQ(cmdline_parse("TERM=vt100 X=\"a b\" \"Y=c d\"", &cmdline), 0);
	EXPECT(same(cmdline.envp[1], "TERM=vt100"));
	EXPECT(same(cmdline.envp[2], "X=a b"));
	EXPECT(same(cmdline.envp[3], "Y=c d"));
}

KTEST(cmdline_nonsense, "a number that is none is told and changes nothing")
{
	EXPECT_EQ(
		cmdline_parse("maxcpus=two seed= loglevel=3 seed=5x", &cmdline),
		-EINVAL);
	EXPECT_EQ(cmdline.ignored_count, 3);
	EXPECT(same(cmdline.ignored, "maxcpus=two"));
	EXPECT_EQ(cmdline.maxcpus, 64);
	EXPECT_EQ(cmdline.loglevel, 3);
}

KTEST(cmdline_too_much, "words without a place are counted")
{
	static char line[CMDLINE_BYTES + 100];
	size_t at = 0;

	while (at < 2 * (CMDLINE_ARGS_MAX + 3)) {
		line[at++] = 'a';
		line[at++] = ' ';
	}
	line[at] = '\0';
	EXPECT_EQ(cmdline_parse(line, &cmdline), -EINVAL);
	EXPECT_EQ(cmdline.argc, CMDLINE_ARGS_MAX);
	EXPECT(cmdline.argv[CMDLINE_ARGS_MAX] == NULL);
	EXPECT_EQ(cmdline.ignored_count, 4);

	for (at = 0; at < CMDLINE_ENV_MAX; at++) {
		line[at * 4] = (char)('A' + at);
		memcpy(&line[at * 4 + 1], "=1 ", 3);
	}
	line[at * 4] = '\0';
	EXPECT_EQ(cmdline_parse(line, &cmdline), -EINVAL);
	EXPECT_EQ(cmdline.envc, CMDLINE_ENV_MAX);
	EXPECT(cmdline.envp[CMDLINE_ENV_MAX] == NULL);
	EXPECT_EQ(cmdline.ignored_count, 2);
}

KTEST(cmdline_too_long, "a line longer than the buffer is cut and told")
{
	static char line[CMDLINE_BYTES + 100];

	for (size_t len = CMDLINE_BYTES - 20; len < sizeof(line); len++) {
		memset(line, 'x', len);
		memcpy(line, "seed=3 ", 7);
		line[len] = '\0';
		EXPECT_EQ(cmdline_parse(line, &cmdline),
			  len < CMDLINE_BYTES - 1 ? 0 : -EINVAL);
		EXPECT_EQ(cmdline.seed, 3);
	}
}
