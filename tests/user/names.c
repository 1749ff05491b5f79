/* SPDX-License-Identifier: MIT */
/*
 * Absolute paths that lead elsewhere from one call to the next: each is walked
 * twice before something changes on its way, and again afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY   65534
#define EXCHANGE 2 /* RENAME_EXCHANGE, which musl does not bring */

static char base[] = "/tmp/n.XXXXXX";

/* A path below `base`; the last four stay. */
static const char *at(const char *name)
{
	static char paths[4][64];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

/* A file that holds one letter. */
static void put(const char *name, char letter)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (write(fd, &letter, 1) != 1) {
		printf("put %s: error %d\n", name, errno);
	}
	close(fd);
}

/* The letter in it, or the error, by two ways that must agree. */
static void look(const char *when, const char *name)
{
	char letter[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		struct stat found;
		int fd = open(at(name), O_RDONLY);
		int err = fd < 0 ? errno : 0;

		if (fd >= 0 && read(fd, &letter[i], 1) != 1) {
			letter[i] = '?';
		}
		close(fd);
		if ((stat(at(name), &found) < 0 ? errno : 0) != err) {
			printf("%s: stat and open differ\n", when);
		}
		if (err != 0) {
			printf("%s: %s: error %d\n", when, name, err);
			return;
		}
	}
	printf("%s: %s: %c%c\n", when, name, letter[0], letter[1]);
}

static void result(const char *what, int found)
{
	if (found < 0) {
		printf("%s: error %d\n", what, errno);
	}
}

static void test_files(void)
{
	put("f", 'a');
	look("made", "f");
	result("unlink", unlink(at("f")));
	look("removed", "f");
	put("f", 'b');
	look("made again", "f");
	put("g", 'c');
	look("another", "g");
	result("rename", rename(at("g"), at("f")));
	look("replaced", "f");
	look("moved", "g");
	result("link", link(at("f"), at("h")));
	look("linked", "h");
	result("unlink", unlink(at("f")));
	look("one name less", "h");
	result("unlink", unlink(at("h")));
}

static void test_directories(void)
{
	result("mkdir", mkdir(at("d"), 0755));
	result("mkdir", mkdir(at("d/e"), 0755));
	put("d/e/f", 'x');
	look("deep", "d/e/f");
	result("rename", rename(at("d"), at("o")));
	look("from", "d/e/f");
	look("to", "o/e/f");
	result("mkdir", mkdir(at("d"), 0755));
	result("mkdir", mkdir(at("d/e"), 0755));
	put("d/e/f", 'y');
	look("new", "d/e/f");
	result("exchange", (int)syscall(SYS_renameat2, AT_FDCWD, at("d/e"),
					AT_FDCWD, at("o/e"), EXCHANGE));
	look("exchanged", "d/e/f");
	result("unlink", unlink(at("d/e/f")));
	result("rmdir", rmdir(at("d/e")));
	look("removed", "d/e/f");
	put("d/e", 'z');
	look("a file in its place", "d/e");
	look("and below it", "d/e/f");
	result("unlink", unlink(at("d/e")));
	result("rmdir", rmdir(at("d")));
}

static void test_links(void)
{
	result("mkdir", mkdir(at("p"), 0755));
	put("p/f", 'p');
	result("symlink", symlink("o/e", at("l")));
	look("by link", "l/f");
	result("unlink", unlink(at("l")));
	result("symlink", symlink("p", at("l")));
	look("by another", "l/f");
	result("unlink", unlink(at("l")));
	look("by none", "l/f");
}

/* Who may search no more; the first user always may. */
static void test_modes(void)
{
	int first = geteuid() == 0;

	look("open", "p/f");
	result("seteuid", first ? seteuid(NOBODY) : 0);
	look("to all", "p/f");
	result("seteuid", first ? seteuid(0) : 0);
	result("chmod", chmod(at("p"), 0));
	result("seteuid", first ? seteuid(NOBODY) : 0);
	look("shut", "p/f");
	result("seteuid", first ? seteuid(0) : 0);
	result("chmod", chmod(at("p"), 0755));
	look("open again", "p/f");
}

int main(void)
{
	if (mkdtemp(base) == NULL || chmod(base, 0755) < 0) {
		perror(base);
		return 1;
	}
	test_files();
	test_directories();
	test_links();
	test_modes();
	result("unlink", unlink(at("p/f")));
	result("unlink", unlink(at("o/e/f")));
	result("rmdir", rmdir(at("p")) | rmdir(at("o/e")) | rmdir(at("o")));
	result("rmdir", rmdir(base));
	return 0;
}
