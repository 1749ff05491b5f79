/* SPDX-License-Identifier: MIT */
/*
 * Starting programs.  execve() finds the file, follows scripts to their
 * interpreters, collects the arguments and fills a new address space; until
 * then an error goes to the caller.  Then the other threads end and the new
 * space takes the old one's place: what fails from there on kills the process.
 */
#include "arch/cpu.h"
#include "arch/thread.h"
#include "ipc/gate.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/init.h"
#include "posix/process.h"
#include "posix/program.h"
#include "posix/syscall.h"
#include "sched/sched.h"
#include "trace/trace.h"

/* ---- Before the point of no return ---------------------------------------*/

/* From scripts to the binary that runs them in the end. */
static int binary_find(struct program *p, struct file *file)
{
	int err = program_file_open(&p->binary, file);

	while (err == 0 && p->binary.head_bytes > 2 &&
	       memcmp(p->binary.head, "#!", 2) == 0) {
		struct script *script = &p->scripts[p->script_count];

		if (p->script_count == SCRIPTS_MAX) {
			return -ELOOP;
		}
		err = script_parse(&p->binary, script);
		if (err) {
			break;
		}
		p->script_count++;
		program_file_close(&p->binary);
		err = program_open(script->interpreter, &file);
		err = err ? err : program_file_open(&p->binary, file);
	}
	if (err) {
		return err;
	}
	return elf_parse_head(p->binary.head, p->binary.head_bytes,
			      p->binary.size_bytes, &p->image, &p->why);
}

/* What scripts put before the arguments; then their own name. */
static int scripts_add(struct program *p)
{
	int err = 0;

	for (u32 i = p->script_count; i-- > 0 && err == 0;) {
		const struct script *script = &p->scripts[i];

		err = args_add_string(&p->args, script->interpreter);
		p->args.argc++;
		if (err == 0 && script->argument != NULL) {
			err = args_add_string(&p->args, script->argument);
			p->args.argc++;
		}
	}
	if (err == 0 && p->script_count > 0) {
		err = args_add_string(&p->args, p->path);
		p->args.argc++;
	}
	return err;
}

/* Linux gives a program without arguments an empty one. */
static int none_mended(struct program *p)
{
	if (p->args.argc > 0) {
		return 0;
	}
	p->args.argc = 1;
	return args_add_string(&p->args, "");
}

static int user_args_add(struct program *p, uaddr_t argv, uaddr_t envp)
{
	int err = scripts_add(p);

	err = err ? err
		  : args_add_user(&p->args, argv, p->script_count > 0,
				  &p->args.argc);
	err = err ? err : none_mended(p);
	return err ? err : args_add_user(&p->args, envp, 0, &p->args.envc);
}

static int kernel_strings_add(struct program *p, const char *const *strings,
			      u32 *count)
{
	int err = 0;

	for (; *strings != NULL && err == 0; strings++) {
		err = args_add_string(&p->args, *strings);
		(*count)++;
	}
	return err;
}

static int kernel_args_add(struct program *p, const char *const *argv,
			   const char *const *envp)
{
	int err = scripts_add(p);

	argv += p->script_count > 0 && *argv != NULL;
	err = err ? err : kernel_strings_add(p, argv, &p->args.argc);
	err = err ? err : none_mended(p);
	return err ? err : kernel_strings_add(p, envp, &p->args.envc);
}

/* ---- Behind it ---------------------------------------------------------- */

/* From here on the running thread's user memory is `aspace`. */
static void aspace_enter(struct process *process, struct aspace *aspace)
{
	struct aspace *old = process->aspace;
	u64 flags;

	WITH_PROCESSES () {
		process_aspace_set_locked(process, aspace);
	}
	flags = arch_irq_save();
	current_thread()->aspace = aspace;
	sched_has_more_irq();
	aspace_switch(aspace);
	arch_irq_restore(flags);
	if (old != NULL) {
		aspace_put(old);
	}
	process_vfork_end(process);
}

static void names_set(struct process *process, const struct program *p)
{
	const char *base = p->path;
	struct vnode *old;
	u64 name[2];

	static_assert(sizeof(name) == THREAD_NAME_BYTES, "two arguments");

	for (const char *at = p->path; *at != '\0'; at++) {
		base = *at == '/' ? at + 1 : base;
	}
	WITH_MUTEX (&process->mutex) {
		string_copy(process->name, base, sizeof(process->name));
		old = process->exe;
		process->exe = vnode_text_get(p->binary.file->vnode);
		process->args_at = p->strings + ARGS_FIRST_BYTES;
		process->argc = p->args.argc;
		process->envc = p->args.envc;
	}
	vnode_text_put(old);
	string_copy(current_thread()->name, base, THREAD_NAME_BYTES);
	memcpy(name, current_thread()->name, sizeof(name));
	trace(TRACE_NAME, name[0], name[1]);
}

