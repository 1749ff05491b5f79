/* SPDX-License-Identifier: MIT */
/*
 * System calls on users and groups.  All threads of a process are the same
 * user, as POSIX wants it.
 */
#include "posix/credentials.h"

#include "arch/user.h"
#include "fs/mount.h"
#include "fs/vnode.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define KEEP          UINT32_MAX /* -1: leave it as it is */

#define CAP_VERSION_1 0x19980330
#define CAP_VERSION_2 0x20071026
#define CAP_VERSION_3 0x20080522
#define CAP_ALL       0x1ffffffffffull
#define CAP_WORDS_MAX 6 /* effective, permitted, inheritable; two of each */

/* A kernel thread may do all. */
static always_inline struct credentials *own(void)
{
	static struct credentials kernel;
	struct process *p = process_current();

	return p ? &p->credentials : &kernel;
}

bool is_privileged(void)
{
	return own()->euid == 0;
}

struct cred cred_effective(void)
{
	const struct credentials *c = own();

	return (struct cred){ c->fsuid, c->fsgid };
}

struct cred cred_real(void)
{
	const struct credentials *c = own();

	return (struct cred){ c->uid, c->gid };
}

bool cred_in_group(u32 gid)
{
	const struct credentials *c = own();

	for (u32 i = 0; i < c->group_count; i++) {
		if (c->groups[i] == gid) {
			return true;
		}
	}
	return false;
}

void credentials_exec(const struct vnode *file)
{
	struct credentials *c = own();
	bool plain = process_current()->no_new_privs ||
		     (file->fs->flags & FS_NO_SUID);
	u32 mode = plain ? 0 : file->mode;

	WITH_PROCESSES () {
		if (mode & MODE_SET_UID) {
			c->euid = file->uid;
		}
		if ((mode & MODE_SET_GID) && (mode & 0010)) {
			c->egid = file->gid;
		}
		c->suid = c->fsuid = c->euid;
		c->sgid = c->fsgid = c->egid;
	}
}

SYSCALL_HANDLER(getuid)
{
	return own()->uid;
}

SYSCALL_HANDLER(geteuid)
{
	return own()->euid;
}

SYSCALL_HANDLER(getgid)
{
	return own()->gid;
}

SYSCALL_HANDLER(getegid)
{
	return own()->egid;
}

/* The real, effective and saved number, as they stand in a row. */
struct ids {
	u32 real, effective, saved, file;
};

static_assert(offsetof(struct credentials, gid) == sizeof(struct ids),
	      "ids_of() relies on it");

static struct ids *ids_of(bool groups)
{
	struct credentials *c = own();

	return (struct ids *)(groups ? &c->gid : &c->uid);
}

static bool is_one_of(const struct ids *ids, u32 id)
{
	return id == KEEP || id == ids->real || id == ids->effective ||
	       id == ids->saved;
}

static long ids_set(bool groups, const struct ids *to)
{
	struct ids *ids = ids_of(groups);

	WITH_PROCESSES () {
		*ids = *to;
	}
	return 0;
}

/* setuid(), setgid() */
static long id_set(bool groups, u32 id)
{
	struct ids to = *ids_of(groups);

	if (id == KEEP) {
		return -EINVAL;
	}
	if (is_privileged()) {
		to.real = to.saved = id;
	} else if (id != to.real && id != to.saved) {
		return -EPERM;
	}
	to.effective = to.file = id;
	return ids_set(groups, &to);
}

SYSCALL_HANDLER(setuid)
{
	return id_set(false, (u32)a);
}

SYSCALL_HANDLER(setgid)
{
	return id_set(true, (u32)a);
}

/* setreuid(), setregid() */
static long id_set_two(bool groups, u32 real, u32 effective)
{
	const struct ids *now = ids_of(groups);
	struct ids to = *now;

	if (!is_privileged() &&
	    ((real != KEEP && real != now->real && real != now->effective) ||
	     !is_one_of(now, effective))) {
		return -EPERM;
	}
	to.real = real == KEEP ? to.real : real;
	to.effective = effective == KEEP ? to.effective : effective;
	if (real != KEEP || (effective != KEEP && effective != now->real)) {
		to.saved = to.effective;
	}
	to.file = to.effective;
	return ids_set(groups, &to);
}

SYSCALL_HANDLER(setreuid)
{
	return id_set_two(false, (u32)a, (u32)b);
}

SYSCALL_HANDLER(setregid)
{
	return id_set_two(true, (u32)a, (u32)b);
}

