/* SPDX-License-Identifier: MIT */
/*
 * What stands in /proc: posix/proc.c (the machine), posix/proc_process.c (each
 * process), posix/proc_status.c (what it does), posix/proc_memory.c (its
 * memory).
 */
#ifndef EXO_POSIX_PROC_H
#define EXO_POSIX_PROC_H

#include "fs/procfs.h"

#define PROC_FILE(permissions) (MODE_REGULAR | (permissions))
#define PROC_DIRECTORY         (MODE_DIRECTORY | 0555)
#define PROC_LINK              (MODE_SYMLINK | 0777)

/* The directories of the processes, by number. */
extern const struct proc_numbers proc_processes;

/* Files that stand in the root and in each process's directory. */
int proc_show_mounts(struct text *out, u64 key);

/* What a process or a thread is and does; posix/proc_status.c. */
int proc_show_comm(struct text *out, u64 key);
int proc_show_stat(struct text *out, u64 key);
int proc_show_limits(struct text *out, u64 key);
long proc_write_comm(u64 key, const char *bytes, size_t len_bytes);
int proc_show_statm(struct text *out, u64 key);
int proc_show_status(struct text *out, u64 key);

/* What lies in a process's memory, and where. */
int proc_show_arguments(struct text *out, u64 key);
int proc_show_environment(struct text *out, u64 key);
int proc_show_maps(struct text *out, u64 key);
int proc_show_auxv(struct text *out, u64 key);

struct process;

/* The memory of a process, with a reference; NULL: it has none. */
struct aspace *proc_aspace(struct process *p);

/* Upward, defined by boot/: the command line as the loader gave it. */
const char *machine_cmdline(void);

/* /proc/exo/trace, as proc_entry.open; posix/proc_trace.c. */
int proc_trace_open(u64 key, struct file *file);

/* Mounts /proc. Errors: -ENOMEM. Context: boot, once. */
must_check int proc_init(void);

#endif
