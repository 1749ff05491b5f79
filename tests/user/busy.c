/* SPDX-License-Identifier: MIT */
/*
 * Files that change while others use them: cut shorter while they are mapped,
 * open for writing when they are to be run, without a name until it is time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 4

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

static sigjmp_buf back;
static volatile sig_atomic_t code;
static char *volatile address;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	code = info->si_code;
	address = info->si_addr;
	siglongjmp(back, 1);
}

/* The byte there, or -1 for SIGBUS behind the end of a file. */
static int byte_at(char *at)
{
	if (sigsetjmp(back, 1) != 0) {
		return code == BUS_ADRERR && address == at ? -1 : -2;
	}
	return *(volatile unsigned char *)at;
}

/* True if all the bytes of the pages are `wanted`, as byte_at() tells. */
static int pages_are(char *p, int from, int to, int wanted)
{
	for (char *at = p + from * PAGE; at < p + to * PAGE; at += PAGE / 2) {
		if (byte_at(at) != wanted) {
			return 0;
		}
	}
	return 1;
}

static char *map(int fd, int flags, int first)
{
	char *p = mmap(NULL, (size_t)(PAGES - first) * PAGE,
		       PROT_READ | PROT_WRITE, flags, fd, (off_t)first * PAGE);

	if (p == MAP_FAILED) {
		abort();
	}
	return p;
}

static int file_of(int byte)
{
	char path[] = "/tmp/busyXXXXXX", page[PAGE];
	int fd = mkstemp(path);

	unlink(path);
	memset(page, byte, PAGE);
	for (int i = 0; i < PAGES; i++) {
		if (write(fd, page, PAGE) != PAGE) {
			abort();
		}
	}
	return fd;
}

static void test_shared(void)
{
	int fd = file_of('a');
	char *p = map(fd, MAP_SHARED, 0), *late = map(fd, MAP_SHARED, 2);

	result("before",
	       pages_are(p, 0, PAGES, 'a') && pages_are(late, 0, 2, 'a'));
	ftruncate(fd, PAGE + 100);
	result("what is left", pages_are(p, 0, 1, 'a') &&
				       byte_at(p + PAGE + 99) == 'a' &&
				       byte_at(p + PAGE + 100) == 0);
	result("behind the end",
	       pages_are(p, 2, PAGES, -1) && pages_are(late, 0, 2, -1));
	ftruncate(fd, PAGES * PAGE);
	result("longer again", pages_are(p, 2, PAGES, 0) &&
				       byte_at(p + PAGE + 100) == 0 &&
				       pages_are(late, 0, 2, 0));
	p[3 * PAGE] = 'b';
	result("written", byte_at(late + PAGE) == 'b');
	ftruncate(fd, 0);
	result("empty", pages_are(p, 0, PAGES, -1));
	munmap(p, PAGES * PAGE);
	munmap(late, 2 * PAGE);
	close(fd);
}

/* Copies that a private mapping has made of pages behind the end go, too. */
static void test_private(void)
{
	int fd = file_of('a');
	char *p = map(fd, MAP_PRIVATE, 0);

	memset(p, 'c', PAGES * PAGE);
	ftruncate(fd, 2 * PAGE);
	result("private",
	       pages_are(p, 0, 2, 'c') && pages_are(p, 2, PAGES, -1));
	ftruncate(fd, PAGES * PAGE);
	result("private again",
	       pages_are(p, 0, 2, 'c') && pages_are(p, 2, PAGES, 0));
	munmap(p, PAGES * PAGE);
	close(fd);
}

