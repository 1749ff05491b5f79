/* SPDX-License-Identifier: MIT */
/*
 * Vnodes: files, directories, links and devices as the kernel sees them,
 * whatever file system holds them.  A file system embeds a struct vnode in its
 * own structure and gives it one const table of operations; an operation that
 * is NULL does not exist for that kind.
 *
 * A vnode lives while it has references: one of each name, one of each open
 * file, working directory or running call.
 */
#ifndef EXO_FS_VNODE_H
#define EXO_FS_VNODE_H

#include "kernel/mutex.h"
#include "lib/types.h"

#define NAME_BYTES_MAX 255

/* st_mode: the type, and what is not permission. */
enum mode {
	MODE_TYPE = 0170000,
	MODE_FIFO = 0010000,
	MODE_CHARACTER = 0020000,
	MODE_DIRECTORY = 0040000,
	MODE_BLOCK = 0060000,
	MODE_REGULAR = 0100000,
	MODE_SYMLINK = 0120000,
	MODE_SOCKET = 0140000,
	MODE_SET_UID = 04000,
	MODE_SET_GID = 02000,
	MODE_STICKY = 01000,
	MODE_PERMISSIONS = 07777,
};

/* What may be wanted of a file. */
enum vnode_access {
	ACCESS_EXEC = 1,
	ACCESS_WRITE = 2,
	ACCESS_READ = 4,
};

struct file;
struct file_stat;
struct fs;
struct vnode;

/* One part of a path: not empty, no slash, no NUL behind it. */
struct name {
	const char *text;
	u32 len;
	u64 hash; /* of the text, where it is looked up or entered */
};

#define NAME_HASH_FACTOR 0x9e3779b97f4a7c15ull

/*
 * A step of the hash of a name: eight bytes of it, zeroes behind its end.  It
 * loses nothing: names of up to eight bytes are equal if their hashes are.
 */
static inline u64 name_hash_step(u64 hash, u64 bytes)
{
	hash = (hash ^ bytes) * NAME_HASH_FACTOR;
	return hash ^ hash >> 32;
}

/* Eight bytes of a text. */
static always_inline u64 name_word(const char *text)
{
	u64 word;

	__builtin_memcpy(&word, text, sizeof(word));
	return word;
}

/* What of the last word belongs to a text of `len` > 0 bytes. */
static always_inline u64 name_mask(u32 len)
{
	return ~0ull >> (-len & 7) * 8;
}

/* A name with its hash. */
struct name name_of(const char *text, size_t len);

/* The same where eight bytes behind the text may be read. */
static always_inline struct name name_before_slack(const char *text, u32 len)
{
	const char *at = text, *last = text + ((len - 1) & ~7u);
	u64 hash = 0;

	for (; at != last; at += sizeof(u64)) {
		hash = name_hash_step(hash, name_word(at));
	}
	return (struct name){
		text, len, name_hash_step(hash, name_word(at) & name_mask(len))
	};
}

/* What becomes of a new name. */
struct vnode_make {
	u32 mode; /* type and permissions */
	u32 uid;
	u32 gid;
	u64 rdev;           /* devices */
	struct name target; /* symbolic links */
};

struct vnode_rename {
	struct vnode *from_dir;
	struct name from;
	struct vnode *to_dir;
	struct name to;
	bool no_replace;
	bool exchange;
};

/* Whose rights count for a call. */
struct cred {
	u32 uid;
	u32 gid;
};

struct vnode_remove {
	struct name name;
	/* -ENOENT if it is another's; NULL: names_may_remove() decides. */
	const struct vnode *only;
	struct cred cred;
	bool directory; /* a directory is to go, and nothing else */
	bool slash;     /* one stood behind the name */
};

/* Takes one entry of a directory; false if there is no more room. */
struct dir_sink {
	bool (*entry)(struct dir_sink *sink, struct name name, u64 ino,
		      u32 mode, u64 next_cookie);
};