/* What a process keeps is not the old program's any more. */
static void process_renew(struct process *process, const struct program *p,
			  struct descriptors *own)
{
	struct task *task = task_current();

	if (own != NULL) {
		descriptors_put(process->descriptors);
		process->descriptors = own;
	}
	descriptors_close_on_exec(process->descriptors);
	gate_leave();
	posix_timers_end(task->process);
	signals_exec(&task->signals);
	task->clear_tid = 0;
	task->robust_list = 0;
	names_set(process, p);
	credentials_exec(p->binary.file->vnode);
	WITH_PROCESSES () {
		process->ran_exec = true;
		process->exit_signal = ABI_SIGCHLD;
	}
}

static void program_free(struct program *p)
{
	program_file_close(&p->binary);
	args_destroy(&p->args);
	kfree(p);
}

/* Errors: none of the caller's any more. */
static noreturn void program_enter(struct program *p,
				   const struct program_extras *extras)
{
	u64 entry = p->entry, sp;
	int err = program_stack_write(p, extras, &sp);

	program_free(p);
	if (err) {
		process_exit_group(STATUS_KILLED(ABI_SIGKILL));
	}
	arch_user_reset(&current_thread()->arch);
	trace(TRACE_EXEC, entry, sp);
	user_entry_announce();
	arch_enter_user(entry, sp);
}

/*
 * Replaces the running program if nothing stands in the way; frees `p` if it
 * does not return.
 */
static int program_run(struct program *p)
{
	struct process *process = process_current();
	struct arch_thread *arch = &current_thread()->arch;
	struct descriptors *own = NULL;
	struct program_extras extras;
	struct aspace *aspace;
	int err = program_extras_add(p, &extras);

	if (err) {
		return err;
	}
	aspace = aspace_create();
	if (aspace == NULL) {
		return -ENOMEM;
	}
	err = program_load(p, aspace);
	if (err == 0 && arch->fpu == NULL) {
		err = arch_fpu_create(arch);
	}
	err = err ? err : task_end_others();
	if (err == 0 && !descriptors_alone(process->descriptors)) {
		own = descriptors_clone(process->descriptors);
		err = own ? 0 : -ENOMEM;
	}
	if (err) {
		aspace_put(aspace);
		return err;
	}
	aspace_enter(process, aspace);
	process_renew(process, p, own);
	program_enter(p, &extras);
}

static int program_create(struct program **out)
{
	struct program *p = kmalloc(sizeof(*p));

	if (p == NULL) {
		return -ENOMEM;
	}
	memset(p, 0, offsetof(struct program, scripts));
	if (args_create(&p->args) != 0) {
		kfree(p);
		return -ENOMEM;
	}
	p->why = "no memory";
	*out = p;
	return 0;
}

int process_exec(const char *path, const char *const argv[],
		 const char *const envp[])
{
	struct program *p;
	struct file *file;
	int err = program_create(&p);

	if (err) {
		return err;
	}
	string_copy(p->path, path, sizeof(p->path));
	err = program_open(path, &file);
	if (err) {
		log_error("%s: %s", path, errno_name(err));
	} else {
		p->why = "not a regular file";
		err = binary_find(p, file);
		err = err ? err : kernel_args_add(p, argv, envp);
		err = err ? err : program_run(p);
		log_error("%s: cannot be run: %s (%s)", path, p->why,
			  errno_name(err));
	}
	program_free(p);
	return err;
}

static long exec(struct program *p, int dirfd, uaddr_t path, uaddr_t argv,
		 uaddr_t envp, u64 flags)
{
	struct file *file;
	int err = program_open_user(p, dirfd, path, flags, &file);

	err = err ? err : binary_find(p, file);
	err = err ? err : user_args_add(p, argv, envp);
	return err ? err : program_run(p);
}

static long exec_at(int dirfd, u64 path, u64 argv, u64 envp, u64 flags)
{
	struct program *p;
	long err = program_create(&p);

	if (err == 0) {
		err = exec(p, dirfd, uaddr(path), uaddr(argv), uaddr(envp),
			   flags);
		program_free(p);
	}
	return err;
}

SYSCALL_HANDLER(execve)
{
	return exec_at(ABI_AT_FDCWD, a, b, c, 0);
}

SYSCALL_HANDLER(execveat)
{
	if (e & ~(u64)(ABI_AT_EMPTY_PATH | ABI_AT_SYMLINK_NOFOLLOW)) {
		return -EINVAL;
	}
	return exec_at((int)a, b, c, d, e);
}
