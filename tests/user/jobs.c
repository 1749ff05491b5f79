/* SPDX-License-Identifier: MIT */
/*
 * Signals between processes: what a parent is told of its children, stop and
 * continue, groups, calls that are interrupted, interval timers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/user/asleep.h"

static int wrong_count;
static volatile siginfo_t told;
static volatile int calls;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
}

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	memcpy((void *)&told, info, sizeof(told));
	calls++;
}

static void handle(int signal, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = flags | SA_SIGINFO };

	action.sa_sigaction = fn;
	sigaction(signal, &action, NULL);
}

static void nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR) {
	}
}

static void wait_for_calls(int n)
{
	for (int i = 0; i < 2000 && calls < n; i++) {
		nap(2);
	}
}

/* A child that does nothing until it is killed. */
static pid_t idle_child(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		signal(SIGCHLD, SIG_DFL);
		for (;;) {
			pause();
		}
	}
	return child;
}

static void told_of(const char *name, pid_t child)
{
	printf("%s: signal %d code %d status %d, %s\n", name, told.si_signo,
	       told.si_code, told.si_status,
	       told.si_pid == child ? "the child" : "WRONG");
}

/* The child is there before the signal is. */
static void told_while_waiting(void)
{
	int status, rounds = 0;

	handle(SIGCHLD, note, 0);
	while (rounds < 50) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		if (waitpid(child, &status, 0) != child) {
			break;
		}
		rounds++;
	}
	result("SIGCHLD ends no wait for the child", rounds == 50);
}

