/* SPDX-License-Identifier: MIT */
/*
 * Starting a program: its first stack, and the step into user mode.
 *
 * The stack as the ABI wants it (System V ABI, AMD64, 3.4.1), from the top:
 * strings and random bytes; auxiliary vector; environment; arguments; argc at
 * the stack pointer, which is 16-aligned.
 */
#include "arch/cpu.h"
#include "arch/thread.h"
#include "arch/user.h"
#include "kernel/log.h"
#include "kernel/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/init.h"
#include "posix/process.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* Room that a thread's stack keeps above the mappings. */
#define STACK_RESERVE_BYTES (16ul << 20)

#define CLOCK_TICKS_HZ      100
#define RANDOM_BYTES        16
#define STRINGS_MAX         128

/* Numbers of the auxiliary vector (elf.h). */
enum aux {
	AUX_END = 0,
	AUX_PHDR = 3,
	AUX_PHENT = 4,
	AUX_PHNUM = 5,
	AUX_PAGESZ = 6,
	AUX_BASE = 7,
	AUX_FLAGS = 8,
	AUX_ENTRY = 9,
	AUX_UID = 11,
	AUX_EUID = 12,
	AUX_GID = 13,
	AUX_EGID = 14,
	AUX_PLATFORM = 15,
	AUX_HWCAP = 16,
	AUX_CLKTCK = 17,
	AUX_SECURE = 23,
	AUX_RANDOM = 25,
	AUX_EXECFN = 31,
};

/* The stack being built: `sp` goes down, words are collected in order. */
struct stack_builder {
	u64 sp;
	u64 low;
	u32 word_count;
	u64 words[3 + 2 * STRINGS_MAX];
	int err;
};

static u64 push_bytes(struct stack_builder *b, const void *bytes, size_t len)
{
	if (b->err || b->sp - b->low < len) {
		b->err = b->err ? b->err : -E2BIG;
		return 0;
	}
	b->sp -= len;
	b->err = copy_to_user(uaddr(b->sp), bytes, len);
	return b->sp;
}

static u64 push_string(struct stack_builder *b, const char *s)
{
	return push_bytes(b, s, strlen(s) + 1);
}

static void add_word(struct stack_builder *b, u64 word)
{
	if (b->word_count == ARRAY_SIZE(b->words)) {
		b->err = -E2BIG;
		return;
	}
	b->words[b->word_count++] = word;
}

static void add_aux(struct stack_builder *b, enum aux name, u64 value)
{
	add_word(b, name);
	add_word(b, value);
}

/* The strings, and their addresses up to and with the NULL. */
static u64 add_strings(struct stack_builder *b, const char *const strings[])
{
	u64 count = 0;

	for (; strings[count] != NULL; count++) {
		add_word(b, push_string(b, strings[count]));
	}
	add_word(b, 0);
	return count;
}

static void add_auxv(struct stack_builder *b, const struct program *p,
		     const char *path)
{
	u8 random[RANDOM_BYTES];

	random_bytes(random, sizeof(random));
	add_aux(b, AUX_PHDR, p->phdr);
	add_aux(b, AUX_PHENT, p->phdr_bytes);
	add_aux(b, AUX_PHNUM, p->phdr_count);
	add_aux(b, AUX_PAGESZ, PAGE_SIZE);
	add_aux(b, AUX_BASE, 0);
	add_aux(b, AUX_FLAGS, 0);
	add_aux(b, AUX_ENTRY, p->entry);
	add_aux(b, AUX_UID, 0);
	add_aux(b, AUX_EUID, 0);
	add_aux(b, AUX_GID, 0);
	add_aux(b, AUX_EGID, 0);
	add_aux(b, AUX_SECURE, 0);
	add_aux(b, AUX_CLKTCK, CLOCK_TICKS_HZ);
	add_aux(b, AUX_HWCAP, arch_user_hwcap());
	add_aux(b, AUX_PLATFORM, push_string(b, "x86_64"));
	add_aux(b, AUX_EXECFN, push_string(b, path));
	add_aux(b, AUX_RANDOM, push_bytes(b, random, sizeof(random)));
	add_aux(b, AUX_END, 0);
}

static int build(struct stack_builder *b, struct program *program,
		 const char *path, const char *const argv[],
		 const char *const envp[])
{
	add_word(b, 0);
	b->words[0] = add_strings(b, argv);
	add_strings(b, envp);
	add_auxv(b, program, path);
	if (b->err) {
		return b->err;
	}
	/* Words end 16-aligned where they began: at argc. */
	b->sp = ALIGN_DOWN(b->sp - b->word_count * sizeof(u64), 16);
	program->sp = b->sp;
	if (b->sp < b->low) {
		return -E2BIG;
	}
	return copy_to_user(uaddr(b->sp), b->words,
			    b->word_count * sizeof(u64));
}

int program_stack(struct program *program, const char *path,
		  const char *const argv[], const char *const envp[])
{
	struct stack_builder *b = kzalloc(sizeof(*b));
	int err;

	if (b == NULL) {
		return -ENOMEM;
	}
	/* The last word of the stack stays zero, as on Linux. */
	b->sp = program->stack_top - sizeof(u64);
	b->low = program->stack_top - (64ul << 10);
	err = build(b, program, path, argv, envp);
	kfree(b);
	return err;
}

static void name_set(struct process *process, const char *path)
{
	const char *base = path;

	for (const char *at = path; *at != '\0'; at++) {
		base = *at == '/' ? at + 1 : base;
	}
	string_copy(process->name, base, sizeof(process->name));
	string_copy(current_thread()->name, base, THREAD_NAME_BYTES);
	string_copy(process->exe, path, sizeof(process->exe));
}

/* From here on the running thread's user memory is `aspace`. */
static void enter_aspace(struct process *process, struct aspace *aspace)
{
	u64 flags = arch_irq_save();

	process->aspace = aspace;
	current_thread()->aspace = aspace;
	aspace_switch(aspace);
	arch_irq_restore(flags);
}

static int prepare(struct process *process, struct aspace *aspace,
		   const char *path, const char *const argv[],
		   const char *const envp[], struct program *program)
{
	int err = program_load(aspace, path, program);

	if (err) {
		return err;
	}
	enter_aspace(process, aspace);
	aspace->mmap_top = program->stack_top - STACK_RESERVE_BYTES;
	name_set(process, path);
	return program_stack(program, path, argv, envp);
}

int process_exec(const char *path, const char *const argv[],
		 const char *const envp[])
{
	struct process *process = process_current();
	struct thread *thread = current_thread();
	struct aspace *aspace = aspace_create();
	struct program program;
	int err;

	if (aspace == NULL) {
		return -ENOMEM;
	}
	err = prepare(process, aspace, path, argv, envp, &program);
	if (err == 0) {
		err = arch_fpu_create(&thread->arch);
	}
	if (err) {
		if (process->aspace == NULL) {
			aspace_put(aspace);
		}
		return err;
	}
	arch_user_reset(&thread->arch);
	trace(TRACE_EXEC, program.entry, program.sp);
	user_entry_announce();
	arch_enter_user(program.entry, program.sp);
}
