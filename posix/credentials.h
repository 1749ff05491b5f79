/* SPDX-License-Identifier: MIT */
/*
 * Who a process is: users, groups, and the right to do all, which user 0 has.
 */
#ifndef EXO_POSIX_CREDENTIALS_H
#define EXO_POSIX_CREDENTIALS_H

#include "lib/types.h"

#define GROUPS_MAX 64

/* Changed by its own process [p]; others read single fields. */
struct credentials {
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u32 group_count;
	u32 groups[GROUPS_MAX];
};

struct process;
struct vnode;

/* True if the running process may do all. */
bool is_privileged(void);

/*
 * The running process starts a program: what its file's mode makes of it.
 */
void credentials_exec(const struct vnode *file);

#endif