static void ends(void)
{
	pid_t child;
	int status;

	handle(SIGCHLD, note, SA_RESTART);
	fflush(stdout);
	calls = 0;
	child = fork();
	if (child == 0) {
		_exit(42);
	}
	wait_for_calls(1);
	told_of("exit", child);
	waitpid(child, &status, 0);
	result("its status", WIFEXITED(status) && WEXITSTATUS(status) == 42);
	calls = 0;
	child = idle_child();
	kill(child, SIGTERM);
	wait_for_calls(1);
	told_of("SIGTERM", child);
	result("kill a zombie", kill(child, SIGTERM) == 0);
	waitpid(child, &status, 0);
	result("its status",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	result("kill nobody", kill(child, SIGTERM) == -1 && errno == ESRCH);
	child = idle_child();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	result("SIGKILL", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	child = idle_child();
	kill(child, SIGKILL);
	result("nobody to wait for",
	       waitpid(child, &status, 0) == -1 && errno == ECHILD);
	handle(SIGCHLD, note, SA_NOCLDWAIT);
	child = idle_child();
	kill(child, SIGKILL);
	result("SA_NOCLDWAIT",
	       waitpid(child, &status, 0) == -1 && errno == ECHILD);
}

static void stops(int signal)
{
	pid_t child;
	int status, flags = WUNTRACED | WCONTINUED;

	printf("stop by %d\n", signal);
	handle(SIGCHLD, note, SA_RESTART);
	child = idle_child();
	setpgid(child, child);
	calls = 0;
	kill(child, signal);
	waitpid(child, &status, flags);
	result("stopped", WIFSTOPPED(status) && WSTOPSIG(status) == signal);
	wait_for_calls(1);
	told_of("stop", child);
	result("told once", waitpid(child, &status, flags | WNOHANG) == 0);
	kill(child, SIGTERM);
	nap(20);
	result("stays stopped", waitpid(child, &status, flags | WNOHANG) == 0);
	calls = 0;
	kill(child, SIGCONT);
	do {
		waitpid(child, &status, flags);
	} while (WIFCONTINUED(status));
	result("continued and terminated",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	child = idle_child();
	setpgid(child, child);
	kill(child, signal);
	waitpid(child, &status, flags);
	calls = 0;
	kill(child, SIGCONT);
	waitpid(child, &status, flags);
	result("WCONTINUED", WIFCONTINUED(status));
	wait_for_calls(1);
	told_of("continue", child);
	kill(child, signal);
	waitpid(child, &status, flags);
	result("stopped again", WIFSTOPPED(status));
	kill(child, SIGKILL);
	waitpid(child, &status, flags);
	result("killed when stopped",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	handle(SIGCHLD, note, SA_NOCLDSTOP);
	child = idle_child();
	setpgid(child, child);
	calls = 0;
	kill(child, signal);
	waitpid(child, &status, flags);
	nap(10);
	result("SA_NOCLDSTOP", calls == 0);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

static void groups(void)
{
	pid_t group, other;
	int status, ended = 0;

	signal(SIGCHLD, SIG_DFL);
	group = idle_child();
	setpgid(group, group);
	other = idle_child();
	setpgid(other, group);
	result("a group is there", kill(-group, 0) == 0);
	kill(-group, SIGTERM);
	while (waitpid(-group, &status, 0) > 0) {
		ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
	}
	result("a group is killed", ended == 2);
	result("and gone", kill(-group, SIGTERM) == -1 && errno == ESRCH);
}

/* ---- Calls that are interrupted ----------------------------------------- */

/* A child that sends a signal once we sleep, and ends when we sleep again. */
static pid_t nudge(int signal)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		until_asleep(getppid());
		kill(getppid(), signal);
		until_asleep(getppid());
		_exit(3);
	}
	return child;
}

static void interrupted(void)
{
	struct timespec t = { 10, 0 }, left = { 0, 0 };
	pid_t child;
	int status = 0, got;

	calls = 0;
	handle(SIGUSR1, note, SA_RESTART);
	child = nudge(SIGUSR1);
	got = waitpid(child, &status, 0);
	result("wait is made again",
	       got == child && calls == 1 && WEXITSTATUS(status) == 3);
	handle(SIGUSR1, note, 0);
	child = nudge(SIGUSR1);
	got = waitpid(child, &status, 0);
	result("wait is interrupted",
	       got == -1 && errno == EINTR && calls == 2);
	waitpid(child, &status, 0);
	handle(SIGUSR1, note, SA_RESTART);
	child = nudge(SIGUSR1);
	got = nanosleep(&t, &left);
	result("a sleep is never made again", got == -1 && errno == EINTR &&
						      left.tv_sec >= 5 &&
						      left.tv_sec < 10);
	waitpid(child, &status, 0);
	child = nudge(SIGUSR1);
	result("pause", pause() == -1 && errno == EINTR);
	waitpid(child, &status, 0);
	child = nudge(SIGWINCH);
	t = (struct timespec){ 0, 100000000 };
	got = nanosleep(&t, &left);
	result("an ignored signal does not wake", got == 0);
	waitpid(child, &status, 0);
}

/* A stop and SIGCONT in the middle of a sleep are not seen. */
static void stopped_sleep(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct timespec t = { 0, 200000000 };

		_exit(nanosleep(&t, NULL) == 0 ? 0 : 1);
	}
	setpgid(child, child);
	nap(20);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	nap(20);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	result("a sleep goes on behind a stop", status == 0);
}

/* ---- Timers ------------------------------------------------------------- */

static void timers(void)
{
	struct itimerval it = { { 0, 5000 }, { 0, 5000 } }, old;
	volatile unsigned long spin = 0;
	sigset_t alarms, before;

	calls = 0;
	handle(SIGALRM, note, 0);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, &before);
	alarm(100);
	result("alarm tells the rest", alarm(1) > 1);
	sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	result("alarm", calls == 1 && told.si_code == SI_KERNEL);
	result("no alarm is left", alarm(0) == 0);
	calls = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	while (calls < 5) {
		pause();
	}
	getitimer(ITIMER_REAL, &old);
	result("an interval timer",
	       old.it_interval.tv_usec == 5000 && old.it_value.tv_usec <= 5000);
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, &old);
	getitimer(ITIMER_REAL, &old);
	result("it is off",
	       old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
	calls = 0;
	handle(SIGPROF, note, 0);
	handle(SIGVTALRM, note, 0);
	it.it_value.tv_usec = 100000;
	setitimer(ITIMER_PROF, &it, NULL);
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	nap(50);
	result("processor time does not pass in a sleep", calls == 0);
	while (calls < 2) {
		spin++;
	}
	result("timers of processor time", calls == 2);
	it.it_value.tv_usec = 1000000;
	result("a microsecond too much",
	       setitimer(ITIMER_REAL, &it, NULL) == -1 && errno == EINVAL);
	result("no such timer",
	       setitimer(7, &it, NULL) == -1 && errno == EINVAL);
}

static void clocks(void)
{
	struct timespec a, b, c;
	struct timeval tv;

	clock_gettime(CLOCK_REALTIME, &a);
	gettimeofday(&tv, NULL);
	syscall(SYS_clock_gettime, CLOCK_REALTIME_COARSE, &b);
	result("the date", a.tv_sec > 1700000000 && tv.tv_sec - a.tv_sec < 2 &&
				   b.tv_sec - a.tv_sec < 2 &&
				   syscall(SYS_time, NULL) - a.tv_sec < 2);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	clock_gettime(CLOCK_MONOTONIC, &c);
	result("processor time", a.tv_sec + a.tv_nsec > 0 &&
					 b.tv_sec + b.tv_nsec > 0 &&
					 a.tv_sec <= c.tv_sec);
	clock_gettime(CLOCK_REALTIME, &a);
	a.tv_nsec += 20000000;
	if (a.tv_nsec >= 1000000000) {
		a.tv_nsec -= 1000000000;
		a.tv_sec++;
	}
	result("sleep until a date",
	       clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &a, NULL) == 0);
	clock_gettime(CLOCK_REALTIME, &b);
	result("it has come", b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec &&
						      b.tv_nsec >= a.tv_nsec));
	result("no such clock",
	       syscall(SYS_clock_gettime, 99, &a) == -1 && errno == EINVAL);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ends();
	told_while_waiting();
	stops(SIGSTOP);
	stops(SIGTSTP);
	groups();
	interrupted();
	stopped_sleep();
	timers();
	clocks();
	printf("%d wrong\n", wrong_count);
	return wrong_count != 0;
}
