/* SPDX-License-Identifier: MIT */
/*
 * What a program finds on its stack.
 *
 * As the ABI wants it (System V ABI, AMD64, 3.4.1), from the top: strings and
 * random bytes; auxiliary vector; environment; arguments; argc at the stack
 * pointer, which is 16-aligned.
 */
#include "arch/cpu.h"
#include "arch/signal.h"
#include "arch/user.h"
#include "kernel/random.h"
#include "lib/string.h"
#include "posix/process.h"
#include "posix/program.h"

#define CLOCK_TICKS_HZ 100
#define RANDOM_BYTES   16

/* Words are written to the stack so many at a time. */
#define WORDS_AT_ONCE 16

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
	AUX_MINSIGSTKSZ = 51,
};

/* Words on their way to the stack, upwards. */
struct words {
	u64 to;
	u32 count;
	int err;
	u64 words[WORDS_AT_ONCE];
};

static void words_flush(struct words *w)
{
	if (w->err == 0) {
		w->err = copy_to_user(uaddr(w->to), w->words,
				      w->count * sizeof(u64));
	}
	w->to += w->count * sizeof(u64);
	w->count = 0;
}

static void word_add(struct words *w, u64 word)
{
	if (w->count == WORDS_AT_ONCE) {
		words_flush(w);
	}
	w->words[w->count++] = word;
}

/* Addresses of `count` strings from `*at` on, and NULL. */
static void strings_add(struct words *w, const struct program *p, u32 count,
			u64 *at)
{
	for (u32 i = 0; i < count; i++) {
		word_add(w, p->strings + *at);
		*at += args_string_bytes(&p->args, *at);
	}
	word_add(w, 0);
}

/* The auxiliary vector; in a stack frame of its own. */
static noinline void auxv_add(struct words *w, const struct program *p,
			      const struct program_extras *extras)
{
	const struct credentials *cred = &process_current()->credentials;
	const struct elf_image *image = &p->image;
	const struct {
		u64 name; /* enum aux */
		u64 value;
	} auxv[AUX_COUNT] = {
		{ AUX_PHDR,
		  image->phdr_vaddr ? image->phdr_vaddr + p->image_bias : 0 },
		{ AUX_PHENT, image->phdr_bytes },
		{ AUX_PHNUM, image->phdr_count },
		{ AUX_PAGESZ, PAGE_SIZE },
		{ AUX_BASE, p->interp_base },
		{ AUX_FLAGS, 0 },
		{ AUX_ENTRY, p->image_entry },
		{ AUX_UID, cred->uid },
		{ AUX_EUID, cred->euid },
		{ AUX_GID, cred->gid },
		{ AUX_EGID, cred->egid },
		{ AUX_SECURE,
		  cred->uid != cred->euid || cred->gid != cred->egid },
		{ AUX_CLKTCK, CLOCK_TICKS_HZ },
		{ AUX_HWCAP, arch_user_hwcap() },
		{ AUX_MINSIGSTKSZ, arch_signal_frame_bytes() },
		{ AUX_PLATFORM, p->strings + extras->platform },
		{ AUX_EXECFN, p->strings + extras->path },
		{ AUX_RANDOM, p->strings + extras->random },
		{ AUX_END, 0 },
	};

	static_assert(sizeof(auxv) == AUXV_BYTES, "what /proc shows of it");
	words_flush(w);
	if (w->err == 0) {
		w->err = copy_to_user(uaddr(w->to), auxv, sizeof(auxv));
	}
}

int program_stack_write(const struct program *p,
			const struct program_extras *extras, u64 *sp)
{
	u64 count = 1 + p->args.argc + 1 + p->args.envc + 1 + 2 * AUX_COUNT;
	u64 at = ARGS_FIRST_BYTES;
	struct words w;

	*sp = ALIGN_DOWN(p->strings + at - count * sizeof(u64), 16);
	w.to = *sp;
	w.count = 0;
	w.err = 0;
	word_add(&w, p->args.argc);
	strings_add(&w, p, p->args.argc, &at);
	strings_add(&w, p, p->args.envc, &at);
	auxv_add(&w, p, extras);
	WITH_MUTEX (&process_current()->mutex) {
		process_current()->auxv_at = w.to;
	}
	return w.err;
}

int program_extras_add(struct program *p, struct program_extras *out)
{
	u8 random[RANDOM_BYTES];
	int err = args_add(&p->args, p->path, strlen(p->path) + 1, &out->path);

	random_bytes(random, sizeof(random));
	err = err ? err : args_add(&p->args, "x86_64", 7, &out->platform);
	return err ? err
		   : args_add(&p->args, random, sizeof(random), &out->random);
}