/* Memory that is part of a system call's. */
static void test_calls(void)
{
	int fd = file_of('a'), ends[2];
	char *p = map(fd, MAP_SHARED, 0);

	pipe(ends);
	result("copied out", write(ends[1], p + 2 * PAGE, 10) == 10);
	ftruncate(fd, PAGE);
	result("write",
	       write(ends[1], p + 2 * PAGE, 10) == -1 && errno == EFAULT);
	result("read",
	       read(ends[0], p + 2 * PAGE, 10) == -1 && errno == EFAULT);
	result("still there", read(ends[0], p, 100) == 10);
	munmap(p, PAGES * PAGE);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

/* A process with the mapping sees what another does to the file. */
static void test_processes(void)
{
	int fd = file_of('a'), ends[2], looked[2], status;
	char *shared = map(fd, MAP_SHARED, 0), *own = map(fd, MAP_PRIVATE, 0);
	pid_t child;
	char c;

	pipe(ends);
	pipe(looked);
	memset(own, 'd', PAGES * PAGE);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		if (!pages_are(shared, 0, PAGES, 'a') ||
		    !pages_are(own, 0, PAGES, 'd') ||
		    write(looked[1], "", 1) != 1 || read(ends[0], &c, 1) != 0) {
			_exit(1);
		}
		_exit(pages_are(shared, 0, 1, 'a') &&
				      pages_are(shared, 1, PAGES, -1) &&
				      pages_are(own, 0, 1, 'd') &&
				      pages_are(own, 1, PAGES, -1)
			      ? 0
			      : 2);
	}
	close(ends[0]);
	close(looked[1]);
	result("looked", read(looked[0], &c, 1) == 1);
	close(looked[0]);
	ftruncate(fd, PAGE);
	close(ends[1]);
	waitpid(child, &status, 0);
	result("another process", status == 0);
	result("this one",
	       pages_are(own, 0, 1, 'd') && pages_are(own, 1, PAGES, -1));
	munmap(shared, PAGES * PAGE);
	munmap(own, PAGES * PAGE);
	close(fd);
}

static void test_ways(void)
{
	char path[] = "/tmp/busyXXXXXX";
	int fd = mkstemp(path), mem = memfd_create("cut", 0);
	char *p;

	ftruncate(fd, PAGES * PAGE);
	p = map(fd, MAP_SHARED, 0);
	memset(p, 'e', PAGES * PAGE);
	truncate(path, PAGE);
	result("by path",
	       pages_are(p, 0, 1, 'e') && pages_are(p, 1, PAGES, -1));
	close(open(path, O_WRONLY | O_TRUNC));
	result("by open", pages_are(p, 0, PAGES, -1));
	munmap(p, PAGES * PAGE);
	unlink(path);
	close(fd);
	ftruncate(mem, PAGES * PAGE);
	p = map(mem, MAP_SHARED, 0);
	memset(p, 'f', PAGES * PAGE);
	p = mremap(p, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);
	ftruncate(mem, 3 * PAGE);
	result("memfd, moved",
	       pages_are(p, 0, 3, 'f') && pages_are(p, 3, 2 * PAGES, -1));
	munmap(p, 2 * PAGES * PAGE);
	close(mem);
}

/* Processes that touch, forks and cuts at once: what was cut is never seen. */
static void test_storm(void)
{
	int fd = file_of('g');
	char *p = map(fd, MAP_SHARED, 0);
	int bad = 0, status;

	for (int i = 0; i < 100; i++) {
		pid_t child;

		ftruncate(fd, PAGES * PAGE);
		memset(p, 'g', PAGES * PAGE);
		child = fork();
		if (child == 0) {
			pid_t grandchild = fork();

			ftruncate(fd, PAGE);
			bad = !pages_are(p, 1, PAGES, -1);
			if (grandchild == 0) {
				_exit(bad);
			}
			waitpid(grandchild, &status, 0);
			_exit(bad || status != 0);
		}
		for (int page = 1; page < PAGES; page++) {
			int byte = byte_at(p + page * PAGE);

			bad |= byte != 'g' && byte != -1;
		}
		waitpid(child, &status, 0);
		bad |= status != 0 || !pages_are(p, 1, PAGES, -1);
	}
	result("storm", !bad);
	munmap(p, PAGES * PAGE);
	close(fd);
}

