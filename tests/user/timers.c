/* SPDX-License-Identifier: MIT */
/*
 * Timers that send signals, timers that are read, and signals that are read.
 * Nothing here depends on how fast the machine is: a timer is late at will.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000l

static void *volatile unmapped = (void *)16;

static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

static struct itimerspec in_ms(long value, long interval)
{
	return (struct itimerspec){
		{ interval / 1000, interval % 1000 * MS },
		{ value / 1000, value % 1000 * MS },
	};
}

/* Whether the time is there, and not more than what was set. */
static void left(const char *what, const struct itimerspec *t, long most_s)
{
	printf("%s: %s, interval %ld.%03ld\n", what,
	       t->it_value.tv_sec == 0 && t->it_value.tv_nsec == 0 ? "stopped"
	       : t->it_value.tv_sec < most_s                       ? "running"
								   : "too long",
	       (long)t->it_interval.tv_sec, t->it_interval.tv_nsec / MS);
}

static struct timespec now_and(int clock, long ns)
{
	struct timespec t;

	clock_gettime(clock, &t);
	ns += t.tv_nsec + 1000000000; /* which may be before this second */
	t.tv_sec += ns / 1000000000 - 1;
	t.tv_nsec = ns % 1000000000;
	return t;
}

/* ---- timerfd ------------------------------------------------------------ */

static void take(const char *what, int fd)
{
	uint64_t n = 0;
	ssize_t got = read(fd, &n, sizeof(n));

	if (got < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %zd bytes, %s\n", what, got,
		       n == 0 ? "none" : "some");
	}
	fflush(stdout);
}

static int ready(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, ms);
	return p.revents;
}

