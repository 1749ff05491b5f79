/* SPDX-License-Identifier: MIT */
/*
 * /proc: what a process is told about itself agrees with what it knows.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static char text[65536];
static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

/* All of a file, as a string; how long it is. */
static size_t take(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t got = 0;

	while (fd >= 0 &&
	       (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)got;
	}
	text[len] = '\0';
	close(fd);
	return len;
}

/* The rest of status's line that begins with `key`. */
static const char *field(const char *key)
{
	static char line[256];
	const char *at;

	take("/proc/self/status");
	at = strstr(text, key);
	snprintf(line, sizeof(line), "%s", at ? at + strlen(key) : "");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void test_identity(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	char wanted[100];

	getresuid(&r, &e, &s);
	sprintf(wanted, "%u\t%u\t%u\t%u", r, e, s, e);
	result("uid", strcmp(field("\nUid:\t"), wanted) == 0);
	getresgid(&gr, &ge, &gs);
	sprintf(wanted, "%u\t%u\t%u\t%u", gr, ge, gs, ge);
	result("gid", strcmp(field("\nGid:\t"), wanted) == 0);
	sprintf(wanted, "%d", getpid());
	result("pid", strcmp(field("\nPid:\t"), wanted) == 0);
}

/* Another user, as far as the one who runs this may become it. */
static void test_changed_identity(void)
{
	gid_t groups[] = { 7, 9 };
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (geteuid() != 0) {
			_exit(0);
		}
		if (setgroups(2, groups) != 0 || setresgid(11, 12, 13) != 0 ||
		    setresuid(1, 2, 3) != 0) {
			_exit(1);
		}
		_exit(strcmp(field("\nUid:\t"), "1\t2\t3\t2") != 0 ||
		      strcmp(field("\nGid:\t"), "11\t12\t13\t12") != 0 ||
		      strcmp(field("\nGroups:\t"), "7 9 ") != 0);
	}
	waitpid(child, &status, 0);
	result("changed identity", status == 0);
}

static void handler(int signal_number)
{
	(void)signal_number;
}

static void test_signals(void)
{
	sigset_t set, old;
	unsigned long pending, blocked, ignored, caught;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR2, handler);
	signal(SIGTERM, SIG_IGN);
	kill(getpid(), SIGUSR1);
	pending = strtoul(field("\nShdPnd:\t"), NULL, 16);
	blocked = strtoul(field("\nSigBlk:\t"), NULL, 16);
	ignored = strtoul(field("\nSigIgn:\t"), NULL, 16);
	caught = strtoul(field("\nSigCgt:\t"), NULL, 16);
	result("pending", pending == 1ul << (SIGUSR1 - 1));
	result("blocked", blocked & 1ul << (SIGUSR1 - 1));
	result("ignored", ignored & 1ul << (SIGTERM - 1) &&
				  !(caught & 1ul << (SIGTERM - 1)));
	result("caught", caught & 1ul << (SIGUSR2 - 1) &&
				 !(ignored & 1ul << (SIGUSR2 - 1)));
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* The mapping that holds an address: its rights, offset and name. */
static int mapping(uintptr_t va, char rights[5], unsigned long *offset,
		   char name[256])
{
	char *save, *line;

	take("/proc/self/maps");
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long start, end;

		name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %lx %*x:%*x %*u %255s", &start,
			   &end, rights, offset, name) >= 4 &&
		    va >= start && va < end) {
			return 1;
		}
	}
	return 0;
}