/* The status of running it, or minus the error number. */
static int run(const char *path)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, "child", NULL);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static int run_descriptor(int fd)
{
	static char name[] = "program", what[] = "child";
	char *const argv[] = { name, what, NULL }, *const env[] = { NULL };
	int status;
	pid_t child = fork();

	if (child == 0) {
		fexecve(fd, argv, env);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static int copy_of_self(const char *path)
{
	static char buf[1 << 16];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	ssize_t len;

	while ((len = read(from, buf, sizeof(buf))) > 0) {
		if (write(to, buf, (size_t)len) != len) {
			abort();
		}
	}
	close(from);
	return to;
}

#define RAN 42

/* Of this run alone: others may run at the same time. */
static char folder[] = "/tmp/busyXXXXXX";
static char program_name[64], script_name[64], file_name[64];

static void names_make(void)
{
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(1);
	}
	snprintf(program_name, sizeof(program_name), "%s/program", folder);
	snprintf(script_name, sizeof(script_name), "%s/script", folder);
	snprintf(file_name, sizeof(file_name), "%s/file", folder);
}

static void test_programs(void)
{
	const char *path = program_name, *script = script_name;
	char line[80];
	int to = copy_of_self(path), fd, again;

	snprintf(line, sizeof(line), "#!%s\n", path);

	result("open for writing", run(path) == ETXTBSY);
	fd = open(path, O_RDONLY);
	close(to);
	result("open for reading", run(path) == RAN);
	close(fd);
	to = open(path, O_WRONLY | O_APPEND);
	again = dup(to);
	close(to);
	result("a duplicate is open", run(path) == ETXTBSY);
	close(again);
	result("closed", run(path) == RAN);
	to = open(path, O_PATH);
	result("open as a place", run(path) == RAN);
	close(to);
	to = open(script, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	write(to, line, strlen(line));
	result("script is open", run(script) == ETXTBSY);
	close(to);
	to = open(path, O_RDWR);
	result("interpreter is open", run(script) == ETXTBSY);
	close(to);
	result("script", run(script) == RAN);
	to = open(path, O_RDWR);
	result("by descriptor", run_descriptor(to) == ETXTBSY);
	close(to);
	unlink(path);
	unlink(script);
}

/* What memfd_create() makes runs although it is open for writing. */
static void test_memory_program(void)
{
	static char buf[1 << 16];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = memfd_create("program", MFD_CLOEXEC);
	ssize_t len;

	while ((len = read(from, buf, sizeof(buf))) > 0) {
		write(to, buf, (size_t)len);
	}
	close(from);
	result("program in memory", run_descriptor(to) == RAN);
	close(to);
}

static int names_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (int)st.st_nlink : -1;
}

/* A file that gets its name when it is complete. */
static void test_nameless(void)
{
	const char *path = file_name;
	char self[64], text[8] = "";
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0640), again;
	struct stat st;

	umask(022);
	result("nameless", fd >= 0 && names_of(fd) == 0 &&
				   fstat(fd, &st) == 0 &&
				   st.st_mode == (S_IFREG | 0640));
	write(fd, "whole", 5);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	result("named",
	       linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 &&
		       names_of(fd) == 1);
	result("taken", linkat(AT_FDCWD, self, AT_FDCWD, path,
			       AT_SYMLINK_FOLLOW) == -1 &&
				errno == EEXIST);
	again = open(path, O_RDONLY);
	result("its text", read(again, text, sizeof(text)) == 5 &&
				   strcmp(text, "whole") == 0);
	close(again);
	unlink(path);
	result("unnamed", linkat(AT_FDCWD, self, AT_FDCWD, path,
				 AT_SYMLINK_FOLLOW) == -1 &&
				  errno == ENOENT);
	close(fd);
	fd = open("/tmp", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	result("never named", linkat(AT_FDCWD, self, AT_FDCWD, path,
				     AT_SYMLINK_FOLLOW) == -1 &&
				      errno == ENOENT);
	close(fd);
	result("to read", open("/tmp", O_TMPFILE | O_RDONLY, 0600) == -1 &&
				  errno == EINVAL);
	result("in a file",
	       open("/proc/self/exe", O_TMPFILE | O_RDWR, 0) == -1 &&
		       errno == ENOTDIR);
	result("in /proc", open("/proc", O_TMPFILE | O_RDWR, 0600) == -1 &&
				   errno == EOPNOTSUPP);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO };

	if (argc > 1) {
		return strcmp(argv[1], "child") == 0 || argc == 3 ? RAN : 1;
	}
	sigaction(SIGBUS, &action, NULL);
	test_shared();
	test_private();
	test_calls();
	test_processes();
	test_ways();
	test_storm();
	names_make();
	test_programs();
	test_memory_program();
	test_nameless();
	rmdir(folder);
	return wrong_count != 0;
}
