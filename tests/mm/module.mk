tests-y     += tests/mm/test_frame.c tests/mm/test_frame_map.c
hosttests-y += tests/mm/host_memory.c tests/mm/test_frame_host.c