static void test_timerfd(int clock)
{
	int fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec set = in_ms(20000, 7000), old = in_ms(1, 1);
	struct epoll_event e = { .events = EPOLLIN };
	int events = epoll_create1(0);
	uint64_t n;

	show("mark", fcntl(fd, F_GETFD));
	take("not set", fd);
	show("ready", ready(fd, 0));
	show("set", timerfd_settime(fd, 0, &set, &old));
	left("before", &old, 1);
	show("get", timerfd_gettime(fd, &old));
	left("now", &old, 20);
	take("too early", fd);
	set = in_ms(1, 0);
	show("soon", timerfd_settime(fd, 0, &set, &old));
	left("before", &old, 20);
	show("ready", ready(fd, -1));
	show("read", read(fd, &n, sizeof(n)));
	printf("%llu\n", (unsigned long long)n);
	show("get", timerfd_gettime(fd, &old));
	left("after", &old, 1);
	take("again", fd);
	set = in_ms(1, 1);
	epoll_ctl(events, EPOLL_CTL_ADD, fd, &e);
	timerfd_settime(fd, 0, &set, NULL);
	show("set of files", epoll_wait(events, &e, 1, -1));
	take("every", fd);
	show("set of files", epoll_wait(events, &e, 1, -1));
	show("short", read(fd, &n, 4));
	show("write", write(fd, &n, 8));
	set = in_ms(0, 5);
	show("stop", timerfd_settime(fd, 0, &set, NULL));
	show("ready", ready(fd, 0));
	set.it_value = now_and(clock, -5 * MS);
	set.it_interval = (struct timespec){ 0, 0 };
	show("past", timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	show("ready", ready(fd, -1));
	take("past", fd);
	set.it_value = now_and(clock, 5 * MS);
	fcntl(fd, F_SETFL, 0);
	show("moment", timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	take("waited", fd);
	show("flags", timerfd_settime(fd, 8, &set, NULL));
	set.it_value.tv_nsec = -1;
	show("bad time", timerfd_settime(fd, 0, &set, NULL));
	show("bad place", timerfd_settime(fd, 0, unmapped, NULL));
	show("bad place", timerfd_gettime(fd, unmapped));
	close(fd);
	close(events);
}

static void test_timerfd_refused(void)
{
	struct itimerspec set = in_ms(1, 0);

	show("clock", timerfd_create(CLOCK_THREAD_CPUTIME_ID, 0));
	show("clock", timerfd_create(77, 0));
	show("flags", timerfd_create(CLOCK_MONOTONIC, 1));
	show("not a timer", timerfd_settime(0, 0, &set, NULL));
	show("not open", timerfd_settime(99, 0, &set, NULL));
	show("not open", timerfd_gettime(99, &set));
}

/* ---- Timers that send signals ------------------------------------------- */

static int make(clockid_t clock, int notify, int signal, int value, int tid)
{
	struct sigevent e;
	int id = -1;

	memset(&e, 0, sizeof(e));
	e.sigev_notify = notify;
	e.sigev_signo = signal;
	e.sigev_value.sival_int = value;
	memcpy((char *)&e + 16, &tid, sizeof(tid));
	return syscall(SYS_timer_create, clock, &e, &id) == 0 ? id : -1;
}

static long set_ms(int id, long value, long interval)
{
	struct itimerspec set = in_ms(value, interval);

	return syscall(SYS_timer_settime, id, 0, &set, NULL);
}

static void wait_for(const char *what, const sigset_t *set, int id)
{
	siginfo_t info;
	int signal = sigwaitinfo(set, &info);

	printf("%s: signal %d code %d value %d, %s timer\n", what, signal,
	       info.si_code, info.si_value.sival_int,
	       info.si_timerid == id ? "this" : "another");
	fflush(stdout);
}

static void test_posix_timers(void)
{
	struct itimerspec old;
	struct timespec spin;
	sigset_t set;
	int id, other;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 42, 0);
	show("made", id >= 0);
	show("set", set_ms(id, 1, 0));
	wait_for("once", &set, id);
	show("overrun", syscall(SYS_timer_getoverrun, id));
	show("get", syscall(SYS_timer_gettime, id, &old));
	left("after", &old, 1);
	show("far", set_ms(id, 30000, 4000));
	show("get", syscall(SYS_timer_gettime, id, &old));
	left("now", &old, 30);
	other = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGRTMIN + 2, 43, 0);
	show("differ", id != other);
	show("every", set_ms(other, 1, 1));
	wait_for("every", &set, other);
	wait_for("every", &set, other);
	/* Blocked for a while, it counts what it could not send. */
	spin = (struct timespec){ 0, 50 * MS };
	nanosleep(&spin, NULL);
	wait_for("late", &set, other);
	show("overruns", syscall(SYS_timer_getoverrun, other) > 5);
	show("delete", syscall(SYS_timer_delete, other));
	show("again", syscall(SYS_timer_delete, other));
	show("get", syscall(SYS_timer_gettime, other, &old));
	show("overrun", syscall(SYS_timer_getoverrun, other));
	set_ms(id, 1, 1);
	nanosleep(&spin, NULL);
	syscall(SYS_timer_delete, id);
	id = make(CLOCK_BOOTTIME, SIGEV_NONE, 0, 0, 0);
	show("none", set_ms(id, 1, 0));
	nanosleep(&spin, NULL);
	show("get", syscall(SYS_timer_gettime, id, &old));
	left("silent", &old, 1);
	syscall(SYS_timer_delete, id);
	show("default", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
	set_ms(id, 1, 0);
	{
		siginfo_t info;
		int signal = sigwaitinfo(&set, &info);

		printf("default: signal %d code %d own number %d\n", signal,
		       info.si_code, info.si_value.sival_int == id);
	}
	syscall(SYS_timer_delete, id);
}

static void test_timers_refused(void)
{
	struct itimerspec set = in_ms(1, 0);
	int id = 0;

	show("clock", make(77, SIGEV_SIGNAL, SIGUSR1, 0, 0));
	show("clock", make(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1, 0, 0));
	show("signal", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, 0));
	show("signal", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, 0));
	show("notify", make(CLOCK_MONOTONIC, 9, SIGUSR1, 0, 0));
	show("thread",
	     make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 0, getppid()));
	show("bad event",
	     syscall(SYS_timer_create, CLOCK_MONOTONIC, unmapped, &id));
	show("bad place",
	     syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, unmapped));
	show("no timer", syscall(SYS_timer_settime, 999, 0, &set, NULL));
	show("no time", syscall(SYS_timer_settime, 999, 0, NULL, NULL));
	set.it_value.tv_nsec = 1000000000;
	show("bad time", syscall(SYS_timer_settime, 999, 0, &set, NULL));
}

/* A timer's signal goes to the one thread. */
static volatile int thread_id;
static pthread_barrier_t barrier;

static void *receiver(void *arg)
{
	siginfo_t info;
	sigset_t set;

	(void)arg;
	thread_id = (int)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	if (sigwaitinfo(&set, &info) == SIGUSR2) {
		printf("thread: value %d\n", info.si_value.sival_int);
	}
	return NULL;
}