/*
 * Context of all: thread, may sleep.  A vnode that is returned has a reference
 * for the caller.  Names are never "." and "..".
 */
struct vnode_ops {
	/* Errors: -ENOENT. */
	int (*lookup)(struct vnode *dir, struct name name, struct vnode **out);
	/* The directory that holds this one, and its name there or NULL. */
	int (*parent)(struct vnode *dir, struct vnode **out, char *name);
	/* Errors: -EEXIST, -ENOENT in a removed directory, -ENOSPC. */
	int (*create)(struct vnode *dir, struct name name,
		      const struct vnode_make *make, struct vnode **out);
	/* A regular file without a name; link() may give it one. */
	int (*create_nameless)(struct vnode *dir, const struct vnode_make *make,
			       bool linkable, struct vnode **out);
	int (*link)(struct vnode *dir, struct name name, struct vnode *target);
	/* Errors: -ENOENT, those of names_may_remove(), -ENOTEMPTY. */
	int (*remove)(struct vnode *dir, const struct vnode_remove *r);
	int (*rename)(const struct vnode_rename *r);
	/* Entries from `*cookie` (0: the first) on; moves the cookie. */
	int (*list)(struct vnode *dir, u64 *cookie, struct dir_sink *sink);
	/* Copies a link's text, cut to fit; returns how much. */
	long (*readlink)(struct vnode *link, char *buf, size_t size_bytes);
	/* A link that leads to a vnode and not to a path. */
	int (*follow)(struct vnode *link, struct vnode **out);
	/* Errors: -EFBIG, -ENOSPC. */
	int (*truncate)(struct vnode *v, u64 size_bytes);
	/* Allocates the range and lengthens the file to hold it. */
	int (*allocate)(struct vnode *v, u64 at, u64 len_bytes);
	/* What is not in the vnode itself: blocks, sizes made up on demand. */
	void (*stat)(struct vnode *v, struct file_stat *out);
	/* Makes an open file of this kind; file->ops is file_ops. */
	int (*open)(struct vnode *v, struct file *file);
	/* Bytes for the kernel itself; how many, 0 at the end. */
	long (*read)(struct vnode *v, void *buf, size_t len_bytes, u64 at);
	/* The last reference is gone; returns one to drop in turn, or NULL. */
	struct vnode *(*destroy)(struct vnode *v);
	const struct file_ops *file_ops;
	/*
	 * Its names are for everybody, lookup() sets looked_up, and what has
	 * that keeps its names until path_forget().
	 */
	bool names_keep;
};

/* Marks: [I] immutable, [m] `mutex`, [a] atomic, [n] the file system's own. */
struct vnode {
	const struct vnode_ops *ops; /* [I] */
	struct fs *fs;               /* [I] with a reference */
	u32 refs;                    /* [a] */
	u32 mode;                    /* [m] its type: [I] */
	u32 uid;                     /* [m] */
	u32 gid;                     /* [m] */
	u32 nlink;                   /* [n] */
	u32 text_users;              /* [a] programs that run from it */
	u32 writers;                 /* [a] open files that may write */
	bool looked_up;              /* [n] its path may be known */
	u64 ino;                     /* [I] */
	u64 rdev;                    /* [I] */
	u64 size_bytes;              /* [n] */
	s64 atime_ns;                /* [m] nanoseconds since 1970 */
	s64 mtime_ns;                /* [m] */
	s64 ctime_ns;                /* [m] */
	struct mutex mutex;          /* LOCK_VNODE; held over user copies */
	struct file_lock *locks;     /* fs/lock.c's; NULL: none */
	struct fs *mounted;          /* the mount lock's: what covers it */
	/*
	 * [m] the pipe of a FIFO; [a] what a device's files do, once asked;
	 * fs/socket_names.c's: the socket that is bound to it
	 */
	void *special;
};

