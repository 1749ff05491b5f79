/* SPDX-License-Identifier: MIT */
/*
 * The command line's parser: copies word after word into the structure's own
 * buffer and hands each to the field, the environment or the arguments that
 * it is for.  Bounded everywhere; what finds no place is counted.
 */
#include "kernel/cmdline.h"

#include "lib/errno.h"
#include "lib/parse.h"
#include "lib/string.h"

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
};

static const struct key {
	const char *name;
	enum kind kind;
	u32 offset; /* of the field in struct cmdline */
} keys[] = {
#define CMDLINE(key, kind, fallback, doc) \
	{ #key, KIND_##kind, offsetof(struct cmdline, key) },
#include "kernel/cmdline.def"
#undef CMDLINE
};

/* The environment that Linux gives its first program. */
static const char *const first_env[] = { "HOME=/", "TERM=linux" };

static void reset(struct cmdline *out)
{
	memset(out, 0, sizeof(*out));
#define CMDLINE(key, kind, fallback, doc) out->key = fallback;
#include "kernel/cmdline.def"
#undef CMDLINE
	memcpy(out->envp, first_env, sizeof(first_env));
	out->envc = ARRAY_SIZE(first_env);
	out->argc = 1;
}

static void ignore(struct cmdline *out, const char *word)
{
	if (out->ignored_count++ == 0) {
		out->ignored = word;
	}
}

static void add_argument(struct cmdline *out, const char *word)
{
	if (out->argc == CMDLINE_ARGS_MAX) {
		ignore(out, word);
		return;
	}
	out->argv[out->argc++] = word;
}

/* Adds NAME=value, in the place of an earlier NAME if there is one. */
static void add_environment(struct cmdline *out, const char *word,
			    size_t name_len)
{
	u32 i = 0;

	while (i < out->envc && strncmp(out->envp[i], word, name_len + 1)) {
		i++;
	}
	if (i == CMDLINE_ENV_MAX) {
		ignore(out, word);
		return;
	}
	out->envp[i] = word;
	out->envc = MAX(out->envc, i + 1);
}

/* The key of that name, or NULL. */
static const struct key *find_key(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strlen(keys[i].name) == len &&
		    memcmp(keys[i].name, name, len) == 0) {
			return &keys[i];
		}
	}
	return NULL;
}

/* Returns 0, or the error of a number that is none. */
static int set_field(struct cmdline *out, const struct key *key,
		     const char *value)
{
	void *field = (char *)out + key->offset;

	if (key->kind == KIND_NUMBER) {
		return parse_u64(value, strlen(value), field);
	}
	*(const char **)field = value;
	return 0;
}

/* Hands out one word from before the `--`. */
static void take_word(struct cmdline *out, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct key *key;

	if (equals == NULL) {
		add_argument(out, word);
		return;
	}
	key = find_key(word, (size_t)(equals - word));
	if (key == NULL) {
		add_environment(out, word, (size_t)(equals - word));
	} else if (set_field(out, key, equals + 1) != 0) {
		ignore(out, word);
	}
}

/* Copies the next word; NULL at the end of the line or of the buffer. */
static const char *next_word(struct cmdline *out, const char **cursor)
{
	char *word = &out->words[out->words_bytes];
	int len =
		parse_word(cursor, word, sizeof(out->words) - out->words_bytes);

	if (len < 0) {
		ignore(out, "(the rest: too long)");
		return NULL;
	}
	out->words_bytes += (u32)len + 1;
	return len == 0 ? NULL : word;
}

int cmdline_parse(const char *text, struct cmdline *out)
{
	bool for_init = false;
	const char *word;

	reset(out);
	while ((word = next_word(out, &text)) != NULL) {
		if (for_init) {
			add_argument(out, word);
		} else if (strcmp(word, "--") == 0) {
			for_init = true;
		} else {
			take_word(out, word);
		}
	}
	out->argv[0] = out->init;
	return out->ignored_count == 0 ? 0 : -EINVAL;
}
