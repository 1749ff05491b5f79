ktests-y += tests/trace/test_trace.c