static void test_thread(void)
{
	pthread_t thread;
	sigset_t set;
	long err;
	int id;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, receiver, NULL);
	pthread_barrier_wait(&barrier);
	id = make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR2, 9, thread_id);
	err = set_ms(id, 1, 0);
	pthread_join(thread, NULL); /* it prints, too */
	show("to a thread", err);
	/* The thread has ended: nobody gets it. */
	show("to nobody", set_ms(id, 1, 1));
	usleep(20000);
	sigpending(&set);
	show("pending", sigismember(&set, SIGUSR2));
	/* A child has no timers, and neither has the next program. */
	fflush(stdout);
	if (fork() == 0) {
		struct itimerspec old;

		_exit(syscall(SYS_timer_gettime, id, &old) == 0);
	}
	wait(&id);
	show("child", id);
}

static volatile sig_atomic_t caught;

static void catch_it(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal == SIGVTALRM && info->si_code == SI_TIMER) {
		caught++;
	}
}

/* Processor time, and a handler. */
static void test_processor_time(void)
{
	struct sigaction action = { .sa_sigaction = catch_it,
				    .sa_flags = SA_SIGINFO };
	int id;

	sigaction(SIGVTALRM, &action, NULL);
	id = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGVTALRM, 1, 0);
	set_ms(id, 3, 3);
	while (caught < 3) {
	}
	puts("processor time has passed");
	syscall(SYS_timer_delete, id);
}

/* ---- signalfd ----------------------------------------------------------- */

static void take_signal(const char *what, int fd)
{
	struct signalfd_siginfo info[3];
	ssize_t got = read(fd, info, sizeof(info));

	if (got < 0) {
		printf("%s: error %d\n", what, errno);
		return;
	}
	printf("%s:", what);
	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*info); i++) {
		printf(" signal %u code %d value %d own %d", info[i].ssi_signo,
		       info[i].ssi_code, info[i].ssi_int,
		       info[i].ssi_pid == (uint32_t)getpid());
	}
	puts("");
	fflush(stdout);
}

static void test_signalfd(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int events = epoll_create1(0), fd, id;
	union sigval value = { .sival_int = 5 };
	sigset_t set;
	char byte;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGKILL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	show("mark", fcntl(fd, F_GETFD));
	take_signal("nothing", fd);
	show("ready", ready(fd, 0));
	epoll_ctl(events, EPOLL_CTL_ADD, fd, &e);
	show("set of files", epoll_wait(events, &e, 1, 0));
	kill(getpid(), SIGUSR1);
	show("ready", ready(fd, 0));
	show("set of files", epoll_wait(events, &e, 1, 0));
	take_signal("one", fd);
	show("ready", ready(fd, 0));
	sigqueue(getpid(), SIGRTMIN + 3, value);
	sigqueue(getpid(), SIGRTMIN + 3, value);
	kill(getpid(), SIGUSR1);
	take_signal("three", fd);
	take_signal("no more", fd);
	show("short", read(fd, &byte, 1));
	show("write", write(fd, &byte, 1));
	sigdelset(&set, SIGUSR1);
	show("another set", signalfd(fd, &set, 0) == fd);
	kill(getpid(), SIGUSR1);
	take_signal("not in it", fd);
	sigaddset(&set, SIGUSR1);
	signalfd(fd, &set, 0);
	take_signal("in it", fd);
	fcntl(fd, F_SETFL, 0);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		usleep(20000);
		_exit(3);
	}
	{
		struct signalfd_siginfo info;

		show("child", read(fd, &info, sizeof(info)));
		printf("%u %d %d %d\n", info.ssi_signo, info.ssi_code,
		       info.ssi_pid == (uint32_t)child, info.ssi_status);
	}
	waitpid(child, NULL, 0);
	id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 3, 17, 0);
	set_ms(id, 1, 0);
	show("ready", ready(fd, -1));
	take_signal("a timer's", fd);
	syscall(SYS_timer_delete, id);
	show("flags", signalfd(-1, &set, 1));
	show("not one", signalfd(events, &set, 0));
	show("not open", signalfd(99, &set, 0));
	show("size", syscall(SYS_signalfd4, -1, &set, 4, 0));
	show("bad set", syscall(SYS_signalfd4, -1, unmapped, 8, 0));
	close(fd);
	close(events);
}

int main(void)
{
	test_timerfd(CLOCK_MONOTONIC);
	test_timerfd(CLOCK_REALTIME);
	test_timerfd_refused();
	test_posix_timers();
	test_timers_refused();
	test_thread();
	test_processor_time();
	test_signalfd();
	return 0;
}
