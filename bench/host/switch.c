/* SPDX-License-Identifier: MIT */
/*
 * The stack switch: arch_switch() as the kernel has it, Boost.Context, and the
 * C library's swapcontext.
 *
 * Stacks stand in a ring, and each hands over to the next.  All contenders use
 * the same memory for them.  Each knows who runs from a variable, as a kernel
 * does, and has one place in its code that switches: a processor that guesses
 * where a `ret` goes guesses right.
 *
 * swapcontext saves the signal mask, by a system call, and Boost the control
 * words of the floating point unit.  Kernel code has neither.
 */
#include "bench/host/host.h"

#include <ucontext.h>

#include "arch/thread.h"
#include "lib/assert.h"
#include "sched/kstack.h"
#include "sched/thread.h"

#define STACKS_MAX 64

static_assert(HOST_BATCH % STACKS_MAX == 0, "whole rounds");

/* Slots as in the kernel's area of stacks, which begins with the colour 0. */
static u8 memory[STACKS_MAX * KSTACK_SLOT_BYTES] aligned(
	KSTACK_COLOURS *KSTACK_SLOT_BYTES);

static unsigned stack_count;
static bool coloured;

static void stacks_start(unsigned arg)
{
	stack_count = arg & ~COLOURED;
	coloured = arg & COLOURED;
}

static unsigned next_of(unsigned i)
{
	return (i + 1) % stack_count;
}

static u8 *stack_base(unsigned i)
{
	return memory + i * KSTACK_SLOT_BYTES + KSTACK_BYTES;
}

static u64 stack_top(unsigned i)
{
	const struct kstack stack = { .base = stack_base(i) };

	return coloured ? kstack_top(&stack) : (u64)stack.base + KSTACK_BYTES;
}

/* ---- The kernel's ------------------------------------------------------- */

/* On cache lines of its own, as sched/thread.c has it. */
struct slot {
	struct thread thread;
} aligned(64);

static struct {
	struct thread *current;
	struct slot slots[STACKS_MAX];
} exo;

static noinline void exo_turns(unsigned count)
{
	for (; count > 0; count--) {
		struct thread *prev = exo.current;

		exo.current =
			container_of(prev->fair.next, struct thread, fair);
		arch_switch(prev, exo.current);
	}
}

static void exo_body(void *arg)
{
	(void)arg;
	for (;;) {
		exo_turns(HOST_BATCH);
	}
}

/* Upward calls of arch/x86_64/switch.asm, whose stacks are aligned to 8. */
__attribute__((force_align_arg_pointer)) noreturn void
thread_begin(void (*fn)(void *), void *arg)
{
	fn(arg);
	__builtin_unreachable();
}

void thread_left(struct thread *thread)
{
	(void)thread;
	assert_failed("nobody leaves", __FILE__, __LINE__);
}

static const char *exo_start(unsigned arg)
{
	stacks_start(arg);
	exo.current = &exo.slots[0].thread;
	for (unsigned i = 0; i < stack_count; i++) {
		struct thread *thread = &exo.slots[i].thread;

		arch_thread_init(&thread->arch, stack_top(i), exo_body, NULL);
		thread->fair.next = &exo.slots[next_of(i)].thread.fair;
	}
	return NULL;
}

static void exo_run(void)
{
	exo_turns(HOST_BATCH / stack_count);
}

const struct contender exo_switch = { exo_start, exo_run };

/* ---- Boost.Context: C functions that only its C++ headers declare ------- */

struct transfer {
	void *from; /* the context that jumped here */
	void *data;
};

struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size_bytes, void (*fn)(struct transfer));

struct fibre {
	struct fibre *next;
	struct fibre *prev;
	void *context;
} aligned(64);

static struct {
	struct fibre *current;
	struct fibre fibres[STACKS_MAX];
} boost;

static noinline void boost_turns(unsigned count)
{
	for (; count > 0; count--) {
		struct transfer t;

		boost.current = boost.current->next;
		t = jump_fcontext(boost.current->context, NULL);
		boost.current->prev->context = t.from;
	}
}

static void boost_body(struct transfer t)
{
	boost.current->prev->context = t.from;
	for (;;) {
		boost_turns(HOST_BATCH);
	}
}

static const char *boost_start(unsigned arg)
{
	stacks_start(arg);
	boost.current = &boost.fibres[0];
	for (unsigned i = 0; i < stack_count; i++) {
		struct fibre *fibre = &boost.fibres[i];

		fibre->context = make_fcontext((void *)stack_top(i),
					       KSTACK_BYTES, boost_body);
		fibre->next = &boost.fibres[next_of(i)];
		fibre->next->prev = fibre;
	}
	return NULL;
}

static void boost_run(void)
{
	boost_turns(HOST_BATCH / stack_count);
}

const struct contender boost_switch = { boost_start, boost_run };

/* ---- swapcontext -------------------------------------------------------- */

struct coroutine {
	struct coroutine *next;
	ucontext_t context;
} aligned(64);

static struct {
	struct coroutine *current;
	struct coroutine coroutines[STACKS_MAX];
} posix;

static noinline void posix_turns(unsigned count)
{
	for (; count > 0; count--) {
		struct coroutine *prev = posix.current;

		posix.current = prev->next;
		swapcontext(&prev->context, &posix.current->context);
	}
}

static void posix_body(void)
{
	for (;;) {
		posix_turns(HOST_BATCH);
	}
}

static void posix_add(unsigned i)
{
	struct coroutine *c = &posix.coroutines[i];

	getcontext(&c->context);
	c->context.uc_stack.ss_sp = stack_base(i);
	c->context.uc_stack.ss_size = stack_top(i) - (u64)stack_base(i);
	makecontext(&c->context, posix_body, 0);
	c->next = &posix.coroutines[next_of(i)];
}

static const char *posix_start(unsigned arg)
{
	stacks_start(arg);
	posix.current = &posix.coroutines[0];
	for (unsigned i = 0; i < stack_count; i++) {
		posix_add(i);
	}
	return NULL;
}

static void posix_run(void)
{
	posix_turns(HOST_BATCH / stack_count);
}

const struct contender swapcontext_switch = { posix_start, posix_run };
