/* SPDX-License-Identifier: MIT */
/*
 * Every system call of posix/syscalls.def and posix/exo_calls.def with each
 * argument replaced by each kind of garbage, one at a time around a call that
 * may succeed, from several processes at once:
 *
 *	garbage [STEP [START]]
 *
 * makes every STEP-th of these calls from number START on.  What a call must
 * not do is crash the kernel or return an error that programs do not know.
 * On another system than Exo-OS it does nothing: the user may be root there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS    4
#define ARGS_MAX   6
#define PAGE       4096
#define ERRNO_LAST 133
#define ALARM_US   2000
#define PATIENCE   100 /* looks without a step until a child is ended */
#define LOOK_NS    5000000
#define NOBODY     1000
#define EXO_CALLS  65536 /* the number of the first */

/* How arguments are shown, and so what they mean (posix/syscalls.def). */
enum kind { NONE, INT, UINT, HEX, FD, MODE, SIG, SIZE, PTR, STR, BUF };

struct call {
	int number;
	const char *name;
	enum kind kinds[ARGS_MAX];
};

#define SYSCALL(number, name, support, ...) \
	{ (number), #name, { __VA_ARGS__ } },
#define EXO_CALL(number, name, ...) \
	{ EXO_CALLS + (number), "exo_" #name, { __VA_ARGS__ } },
static const struct call calls[] = {
#include "posix/exo_calls.def"
#include "posix/syscalls.def"
};
#undef EXO_CALL
#undef SYSCALL

#define CALL_COUNT ((long)(sizeof(calls) / sizeof(*calls)))

/* ---- What the arguments are --------------------------------------------- */

/* Descriptors, all of different kinds. */
enum {
	FILE_FD = 40,
	OTHER_FD,
	DIRECTORY_FD,
	READ_FD,
	WRITE_FD,
	EVENT_FD,
	EPOLL_FD,
	TIMER_FD,
	SIGNAL_FD,
	MEMORY_FD,
	NULL_FD,
	ZERO_FD,
	TTY_FD,
	MASTER_FD,
	PATH_FD,
	PROC_FD,
	CLOSED_FD,
	LAST_FD
};

static struct memory {
	char *page;      /* zeroes */
	char *read_only; /* a page */
	char *last_byte; /* of a page, with nothing behind */
	char path[64];
	char directory[32];
} memory;

/* Arguments of calls that the kinds do not tell; -1: as the kind tells. */
static const struct {
	const char *name;
	long args[ARGS_MAX];
} valid[] = {
	{ "mmap", { 0, 8192, 3, 0x22, -1, 0 } },
	{ "mremap", { -1, PAGE, 2 * PAGE, 1, 0 } },
	{ "mprotect", { -1, PAGE, 3 } },
	{ "madvise", { -1, PAGE, 4 } },
	{ "msync", { -1, PAGE, 4 } },
	{ "mincore", { -1, PAGE, -1 } },
	{ "futex", { -1, 1, 1, 0, 0, 0 } },
	{ "ioctl", { TTY_FD, 0x5401, -1 } },
	{ "fcntl", { FILE_FD, 3, 0 } },
	{ "rt_sigaction", { 10, 0, -1, 8 } },
	{ "rt_sigprocmask", { 0, -1, -1, 8 } },
	{ "rt_sigtimedwait", { -1, -1, -1, 8 } },
	{ "rt_sigpending", { -1, 8 } },
	{ "epoll_ctl", { EPOLL_FD, 1, READ_FD, -1 } },
	{ "epoll_wait", { EPOLL_FD, -1, 4, 0 } },
	{ "epoll_pwait", { EPOLL_FD, -1, 4, 0, -1, 8 } },
	{ "epoll_pwait2", { EPOLL_FD, -1, 4, -1, -1, 8 } },
	{ "poll", { -1, 2, 0 } },
	{ "ppoll", { -1, 2, -1, -1, 8 } },
	{ "timerfd_settime", { TIMER_FD, 0, -1, -1 } },
	{ "timerfd_gettime", { TIMER_FD, -1 } },
	{ "timerfd_create", { 1, 0 } },
	{ "timer_create", { 1, 0, -1 } },
	{ "signalfd4", { SIGNAL_FD, -1, 8, 0 } },
	{ "signalfd", { SIGNAL_FD, -1, 8 } },
	{ "wait4", { -1, -1, 1, -1 } },
	{ "waitid", { 0, 0, -1, 5, -1 } },
	{ "getdents64", { DIRECTORY_FD, -1, PAGE } },
	{ "sendfile", { OTHER_FD, FILE_FD, 0, 64 } },
	{ "copy_file_range", { FILE_FD, 0, OTHER_FD, 0, 64, 0 } },
	{ "dup2", { FILE_FD, 30 } },
	{ "dup3", { FILE_FD, 30, 0 } },
	{ "close", { 30 } },
	{ "close_range", { 30, 31, 0 } },
	{ "sched_getaffinity", { 0, 8, -1 } },
	{ "sched_getattr", { 0, -1, 48, 0 } },
	{ "getcwd", { -1, PAGE } },
	{ "openat2", { DIRECTORY_FD, -1, -1, 24 } },
	{ "preadv2", { FILE_FD, -1, 2, 0, 0, 0 } },
	{ "pwritev2", { FILE_FD, -1, 2, 0, 0, 0 } },
};

static uint64_t of_kind(const struct call *c, int i)
{
	switch (c->kinds[i]) {
	case FD:
		return i + 1 < ARGS_MAX && c->kinds[i + 1] == STR ? DIRECTORY_FD
								  : FILE_FD;
	case MODE: return 0600;
	case SIG: return SIGUSR1;
	case SIZE: return 64;
	case PTR:
	case BUF: return (uint64_t)memory.page;
	case STR: return (uint64_t)memory.path;
	default: return 0;
	}
}

static void make_valid(const struct call *c, uint64_t args[ARGS_MAX])
{
	for (int i = 0; i < ARGS_MAX; i++) {
		args[i] = of_kind(c, i);
	}
	for (size_t n = 0; n < sizeof(valid) / sizeof(*valid); n++) {
		if (strcmp(valid[n].name, c->name) != 0) {
			continue;
		}
		for (int i = 0; i < ARGS_MAX; i++) {
			if (valid[n].args[i] != -1 || c->kinds[i] == NONE) {
				args[i] = (uint64_t)valid[n].args[i];
			}
		}
	}
}

static const uint64_t numbers[] = {
	0,
	1,
	(uint64_t)-1,
	(uint64_t)-100,
	0x7fffffff,
	0x80000000,
	0xffffffff80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x00007fffffffe000, /* the last page of user space */
	0x00007ffffffff000, /* behind it */
	0x0000800000000000, /* not canonical */
	0x123456789abcdef0,
	0xffff800000000000, /* kernel space, the direct map */
	0xffffffff80100000, /* its text */
	0xfffffffffffff000,
};

#define NUMBER_COUNT ((long)(sizeof(numbers) / sizeof(*numbers)))
#define PLACE_COUNT  7
#define VALUE_COUNT  (NUMBER_COUNT + PLACE_COUNT + LAST_FD - FILE_FD)

static uint64_t garbage(long i)
{
	if (i < NUMBER_COUNT) {
		return numbers[i];
	}
	i -= NUMBER_COUNT;
	switch (i) {
	case 0: return (uint64_t)memory.read_only;
	case 1: return (uint64_t)memory.last_byte;
	case 2: return (uint64_t)memory.last_byte + 1; /* not mapped */
	case 3: return (uint64_t)memory.page + 1;
	case 4: return (uint64_t)memory.page;
	case 5: return (uint64_t)memory.last_byte - 7;
	case 6: return (uint64_t)memory.directory;
	default: return (uint64_t)(FILE_FD + i - PLACE_COUNT);
	}
}

/* ---- Making one call ---------------------------------------------------- */

/* Shared: which call a worker makes now, and how many went wrong. */
struct progress {
	long at;
	long wrong;
};

static struct progress *progress; /* of all workers */

/* What would end the machine, or go on in another process or thread. */
static int left_out(const struct call *c)
{
	return c->number == SYS_reboot || c->number == SYS_vfork ||
	       c->number == SYS_clone || c->number == SYS_clone3;
}

/* Those could hit the other processes: nobody special makes them. */
static int is_for_nobody(const struct call *c)
{
	static const int numbers_of[] = {
		SYS_kill,
		SYS_tkill,
		SYS_tgkill,
		SYS_rt_sigqueueinfo,
		SYS_setpriority,
		SYS_rt_tgsigqueueinfo,
		SYS_prlimit64,
		SYS_sched_setscheduler,
		SYS_sched_setattr,
		SYS_sched_setparam,
		SYS_sched_setaffinity,
		SYS_setpgid,
	};

	for (size_t i = 0; i < sizeof(numbers_of) / sizeof(*numbers_of); i++) {
		if (numbers_of[i] == c->number) {
			return 1;
		}
	}
	return 0;
}

static int error_is_known(long result)
{
	return result >= 0 || result < -4095 || result >= -ERRNO_LAST;
}

static void make_call(const struct call *c, int arg, long value,
		      struct progress *mine)
{
	uint64_t a[ARGS_MAX];
	pid_t self = getpid();
	long result;

	make_valid(c, a);
	a[arg] = garbage(value);
	memset(memory.page, 0, PAGE);
	/* Two buffers, for those that want a row of them. */
	memcpy(memory.page, &memory.page, sizeof(memory.page));
	memory.page[8] = 16;
	memory.page[32] = 0;
	/* Straight from the kernel: the library makes an errno of it. */
	{
		register uint64_t r10 __asm__("r10") = a[3];
		register uint64_t r8 __asm__("r8") = a[4];
		register uint64_t r9 __asm__("r9") = a[5];

		__asm__ volatile("syscall"
				 : "=a"(result)
				 : "a"((long)c->number), "D"(a[0]), "S"(a[1]),
				   "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
				 : "rcx", "r11", "memory");
	}
	if (syscall(SYS_getpid) != self) {
		_exit(0); /* a child that was made */
	}
	if (!error_is_known(result)) {
		mine->wrong = mine->at + 1;
		_exit(1);
	}
}

/* ---- Children, workers -------------------------------------------------- */

static void wake(int signal)
{
	(void)signal;
}

static void open_as(int fd, int number)
{
	if (fd != number) {
		dup2(fd, number);
		close(fd);
	}
}

static void open_all(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t none;
	int p[2];

	sigemptyset(&none);
	pipe(p);
	open_as(p[0], READ_FD);
	open_as(p[1], WRITE_FD);
	open_as(open(memory.path, O_RDWR | O_CREAT, 0600), FILE_FD);
	open_as(open(memory.path, O_RDWR), OTHER_FD);
	open_as(open(memory.directory, O_RDONLY | O_DIRECTORY), DIRECTORY_FD);
	open_as(eventfd(0, 0), EVENT_FD);
	open_as(epoll_create1(0), EPOLL_FD);
	open_as(timerfd_create(CLOCK_MONOTONIC, 0), TIMER_FD);
	open_as(signalfd(-1, &none, 0), SIGNAL_FD);
	open_as((int)syscall(SYS_memfd_create, "memory", 0), MEMORY_FD);
	open_as(open("/dev/null", O_RDWR), NULL_FD);
	open_as(open("/dev/zero", O_RDWR), ZERO_FD);
	open_as(open("/dev/console", O_RDWR | O_NOCTTY), TTY_FD);
	open_as(open("/dev/ptmx", O_RDWR | O_NOCTTY), MASTER_FD);
	open_as(open(memory.path, O_PATH), PATH_FD);
	open_as(open("/proc/self/stat", O_RDONLY), PROC_FD);
	epoll_ctl(EPOLL_FD, EPOLL_CTL_ADD, EVENT_FD, &event);
	write(FILE_FD, memory.page, 100);
	write(WRITE_FD, memory.page, 100);
}

static void limit(int which, rlim_t most)
{
	struct rlimit r = { most, most };

	setrlimit(which, &r);
}

static void prepare(const struct call *c)
{
	struct itimerval often = { { 0, ALARM_US }, { 0, ALARM_US } };
	struct sigaction action = { .sa_handler = wake };

	/* Ends most calls that would sleep for ever. */
	sigaction(SIGALRM, &action, NULL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_AS, 64 << 20);
	open_all();
	for (int fd = 0; fd < 3; fd++) {
		dup2(NULL_FD, fd);
	}
	setpgid(0, 0);
	if (is_for_nobody(c)) {
		setuid(NOBODY);
	}
	setitimer(ITIMER_REAL, &often, NULL);
}

/* Makes this worker's calls from its place on; may end at any of them. */
static void child(struct progress *mine, long step)
{
	const long each = VALUE_COUNT * ARGS_MAX;
	const struct call *before = NULL;

	for (; mine->at < CALL_COUNT * each; mine->at += step) {
		const struct call *c = &calls[mine->at / each];
		int arg = (int)(mine->at % each / VALUE_COUNT);
		long value = mine->at % VALUE_COUNT;

		if (c->kinds[arg] == NONE || left_out(c) ||
		    (value >= NUMBER_COUNT + PLACE_COUNT &&
		     c->kinds[arg] != FD)) {
			continue;
		}
		if (before != NULL && before != c) {
			_exit(0); /* the next call in a process of its own */
		}
		if (before == NULL) {
			prepare(c);
			before = c;
		}
		make_call(c, arg, value, mine);
	}
	_exit(0);
}

/* Waits for a child; ends one that does not come on. */
static void watch(pid_t pid, const struct progress *mine)
{
	struct timespec look = { 0, LOOK_NS };
	int patience = PATIENCE;
	long seen = -1;

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		patience = mine->at == seen ? patience - 1 : PATIENCE;
		seen = mine->at;
		if (patience == 0) {
			kill(pid, SIGKILL);
		}
		nanosleep(&look, NULL);
	}
}

static void tell_wrong(struct progress *mine)
{
	const long each = VALUE_COUNT * ARGS_MAX;
	long at = mine->wrong - 1;

	if (at >= 0) {
		printf("%s: an unknown error, argument %ld is %#lx\n",
		       calls[at / each].name, at % each / VALUE_COUNT,
		       (unsigned long)garbage(at % VALUE_COUNT));
		fflush(stdout);
		_exit(1);
	}
}

static void worker(struct progress *mine, long step)
{
	const long each = VALUE_COUNT * ARGS_MAX;

	while (mine->at < CALL_COUNT * each) {
		long from = mine->at;
		pid_t pid = fork();

		if (pid == 0) {
			child(mine, step);
		}
		if (pid < 0) {
			_exit(2);
		}
		watch(pid, mine);
		tell_wrong(mine);
		/* The call that ended the child is not made again. */
		if (mine->at == from) {
			mine->at += step;
		}
	}
	_exit(0);
}

/* A page with nothing before and behind it. */
static char *page_alone(int prot, int flags)
{
	char *at = mmap(NULL, 3 * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);

	munmap(at, PAGE);
	munmap(at + 2 * PAGE, PAGE);
	return at + PAGE;
}

static int run(long step, long start)
{
	pid_t workers[WORKERS];
	int failed = 0;

	progress = (struct progress *)page_alone(PROT_READ | PROT_WRITE,
						 MAP_SHARED);
	memory.page = page_alone(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	memory.read_only = page_alone(PROT_READ, MAP_PRIVATE);
	memory.last_byte =
		page_alone(PROT_READ | PROT_WRITE, MAP_PRIVATE) + PAGE - 1;
	for (int i = 0; i < WORKERS; i++) {
		progress[i].at = start + i * step;
		workers[i] = fork();
		if (workers[i] == 0) {
			snprintf(memory.directory, sizeof(memory.directory),
				 "/tmp/garbage.%d", i);
			snprintf(memory.path, sizeof(memory.path), "%s/file",
				 memory.directory);
			mkdir(memory.directory, 0777);
			chmod(memory.directory, 0777);
			worker(&progress[i], step * WORKERS);
		}
	}
	for (int i = 0; i < WORKERS; i++) {
		int status = -1;

		while (waitpid(workers[i], &status, 0) < 0) {
		}
		failed |= status;
	}
	return failed;
}

int main(int argc, char **argv)
{
	long step = argc > 1 ? atol(argv[1]) : 1;
	long start = argc > 2 ? atol(argv[2]) : 0;
	struct utsname system;

	uname(&system);
	if (strcmp(system.sysname, "Exo-OS") == 0 && run(step, start) != 0) {
		puts("a worker failed");
		return 1;
	}
	/* What the calls wrote to the terminal ends no line. */
	puts("\nthe kernel is well");
	return 0;
}