/* Fills what all vnodes have; one reference. The rest must be zero. */
void vnode_init(struct vnode *v, struct fs *fs, const struct vnode_ops *ops,
		u32 mode);

static inline struct vnode *vnode_get(struct vnode *v)
{
	__atomic_fetch_add(&v->refs, 1, __ATOMIC_RELAXED);
	return v;
}

/* True if that was the last reference. */
must_check static inline bool vnode_unref(struct vnode *v)
{
	return __atomic_fetch_sub(&v->refs, 1, __ATOMIC_ACQ_REL) == 1;
}

/* Destroys what has no reference left. Context: thread, may sleep. */
void vnode_end(struct vnode *v);

/* NULL is allowed. Context: thread, may sleep. */
static inline void vnode_put(struct vnode *v)
{
	if (v != NULL && vnode_unref(v)) {
		vnode_end(v);
	}
}

/*
 * Programs that run from a file and files that are open for writing exclude
 * each other: who counts itself looks at the other count behind that, so one of
 * two sees the other.  Of files that can be mapped only.
 */

/* One more that runs from what is running already; a reference. */
static inline struct vnode *vnode_text_get(struct vnode *v)
{
	__atomic_fetch_add(&v->text_users, 1, __ATOMIC_RELAXED);
	return vnode_get(v);
}

/* NULL is allowed. Context: thread, may sleep. */
static inline void vnode_text_put(struct vnode *v)
{
	if (v != NULL) {
		__atomic_fetch_sub(&v->text_users, 1, __ATOMIC_RELAXED);
		vnode_put(v);
	}
}

/* The first one. Errors: -ETXTBSY. */
must_check int vnode_text_claim(struct vnode *v);

/* A file is opened for writing, and closed. Errors: -ETXTBSY. */
must_check int vnode_writer_enter(struct vnode *v);

static inline void vnode_writer_leave(struct vnode *v)
{
	__atomic_fetch_sub(&v->writers, 1, __ATOMIC_RELAXED);
}

static inline bool vnode_is(const struct vnode *v, enum mode type)
{
	return (v->mode & MODE_TYPE) == (u32)type;
}

/* Upward, defined by posix/: the running thread's rights to files. */
struct cred cred_effective(void);
struct cred cred_real(void);
bool cred_in_group(u32 gid);

/* vnode_access() where it is not clear at first sight. */
must_check int vnode_access_check(const struct vnode *v, struct cred cred,
				  unsigned wanted);

/*
 * May the caller do all of `wanted` (enum vnode_access)?  Errors: -EACCES,
 * -EROFS.
 */
must_check static inline int vnode_access(const struct vnode *v,
					  struct cred cred, unsigned wanted)
{
	/* The first user reads everything, and searches every directory. */
	return cred.uid == 0 && (wanted & ACCESS_WRITE) == 0 &&
			       ((wanted & ACCESS_EXEC) == 0 ||
				vnode_is(v, MODE_DIRECTORY))
		       ? 0
		       : vnode_access_check(v, cred, wanted);
}

/* True if the caller owns it or may do all. */
bool vnode_owned(const struct vnode *v);

/* Removes a name if it is that vnode's. Errors: those of remove(). */
must_check static inline int vnode_unname(struct vnode *dir, struct name name,
					  const struct vnode *v)
{
	struct vnode_remove r = { .name = name, .only = v };

	return dir->ops->remove(dir, &r);
}

/*
 * Upward, defined by posix/: the file became shorter, and no process sees pages
 * behind its end any more when this returns.  Errors: -ENOMEM.  Context:
 * thread; its mutex is held.
 */
must_check int vnode_cut(struct vnode *v);

/* Now, in nanoseconds since 1970. */
s64 vnode_now(void);

/* The caller holds the mutex, or nobody else knows the vnode. */
void vnode_changed(struct vnode *v);

/* It was read: the time of access moves if it lies behind the last change. */
void vnode_accessed(struct vnode *v);

#endif
