/* SPDX-License-Identifier: MIT */
/*
 * What a processor's threads take from and add to its own lists and stacks
 * without turning preemption off.
 *
 * Each operation is a few instructions, of which the last alone changes what
 * others on the processor can see.  A thread that is preempted before that one
 * begins the operation anew where it goes on: who preempts calls
 * arch_restart().  So between any two threads of a processor an operation
 * happens at once or not yet.  What was done of it before, a look at the list
 * and writes to an object that the thread still owns, is done again.
 *
 *	bool arch_list_pop(struct arch_link **list, void *out)
 *		takes the first link; false if the list has none
 *	bool arch_list_push(struct arch_link **list, void *link)
 *		puts a link in front; false if there is no room
 *	bool arch_stack_pop(u32 *count, const u64 *slots, u64 *out)
 *		takes slots[count - 1]; false if the count is 0
 *	bool arch_stack_push(u32 *count, const u32 *size, u64 *slots, u64 word)
 *		puts the word at slots[count]; false if that is the size
 *
 * Their pointers are those of percpu variables as they stand in the source,
 * the slots' a constant.  `*out` is a pointer's or word's place.
 *
 * Context: any but interrupt handlers, which would find an operation half done.
 * With preemption off a thread may use the same lists as plain data.
 */
#ifndef EXO_ARCH_RESTART_H
#define EXO_ARCH_RESTART_H

#include "arch/percpu.h"

struct trap_frame;
struct arch_record;
struct arch_record_ring;

/*
 * The head of whatever is in a list.  `next` of the last one is not NULL: a
 * list ends with a link that is never taken, whose `next` is NULL and whose
 * `room` says how many the list may hold.
 */
struct arch_link {
	struct arch_link *next;
	s32 room; /* for how many more there is room before this one */
};

#ifdef EXO_HOST
#include "arch/host/restart.h"
#else
#include "arch/x86_64/restart.h"
#endif

/*
 * If the frame's thread, which is about to be preempted, was in the middle of
 * such an operation or of a record (arch/record.h), lets it begin that anew.
 * Returns the slot in `ring` that a record had taken, or NULL.
 * Context: interrupts off.
 */
struct arch_record *arch_restart(struct trap_frame *frame,
				 const struct arch_record_ring *ring);

#endif
