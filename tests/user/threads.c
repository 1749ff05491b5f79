/* SPDX-License-Identifier: MIT */
/*
 * POSIX threads as the C library makes them of clone() and futex().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* linux/futex.h, which musl does not have. */
#define FUTEX_WAIT           0
#define FUTEX_WAKE           1
#define FUTEX_REQUEUE        3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAKE_OP        5
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_WAKE_PRIVATE   (FUTEX_WAKE | FUTEX_PRIVATE_FLAG)
/* words[1] += 5, and was it greater than 9? */
#define ADD_5_GREATER_9 (1 << 28 | 4 << 24 | 5 << 12 | 9)

#define THREADS         8
#define ROUNDS          500
#define BORN            200

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;
static int turn;
static __thread long own;

static void *add(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		own++;
	}
	return (void *)own;
}

static int mutual_exclusion(void)
{
	pthread_t threads[THREADS];
	long sum = 0;

	counter = 0;
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, add, NULL) != 0) {
			return 0;
		}
	}
	for (int i = 0; i < THREADS; i++) {
		void *one;

		pthread_join(threads[i], &one);
		sum += (long)one;
	}
	return counter == THREADS * ROUNDS && sum == THREADS * ROUNDS &&
	       own == 0;
}

static void *take_turns(void *arg)
{
	int self = (int)(intptr_t)arg;

	for (int i = 0; i < ROUNDS / 10; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != self) {
			pthread_cond_wait(&cond, &mutex);
		}
		turn = (turn + 1) % THREADS;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static int turns(void)
{
	pthread_t threads[THREADS];

	turn = 0;
	for (intptr_t i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, take_turns, (void *)i);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	return turn == 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int born_and_joined(void)
{
	for (intptr_t i = 0; i < BORN; i++) {
		pthread_t thread;
		void *got;

		if (pthread_create(&thread, NULL, nothing, (void *)i) != 0) {
			return 0;
		}
		pthread_join(thread, &got);
		if (got != (void *)i) {
			return 0;
		}
	}
	return 1;
}

static sem_t ping, pong;

static void *answer(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		sem_wait(&ping);
		sem_post(&pong);
	}
	return arg;
}

static int semaphores(void)
{
	pthread_t thread;

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	pthread_create(&thread, NULL, answer, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		sem_post(&ping);
		sem_wait(&pong);
	}
	pthread_join(thread, NULL);
	return 1;
}

static pthread_barrier_t barrier;
static int arrived;

static void *meet(void *arg)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	pthread_barrier_wait(&barrier);
	return __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) == THREADS ? arg
								      : NULL;
}

static int barriers(void)
{
	pthread_t threads[THREADS];
	int ok = 1;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, meet, &barrier);
	}
	for (int i = 0; i < THREADS; i++) {
		void *got;

		pthread_join(threads[i], &got);
		ok &= got == &barrier;
	}
	return ok;
}

static pid_t thread_tid;

static void *tell_tid(void *arg)
{
	thread_tid = (pid_t)syscall(SYS_gettid);
	return (void *)(intptr_t)(getpid() == *(pid_t *)arg);
}

static int numbers(void)
{
	pid_t pid = getpid();
	pthread_t thread;
	void *same;

	pthread_create(&thread, NULL, tell_tid, &pid);
	pthread_join(thread, &same);
	return same != NULL && thread_tid != pid && thread_tid > 0;
}

static long futex(void *word, int op, int value, void *timeout, void *second,
		  int third)
{
	return syscall(SYS_futex, word, op, value, timeout, second, third);
}

static int futex_errors(void)
{
	static int word = 5;
	struct timespec soon = { 0, 1000000 }, bad = { 0, -1 };

	return futex(&word, FUTEX_WAIT, 6, NULL, NULL, 0) == -1 &&
	       errno == EAGAIN &&
	       futex(&word, FUTEX_WAIT, 5, &soon, NULL, 0) == -1 &&
	       errno == ETIMEDOUT &&
	       futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0) == -1 &&
	       errno == EINVAL &&
	       futex((char *)&word + 1, FUTEX_WAKE, 1, NULL, NULL, 0) == -1 &&
	       errno == EINVAL &&
	       futex((void *)8, FUTEX_WAIT, 0, NULL, NULL, 0) == -1 &&
	       errno == EFAULT &&
	       futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0) == -1 &&
	       errno == EINVAL &&
	       futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0 &&
	       futex(&word, FUTEX_CMP_REQUEUE, 0, NULL, &word, 4) == -1 &&
	       errno == EAGAIN && futex(&word, 77, 0, NULL, NULL, 0) == -1 &&
	       errno == ENOSYS;
}

static int words[2];

static void *wait_on_word(void *arg)
{
	long bits = (long)arg;

	while (__atomic_load_n(&words[0], __ATOMIC_SEQ_CST) == 0) {
		futex(&words[0], FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0,
		      NULL, NULL, (int)bits);
	}
	return NULL;
}

/* Waits until `count` have been woken or moved by calls that name none. */
static void until(int count, int op, int value, int move, int *to, int third)
{
	while (count > 0) {
		long n = futex(&words[0], op | FUTEX_PRIVATE_FLAG, value,
			       (void *)(long)move, to, third);

		count -= n > 0 ? (int)n : 0;
		sched_yield();
	}
}

