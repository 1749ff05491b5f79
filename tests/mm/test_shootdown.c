/* SPDX-License-Identifier: MIT */
/*
 * Shootdown storms: once an unmapping or a loss of rights has returned, no
 * processor reaches the old frame or writes where it may not; and kernel space
 * on a processor that begins to listen is what the tables say.
 */
#include "mm/tlb.h"

#include "arch/cpu.h"
#include "arch/user.h"
#include "kernel/preempt.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/leaks.h"
#include "tests/sched/crew.h"
#include "tests/user_space.h"

#define BASE      0x40000000ul
#define RW        (REGION_READ | REGION_WRITE)
#define PAGES     (TLB_BATCH_FRAMES + 3)
#define LEN_BYTES (PAGES * PAGE_SIZE)
#define ROUNDS    40

/* In kernel space, where no stack will be. */
#define KERNEL_PAGE (KSTACK_AREA_BASE + (1ul << 38))

static struct crew crew;

static struct {
	struct aspace *aspace;
	bool stop;     /* [a] */
	u64 closed;    /* [a] odd: no page may be read, or none written ... */
	u64 from, to;  /* [a] ... of these; they change while it is even */
	u64 looks;     /* [a] reads or writes that were tried */
	u64 forbidden; /* [a] those that worked while closed */
} storm;

static u64 page_at(u64 i)
{
	return BASE + i % PAGES * PAGE_SIZE;
}

static bool peek(u64 va, u64 *word)
{
	return copy_from_user(word, uaddr(va), sizeof(*word)) == 0;
}

static bool poke(u64 va, u64 word)
{
	return copy_to_user(uaddr(va), &word, sizeof(word)) == 0;
}

