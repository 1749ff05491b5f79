# test_string.c tests the kernel's own functions: on the host,
# test_string_host.c builds both under names that the C library does not have.
tests-y     += tests/lib/test_bitmap.c tests/lib/test_format.c \
	tests/lib/test_list.c tests/lib/test_parse.c tests/lib/test_random.c \
	tests/lib/test_ring.c tests/lib/test_ring_messages.c \
	tests/lib/test_string_copy.c \
	tests/lib/test_tree.c
ktests-y    += tests/lib/test_string.c
hosttests-y += tests/host/interleave.c tests/lib/test_ring_model_host.c \
	tests/lib/test_ring_hostile_host.c \
	tests/lib/test_errno_host.c tests/lib/test_format_host.c \
	tests/lib/test_string_host.c
