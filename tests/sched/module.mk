ktests-y += tests/sched/test_threads.c tests/sched/test_waitq.c \
	tests/sched/test_mutex.c tests/sched/test_semaphore.c \
	tests/sched/test_balance.c tests/sched/test_migration.c \
	tests/sched/test_near.c tests/sched/test_lend.c \
	tests/sched/test_poll.c tests/sched/test_keeper.c tests/sched/crew.c
ktests-y += tests/sched/test_storms.c
tests-y += tests/sched/test_fair.c tests/sched/test_load.c
hosttests-y += tests/sched/test_follow_host.c
hosttests-y += tests/sched/simulator.c tests/sched/test_fairness_host.c
hostsrc-y += sched/fair.c
ktests-y += tests/sched/test_stack_depth.c
