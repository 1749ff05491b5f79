ktests-y += tests/trace/test_trace.c tests/trace/test_records.c \
	tests/trace/test_events.c
