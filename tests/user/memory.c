/* SPDX-License-Identifier: MIT */
/*
 * Memory of a program: random mappings against a model page by page, the
 * break, the stack, private files. Whether a page can be read or written is
 * asked of the kernel, by system calls that would fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE        4096ul
#define MODEL_PAGES 64
#define STEPS       20000
#define BREAK_STEPS 300
#define STACK_DEEP  (7u << 20)

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
}

static uint64_t draw(void)
{
	static uint64_t state = 88172645463325252ul;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* nanosleep() of a time that is refused once it has been read. */
static int can_read(const void *at)
{
	return syscall(SYS_nanosleep, at, NULL) == 0 || errno != EFAULT;
}

static int can_write(void *at)
{
	return syscall(SYS_prctl, 16 /* PR_GET_NAME */, at) == 0;
}

struct page {
	int mapped;
	int prot;
	uint64_t word;
};

static struct page model[MODEL_PAGES];
static char *area;

static uint64_t *word_at(unsigned i)
{
	return (uint64_t *)(area + i * PAGE + 1024);
}

/* A time that nanosleep() refuses: the page's word stands elsewhere. */
static void make_refused(unsigned i)
{
	memset(area + i * PAGE, 0xff, 16);
}

static void model_map(unsigned from, unsigned to, int prot)
{
	mmap(area + from * PAGE, (to - from) * PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (unsigned i = from; i < to; i++) {
		make_refused(i);
		model[i] = (struct page){ 1, prot, 0 };
	}
	mprotect(area + from * PAGE, (to - from) * PAGE, prot);
}

static int model_protect(unsigned from, unsigned to, int prot)
{
	int whole = 1, done;

	for (unsigned i = from; i < to; i++) {
		whole = whole && model[i].mapped;
	}
	if (!whole) {
		return 1; /* Linux changes what comes before the gap */
	}
	done = mprotect(area + from * PAGE, (to - from) * PAGE, prot);
	for (unsigned i = from; i < to; i++) {
		model[i].prot = prot;
	}
	return done == 0;
}

static int model_touch(unsigned i)
{
	struct page *p = &model[i];
	int readable = p->mapped && p->prot != PROT_NONE;
	int writable = p->mapped && (p->prot & PROT_WRITE);

	if (can_read(area + i * PAGE) != readable ||
	    can_write(area + i * PAGE + 64) != writable) {
		return 0;
	}
	if (readable && *word_at(i) != p->word) {
		return 0;
	}
	if (writable) {
		*word_at(i) = p->word = draw();
	}
	return 1;
}

static int step(void)
{
	uint64_t random = draw();
	unsigned from = random % MODEL_PAGES;
	unsigned to = from + 1 + (random >> 8) % 8;
	int prot = (random >> 16) & 7;

	to = to > MODEL_PAGES ? MODEL_PAGES : to;
	switch ((random >> 24) % 8) {
	case 0: model_map(from, to, prot); return 1;
	case 1:
		munmap(area + from * PAGE, (to - from) * PAGE);
		memset(&model[from], 0, (to - from) * sizeof(*model));
		return 1;
	case 2:
	case 3: return model_protect(from, to, prot);
	default: return model_touch(from);
	}
}

static void mappings(void)
{
	int ok = 1;

	area = mmap(NULL, MODEL_PAGES * PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(area, MODEL_PAGES * PAGE);
	for (unsigned i = 0; i < STEPS && ok; i++) {
		ok = step();
	}
	munmap(area, MODEL_PAGES * PAGE);
	result("random mappings agree with their model", ok);
}

static int filled(const char *from, const char *to, char byte)
{
	while (from < to && *from == byte) {
		from++;
	}
	return from == to;
}

static char *break_now(void)
{
	return (char *)syscall(SYS_brk, 0);
}

static char *break_set(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

/* Up and down: what comes anew is zero, what stays is kept. */
static void the_break(void)
{
	char *start = break_now(), *end = start;
	int ok = 1;

	for (unsigned i = 0; i < BREAK_STEPS && ok; i++) {
		char *to = start + draw() % (64 * PAGE);
		uintptr_t fresh = ((uintptr_t)end + PAGE - 1) & ~(PAGE - 1);

		ok = break_set(to) == to && break_now() == to;
		if (ok && to > (char *)fresh) {
			ok = filled((char *)fresh, to, 0);
		}
		if (ok && to > start) {
			memset(start, (char)i, (size_t)(to - start));
			ok = filled(start, to, (char)i);
		}
		end = to;
	}
	ok = ok && break_set((char *)8) == end;
	ok = ok && break_set((char *)-PAGE) == end;
	break_set(start);
	result("the break moves up and down", ok && break_now() == start);
}

/* Protecting a page of the heap must not stop the break from moving. */
static void protected_break(void)
{
	char *start =
		(char *)(((uintptr_t)break_now() + PAGE - 1) & ~(PAGE - 1));
	int ok = break_set(start + 8 * PAGE) == start + 8 * PAGE;

	memset(start, 1, 8 * PAGE);
	ok = ok && mprotect(start + 2 * PAGE, PAGE, PROT_READ) == 0;
	result("the break moves up beside a protected page",
	       ok && break_set(start + 16 * PAGE) == start + 16 * PAGE &&
		       filled(start, start + 8 * PAGE, 1) &&
		       filled(start + 8 * PAGE, start + 16 * PAGE, 0) &&
		       !can_write(start + 2 * PAGE));
	result("the break moves down over a protected page",
	       break_set(start + PAGE) == start + PAGE &&
		       !can_read(start + 2 * PAGE));
	break_set(start + 4 * PAGE);
	result("what comes again is zero and writable",
	       filled(start + PAGE, start + 4 * PAGE, 0) &&
		       can_write(start + 2 * PAGE));
}

static unsigned deep(unsigned bytes)
{
	volatile char frame[16384];

	frame[0] = (char)bytes;
	frame[sizeof(frame) - 1] = 1;
	if (bytes < sizeof(frame)) {
		return 0;
	}
	return deep(bytes - (unsigned)sizeof(frame)) +
	       (unsigned)frame[sizeof(frame) - 1];
}

static void files(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	char path[256] = { 0 }, *map;

	if (file < 0 && readlink("/proc/self/exe", path, 255) > 0) {
		file = open(path, O_RDONLY);
	}
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file,
		   0);
	result("a private file mapping shows the file",
	       map != MAP_FAILED && memcmp(map, "\177ELF", 4) == 0);
	map[1] = 'e';
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	result("and keeps what was written to itself",
	       map != MAP_FAILED && memcmp(map, "\177ELF", 4) == 0);
}

static void refused(void)
{
	result("bad lengths and addresses are refused",
	       mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED &&
		       mmap(NULL, -PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0) == MAP_FAILED &&
		       mmap(NULL, 1ul << 47, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		       mmap((void *)0xffff800000000000ul, PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			    0) == MAP_FAILED &&
		       munmap((void *)1, PAGE) < 0 &&
		       munmap((void *)0xffff800000000000ul, PAGE) < 0 &&
		       munmap((void *)(16 * PAGE), -PAGE) < 0 &&
		       mprotect((void *)1, PAGE, PROT_READ) < 0 &&
		       mprotect((void *)0xffffffff80000000ul, PAGE,
				PROT_READ | PROT_WRITE) < 0);
}

static int core_error(const void *start, size_t len, void *seen)
{
	return mincore((void *)start, len, seen) == 0 ? 0 : errno;
}

static void in_core(void)
{
	unsigned char seen[4] = { 8, 8, 8, 8 };
	char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*two = 1;
	result("pages in memory are told",
	       core_error(two, PAGE + 1, seen) == 0 && seen[0] == 1 &&
		       seen[1] == 0 && seen[2] == 8);
	result("of no page nothing is told",
	       core_error(NULL, 0, NULL) == 0 && core_error(two, 0, NULL) == 0);
	result("of none of ours an error",
	       core_error(NULL, PAGE, seen) == ENOMEM &&
		       core_error(two, -1ul, seen) == ENOMEM &&
		       core_error((char *)-PAGE, 0, seen) == ENOMEM &&
		       core_error(two + 1, 0, seen) == EINVAL &&
		       core_error(two, 1, NULL) == EFAULT);
}

/* How many mappings /proc tells of, from start to end. */
static unsigned mappings_told(const char *start, const char *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	unsigned count = 0;
	char line[512];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		count += sscanf(line, "%lx-%lx", &from, &to) == 2 &&
			 from < (uintptr_t)end && to > (uintptr_t)start;
	}
	if (maps != NULL) {
		fclose(maps);
	}
	return count;
}

/* A hole on each side keeps it apart from what else is mapped. */
static char *map_apart(unsigned pages)
{
	char *at = mmap(NULL, (pages + 2) * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(at, PAGE);
	munmap(at + (pages + 1) * PAGE, PAGE);
	return at + PAGE;
}

static void neighbours(void)
{
	char *at = map_apart(8), *to = map_apart(8);
	char *end = at + 8 * PAGE;

	memset(at, 7, 8 * PAGE);
	mprotect(at + 2 * PAGE, 3 * PAGE, PROT_READ);
	result("other rights are another mapping", mappings_told(at, end) == 3);
	mprotect(at + PAGE, 5 * PAGE, PROT_READ | PROT_WRITE);
	result("the same rights are one again", mappings_told(at, end) == 1);
	munmap(at + 4 * PAGE, PAGE);
	result("with a hole there are two", mappings_told(at, end) == 2);
	mmap(at + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	result("memory put there makes it one", mappings_told(at, end) == 1);
	result("which can be moved as one",
	       mremap(at, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to) == to &&
		       filled(to, to + 4 * PAGE, 7) &&
		       filled(to + 4 * PAGE, to + 5 * PAGE, 0) &&
		       filled(to + 5 * PAGE, to + 8 * PAGE, 7) &&
		       mappings_told(to, to + 8 * PAGE) == 1 &&
		       mappings_told(at, end) == 0);
}

int main(void)
{
	/* Output before the break is tested must not move it afterwards. */
	setvbuf(stdout, NULL, _IONBF, 0);
	mappings();
	the_break();
	protected_break();
	result("the stack grows", deep(STACK_DEEP) > 0);
	files();
	refused();
	in_core();
	neighbours();
	return wrong_count != 0;
}
