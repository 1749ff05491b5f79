# The thread tests: processors are pthreads, under ThreadSanitizer.  Made of
# the host's runner, $(threadtests-y) and the kernel's files in $(threadsrc-y).
thread-cflags  := -std=gnu11 -O1 -g -DEXO_HOST=1 -DEXO_DEBUG=1 \
	-fsanitize=thread -fno-omit-frame-pointer
threadtests-y += tests/threads/machine.c tests/threads/test_locks_threads.c \
	tests/threads/test_queues_threads.c tests/threads/test_ring_threads.c
threadsrc-y += arch/host/machine.c kernel/spinlock.c kernel/timer.c lib/random.c lib/parse.c \
	lib/ring.c lib/tree.c sched/fair.c sched/mutex.c sched/poll.c sched/semaphore.c \
	trace/trace.c
