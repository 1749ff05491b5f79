/* SPDX-License-Identifier: MIT */
/*
 * Lists and stacks of a processor in C: nobody is preempted on the host.
 */
#ifndef EXO_ARCH_HOST_RESTART_H
#define EXO_ARCH_HOST_RESTART_H

static always_inline bool arch_list_pop(struct arch_link **list, void **out)
{
	struct arch_link *first = this_cpu(*list);
	struct arch_link *next = first->next;

	if (next == NULL) {
		return false;
	}
	this_cpu(*list) = next;
	*out = first;
	return true;
}

static always_inline bool arch_list_push(struct arch_link **list, void *link)
{
	struct arch_link *next = this_cpu(*list);
	s32 room = next->room - 1;

	if (room < 0) {
		return false;
	}
	*(struct arch_link *)link = (struct arch_link){ next, room };
	this_cpu(*list) = link;
	return true;
}

static always_inline bool arch_stack_pop(u32 *count, const u64 *slots, u64 *out)
{
	u32 left = this_cpu(*count);

	if (left == 0) {
		return false;
	}
	*out = this_cpu(slots[left - 1]);
	WRITE_ONCE(this_cpu(*count), left - 1);
	return true;
}

static always_inline bool arch_stack_push(u32 *count, const u32 *size,
					  u64 *slots, u64 word)
{
	u32 at = this_cpu(*count);

	if (at >= this_cpu(*size)) {
		return false;
	}
	this_cpu(slots[at]) = word;
	WRITE_ONCE(this_cpu(*count), at + 1);
	return true;
}

#endif
