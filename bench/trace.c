/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of the trace: in place, as the files built for speed record (this
 * is one of them), and called, as the others do.
 */
#include "trace/trace.h"

#include "bench/bench.h"

static const char *trace_with(struct bench *b, u32 groups)
{
	u32 before = trace_groups;

	WRITE_ONCE(trace_groups, groups);
	BENCH_LOOP(b, 64, trace(TRACE_MARK, b, 0));
	WRITE_ONCE(trace_groups, before);
	return NULL;
}

const char *bench_trace_on(struct bench *b)
{
	return trace_with(b, TRACE_MARK_MASK);
}

const char *bench_trace_off(struct bench *b)
{
	return trace_with(b, 0);
}

const char *bench_trace_called(struct bench *b)
{
	BENCH_LOOP(b, 64, trace_record(TRACE_MARK, (u64)b, 0));
	return NULL;
}
