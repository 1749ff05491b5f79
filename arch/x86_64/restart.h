/* SPDX-License-Identifier: MIT */
/*
 * Lists and stacks of a processor.  1 is where an operation begins anew, 2 is
 * behind its last instruction; .restart_sites tells where.  The registers that
 * come in stay as they are in between.
 */
#ifndef EXO_ARCH_X86_64_RESTART_H
#define EXO_ARCH_X86_64_RESTART_H

/*
 * Instructions that begin anew if their thread is preempted among them, and of
 * a record those behind the one that takes its slot.
 */
struct x86_restart_site {
	s32 taken;     /* behind that one, from here */
	u8 len_bytes;  /* to the end of the record */
	u8 back_bytes; /* to where it begins anew */
	u16 unused;
};

#define X86_RESTART_SITE(begin, taken, end)                            \
	".pushsection .restart_sites, \"a\", @progbits\n"              \
	".long " #taken " - .\n"                                       \
	".byte " #end " - " #taken ", " #taken " - " #begin ", 0, 0\n" \
	".popsection"

static_assert(offsetof(struct arch_link, next) == 0 &&
		      offsetof(struct arch_link, room) == 8,
	      "as the instructions below have it");

static always_inline bool arch_list_pop(struct arch_link **list, void **out)
{
	struct arch_link *first, *next;

	__asm__ volatile goto("1:\tmovq %%gs:%[list], %[out]\n\t"
			      "movq (%[out]), %[next]\n\t"
			      "testq %[next], %[next]\n\t"
			      "jz %l[empty]\n\t"
			      "movq %[next], %%gs:%[list]\n"
			      "2:\n" X86_RESTART_SITE(1b, 2b, 2b)
			      : [out] "=&a"(first), [next] "=&r"(next)
			      : [list] "m"(*list)
			      : "memory", "cc"
			      : empty);
	*out = first;
	return true;
empty:
	return false;
}

static always_inline bool arch_list_push(struct arch_link **list, void *link)
{
	struct arch_link *next;
	s32 room;

	__asm__ volatile goto("1:\tmovq %%gs:%[list], %[next]\n\t"
			      "movl 8(%[next]), %[room]\n\t"
			      "decl %[room]\n\t"
			      "js %l[full]\n\t"
			      "movq %[next], (%[link])\n\t"
			      "movl %[room], 8(%[link])\n\t"
			      "movq %[link], %%gs:%[list]\n"
			      "2:\n" X86_RESTART_SITE(1b, 2b, 2b)
			      : [next] "=&r"(next), [room] "=&r"(room)
			      : [list] "m"(*list), [link] "r"(link)
			      : "memory", "cc"
			      : full);
	return true;
full:
	return false;
}

static always_inline bool arch_stack_pop(u32 *count, const u64 *slots, u64 *out)
{
	u64 left, word;

	__asm__ volatile goto("1:\tmovl %%gs:%[count], %k[left]\n\t"
			      "subl $1, %k[left]\n\t"
			      "jb %l[empty]\n\t"
			      "movq %%gs:%c[slots](,%[left],8), %[out]\n\t"
			      "movl %k[left], %%gs:%[count]\n"
			      "2:\n" X86_RESTART_SITE(1b, 2b, 2b)
			      : [out] "=&a"(word), [left] "=&r"(left)
			      : [count] "m"(*count), [slots] "i"(slots)
			      : "memory", "cc"
			      : empty);
	*out = word;
	return true;
empty:
	return false;
}

static always_inline bool arch_stack_push(u32 *count, const u32 *size,
					  u64 *slots, u64 word)
{
	u64 at;

	__asm__ volatile goto("1:\tmovl %%gs:%[count], %k[at]\n\t"
			      "cmpl %%gs:%[size], %k[at]\n\t"
			      "jae %l[full]\n\t"
			      "movq %[word], %%gs:%c[slots](,%[at],8)\n\t"
			      "incl %%gs:%[count]\n"
			      "2:\n" X86_RESTART_SITE(1b, 2b, 2b)
			      : [at] "=&r"(at)
			      : [count] "m"(*count), [size] "m"(*size),
				[slots] "i"(slots), [word] "r"(word)
			      : "memory", "cc"
			      : full);
	return true;
full:
	return false;
}

#endif
