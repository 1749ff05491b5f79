/* SPDX-License-Identifier: MIT */
/*
 * Programs being started: what posix/exec.c, posix/exec_stack.c, posix/load.c
 * and posix/script.c share.
 */
#ifndef EXO_POSIX_PROGRAM_H
#define EXO_POSIX_PROGRAM_H

#include "fs/file.h"
#include "mm/aspace.h"
#include "posix/args.h"
#include "posix/elf.h"

#define PROGRAM_PATH_BYTES 4096

/* Scripts whose interpreters are scripts. */
#define SCRIPTS_MAX       4
#define SCRIPT_LINE_BYTES 256

/* A file that may be a program: its first page is in memory. */
struct program_file {
	struct file *file;         /* a reference */
	struct mem_object *object; /* a reference */
	u64 size_bytes;
	const u8 *head;
	size_t head_bytes;
	phys_t frame;       /* of `head`, a reference */
	struct vnode *text; /* the file's, that nobody may write now, or NULL */
};

/* The first line of a script: `#!interpreter [argument]`. */
struct script {
	char line[SCRIPT_LINE_BYTES];
	const char *interpreter; /* in `line` */
	const char *argument;    /* in `line`, or NULL */
};

struct program {
	const char *why; /* what is wrong with it */
	struct program_file binary;
	u32 script_count;
	struct elf_image image;
	struct args args;
	/* After program_load(): */
	u64 entry;       /* where to begin: the interpreter's, if any */
	u64 image_entry; /* AT_ENTRY */
	u64 image_bias;  /* added to the image's addresses */
	u64 interp_base; /* AT_BASE, 0: none */
	u64 strings;     /* where offset 0 of the arguments is */
	/* Last, what nobody reads before it is written: */
	struct script scripts[SCRIPTS_MAX];
	char path[PROGRAM_PATH_BYTES]; /* as it was asked for */
};

/*
 * Takes the file, whose reference it drops if it fails.
 * Errors: -EACCES, -ENOEXEC, -ENOMEM.
 */
must_check int program_file_open(struct program_file *pf, struct file *file);
void program_file_close(struct program_file *pf);

/* Opens a path as the running process sees it. Errors: the walk's. */
must_check int program_open(const char *path, struct file **out);

/*
 * The same for a path in user memory and a directory's descriptor, as
 * execveat(2) has them; the path is in p->path then.
 */
must_check int program_open_user(struct program *p, int dirfd, uaddr_t path,
				 u64 flags, struct file **out);

/*
 * Reads the first line of a file that begins with `#!`.  Errors: -ENOEXEC.
 */
must_check int script_parse(const struct program_file *pf, struct script *out);

/*
 * Puts the program, its interpreter and the stack with the arguments into the
 * space.  Errors: -ENOEXEC, -ENOMEM and those of opening the interpreter.
 */
must_check int program_load(struct program *p, struct aspace *aspace);

/* Offsets of what the kernel adds behind the strings. */
struct program_extras {
	u64 path;
	u64 platform;
	u64 random;
};

/* Adds them. Errors: -E2BIG, -ENOMEM. */
must_check int program_extras_add(struct program *p,
				  struct program_extras *out);

/*
 * Writes the words below the strings, in the new space, which is the running
 * one; `*sp` is where they begin.  Errors: -EFAULT.
 */
must_check int program_stack_write(const struct program *p,
				   const struct program_extras *extras,
				   u64 *sp);

#endif