/* If it was closed before and still is, it was all the time. */
static void visit(u64 va, bool (*touch)(u64 va))
{
	u64 before = __atomic_load_n(&storm.closed, __ATOMIC_SEQ_CST);
	bool inside = va >= READ_ONCE(storm.from) && va < READ_ONCE(storm.to);
	bool reached = touch(va);
	u64 after = __atomic_load_n(&storm.closed, __ATOMIC_SEQ_CST);

	if (reached && before == after && before % 2 != 0 && inside) {
		__atomic_fetch_add(&storm.forbidden, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&storm.looks, 1, __ATOMIC_RELAXED);
	arch_relax();
}

static bool look(u64 va)
{
	u64 word;

	return peek(va, &word);
}

static bool scribble(u64 va)
{
	return poke(va, arch_cycles());
}

static void reader(void *arg)
{
	user_space_switch(aspace_get(storm.aspace));
	for (u64 i = (u64)arg; !READ_ONCE(storm.stop); i++) {
		visit(page_at(i), look);
	}
	user_space_leave(storm.aspace);
}

static void writer(void *arg)
{
	user_space_switch(aspace_get(storm.aspace));
	for (u64 i = (u64)arg; !READ_ONCE(storm.stop); i++) {
		visit(page_at(i), scribble);
	}
	user_space_leave(storm.aspace);
}

/* One on every processor, in the space that is made and entered here. */
static int storm_begin(void (*fn)(void *))
{
	int err = 0;

	storm.stop = false;
	storm.closed = storm.looks = storm.forbidden = 0;
	storm.from = BASE;
	storm.to = BASE + LEN_BYTES;
	storm.aspace = user_space_enter();
	if (storm.aspace == NULL) {
		return -ENOMEM;
	}
	for (u64 left = READ_ONCE(online_cpus); left; left &= left - 1) {
		crew.affinity = left & -left;
		err = err ? err : crew_add(&crew, fn, (void *)left);
	}
	return err;
}

static void storm_end(void)
{
	WRITE_ONCE(storm.stop, true);
	crew_join(&crew);
	user_space_leave(storm.aspace);
}

/* Lets every processor look several times. */
static void let_them_look(void)
{
	u64 looks = READ_ONCE(storm.looks) + 8 * crew.count;

	while (READ_ONCE(storm.looks) < looks) {
		sched_yield();
		arch_relax();
	}
}

/* Whoever looks while it is closed did not begin before it was. */
static void close_for_a_while(void)
{
	__atomic_fetch_add(&storm.closed, 1, __ATOMIC_SEQ_CST);
	let_them_look();
	__atomic_fetch_add(&storm.closed, 1, __ATOMIC_SEQ_CST);
}

static int map_and_unmap(void)
{
	int err = user_space_map(storm.aspace, BASE, LEN_BYTES, RW);

	let_them_look();
	err = err ? err : aspace_unmap(storm.aspace, BASE, LEN_BYTES);
	close_for_a_while();
	return err;
}

static int run_unmap_storm(void)
{
	u64 rounds = ktest_rounds(ROUNDS);
	int err = storm_begin(reader);

	for (u64 i = 0; i < rounds && err == 0; i++) {
		err = map_and_unmap();
	}
	storm_end();
	return err;
}

KTEST(shootdown_unmap_storm,
      "nobody reads what was unmapped, and every frame comes back")
{
	u64 threads = threads_settled();
	struct holdings before, after;

	EXPECT_EQ(run_unmap_storm(), 0);
	before = holdings_now(threads);
	EXPECT_EQ(run_unmap_storm(), 0);
	after = holdings_now(threads);
	EXPECT_EQ(storm.forbidden, 0);
	EXPECT_EQ(after.free_frames, before.free_frames);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
}

static int freeze_and_thaw(void)
{
	int err = aspace_protect(storm.aspace, BASE, LEN_BYTES, REGION_READ);

	close_for_a_while();
	err = err ? err : aspace_protect(storm.aspace, BASE, LEN_BYTES, RW);
	let_them_look();
	return err;
}

KTEST(shootdown_protect_storm,
      "nobody writes through a right that was taken away")
{
	u64 rounds = ktest_rounds(ROUNDS);
	int err = storm_begin(writer);

	err = err ? err : user_space_map(storm.aspace, BASE, LEN_BYTES, RW);
	for (u64 i = 0; i < rounds && err == 0; i++) {
		err = freeze_and_thaw();
	}
	storm_end();
	EXPECT_EQ(err, 0);
	EXPECT_EQ(storm.forbidden, 0);
}

/* Some pages lose their rights, or go, and come back. */
static int part_goes_and_comes(void)
{
	u64 first = ktest_random() % PAGES;
	u64 len = (1 + ktest_random() % (PAGES - first)) * PAGE_SIZE;
	bool unmap = ktest_random() % 2 == 0;
	int err;

	WRITE_ONCE(storm.from, page_at(first));
	WRITE_ONCE(storm.to, page_at(first) + len);
	err = unmap ? aspace_unmap(storm.aspace, page_at(first), len)
		    : aspace_protect(storm.aspace, page_at(first), len,
				     REGION_READ);
	close_for_a_while();
	if (err == 0) {
		err = unmap ? user_space_map(storm.aspace, page_at(first), len,
					     RW)
			    : aspace_protect(storm.aspace, page_at(first), len,
					     RW);
	}
	let_them_look();
	return err ? err : user_space_regions(storm.aspace) == 1 ? 0 : -EIO;
}

KTEST(shootdown_part_storm,
      "parts lose rights and go while others fault, and no border stays")
{
	u64 rounds = ktest_rounds(ROUNDS);
	int err = storm_begin(writer);

	err = err ? err : user_space_map(storm.aspace, BASE, LEN_BYTES, RW);
	for (u64 i = 0; i < rounds && err == 0; i++) {
		err = part_goes_and_comes();
	}
	storm_end();
	EXPECT_EQ(err, 0);
	EXPECT_EQ(storm.forbidden, 0);
}

/* The copy's table takes the rights of the space that others write to. */
static int clone_and_drop(void)
{
	struct aspace *copy = aspace_clone(storm.aspace);
	u64 first, second;

	if (copy == NULL) {
		return -ENOMEM;
	}
	user_space_switch(copy);
	if (!peek(BASE, &first)) {
		first = UINT64_MAX;
	}
	let_them_look();
	if (!peek(BASE, &second)) {
		second = 0;
	}
	user_space_switch(storm.aspace);
	aspace_put(copy);
	return first == second ? 0 : -EIO;
}

KTEST(shootdown_clone_storm,
      "nobody writes into a page that a copy of the space shares")
{
	u64 rounds = ktest_rounds(ROUNDS);
	int err = storm_begin(writer);

	err = err ? err : user_space_map(storm.aspace, BASE, LEN_BYTES, RW);
	for (u64 i = 0; i < rounds && err == 0; i++) {
		err = clone_and_drop();
	}
	storm_end();
	EXPECT_EQ(err, 0);
}

/* Maps `from`, reads it, puts `to` in its place without a flush; the word. */
static u64 word_after_listening(phys_t from, phys_t to)
{
	struct page_mapping mapping;
	u64 word = 0;

	if (arch_map_page(&kernel_page_table, KERNEL_PAGE, from,
			  PROT_PAGE_WRITE) != 0) {
		return 0;
	}
	WITH_PREEMPT_OFF () {
		word = *(volatile u64 *)KERNEL_PAGE;
		arch_query_page(&kernel_page_table, KERNEL_PAGE, &mapping);
		arch_remap_page(&mapping, to, PROT_PAGE_WRITE);
		tlb_listen();
		word = *(volatile u64 *)KERNEL_PAGE;
	}
	arch_unmap_page(&kernel_page_table, KERNEL_PAGE, &mapping);
	arch_tlb_flush_page(KERNEL_PAGE);
	return word;
}

KTEST(tlb_listen_forgets,
      "a processor that begins to listen keeps no page from before")
{
	phys_t from = frame_alloc(0), to = frame_alloc(0);
	u64 word;

	EXPECT(!phys_is_none(from) && !phys_is_none(to));
	*(u64 *)phys_to_virt(from) = 1;
	*(u64 *)phys_to_virt(to) = 2;
	crew_pin_here(&crew);
	word = word_after_listening(from, to);
	crew_join(&crew);
	frame_put(from);
	frame_put(to);
	leaks_begin(); /* kernel space keeps the tables of what it mapped */
	EXPECT_EQ(word, 2);
}
