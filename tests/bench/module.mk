tests-y += tests/bench/test_stats.c
ktests-y += tests/bench/test_bench.c
