ktests-y += tests/sched/test_threads.c tests/sched/test_waitq.c \
	tests/sched/test_mutex.c tests/sched/test_semaphore.c \
	tests/sched/crew.c
