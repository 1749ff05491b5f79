/* SPDX-License-Identifier: MIT */
/*
 * What processes are told of what they used: getrusage(), times(), wait4(),
 * /proc/PID/stat.  Work is measured by the processor time that it took, never
 * by the clock on the wall.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE     4096
#define MS       1000000L
#define TICK_MS  10
#define LIMIT_MS 20000

/* What four times may lose when each is cut to milliseconds. */
#define ROUNDED_MS 4

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

static long used_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / MS;
}

static long ms_of(struct timeval t)
{
	return t.tv_sec * 1000 + t.tv_usec / 1000;
}

static struct rusage usage(int who)
{
	struct rusage u;

	if (getrusage(who, &u) != 0) {
		abort();
	}
	return u;
}

static void work_in_program(long ms)
{
	static volatile unsigned long sink;
	long end = used_ms() + ms;

	while (used_ms() < end) {
		for (int i = 0; i < 200000; i++) {
			sink += (unsigned long)i;
		}
	}
}

static void work_in_kernel(long ms)
{
	static char buf[256 << 10];
	int fd = open("/dev/zero", O_RDONLY);
	long end = used_ms() + ms;

	while (used_ms() < end) {
		for (int i = 0; i < 4; i++) {
			if (read(fd, buf, sizeof(buf)) != sizeof(buf)) {
				abort();
			}
		}
	}
	close(fd);
}

/* In the end most of the work counts where it was done. */
static int mostly(int who, void (*work)(long ms), int in_kernel)
{
	struct rusage before = usage(who), now;
	long limit = used_ms() + LIMIT_MS, user, system;

	do {
		work(50);
		now = usage(who);
		user = ms_of(now.ru_utime) - ms_of(before.ru_utime);
		system = ms_of(now.ru_stime) - ms_of(before.ru_stime);
	} while ((in_kernel ? system <= 2 * user : user <= 2 * system) &&
		 used_ms() < limit);
	return used_ms() < limit;
}

static void test_split(void)
{
	result("in the program", mostly(RUSAGE_SELF, work_in_program, 0));
	result("in the kernel", mostly(RUSAGE_SELF, work_in_kernel, 1));
	result("thread in the program",
	       mostly(RUSAGE_THREAD, work_in_program, 0));
	result("thread in the kernel",
	       mostly(RUSAGE_THREAD, work_in_kernel, 1));
}