static int requeue(void)
{
	pthread_t threads[4];
	long woken = 0;

	words[0] = words[1] = 0;
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, wait_on_word, (void *)1);
	}
	until(4, FUTEX_REQUEUE, 0, 4, &words[1], 0);
	if (futex(&words[0], FUTEX_WAKE_PRIVATE, 4, NULL, NULL, 0) != 0) {
		return 0;
	}
	__atomic_store_n(&words[0], 1, __ATOMIC_SEQ_CST);
	woken = futex(&words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	woken += futex(&words[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	return woken == 4;
}

static int bitsets(void)
{
	pthread_t one, two;

	words[0] = 0;
	pthread_create(&one, NULL, wait_on_word, (void *)1);
	pthread_create(&two, NULL, wait_on_word, (void *)2);
	until(1, FUTEX_WAKE_BITSET, 9, 0, NULL, 2);
	until(1, FUTEX_WAKE_BITSET, 9, 0, NULL, 1);
	__atomic_store_n(&words[0], 1, __ATOMIC_SEQ_CST);
	futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	return 1;
}

static int wake_op(void)
{
	words[0] = 3;
	words[1] = 10;
	return futex(&words[0], FUTEX_WAKE_OP, 1, (void *)1, &words[1],
		     ADD_5_GREATER_9) == 0 &&
	       words[1] == 15;
}

/* Two processes and a word of shared memory at different addresses. */
static int shared_words(void)
{
	int *here = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int *there =
			mremap(here, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED,
			       (char *)here - (1 << 20));

		there = there == MAP_FAILED ? here : there;
		for (int i = 0; i < 100; i++) {
			while (__atomic_load_n(there, __ATOMIC_SEQ_CST) !=
			       2 * i + 1) {
				futex(there, FUTEX_WAIT, 2 * i, NULL, NULL, 0);
			}
			__atomic_store_n(there, 2 * i + 2, __ATOMIC_SEQ_CST);
			futex(there, FUTEX_WAKE, 1, NULL, NULL, 0);
		}
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		__atomic_store_n(here, 2 * i + 1, __ATOMIC_SEQ_CST);
		futex(here, FUTEX_WAKE, 1, NULL, NULL, 0);
		while (__atomic_load_n(here, __ATOMIC_SEQ_CST) != 2 * i + 2) {
			futex(here, FUTEX_WAIT, 2 * i + 1, NULL, NULL, 0);
		}
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

static void *die_with_lock(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static int robust(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t lock;
	pthread_t thread;
	int got;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&lock, &attr);
	pthread_create(&thread, NULL, die_with_lock, &lock);
	pthread_join(thread, NULL);
	got = pthread_mutex_lock(&lock);
	return got == EOWNERDEAD && pthread_mutex_consistent(&lock) == 0 &&
	       pthread_mutex_unlock(&lock) == 0;
}

static void *spin(void *arg)
{
	for (;;) {
		__asm__ volatile("pause");
	}
	return arg;
}

static void *sleep_long(void *arg)
{
	pthread_mutex_lock(&mutex);
	for (;;) {
		pthread_cond_wait(&cond, &mutex);
	}
	return arg;
}

/* exit_group() ends threads that compute and threads that sleep. */
static int group_exit(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		pthread_t thread;

		for (int i = 0; i < 3; i++) {
			pthread_create(&thread, NULL, spin, NULL);
			pthread_create(&thread, NULL, sleep_long, NULL);
		}
		usleep(2000);
		_exit(42);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 42;
}

static void *end_process(void *arg)
{
	usleep(1000);
	_exit((int)(intptr_t)arg);
}

/* The first thread may end before the others. */
static int first_ends(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, end_process, (void *)17);
		pthread_exit(NULL);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 17;
}

static volatile int *volatile nowhere = (volatile int *)8;

static void *fault(void *arg)
{
	*nowhere = 1;
	return arg;
}

static int fault_ends_all(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, spin, NULL);
		pthread_create(&thread, NULL, fault, NULL);
		pthread_join(thread, NULL);
		_exit(1);
	}
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	       WTERMSIG(status) == 11;
}

static void *fork_there(void *arg)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		_exit(getpid() == (pid_t)syscall(SYS_gettid) ? 8 : 9);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) == 8 ? arg : NULL;
}

static int fork_in_thread(void)
{
	pthread_t thread;
	void *got;

	pthread_create(&thread, NULL, fork_there, &mutex);
	pthread_join(thread, &got);
	return got == &mutex;
}

/* Deadlines by the date, which come and do not take years. */
static int dated_waits(void)
{
	struct timespec past = { 1, 0 }, soon;
	uint32_t word = 5;
	int err;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	err = pthread_cond_timedwait(&cond, &mutex, &soon);
	pthread_mutex_unlock(&mutex);
	return err == ETIMEDOUT &&
	       futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &past,
		     NULL, -1) == -1 &&
	       errno == ETIMEDOUT &&
	       futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL,
		     0) == -1 &&
	       errno == ENOSYS;
}

int main(void)
{
	result("dated waits", dated_waits());
	result("mutual exclusion", mutual_exclusion());
	result("turns", turns());
	result("born and joined", born_and_joined());
	result("semaphores", semaphores());
	result("barriers", barriers());
	result("numbers", numbers());
	result("futex errors", futex_errors());
	result("requeue", requeue());
	result("bitsets", bitsets());
	result("wake op", wake_op());
	result("shared words", shared_words());
	result("robust", robust());
	result("group exit", group_exit());
	result("first ends", first_ends());
	result("fault ends all", fault_ends_all());
	result("fork in a thread", fork_in_thread());
	return wrong_count != 0;
}
