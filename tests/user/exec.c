/* SPDX-License-Identifier: MIT */
/*
 * execve: what the new program gets and what it does not, what is refused,
 * and what becomes of threads.  The program runs itself in several roles.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_BYTES 100000
#define MANY_ARGS  5000

static int wrong_count;
static char self[256];

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

/* Takes what execve() would not: constants, and addresses that are none. */
static int exec(const void *path, const void *argv, const void *envp)
{
	return (int)syscall(SYS_execve, path, argv, envp);
}

/* Runs itself in another role; tells the status. */
static int run(const char *argv[], const char *envp[])
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		exec(self, argv, envp);
		_exit(200);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int arguments(void)
{
	const char *argv[] = { "zero", "args", "", "with blanks", NULL };
	const char *envp[] = { "A=1", "EMPTY=", NULL };

	return run(argv, envp) == 0;
}

static int role_args(int argc, char **argv)
{
	extern char **environ;

	return argc == 4 && strcmp(argv[0], "zero") == 0 &&
			       argv[2][0] == '\0' &&
			       strcmp(argv[3], "with blanks") == 0 &&
			       argv[4] == NULL &&
			       strcmp(getenv("A"), "1") == 0 &&
			       getenv("EMPTY")[0] == '\0' && environ[2] == NULL
		       ? 0
		       : 1;
}

static int long_arguments(void)
{
	static const char *argv[MANY_ARGS + 4];
	char *text = malloc(LONG_BYTES + 1);

	memset(text, 'x', LONG_BYTES);
	text[LONG_BYTES] = '\0';
	argv[0] = self;
	argv[1] = "long";
	argv[2] = text;
	for (int i = 0; i < MANY_ARGS; i++) {
		argv[3 + i] = "an argument of some length, many times";
	}
	argv[3 + MANY_ARGS] = NULL;
	return run(argv, NULL) == 0;
}

static int role_long(int argc, char **argv)
{
	int wrong = argc != MANY_ARGS + 3 || strlen(argv[2]) != LONG_BYTES;

	for (int i = 3; i < argc; i++) {
		wrong |= strlen(argv[i]) != 38;
	}
	return wrong;
}

static int too_long(void)
{
	static const char *argv[20];
	char *text = malloc(200001);

	memset(text, 'x', 200000);
	text[200000] = '\0';
	argv[0] = self;
	argv[1] = text;
	return exec(self, argv, NULL) == -1 && errno == E2BIG;
}

static int auxiliary(void)
{
	const char *argv[] = { "x", "aux", self, NULL };

	return run(argv, NULL) == 0;
}

static int role_aux(int argc, char **argv)
{
	const Elf64_Phdr *phdr = (const void *)getauxval(AT_PHDR);
	const unsigned char *random = (const void *)getauxval(AT_RANDOM);
	int bits = 0;

	(void)argc;
	for (int i = 0; i < 16; i++) {
		bits |= random[i];
	}
	return getauxval(AT_PAGESZ) == 4096 && getauxval(AT_SECURE) == 0 &&
			       getauxval(AT_PHENT) == sizeof(*phdr) &&
			       getauxval(AT_PHNUM) > 2 && phdr != NULL &&
			       getauxval(AT_CLKTCK) == 100 && bits != 0 &&
			       strcmp((char *)getauxval(AT_EXECFN), argv[2]) ==
				       0 &&
			       getauxval(AT_UID) == getuid() &&
			       getauxval(AT_ENTRY) != 0
		       ? 0
		       : 1;
}

static int refused(void)
{
	const char *argv[] = { "x", NULL };

	if (exec("/nowhere", argv, NULL) != -1 || errno != ENOENT) {
		return 0;
	}
	if (exec("", argv, NULL) != -1 || errno != ENOENT) {
		return 0;
	}
	if (exec("/bin", argv, NULL) != -1 || errno != EACCES) {
		return 0;
	}
	if (exec((char *)8, argv, NULL) != -1 || errno != EFAULT) {
		return 0;
	}
	return exec(self, (char **)8, NULL) == -1 && errno == EFAULT &&
	       exec(self, argv, (char **)8) == -1 && errno == EFAULT;
}

static volatile int caught;

static void catch (int signal)
{
	caught = signal;
}

/* Handlers go, ignored signals and the mask stay. */
static int signals(void)
{
	const char *argv[] = { "x", "signals", NULL };
	sigset_t set, old;
	int ok;

	signal(SIGUSR1, catch);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	ok = run(argv, NULL) == 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	return ok;
}

static int role_signals(void)
{
	struct sigaction one, two;
	sigset_t set;

	sigaction(SIGUSR1, NULL, &one);
	sigaction(SIGUSR2, NULL, &two);
	sigprocmask(SIG_BLOCK, NULL, &set);
	return one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN &&
			       sigismember(&set, SIGTERM)
		       ? 0
		       : 1;
}

static void *exec_there(void *arg)
{
	const char *argv[] = { "x", "number", arg, NULL };

	exec(self, argv, NULL);
	_exit(201);
}

static void *spin(void *arg)
{
	for (;;) {
		__asm__ volatile("pause");
	}
	return arg;
}

