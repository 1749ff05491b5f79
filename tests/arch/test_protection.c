/* SPDX-License-Identifier: MIT */
/*
 * The kernel's protections against itself: each is tripped, and the processor
 * must say so with the right exception.
 */
#include "arch/cpu.h"
#include "arch/directmap.h"
#include "arch/paging.h"
#include "arch/probe.h"
#include "arch/user.h"
#include "arch/vectors.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/kstack.h"
#include "sched/thread.h"
#include "tests/arch/cpu_has.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

/* Page fault error codes (SDM vol. 3, figure 4-12), supervisor's. */
#define PF_READ_ABSENT     0x0
#define PF_READ            0x1
#define PF_WRITE_ABSENT    0x2
#define PF_WRITE           0x3
#define PF_EXEC            0x11

#define PAGE_FAULT(error)  PROBE_FAULT(EXCEPTION_PF, error)
#define GENERAL_PROTECTION PROBE_FAULT(EXCEPTION_GP, 0)

#define OPCODE_RET         0xc3
#define GUARDED            24
#define USER_PAGE          0x400000ul
#define NON_CANONICAL      0x800000000000ul
#define IMAGE_ALIAS        (DIRECT_MAP_BASE - KERNEL_BASE)

extern u8 text_start[], text_end[];
static const u64 constant_word = 0x1234567890abcdef;

static void run_at(u64 address)
{
	((void (*)(void))address)();
}

static void read_at(u64 address)
{
	(void)*(volatile u8 *)address;
}

static void write_at(u64 address)
{
	*(volatile u8 *)address = 0;
}

static void nothing(u64 arg)
{
	(void)arg;
}

KTEST(probe_sees, "a probe returns 0 without a fault, and what was raised")
{
	u64 word = 1;

	EXPECT_EQ(arch_probe(nothing, 0), 0);
	EXPECT_EQ(arch_probe(write_at, (u64)&word), 0);
	EXPECT_EQ(word, 0);
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT_EQ(arch_probe(read_at, 0), PAGE_FAULT(PF_READ_ABSENT));
	}
	EXPECT(arch_irq_enabled());
	EXPECT_EQ(preempt_depth(), 0);
}

KTEST(protect_no_exec_data, "data is never executed: direct map, stack, heap")
{
	u8 stack[16];
	u8 *heap = kmalloc(16);
	phys_t frame = frame_alloc(0);
	u64 results[3];

	if (!cpu_has("nx")) {
		ktest_skip("the processor has no NX");
		return;
	}
	EXPECT(heap != NULL && !phys_is_none(frame));
	memset(stack, OPCODE_RET, sizeof(stack));
	memset(heap, OPCODE_RET, 16);
	memset(phys_to_virt(frame), OPCODE_RET, 16);
	results[0] = arch_probe(run_at, (u64)stack);
	results[1] = arch_probe(run_at, (u64)heap);
	results[2] = arch_probe(run_at, (u64)phys_to_virt(frame));
	kfree(heap);
	frame_put(frame);
	EXPECT_EQ(results[0], PAGE_FAULT(PF_EXEC));
	EXPECT_EQ(results[1], PAGE_FAULT(PF_EXEC));
	EXPECT_EQ(results[2], PAGE_FAULT(PF_EXEC));
}

KTEST(protect_no_exec_alias,
      "text runs at its own address alone, constants not")
{
	if (!cpu_has("nx")) {
		ktest_skip("the processor has no NX");
		return;
	}
	EXPECT_EQ(arch_probe(run_at, (u64)nothing), 0);
	EXPECT_EQ(arch_probe(run_at, (u64)nothing + IMAGE_ALIAS),
		  PAGE_FAULT(PF_EXEC));
	EXPECT_EQ(arch_probe(run_at, (u64)&constant_word), PAGE_FAULT(PF_EXEC));
}

KTEST(protect_text, "text and constants are read only, in the direct map too")
{
	const u64 places[] = { (u64)text_start, (u64)text_end - 1, (u64)nothing,
			       (u64)&constant_word };

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		EXPECT_EQ(arch_probe(write_at, places[i]),
			  PAGE_FAULT(PF_WRITE));
		EXPECT_EQ(arch_probe(write_at, places[i] + IMAGE_ALIAS),
			  PAGE_FAULT(PF_WRITE));
		EXPECT_EQ(arch_probe(read_at, places[i] + IMAGE_ALIAS), 0);
	}
	EXPECT_EQ(*(const volatile u64 *)&constant_word, 0x1234567890abcdef);
}

KTEST(protect_null, "nothing is at 0, nor where the boot had low memory")
{
	EXPECT_EQ(arch_probe(read_at, 0), PAGE_FAULT(PF_READ_ABSENT));
	EXPECT_EQ(arch_probe(write_at, PAGE_SIZE - 1),
		  PAGE_FAULT(PF_WRITE_ABSENT));
	EXPECT_EQ(arch_probe(read_at, 0x100000), PAGE_FAULT(PF_READ_ABSENT));
	EXPECT_EQ(arch_probe(read_at, NON_CANONICAL), GENERAL_PROTECTION);
}

