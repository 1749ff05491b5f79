/* SPDX-License-Identifier: MIT */
/*
 * The names of the trace: groups for trace=, events and arguments for people.
 */
#include "trace/trace.h"

#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"

static const char *const group_names[] = {
#define TRACE_GROUP(name, start) #name,
#include "trace/events.def"
#undef TRACE_GROUP
};

static const struct {
	const char *name;
	const char *format;
} events[] = {
	{ "NONE", "" },
#define TRACE_EVENT(name, group, format) { &#name[sizeof("TRACE")], format },
#include "trace/events.def"
#undef TRACE_EVENT
};

static u32 group_bits(const char *name, size_t len)
{
	if (len == 3 && strncmp(name, "all", len) == 0) {
		return (1u << TRACE_GROUP_COUNT) - 1;
	}
	for (unsigned i = 0; i < TRACE_GROUP_COUNT; i++) {
		if (strlen(group_names[i]) == len &&
		    strncmp(group_names[i], name, len) == 0) {
			return 1u << i;
		}
	}
	return 0;
}

int trace_select(const char *groups)
{
	u32 chosen = 0;
	int err = 0;

	while (strcmp(groups, "off") != 0 && *groups != '\0') {
		const char *end = strchr(groups, ',');
		size_t len = end ? (size_t)(end - groups) : strlen(groups);
		u32 bits = group_bits(groups, len);

		err = bits ? err : -EINVAL;
		chosen |= bits;
		groups += end ? len + 1 : len;
	}
	WRITE_ONCE(trace_groups, chosen);
	return err;
}

const char *trace_event_name(unsigned event)
{
	return event < TRACE_EVENT_COUNT ? events[event].name : "?";
}

/* Expands one % form at `*f`; returns the length as format() does. */
static size_t expand(const char **f, const struct arch_record *r, char *buf,
		     size_t size)
{
	char form = **f > 'b' ? *(*f)++ : 'd';
	u64 value = *(*f)++ == 'a' ? r->a : r->b;

	if (form == 's') {
		return trace_symbol(value, buf, size);
	}
	if (form == 't') {
		return (size_t)format(buf, size, "%.8s", (const char *)&value);
	}
	if (form == 'n') {
		value = clock_cycles_to_ns(value);
	}
	return (size_t)format(buf, size, form == 'x' ? "%#lx" : "%ld", value);
}

void trace_format(const struct arch_record *record, char *buf, size_t size)
{
	const char *f = record->event < TRACE_EVENT_COUNT
				? events[record->event].format
				: "?";
	size_t at = 0;

	while (*f != '\0' && at + 1 < size) {
		if (*f == '%') {
			f++;
			at += expand(&f, record, buf + at, size - at);
		} else {
			buf[at++] = *f++;
		}
	}
	buf[MIN(at, size - 1)] = '\0';
}
