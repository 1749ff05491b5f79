/* SPDX-License-Identifier: MIT */
/*
 * The first line of scripts.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/program.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *blanks_skip(char *s)
{
	while (is_blank(*s)) {
		s++;
	}
	return s;
}

static char *word_skip(char *s)
{
	while (*s != '\0' && !is_blank(*s)) {
		s++;
	}
	return s;
}

int script_parse(const struct program_file *pf, struct script *out)
{
	size_t len = MIN(pf->head_bytes, sizeof(out->line)) - 2;
	bool whole = pf->size_bytes < sizeof(out->line);
	char *at, *end;

	memcpy(out->line, pf->head + 2, len);
	out->line[len] = '\0';
	end = strchr(out->line, '\n');
	whole = whole || end != NULL;
	end = end ? end : out->line + strlen(out->line);
	while (end > out->line && is_blank(end[-1])) {
		end--;
	}
	*end = '\0';
	at = blanks_skip(out->line);
	out->interpreter = at;
	at = word_skip(at);
	/* An interpreter's name that is cut is none; an argument may be. */
	if (at == out->interpreter || (*at == '\0' && !whole)) {
		return -ENOEXEC;
	}
	out->argument = NULL;
	if (*at != '\0') {
		*at = '\0';
		out->argument = blanks_skip(at + 1);
	}
	return 0;
}
