/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what is told of a process's memory, and out of it.
 */
#include "arch/directmap.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/proc.h"
#include "posix/process.h"

/* What is told of arguments, and of an environment. */
#define STRINGS_BYTES_MAX (128ul << 10)

/* Where the paths of a list of mappings begin in their lines. */
#define MAPS_PATH_COLUMN 73

struct aspace *proc_aspace(struct process *p)
{
	WITH_PROCESSES () {
		return p->aspace ? aspace_get(p->aspace) : NULL;
	}
	return NULL;
}

/* Copies what is resident of a page; how much. */
static size_t page_read(struct aspace *aspace, u64 va, char *buf, size_t len)
{
	struct page_mapping m;

	len = MIN(len, PAGE_SIZE - va % PAGE_SIZE);
	WITH_MUTEX (&aspace->mutex) {
		if (!arch_query_page(&aspace->table, va & PAGE_MASK, &m)) {
			return 0;
		}
		memcpy(buf, (u8 *)phys_to_virt(m.frame) + va % PAGE_SIZE, len);
	}
	return len;
}

/* Adds `count` strings from `at` on, but for the first `skip`. */
static void strings_add(struct text *out, struct aspace *aspace, u64 at,
			u32 skip, u32 count)
{
	char piece[64];
	u32 seen = 0;

	while (seen < skip + count && out->len_bytes < STRINGS_BYTES_MAX) {
		size_t len = page_read(aspace, at, piece, sizeof(piece));

		for (size_t i = 0; i < len && seen < skip + count; i++) {
			if (seen >= skip) {
				text_add(out, "%c", piece[i]);
			}
			seen += piece[i] == '\0';
		}
		if (len == 0) {
			return;
		}
		at += len;
	}
}

/* The strings lie in the program's memory, which may have changed them. */
static int strings_show(struct text *out, u64 key, bool environment)
{
	struct process *p = process_find_get(key);
	struct aspace *aspace = p ? proc_aspace(p) : NULL;
	u32 skip = 0, count = 0;
	u64 at = 0;

	if (p == NULL) {
		return -ESRCH;
	}
	WITH_MUTEX (&p->mutex) {
		at = p->args_at;
		skip = environment ? p->argc : 0;
		count = environment ? p->envc : p->argc;
	}
	process_put(p);
	if (aspace != NULL) {
		strings_add(out, aspace, at, skip, count);
		aspace_put(aspace);
	}
	return 0;
}

int proc_show_arguments(struct text *out, u64 key)
{
	return strings_show(out, key, false);
}

int proc_show_environment(struct text *out, u64 key)
{
	return strings_show(out, key, true);
}

int proc_show_auxv(struct text *out, u64 key)
{
	struct process *p = process_find_get(key);
	struct aspace *aspace = p ? proc_aspace(p) : NULL;
	u64 at = 0, end = 0;
	char piece[64];

	if (p == NULL) {
		return -ESRCH;
	}
	WITH_MUTEX (&p->mutex) {
		at = p->auxv_at;
		end = p->args_at;
	}
	process_put(p);
	end = MIN(end, at + AUXV_BYTES);
	while (aspace != NULL && at < end) {
		size_t len = page_read(aspace, at, piece,
				       MIN(end - at, sizeof(piece)));

		for (size_t i = 0; i < len; i++) {
			text_add(out, "%c", piece[i]);
		}
		at = len > 0 ? at + len : end;
	}
	if (aspace != NULL) {
		aspace_put(aspace);
	}
	return 0;
}

/* One line of maps; taken under the lock, told without it. */
struct mapping {
	u64 start;
	u64 end;
	u64 offset_bytes;
	u32 flags;
	const char *name;    /* of what is no file */
	struct vnode *vnode; /* with a reference, or NULL */
};

/* The first mapping at or after `from`; false: none. */
static bool mapping_next(struct aspace *aspace, u64 from, struct mapping *m)
{
	WITH_MUTEX (&aspace->mutex) {
		struct tree_node *node = tree_find_ge(&aspace->regions, from);
		const struct region *r;
		struct mem_object *object;

		if (node == NULL) {
			return false;
		}
		r = container_of(node, struct region, node);
		object = r->source.object;
		*m = (struct mapping){
			.start = node->key,
			.end = r->end,
			.flags = r->flags,
			.offset_bytes = object ? r->source.offset_bytes : 0,
			.name = "",
		};
		if (object != NULL && object->ops->vnode != NULL) {
			m->vnode = vnode_get(object->ops->vnode(object));
		} else if (r->flags & REGION_GROWS_DOWN) {
			m->name = "[stack]";
		} else if (m->start < aspace->brk_end &&
			   m->end > aspace->brk_start) {
			m->name = "[heap]";
		}
	}
	return true;
}

/* A file is told with its device, number and path. */
static void mapping_add(struct text *out, const struct mapping *m, char *path)
{
	size_t start = out->len_bytes;
	const struct vnode *v = m->vnode;
	const char *name = m->name;
	u32 device = v ? v->fs->device : 0;

	if (v != NULL) {
		long len = path_of(m->vnode, fs_context_current(), path,
				   PATH_BYTES_MAX);

		name = len < 0 ? "/ (deleted)" : path;
	}
	text_add(out, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", m->start,
		 m->end, m->flags & REGION_READ ? 'r' : '-',
		 m->flags & REGION_WRITE ? 'w' : '-',
		 m->flags & REGION_EXEC ? 'x' : '-',
		 m->flags & REGION_SHARED ? 's' : 'p', m->offset_bytes,
		 device >> 8, device & 0xff, v ? v->ino : 0);
	while (name[0] != '\0' && out->err == 0 &&
	       out->len_bytes - start < MAPS_PATH_COLUMN) {
		text_add(out, " ");
	}
	text_add(out, "%s\n", name);
}

int proc_show_maps(struct text *out, u64 key)
{
	struct process *p = process_find_get(key);
	struct aspace *aspace = p ? proc_aspace(p) : NULL;
	char *path = kmalloc(PATH_BYTES_MAX);
	struct mapping m = { 0 };

	while (aspace != NULL && path != NULL &&
	       mapping_next(aspace, m.end, &m)) {
		mapping_add(out, &m, path);
		vnode_put(m.vnode);
	}
	if (aspace != NULL) {
		aspace_put(aspace);
	}
	if (p != NULL) {
		process_put(p);
	}
	kfree(path);
	return p == NULL ? -ESRCH : path == NULL ? -ENOMEM : 0;
}
