ktests-y    += tests/mm/test_aspace.c tests/mm/test_evict.c \
	tests/mm/test_nodes.c tests/mm/test_shootdown.c \
	tests/mm/test_object.c tests/mm/test_owner.c tests/mm/test_region.c \
	tests/mm/test_restart.c
tests-y     += tests/mm/test_frame.c tests/mm/test_frame_map.c \
	tests/mm/test_kmem.c
hosttests-y += tests/mm/host_memory.c tests/mm/test_frame_host.c \
	tests/mm/test_kmem_host.c tests/mm/test_nodes_host.c