KTEST(protect_stack_guard,
      "below a kernel stack is nothing, for its whole size")
{
	u64 base = (u64)current_thread()->kstack.base;

	EXPECT_EQ(arch_probe(read_at, base), 0);
	for (u64 at = base - 1; at > base - KSTACK_BYTES; at -= 512) {
		EXPECT_EQ(arch_probe(write_at, at),
			  PAGE_FAULT(PF_WRITE_ABSENT));
	}
	EXPECT_EQ(arch_probe(read_at, base - KSTACK_BYTES),
		  PAGE_FAULT(PF_READ_ABSENT));
}

static bool stack_is_guarded(const struct kstack *stack)
{
	u64 base = (u64)stack->base;
	bool right = true;

	for (u64 at = 0; at < KSTACK_BYTES; at += PAGE_SIZE) {
		struct page_mapping m;

		right = right &&
			arch_query_page(&kernel_page_table, base + at, &m) &&
			!arch_query_page(&kernel_page_table,
					 base - KSTACK_BYTES + at, &m);
	}
	return right;
}

KTEST(protect_every_stack, "every kernel stack has its guard below")
{
	struct thread *threads[GUARDED];
	unsigned guarded = 0;

	for (unsigned i = 0; i < GUARDED; i++) {
		threads[i] = thread_create("guarded", NULL, NULL);
		EXPECT(threads[i] != NULL);
	}
	for (unsigned i = 0; i < GUARDED; i++) {
		guarded += stack_is_guarded(&threads[i]->kstack);
		/* Its own reference, which its end would drop, and ours. */
		thread_put(threads[i]);
		thread_put(threads[i]);
	}
	EXPECT_EQ(guarded, GUARDED);
}

/* A user page that holds a function; NULL: that could not be made. */
static struct aspace *user_code(void)
{
	const u8 code = OPCODE_RET;
	struct aspace *aspace = user_space_enter();
	int err;

	if (aspace == NULL) {
		return NULL;
	}
	err = user_space_map(aspace, USER_PAGE, PAGE_SIZE, REGION_PROT);
	if (err == 0) {
		err = copy_to_user(uaddr(USER_PAGE), &code, sizeof(code));
	}
	if (err) {
		user_space_leave(aspace);
		return NULL;
	}
	return aspace;
}

KTEST(protect_smep, "the kernel never runs user code")
{
	struct aspace *aspace;
	u64 result;

	if (!cpu_has("smep")) {
		ktest_skip("the processor has no SMEP");
		return;
	}
	aspace = user_code();
	EXPECT(aspace != NULL);
	result = arch_probe(run_at, USER_PAGE);
	user_space_leave(aspace);
	EXPECT_EQ(result, PAGE_FAULT(PF_EXEC));
}

/* Every way through arch/user.h, those that fail too. */
static int copy_some_way(unsigned way)
{
	uaddr_t at = uaddr(USER_PAGE), edge = uaddr(USER_PAGE + PAGE_SIZE - 4);
	char buf[16];

	switch (way) {
	case 0: return copy_from_user(buf, at, 13);
	case 1: return copy_from_user(buf, edge, 13);
	case 2: return copy_to_user(at, "\xc3", 2);
	case 3: return copy_to_user(edge, buf, 13);
	case 4: return clear_user(edge, 4);
	case 5: return clear_user(edge, 13);
	case 6: return (int)copy_string_from_user(buf, at, 16);
	case 7: return (int)copy_string_from_user(buf, at, 1);
	case 8: return (int)copy_string_from_user(buf, uaddr(1ul << 40), 16);
	default: return 1;
	}
}

#define COPY_WAYS 10

KTEST(protect_smap, "the kernel reaches user memory by arch/user.h alone")
{
	u64 reads[COPY_WAYS], writes[COPY_WAYS];
	struct aspace *aspace;
	unsigned failed = 0;

	if (!cpu_has("smap")) {
		ktest_skip("the processor has no SMAP");
		return;
	}
	aspace = user_code();
	EXPECT(aspace != NULL);
	for (unsigned way = 0; way < COPY_WAYS; way++) {
		failed += copy_some_way(way) < 0;
		reads[way] = arch_probe(read_at, USER_PAGE);
		writes[way] = arch_probe(write_at, USER_PAGE);
	}
	user_space_leave(aspace);
	EXPECT_EQ(failed, 5);
	for (unsigned way = 0; way < COPY_WAYS; way++) {
		EXPECT_EQ(reads[way], PAGE_FAULT(PF_READ));
		EXPECT_EQ(writes[way], PAGE_FAULT(PF_WRITE));
	}
}

KTEST(protect_write_protect, "a read-only user page is so for the kernel too")
{
	struct aspace *aspace = user_code();
	u8 byte = 0;
	int write, read;

	EXPECT(aspace != NULL);
	write = aspace_protect(aspace, USER_PAGE, PAGE_SIZE, REGION_READ);
	write = write ? 0 : copy_to_user(uaddr(USER_PAGE), &byte, 1);
	read = copy_from_user(&byte, uaddr(USER_PAGE), 1);
	user_space_leave(aspace);
	EXPECT(write != 0);
	EXPECT_EQ(read, 0);
	EXPECT_EQ(byte, OPCODE_RET);
}