static void test_maps(void)
{
	char rights[5], name[256], exe[256] = "", path[64];
	unsigned long offset;
	int local, fd;
	void *area = mmap(NULL, 4 * PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *file;

	readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	result("text", mapping((uintptr_t)test_maps, rights, &offset, name) &&
			       strcmp(rights, "r-xp") == 0 &&
			       strcmp(name, exe) == 0);
	result("stack", mapping((uintptr_t)&local, rights, &offset, name) &&
				strcmp(rights, "rw-p") == 0 &&
				strcmp(name, "[stack]") == 0);
	result("area", mapping((uintptr_t)area, rights, &offset, name) &&
			       strcmp(rights, "r--p") == 0 && name[0] == '\0');
	sprintf(path, "/tmp/proc.%d", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 2 * PAGE);
	file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	result("file", mapping((uintptr_t)file, rights, &offset, name) &&
			       strcmp(rights, "rw-s") == 0 && offset == PAGE &&
			       strcmp(name, path) == 0);
	munmap(file, PAGE);
	munmap(area, 4 * PAGE);
	result("gone", !mapping((uintptr_t)area, rights, &offset, name));
	close(fd);
	unlink(path);
}

/* The program itself, started again: its strings are as it was given them. */
static int strings(void)
{
	static const char args[] = "one\0strings\0\0three",
			  env[] = "A=1\0B=\0C=x y";

	return take("/proc/self/cmdline") != sizeof(args) ||
	       memcmp(text, args, sizeof(args)) != 0 ||
	       take("/proc/self/environ") != sizeof(env) ||
	       memcmp(text, env, sizeof(env)) != 0;
}

static void test_strings(void)
{
	const char *argv[] = { "one", "strings", "", "three", NULL };
	const char *envp[] = { "A=1", "B=", "C=x y", NULL };
	pid_t child = fork();
	int status;

	if (child == 0) {
		execve("/proc/self/exe", (char **)argv, (char **)envp);
		_exit(2);
	}
	waitpid(child, &status, 0);
	result("strings", status == 0);
}

static void test_machine(void)
{
	size_t len = take("/proc/cmdline");

	result("command line", len > 1 && text[len - 1] == '\n' &&
				       strchr(text, '\n') == text + len - 1);
	/* Process 1 is that of a machine whose mounts may be tried. */
	result("proc over itself",
	       getpid() != 1 || (mount("proc", "/proc", "proc", 0, NULL) != 0 &&
				 errno == EBUSY));
}

/* Hundredths of seconds that all processors worked, of /proc/stat. */
static unsigned long long worked(void)
{
	unsigned long long user = 0, nice = 0, system = 0;

	take("/proc/stat");
	if (sscanf(text, "cpu %llu %llu %llu", &user, &nice, &system) != 3) {
		result("/proc/stat", 0);
	}
	return user + nice + system;
}

static void test_times(void)
{
	unsigned long long before = worked();
	clock_t start = clock();

	while (clock() - start < CLOCKS_PER_SEC / 5) {
	}
	result("work is told in /proc/stat", worked() - before >= 15);
}

static int barrier[2];

static void *wait_for_end(void *arg)
{
	char byte;

	prctl(PR_SET_NAME, "a thread", 0, 0, 0);
	*(pid_t *)arg = (pid_t)syscall(SYS_gettid);
	return read(barrier[0], &byte, 1) == 0 ? NULL : arg;
}

/* /proc/thread-self, and a directory for each thread. */
static void test_threads(void)
{
	char path[64], link[64] = "", line[64] = "";
	volatile pid_t other = 0;
	pthread_t thread;
	int threads = 0;
	FILE *comm;
	DIR *dir;

	snprintf(path, sizeof(path), "%d/task/%d", getpid(), getpid());
	result("thread-self",
	       readlink("/proc/thread-self", link, sizeof(link) - 1) > 0 &&
		       strcmp(link, path) == 0);
	if (pipe(barrier) != 0 ||
	    pthread_create(&thread, NULL, wait_for_end, (void *)&other) != 0) {
		exit(1);
	}
	while (other == 0) {
		sched_yield();
	}
	dir = opendir("/proc/self/task");
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		threads +=
			atoi(e->d_name) == getpid() || atoi(e->d_name) == other;
	}
	result("threads listed", threads == 2);
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", other);
	comm = fopen(path, "r");
	result("a thread's name", comm != NULL &&
					  fgets(line, sizeof(line), comm) &&
					  strcmp(line, "a thread\n") == 0);
	close(barrier[1]);
	pthread_join(thread, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%d", other + 1000);
	result("no such thread", access(path, F_OK) == -1 && errno == ENOENT);
	fclose(comm);
	closedir(dir);
}

/* A process's directory is its effective user's. */
static void test_owner(void)
{
	char path[40], c;
	struct stat st;
	int ready[2], end[2];
	pid_t child;

	if (geteuid() != 0) {
		result("owner",
		       stat("/proc/self", &st) == 0 && st.st_uid == geteuid());
		return;
	}
	pipe(ready);
	pipe(end);
	child = fork();
	if (child == 0) {
		int changed = setresgid(11, 12, 13) == 0 &&
			      setresuid(1000, 1001, 1002) == 0;

		close(end[1]);
		_exit(!changed || write(ready[1], "", 1) != 1 ||
		      read(end[0], &c, 1) != 0);
	}
	close(ready[1]);
	close(end[0]);
	snprintf(path, sizeof(path), "/proc/%d", child);
	result("owner", read(ready[0], &c, 1) == 1 && stat(path, &st) == 0 &&
				st.st_uid == 1001 && st.st_gid == 12);
	close(end[1]);
	waitpid(child, NULL, 0);
	close(ready[0]);
}

/* Where the parent is, and what it runs, is nobody else's to see. */
static int sees_parent(const char *link)
{
	char path[40], to[100];
	struct stat st;
	int sees;

	snprintf(path, sizeof(path), "/proc/%d/%s", getppid(), link);
	sees = readlink(path, to, sizeof(to)) >= 0 || errno != EACCES;
	return sees || stat(path, &st) == 0 || errno != EACCES;
}

static void test_links_of_others(void)
{
	char to[100];
	int status = -1;
	pid_t child;

	if (geteuid() != 0) {
		result("links", 1);
		return;
	}
	child = fork();
	if (child == 0) {
		_exit(setuid(1000) != 0 || sees_parent("cwd") ||
		      sees_parent("root") || sees_parent("exe") ||
		      readlink("/proc/self/cwd", to, sizeof(to)) <= 0);
	}
	waitpid(child, &status, 0);
	result("links", status == 0);
}

static void test_name(void)
{
	char name[16] = "", path[40];
	int fd = open("/proc/self/comm", O_WRONLY);

	result("named", write(fd, "a name that is long", 19) == 19 &&
				prctl(PR_GET_NAME, name) == 0 &&
				strcmp(name, "a name that is ") == 0);
	close(fd);
	take("/proc/self/comm");
	result("its name", strcmp(text, "a name that is \n") == 0);
	snprintf(path, sizeof(path), "/proc/%d/comm", getppid());
	fd = open(path, O_WRONLY);
	result("another's name",
	       fd < 0 || getppid() == 0 ||
		       (write(fd, "x", 1) == -1 && errno == EINVAL));
	close(fd);
}

static void test_limits(void)
{
	struct rlimit limit = { 17, 34 };
	unsigned long soft = 0, hard = 0;
	char *line;

	setrlimit(RLIMIT_CORE, &limit);
	take("/proc/self/limits");
	line = strstr(text, "Max core file size ");
	result("limits", line != NULL &&
				 sscanf(line, "Max core file size %lu %lu",
					&soft, &hard) == 2 &&
				 soft == 17 && hard == 34);
	result("heading", strncmp(text, "Limit  ", 7) == 0);
}

static void test_vector(void)
{
	size_t len = take("/proc/self/auxv");
	unsigned long pair[2], page = 0, entry = 0;

	for (size_t at = 0; at + sizeof(pair) <= len; at += sizeof(pair)) {
		memcpy(pair, text + at, sizeof(pair));
		page = pair[0] == AT_PAGESZ ? pair[1] : page;
		entry = pair[0] == AT_ENTRY ? pair[1] : entry;
	}
	result("vector", page == PAGE && entry == getauxval(AT_ENTRY) &&
				 pair[0] == AT_NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "strings") == 0) {
		return strings();
	}
	test_identity();
	test_changed_identity();
	test_signals();
	test_maps();
	test_strings();
	test_machine();
	test_times();
	test_threads();
	test_owner();
	test_links_of_others();
	test_name();
	test_limits();
	test_vector();
	return wrong_count;
}
