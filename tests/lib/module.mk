tests-y += tests/lib/test_list.c tests/lib/test_random.c tests/lib/test_ring.c