/* A thread's exec ends the others; the process keeps its number. */
static int from_a_thread(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;
		char number[16];

		snprintf(number, sizeof(number), "%d", getpid());
		pthread_create(&thread, NULL, spin, NULL);
		pthread_create(&thread, NULL, spin, NULL);
		pthread_create(&thread, NULL, exec_there, number);
		pthread_join(thread, NULL);
		_exit(202);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int role_number(char **argv)
{
	return atoi(argv[2]) == getpid() && syscall(SYS_gettid) == getpid() ? 0
									    : 1;
}

static int after_vfork(void)
{
	const char *argv[] = { "x", "exit", "33", NULL };
	int status;
	pid_t child = vfork();

	if (child == 0) {
		exec(self, argv, NULL);
		_exit(200);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 33;
}

static int memory_is_new(void)
{
	const char *argv[] = { "x", "memory", NULL };

	mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*(volatile int *volatile)0x10000000 = 1;
	return run(argv, NULL) == 0 && *(volatile int *volatile)0x10000000 == 1;
}

static int role_memory(void)
{
	unsigned char in;

	return mincore((void *)0x10000000, 4096, &in) == -1 && errno == ENOMEM
		       ? 0
		       : 1;
}

static int chain(void)
{
	const char *argv[] = { "x", "chain", "20", NULL };

	return run(argv, NULL) == 20;
}

static int role_chain(char **argv)
{
	int left = atoi(argv[2]);
	char text[16];
	const char *next[] = { "x", "chain", text, argv[2], NULL };

	if (left == 0) {
		return 20;
	}
	snprintf(text, sizeof(text), "%d", left - 1);
	exec(self, next, NULL);
	return 1;
}

static int copy_self(const char *to)
{
	static char block[65536];
	int in = open(self, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	ssize_t got = -1;

	while (out >= 0 && (got = read(in, block, sizeof(block))) > 0) {
		if (write(out, block, (size_t)got) != got) {
			break;
		}
	}
	close(in);
	return close(out) == 0 && got == 0;
}

/* Started by a relative path through a link: the name that the kernel tells. */
static int named(void)
{
	char path[64], link[64], *name = path + strlen("/tmp/");
	const char *argv[] = { "x", "named", path, NULL };
	int status, fd;
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/exec-%d", getpid());
	snprintf(link, sizeof(link), "./exec-link-%d", getpid());
	if (!copy_self(path) || (child = fork()) < 0) {
		return 0;
	}
	if (child == 0) {
		if (chdir("/tmp") == 0 && symlink(name, link) == 0) {
			exec(link, argv, NULL);
		}
		_exit(200);
	}
	waitpid(child, &status, 0);
	fd = open(path, O_WRONLY);
	close(fd);
	return status == 0 && fd >= 0 && unlink(path) == 0 &&
	       chdir("/tmp") == 0 && unlink(link) == 0;
}

/* What runs is not written to. */
static int role_named(char **argv)
{
	return strcmp(self, argv[2]) == 0 && open(self, O_WRONLY) == -1 &&
			       errno == ETXTBSY && truncate(self, 0) == -1 &&
			       errno == ETXTBSY
		       ? 0
		       : 1;
}

/*
 * What a mount forbids its programs.  Process 1 is that of a machine whose
 * mounts may be tried.
 */
static int forbidden(void)
{
	static const char dir[] = "/tmp/bare", path[] = "/tmp/bare/program";
	const char *argv[] = { "x", "aux", path, NULL };

	if (getpid() != 1) {
		return 1;
	}
	if (mkdir(dir, 0755) != 0 ||
	    mount("bare", dir, "tmpfs", MS_NOEXEC, NULL) != 0 ||
	    !copy_self(path) || chown(path, 1000, 1000) != 0 ||
	    chmod(path, 04755) != 0 || exec(path, argv, NULL) != -1 ||
	    errno != EACCES) {
		return 0;
	}
	strcpy(self, path);
	return mount(NULL, dir, NULL, MS_REMOUNT | MS_NOSUID, NULL) == 0 &&
	       run(argv, NULL) == 0 &&
	       mount(NULL, dir, NULL, MS_REMOUNT, NULL) == 0 &&
	       run(argv, NULL) == 1;
}

static int role(int argc, char **argv)
{
	const char *name = argv[1];

	return strcmp(name, "args") == 0      ? role_args(argc, argv)
	       : strcmp(name, "long") == 0    ? role_long(argc, argv)
	       : strcmp(name, "aux") == 0     ? role_aux(argc, argv)
	       : strcmp(name, "signals") == 0 ? role_signals()
	       : strcmp(name, "number") == 0  ? role_number(argv)
	       : strcmp(name, "exit") == 0    ? atoi(argv[2])
	       : strcmp(name, "memory") == 0  ? role_memory()
	       : strcmp(name, "named") == 0   ? role_named(argv)
					      : role_chain(argv);
}

int main(int argc, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	if (argc > 1) {
		return role(argc, argv);
	}
	result("arguments", arguments());
	result("long arguments", long_arguments());
	result("too long", too_long());
	result("auxiliary vector", auxiliary());
	result("refused", refused());
	result("signals", signals());
	result("from a thread", from_a_thread());
	result("after vfork", after_vfork());
	result("new memory", memory_is_new());
	result("chain", chain());
	result("named", named());
	result("forbidden", forbidden());
	return wrong_count != 0;
}
