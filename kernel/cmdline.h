/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, taken apart once at boot and read only afterwards.
 * Known keys (kernel/cmdline.def) become fields; everything else belongs to
 * the first program, as on Linux: `a=b` to its environment, a word without
 * `=` and all words behind `--` to its arguments.  Double quotes group words.
 */
#ifndef EXO_KERNEL_CMDLINE_H
#define EXO_KERNEL_CMDLINE_H

#include "lib/types.h"

#define CMDLINE_BYTES             2048
#define CMDLINE_ARGS_MAX          32
#define CMDLINE_ENV_MAX           32

#define CMDLINE_FIELD_TEXT(key)   const char *key;
#define CMDLINE_FIELD_NUMBER(key) u64 key;

struct cmdline {
#define CMDLINE(key, kind, fallback, doc) CMDLINE_FIELD_##kind(key)
#include "kernel/cmdline.def"
#undef CMDLINE

	/* The first program's, each ended by NULL; argv[0] is `init`. */
	const char *argv[CMDLINE_ARGS_MAX + 1];
	u32 argc;
	const char *envp[CMDLINE_ENV_MAX + 1];
	u32 envc;

	/* Words without a place or with a bad number; the first of them. */
	u32 ignored_count;
	const char *ignored;

	/* All text above points here or to constants. */
	char words[CMDLINE_BYTES];
	u32 words_bytes;
};

/*
 * Takes `text` apart into `out`, which must stay where it is from then on.
 * Errors: -EINVAL if a word was ignored (out->ignored tells the first);
 * everything else holds nevertheless.
 */
int cmdline_parse(const char *text, struct cmdline *out);

#endif
