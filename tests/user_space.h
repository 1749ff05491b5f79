/* SPDX-License-Identifier: MIT */
/*
 * User memory for a test: an address space that the running kernel thread
 * reaches through arch/user.h, as a system call does.
 */
#ifndef EXO_TESTS_USER_SPACE_H
#define EXO_TESTS_USER_SPACE_H

#include "mm/aspace.h"

/* An empty address space, loaded; NULL if there is no memory. */
must_check struct aspace *user_space_enter(void);

/* Loads another one, which stays the caller's. */
void user_space_switch(struct aspace *aspace);

/* Goes back to kernel space and drops the reference. */
void user_space_leave(struct aspace *aspace);

/* aspace_map() of memory that is zero at first. */
must_check int user_space_map(struct aspace *aspace, u64 start, u64 len_bytes,
			      unsigned flags);

/* How many regions it has. */
u64 user_space_regions(const struct aspace *aspace);

#endif