/* setresuid(), setresgid() */
static long id_set_three(bool groups, u32 real, u32 effective, u32 saved)
{
	const struct ids *now = ids_of(groups);
	struct ids to = *now;

	if (!is_privileged() &&
	    !(is_one_of(now, real) && is_one_of(now, effective) &&
	      is_one_of(now, saved))) {
		return -EPERM;
	}
	to.real = real == KEEP ? to.real : real;
	to.effective = effective == KEEP ? to.effective : effective;
	to.saved = saved == KEEP ? to.saved : saved;
	to.file = to.effective;
	return ids_set(groups, &to);
}

SYSCALL_HANDLER(setresuid)
{
	return id_set_three(false, (u32)a, (u32)b, (u32)c);
}

SYSCALL_HANDLER(setresgid)
{
	return id_set_three(true, (u32)a, (u32)b, (u32)c);
}

static long id_get_three(bool groups, u64 real, u64 effective, u64 saved)
{
	struct ids ids = *ids_of(groups);

	if (copy_to_user(uaddr(real), &ids.real, sizeof(u32)) != 0 ||
	    copy_to_user(uaddr(effective), &ids.effective, sizeof(u32)) != 0 ||
	    copy_to_user(uaddr(saved), &ids.saved, sizeof(u32)) != 0) {
		return -EFAULT;
	}
	return 0;
}

SYSCALL_HANDLER(getresuid)
{
	return id_get_three(false, a, b, c);
}

SYSCALL_HANDLER(getresgid)
{
	return id_get_three(true, a, b, c);
}

/* Always the old one: who wants to know whether it worked asks again. */
static long id_set_file(bool groups, u32 id)
{
	struct ids to = *ids_of(groups);
	u32 old = to.file;

	if (id != KEEP &&
	    (is_privileged() || is_one_of(&to, id) || id == to.file)) {
		to.file = id;
		ids_set(groups, &to);
	}
	return old;
}

SYSCALL_HANDLER(setfsuid)
{
	return id_set_file(false, (u32)a);
}

SYSCALL_HANDLER(setfsgid)
{
	return id_set_file(true, (u32)a);
}

SYSCALL_HANDLER(getgroups)
{
	const struct credentials *cred = own();
	u32 count = cred->group_count;
	int err = 0;

	if ((s32)a < 0 || ((u32)a != 0 && (u32)a < count)) {
		return -EINVAL;
	}
	if ((u32)a != 0) {
		err = copy_to_user(uaddr(b), cred->groups, count * sizeof(u32));
	}
	return err ? err : (long)count;
}

SYSCALL_HANDLER(setgroups)
{
	struct credentials *cred = own();
	u32 groups[GROUPS_MAX];

	if (!is_privileged()) {
		return -EPERM;
	}
	if (a > GROUPS_MAX) {
		return -EINVAL;
	}
	if (copy_from_user(groups, uaddr(b), a * sizeof(u32)) != 0) {
		return -EFAULT;
	}
	WITH_PROCESSES () {
		memcpy(cred->groups, groups, a * sizeof(u32));
		cred->group_count = (u32)a;
	}
	return 0;
}

/* How many words of each set a version has. */
static int cap_words(u64 header, u32 *version, u32 *words)
{
	u32 wanted = CAP_VERSION_3;

	if (copy_from_user(version, uaddr(header), sizeof(*version)) != 0) {
		return -EFAULT;
	}
	*words = *version == CAP_VERSION_1 ? 1 : 2;
	if (*version == CAP_VERSION_1 || *version == CAP_VERSION_2 ||
	    *version == CAP_VERSION_3) {
		return 0;
	}
	return copy_to_user(uaddr(header), &wanted, sizeof(wanted)) ? -EFAULT
								    : -EINVAL;
}

/* Effective and permitted: all for user 0, none for others. */
static void cap_fill(u32 *out)
{
	u64 all = is_privileged() ? CAP_ALL : 0;

	memset(out, 0, CAP_WORDS_MAX * sizeof(u32));
	out[0] = out[1] = (u32)all;
	out[3] = out[4] = (u32)(all >> 32);
}

SYSCALL_HANDLER(capget)
{
	u32 version, words, data[CAP_WORDS_MAX];
	int err = cap_words(a, &version, &words);

	if (err) {
		return b == 0 && err == -EINVAL ? 0 : err;
	}
	cap_fill(data);
	return copy_to_user(uaddr(b), data, words * 3 * sizeof(u32));
}

/* A capability cannot be given up alone: only what is so already is set. */
SYSCALL_HANDLER(capset)
{
	u32 version, words, data[CAP_WORDS_MAX], now[CAP_WORDS_MAX];
	int err = cap_words(a, &version, &words);

	if (err) {
		return err;
	}
	cap_fill(now);
	if (copy_from_user(data, uaddr(b), words * 3 * sizeof(u32)) != 0) {
		return -EFAULT;
	}
	return memcmp(data, now, words * 3 * sizeof(u32)) == 0 ? 0 : -EPERM;
}
