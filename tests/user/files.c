/* SPDX-License-Identifier: MIT */
/*
 * Files and names: what each call answers, for good arguments and bad ones.
 * Everything happens in a folder of its own below /tmp, which is gone at the
 * end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAGE 4096

/* Volatile: the compiler does not see that nothing is there. */
static void *volatile unmapped = (void *)16;

/* A result, or the error, each on a line of its own. */
static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("put %s: error %d\n", path, errno);
	}
	close(fd);
}

static void cat(const char *path)
{
	char text[200];
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len < 0) {
		printf("%s: error %d\n", path, errno);
	} else {
		text[len] = '\0';
		printf("%s: \"%s\"\n", path, text);
	}
	close(fd);
}

static void show_stat(const char *path)
{
	struct stat s;

	if (lstat(path, &s) != 0) {
		printf("lstat %s: error %d\n", path, errno);
		return;
	}
	printf("%s: mode %o links %lu uid %u size %ld\n", path, s.st_mode,
	       S_ISDIR(s.st_mode) ? 0ul : (unsigned long)s.st_nlink, s.st_uid,
	       S_ISDIR(s.st_mode) ? 0l : (long)s.st_size);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted. */
static void list(const char *path)
{
	DIR *dir = opendir(path);
	char *names[200];
	size_t count = 0;

	if (dir == NULL) {
		printf("opendir %s: error %d\n", path, errno);
		return;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		names[count] = malloc(strlen(e->d_name) + 12);
		sprintf(names[count++], "%s/%d", e->d_name, e->d_type);
	}
	closedir(dir);
	qsort(names, count, sizeof(*names), by_name);
	printf("%s:", path);
	for (size_t i = 0; i < count; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	printf("\n");
}

static void test_open(void)
{
	int fd;

	show("open missing", open("a", O_RDONLY));
	show("open empty", open("", O_RDONLY));
	show("creat", close(creat("a", 0600)));
	show("excl", open("a", O_CREAT | O_EXCL | O_RDWR, 0600));
	show("directory of a file", open("a", O_DIRECTORY | O_RDONLY));
	show("through a file", open("a/b", O_RDONLY));
	show("file with a slash", open("a/", O_RDONLY));
	show("write a folder", open(".", O_WRONLY));
	show("create a folder", open(".", O_CREAT | O_RDONLY, 0600));
	show("bad at", openat(999, "a", O_RDONLY));
	show("at a file", openat(0, "a/b", O_RDONLY) < -1);
	put("a", "hello");
	cat("a");
	fd = open("a", O_WRONLY | O_APPEND);
	show("seek", lseek(fd, 0, SEEK_SET));
	show("append", write(fd, " world", 6));
	show("position", lseek(fd, 0, SEEK_CUR));
	show("read what is for writing", read(fd, &fd, 1));
	show("flags", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
	show("close", close(fd));
	show("close again", close(fd));
	cat("a");
	fd = open("a", O_RDONLY);
	show("write what is for reading", write(fd, "x", 1));
	close(fd);
	fd = open("a", O_PATH);
	show("read a place", read(fd, &fd, 1));
	show("stat a place",
	     fstatat(fd, "", &(struct stat){ 0 }, AT_EMPTY_PATH));
	close(fd);
	show("unlink", unlink("a"));
}

static void test_positions(void)
{
	int fd = open("p", O_RDWR | O_CREAT | O_TRUNC, 0644), other;
	char text[20] = "";
	struct iovec v[3] = { { text, 2 }, { text + 5, 0 }, { text + 2, 4 } };

	show("write", write(fd, "0123456789", 10));
	show("pread", pread(fd, text, 3, 4));
	printf("%s\n", text);
	show("pread behind", pread(fd, text, 3, 40));
	show("pread negative", pread(fd, text, 3, -1));
	show("pwrite", pwrite(fd, "abc", 3, 8));
	show("size", lseek(fd, 0, SEEK_END));
	show("seek to 2", lseek(fd, 2, SEEK_SET));
	show("readv", readv(fd, v, 3));
	printf("%s\n", text);
	show("seek before", lseek(fd, -20, SEEK_CUR));
	show("seek nowhere", lseek(fd, 0, 77));
	other = dup(fd);
	show("dup shares", lseek(other, 0, SEEK_CUR));
	show("hole", pwrite(fd, "end", 3, 3 * PAGE));
	memset(text, 'x', sizeof(text));
	show("read a hole", pread(fd, text, 5, PAGE));
	show("zero", text[0] + text[4]);
	show("truncate", ftruncate(fd, 5));
	show("longer", ftruncate(fd, 12));
	memset(text, 'x', sizeof(text));
	show("read", pread(fd, text, 20, 0));
	show("cleared", text[5] + text[11]);
	show("negative length", ftruncate(fd, -1));
	show("seek data", lseek(fd, 0, SEEK_DATA));
	show("seek data behind", lseek(fd, 100, SEEK_DATA));
	show("bad pointer", write(fd, unmapped, 4));
	show("bad vector", readv(fd, unmapped, 2));
	show("allocate", posix_fallocate(fd, 0, 3 * PAGE));
	show("length now", lseek(fd, 0, SEEK_END));
	close(other);
	close(fd);
	unlink("p");
}

static void test_folders(void)
{
	show("mkdir", mkdir("d", 0755));
	show("mkdir again", mkdir("d", 0755));
	show("unlink root", unlink("/"));
	show("rmdir root", rmdir("/"));
	show("mkdir slash", mkdir("d/e/", 0755));
	show("mkdir missing", mkdir("x/y", 0755));
	show("mkdir dot", mkdir(".", 0755));
	put("d/f", "1");
	list("d");
	show("rmdir full", rmdir("d"));
	show("rmdir file", rmdir("d/f"));
	show("unlink folder", unlink("d/e"));
	show("rmdir dot", rmdir("d/."));
	show("rmdir dots", rmdir("d/e/.."));
	show("chdir", chdir("d/e"));
	show("chdir file", chdir("../f"));
	cat("../f");
	show("rmdir what is stood in", rmdir("../e"));
	show("make there", mkdir("z", 0755));
	show("getcwd there", getcwd((char[200]){ "" }, 200) != NULL);
	show("up", chdir("../.."));
	show("unlink", unlink("d/f"));
	show("rmdir", rmdir("d"));
	show("list a file", open("/etc/passwd", O_DIRECTORY | O_RDONLY));
}

static void test_links(void)
{
	char text[100] = "";

	put("t", "target");
	show("link", link("t", "u"));
	show("link again", link("t", "u"));
	show_stat("t");
	show("symlink", symlink("t", "s"));
	show("empty symlink", symlink("", "s0"));
	cat("s");
	show_stat("s");
	show("readlink", readlink("s", text, sizeof(text)));
	show("readlink cut", readlink("s", text, 0));
	show("readlink of a file", readlink("t", text, sizeof(text)));
	show("nofollow", open("s", O_RDONLY | O_NOFOLLOW));
	show("loop", symlink("l2", "l1") + symlink("l1", "l2"));
	show("open loop", open("l1", O_RDONLY));
	show("dangling", symlink("nowhere", "n"));
	show("open dangling", open("n", O_RDONLY));
	show("excl dangling", open("n", O_RDWR | O_CREAT | O_EXCL, 0600));
	put("n", "made through a link");
	cat("nowhere");
	show("folder link", mkdir("fd", 0755) + symlink("fd", "fl"));
	put("fl/in", "in");
	cat("fd/in");
	show_stat("fl/");
	show("rmdir a link", rmdir("fl"));
	show("link a folder", link("fd", "fd2"));
	list(".");
	show("unlink all", unlink("t") + unlink("u") + unlink("s") +
				   unlink("l1") + unlink("l2") + unlink("n") +
				   unlink("nowhere") + unlink("fd/in") +
				   unlink("fl") + rmdir("fd"));
}

static long rename2(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void test_rename(void)
{
	put("a", "A");
	put("b", "B");
	mkdir("d", 0755);
	mkdir("d/e", 0755);
	mkdir("g", 0755);
	show("rename", rename("a", "c"));
	show("over", rename("c", "b"));
	cat("b");
	show("missing", rename("a", "b"));
	show("file over folder", rename("b", "d"));
	show("folder over file", rename("d", "b"));
	show("into itself", rename("d", "d/e/f"));
	show("over full", rename("g", "d"));
	show("over empty", rename("d", "g"));
	list("g");
	show("to itself", rename("b", "b"));
	put("h", "H");
	show("no replace", rename2("b", "h", 1));
	show("exchange", rename2("b", "h", 2));
	cat("b");
	cat("h");
	show("exchange folder", rename2("b", "g", 2));
	list("b");
	cat("g");
	show("exchange missing", rename2("b", "zz", 2));
	show("bad flags", rename2("b", "g", 77));
	link("h", "i");
	show("same file", rename("h", "i"));
	show_stat("h");
	show("dot", rename(".", "q"));
	show("slash", rename("h/", "q"));
	show("all away", unlink("h") + unlink("i") + unlink("g") +
				 rmdir("b/e") + rmdir("b"));
}

static void test_attributes(void)
{
	struct timespec times[2] = { { 1000000, 5 }, { 2000000, 999999999 } };
	struct stat s;

	put("a", "x");
	show("umask", umask(077));
	close(open("m", O_CREAT | O_WRONLY, 0666));
	show_stat("m");
	show("umask back", umask(022));
	show("chmod", chmod("a", 04751));
	show_stat("a");
	show("access", access("a", R_OK | W_OK));
	show("access bad", access("a", 99));
	show("access missing", access("b", F_OK));
	show("utimensat", utimensat(AT_FDCWD, "a", times, 0));
	stat("a", &s);
	printf("times %ld.%ld %ld.%ld\n", (long)s.st_atim.tv_sec,
	       s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = 2000000000;
	show("bad time", utimensat(AT_FDCWD, "a", times, 0));
	times[1] = (struct timespec){ 77, 0 };
	show("omit", utimensat(AT_FDCWD, "a", times, 0));
	stat("a", &s);
	printf("times %ld %ld\n", (long)s.st_atim.tv_sec,
	       (long)s.st_mtim.tv_sec);
	show("fifo", mknod("f", S_IFIFO | 0600, 0));
	show_stat("f");
	show("bad node", mknod("g", 0170000, 0));
	show("long name", mkdir("0123456789012345678901234567890123456789012345"
				"6789012345678901234567890123456789012345678901"
				"2345678901234567890123456789012345678901234567"
				"8901234567890123456789012345678901234567890123"
				"4567890123456789012345678901234567890123456789"
				"012345678901234567890123456789",
				0755));
	show("all away", unlink("a") + unlink("m") + unlink("f"));
}

static void test_many(void)
{
	DIR *dir;
	char name[300];
	int seen = 0, removed = 0;

	mkdir("many", 0755);
	for (int i = 0; i < 500; i++) {
		sprintf(name, "many/%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	/* Removed while it is read: each is seen once. */
	dir = opendir("many");
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] != '.') {
			snprintf(name, sizeof(name), "many/%s", e->d_name);
			seen++;
			removed += unlink(name) == 0;
		}
	}
	closedir(dir);
	printf("seen %d removed %d\n", seen, removed);
	show("empty", rmdir("many"));
}

static void test_unlinked(void)
{
	int fd = open("u", O_RDWR | O_CREAT, 0600);
	char *map;
	char text[4] = "";
	struct stat s;

	show("write", write(fd, "abc", 3));
	show("unlink", unlink("u"));
	show("open again", open("u", O_RDONLY));
	fstat(fd, &s);
	show("links", (long)s.st_nlink);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	show("mapped", map != MAP_FAILED && map[1] == 'b' && map[3] == 0);
	map[1] = 'X';
	show("seen in the file", pread(fd, text, 3, 0));
	printf("%s\n", text);
	show("written", pwrite(fd, "Z", 1, 2));
	show("seen in the mapping", map[2]);
	close(fd);
	show("after close", map[0]);
	munmap(map, PAGE);
}

static void test_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR), high;

	show("dup2", dup2(fd, 50));
	show("dup2 itself", dup2(50, 50));
	show("dup2 bad", dup2(49, 51));
	show("dup3 itself", dup3(fd, fd, 0));
	show("dup3", dup3(fd, 51, O_CLOEXEC));
	show("marks", fcntl(50, F_GETFD) * 10 + fcntl(51, F_GETFD));
	high = fcntl(fd, F_DUPFD, 100);
	show("dupfd", high);
	show("set", fcntl(high, F_SETFD, FD_CLOEXEC));
	show("get", fcntl(high, F_GETFD));
	show("nonblock", fcntl(high, F_SETFL, O_NONBLOCK));
	show("shared flags", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	show("bad command", fcntl(fd, 9999));
	show("dupfd too far", fcntl(fd, F_DUPFD, 1 << 30));
	show("dupfd of none, too far", fcntl(99, F_DUPFD, 1 << 30));
	show("close range", (long)syscall(SYS_close_range, 50, 60, 0));
	show("closed", fcntl(50, F_GETFD));
	show("tty?", ioctl(fd, 0x5401, NULL));
	close(high);
	close(fd);
}

/* /proc has no attributes on Linux either. */
static void test_extended_attributes(void)
{
	char value[8];
	int fd = open("/proc/self/status", O_RDONLY);

	show("attribute", getxattr("/proc/self/status", "user.a", value, 8));
	show("no file", getxattr("nowhere", "user.a", value, 8));
	show("no name", getxattr("/proc/self/status", "", value, 8));
	show("bad name", getxattr("/proc/self/status", unmapped, value, 8));
	show("set", setxattr("/proc/self/status", "user.a", value, 8, 0));
	show("remove", lremovexattr("/proc/self/status", "user.a"));
	show("by descriptor", fgetxattr(fd, "user.a", value, 8));
	show("not open", fgetxattr(99, "user.a", value, 8));
	show("list nowhere", listxattr("nowhere", value, 8));
	show("list not open", flistxattr(99, value, 8));
	close(fd);
}

static void test_devices(void)
{
	char text[8] = "xxxxxxx";
	int zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
	int null = open("/dev/null", O_RDWR);
	uint64_t random[2] = { 0, 0 };
	struct statfs fs;

	show("zero", read(zero, text, 3));
	show("zeroes", text[0] + text[2]);
	show("null", read(null, text, 3));
	show("to null", write(null, text, 3));
	show("full", write(full, text, 3));
	show("from full", read(full, text, 3));
	show("seek null", lseek(null, 50, SEEK_SET));
	show("seek nowhere", lseek(null, 0, 99));
	show("null at 9", pread(null, text, 3, 9));
	show("to null at 9", pwrite(null, text, 3, 9));
	show("zero far out", pread(zero, text, 3, 1ul << 62));
	show("full at 9", pwrite(full, text, 3, 9));
	show("zero before 0", pread(zero, text, 3, -1));
	close(zero);
	zero = open("/dev/urandom", O_RDONLY);
	show("random", read(zero, random, sizeof(random)));
	show("differs", random[0] != random[1]);
	close(zero);
	close(full);
	close(null);
	show("statfs", statfs("/tmp", &fs));
	show("block size", (long)fs.f_bsize);
	show("name length", (long)fs.f_namelen);
	show("statfs missing", statfs("missing", &fs));
	zero = open("/tmp", O_RDONLY);
	show("sync", syncfs(zero));
	close(zero);
	show("sync nothing", syncfs(zero));
}

int main(void)
{
	char folder[64];

	sprintf(folder, "/tmp/files.%d", getpid());
	if (mkdir(folder, 0755) != 0 || chdir(folder) != 0) {
		printf("no folder: error %d\n", errno);
		return 1;
	}
	umask(022);
	test_open();
	test_positions();
	test_folders();
	test_links();
	test_extended_attributes();
	test_rename();
	test_attributes();
	test_many();
	test_unlinked();
	test_descriptors();
	test_devices();
	list(".");
	return chdir("/") || rmdir(folder);
}
