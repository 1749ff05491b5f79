/* SPDX-License-Identifier: MIT */
/*
 * A damaged command line is survived, and its pointers stay inside.
 */
#include "kernel/cmdline.h"

#include <stdlib.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "tests/host/fuzz.h"
#include "tests/ktest.h"

static void feed(const u8 *bytes, size_t len_bytes)
{
	struct cmdline *cmdline = malloc(sizeof(*cmdline));
	char *text = malloc(len_bytes + 1);
	size_t seen = 0;

	ASSERT(cmdline != NULL && text != NULL);
	if (len_bytes != 0) {
		memcpy(text, bytes, len_bytes);
	}
	text[len_bytes] = '\0';
	(void)cmdline_parse(text, cmdline);
	free(text);
	for (u32 i = 0; i < cmdline->argc; i++) {
		seen += strlen(cmdline->argv[i]);
	}
	for (u32 i = 0; i < cmdline->envc; i++) {
		seen += strlen(cmdline->envp[i]);
	}
	ASSERT(seen <= sizeof(cmdline->words) + 64);
	ASSERT(cmdline->argv[cmdline->argc] == NULL);
	ASSERT(cmdline->envp[cmdline->envc] == NULL);
	free(cmdline);
}

KTEST(fuzz_cmdline, "a damaged command line is survived")
{
	static const char line[] =
		"init=/bin/sh a b=\"c d\" seed=0x12 \"e=f g\" maxcpus=4 "
		"panic=exit loglevel=017 -- -c \"echo hello\" x=y";

	fuzz_run(&(struct fuzz){ (const u8 *)line, sizeof(line) - 1, 20000,
				 feed });
}