static long ticks_of_stat(long *user, long *system)
{
	char text[1024], *at;
	int fd = open("/proc/self/stat", O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	at = strrchr(text, ')');
	return at != NULL &&
	       sscanf(at,
		      ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
		      user, system) == 2;
}

static int between(struct timeval before, long ticks, struct timeval after)
{
	long ms = ticks * TICK_MS;

	return ms >= ms_of(before) - 2 * TICK_MS &&
	       ms <= ms_of(after) + 2 * TICK_MS;
}

/* Three who tell the same. */
static void test_agreement(void)
{
	struct rusage a = usage(RUSAGE_SELF), b;
	struct tms t;
	long user, system, told;

	times(&t);
	told = ticks_of_stat(&user, &system);
	b = usage(RUSAGE_SELF);
	result("times", between(a.ru_utime, t.tms_utime, b.ru_utime) &&
				between(a.ru_stime, t.tms_stime, b.ru_stime));
	result("stat", told && between(a.ru_utime, user, b.ru_utime) &&
			       between(a.ru_stime, system, b.ru_stime));
}

static void test_children(void)
{
	struct rusage before = usage(RUSAGE_CHILDREN), after, child;
	struct tms t;
	long of_child;
	pid_t pid = fork();

	if (pid == 0) {
		work_in_program(100);
		_exit(0);
	}
	result("wait", wait4(pid, NULL, 0, &child) == pid);
	after = usage(RUSAGE_CHILDREN);
	of_child = ms_of(child.ru_utime) + ms_of(child.ru_stime);
	result("child", of_child >= 100 - ROUNDED_MS && child.ru_minflt > 0 &&
				child.ru_maxrss > 0);
	result("children", ms_of(after.ru_utime) + ms_of(after.ru_stime) -
					   ms_of(before.ru_utime) -
					   ms_of(before.ru_stime) >=
				   100 - ROUNDED_MS);
	times(&t);
	result("times of children",
	       between(after.ru_utime, t.tms_cutime, after.ru_utime) &&
		       between(after.ru_stime, t.tms_cstime, after.ru_stime));
}

static void test_memory(void)
{
	size_t len = 16 << 20;
	struct rusage a = usage(RUSAGE_SELF), b, c;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long pages = (long)(len / PAGE);

	madvise(p, len, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < len; at += PAGE) {
		p[at] = 1;
	}
	b = usage(RUSAGE_SELF);
	munmap(p, len);
	c = usage(RUSAGE_SELF);
	result("faults", b.ru_minflt - a.ru_minflt >= pages &&
				 b.ru_minflt - a.ru_minflt < pages + 64);
	result("no major faults", c.ru_majflt == a.ru_majflt);
	result("peak", b.ru_maxrss >= (long)(len / 1024) &&
			       c.ru_maxrss >= b.ru_maxrss &&
			       c.ru_maxrss < b.ru_maxrss + 4096);
}

static void test_switches(void)
{
	struct rusage a = usage(RUSAGE_SELF), b;
	struct timespec moment = { 0, MS };
	cpu_set_t one;
	long limit = used_ms() + LIMIT_MS;
	pid_t pid;

	do {
		nanosleep(&moment, NULL);
		b = usage(RUSAGE_SELF);
	} while (b.ru_nvcsw - a.ru_nvcsw < 10 && used_ms() < limit);
	result("sleeps", b.ru_nvcsw - a.ru_nvcsw >= 10);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = fork();
	if (pid == 0) {
		work_in_program(LIMIT_MS);
		_exit(0);
	}
	a = usage(RUSAGE_SELF);
	do {
		work_in_program(1);
		b = usage(RUSAGE_SELF);
	} while (b.ru_nivcsw - a.ru_nivcsw < 2 && used_ms() < limit);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	result("preemptions", b.ru_nivcsw - a.ru_nivcsw >= 2);
}

/* musl's own function refuses. */
static int policy_set(int tid, int policy, const struct sched_param *param)
{
	return (int)syscall(SYS_sched_setscheduler, tid, policy, param);
}

static int policy_now(void)
{
	return (int)syscall(SYS_sched_getscheduler, 0);
}

/* What is set is told, and a child has it, unless that was forbidden. */
static int policy_of_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		_exit(policy_now() * 20 + getpriority(PRIO_PROCESS, 0));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void test_policies(void)
{
	struct sched_param none = { 0 }, some = { .sched_priority = 5 };
	int reset = 0x40000000;

	setpriority(PRIO_PROCESS, 0, 2);
	result("batch", policy_set(0, SCHED_BATCH, &none) == 0 &&
				policy_now() == SCHED_BATCH &&
				policy_of_child() == SCHED_BATCH * 20 + 2);
	result("idle", policy_set(0, SCHED_IDLE, &none) == 0 &&
			       policy_now() == SCHED_IDLE &&
			       policy_of_child() == SCHED_IDLE * 20 + 2);
	result("not inherited",
	       policy_set(0, SCHED_OTHER | reset, &none) == 0 &&
		       policy_now() == (SCHED_OTHER | reset) &&
		       policy_of_child() == 2);
	result("no such policy",
	       policy_set(0, 4, &none) == -1 &&
		       policy_set(0, SCHED_OTHER, &some) == -1 &&
		       policy_set(-1, 0, &none) == -1);
	result("input and output",
	       syscall(SYS_ioprio_set, 1, 0, 3 << 13 | 0) == 0 &&
		       syscall(SYS_ioprio_get, 1, 0) == 3 << 13 &&
		       syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 4) == 0 &&
		       syscall(SYS_ioprio_get, 1, getpid()) == (2 << 13 | 4) &&
		       syscall(SYS_ioprio_set, 1, 0, 7 << 13) == -1 &&
		       syscall(SYS_ioprio_set, 9, 0, 0) == -1 &&
		       syscall(SYS_ioprio_get, 1, 1 << 22) == -1);
}

static void test_refusals(void)
{
	struct rusage u;

	result("nobody's", getrusage(7, &u) == -1);
	result("nowhere", getrusage(RUSAGE_SELF, (void *)8) == -1);
}

int main(void)
{
	test_split();
	test_agreement();
	test_children();
	test_memory();
	test_switches();
	test_policies();
	test_refusals();
	return wrong_count != 0;
}
