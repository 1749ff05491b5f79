/* SPDX-License-Identifier: MIT */
/*
 * System calls on memory.
 */
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define BRK_FLAGS (REGION_READ | REGION_WRITE)

/* MAP_32BIT means below that. */
#define LOW_2GB 0x80000000ul

/* What MAP_SHARED_VALIDATE lets pass. */
#define MAP_FLAGS_KNOWN                                                     \
	(ABI_MAP_TYPE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS | ABI_MAP_32BIT | \
	 ABI_MAP_GROWSDOWN | ABI_MAP_LOCKED | ABI_MAP_NORESERVE |           \
	 ABI_MAP_POPULATE | ABI_MAP_NONBLOCK | ABI_MAP_STACK |              \
	 ABI_MAP_HUGETLB | ABI_MAP_FIXED_NOREPLACE)

static int brk_move_locked(struct aspace *a, u64 end)
{
	u64 from = ALIGN_UP(a->brk_end, PAGE_SIZE);
	u64 to = ALIGN_UP(end, PAGE_SIZE);

	if (to < from) {
		return aspace_unmap_locked(a, to, from - to);
	}
	return to == from ? 0
			  : aspace_map_locked(a, from, to - from, BRK_FLAGS,
					      REGION_ZEROES);
}

/* Returns where the break is: unmoved if it could not be moved. */
SYSCALL_HANDLER(brk)
{
	struct aspace *aspace = process_current()->aspace;

	WITH_MUTEX (&aspace->mutex) {
		if (a >= aspace->brk_start && a < USER_END &&
		    a - aspace->brk_start <= process_limit(ABI_RLIMIT_DATA) &&
		    brk_move_locked(aspace, a) == 0) {
			aspace->brk_end = a;
		}
		return (long)aspace->brk_end;
	}
	return 0;
}

/* What mmap() is asked for. */
struct mapping {
	u64 start;
	u64 len;
	u32 how;   /* ABI_MAP_ */
	u32 flags; /* enum region_flags */
	struct region_source source;
};

static u32 region_flags_of(u64 prot)
{
	u32 flags = 0;

	flags |= prot & ABI_PROT_READ ? REGION_READ : 0;
	flags |= prot & ABI_PROT_WRITE ? REGION_WRITE : 0;
	flags |= prot & ABI_PROT_EXEC ? REGION_EXEC : 0;
	return flags;
}

static bool prot_known(u64 prot)
{
	return (prot &
		~(u64)(ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC)) == 0;
}

/*
 * A mapping shows a file only to who may read it, and a shared one is written
 * to only by who may write the file.  Errors: -EBADF, -EACCES, -ENODEV,
 * -ENOMEM, -EPERM.
 */
static int file_source(struct mapping *m, u64 fd)
{
	struct cap cap =
		descriptors_cap(process_current()->descriptors, (u32)fd);
	struct file *file = cap_object(cap);
	u32 rights;
	int err;

	if (file == NULL) {
		return -EBADF;
	}
	rights = cap_rights(cap);
	if (!(rights & CAP_WRITE) && (m->flags & REGION_SHARED)) {
		m->flags |= REGION_READ_ONLY;
	}
	m->source.len_bytes = REGION_WHOLE;
	if (!(rights & CAP_READ) || !(rights & CAP_MAP) ||
	    ((m->flags & REGION_READ_ONLY) && (m->flags & REGION_WRITE))) {
		err = -EACCES;
	} else if (file->ops->object == NULL) {
		err = -ENODEV;
	} else {
		err = file->ops->object(file, &m->flags, &m->source.object);
	}
	cap_drop(cap);
	return err;
}

/* The object's reference is the caller's to drop. */
static int source_find(struct mapping *m, u64 fd)
{
	if (!(m->how & ABI_MAP_ANONYMOUS)) {
		return file_source(m, fd);
	}
	m->source = REGION_ZEROES;
	if (m->flags & REGION_SHARED) {
		m->source.len_bytes = REGION_WHOLE;
		m->source.object = mem_object_zeroes();
		return m->source.object ? 0 : -ENOMEM;
	}
	return 0;
}

/* An address that is only a wish is taken if it is free. */
static int place_find_locked(const struct aspace *aspace, struct mapping *m)
{
	u64 wish = ALIGN_UP(m->start, PAGE_SIZE);
	u64 top = m->how & ABI_MAP_32BIT ? LOW_2GB : aspace->mmap_top;

	if (wish >= USER_START && !(m->how & ABI_MAP_32BIT) &&
	    aspace_is_free_locked(aspace, wish, m->len)) {
		m->start = wish;
		return 0;
	}
	m->start = aspace_find_free_locked(aspace, m->len, top);
	return m->start ? 0 : -ENOMEM;
}

/* Errors: those of an address that must be. */
static int place_refused(const struct mapping *m)
{
	if (!IS_ALIGNED(m->start, PAGE_SIZE)) {
		return -EINVAL;
	}
	if (m->start >= USER_END || m->len > USER_END - m->start) {
		return -ENOMEM;
	}
	return m->start < USER_START ? -EPERM : 0;
}

static int map_locked(struct aspace *aspace, struct mapping *m)
{
	int err;

	if (!(m->how & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE))) {
		err = place_find_locked(aspace, m);
	} else {
		err = place_refused(m);
		if (err == 0 && !(m->how & ABI_MAP_FIXED_NOREPLACE)) {
			err = aspace_unmap_locked(aspace, m->start, m->len);
		}
	}
	return err ? err
		   : aspace_map_locked(aspace, m->start, m->len, m->flags,
				       m->source);
}

/*
 * What cannot be had is refused, never silently something else.  Without
 * effect, because nothing here is otherwise: NORESERVE (memory is never
 * reserved), STACK, NONBLOCK, DENYWRITE, EXECUTABLE, UNINITIALIZED.  There
 * are no huge pages.
 */
static int map_refused(const struct mapping *m, u64 offset)
{
	u64 type = m->how & ABI_MAP_TYPE;

	if (type < ABI_MAP_SHARED || type > ABI_MAP_SHARED_VALIDATE ||
	    !IS_ALIGNED(offset, PAGE_SIZE) || m->len == 0) {
		return -EINVAL;
	}
	if (type == ABI_MAP_SHARED_VALIDATE &&
	    (m->how & ~(u64)(MAP_FLAGS_KNOWN))) {
		return -EOPNOTSUPP;
	}
	if (m->how & ABI_MAP_HUGETLB) {
		return -ENOMEM;
	}
	if (m->len > USER_END - USER_START) {
		return -ENOMEM;
	}
	return offset + m->len < offset ? -EOVERFLOW : 0;
}

static u32 mapping_flags(u64 prot, u64 how)
{
	u32 flags = region_flags_of(prot);

	if ((how & ABI_MAP_TYPE) != ABI_MAP_PRIVATE) {
		flags |= REGION_SHARED;
	} else if (how & ABI_MAP_GROWSDOWN) {
		flags |= REGION_GROWS_DOWN;
	}
	return flags;
}

SYSCALL_HANDLER(mmap)
{
	struct aspace *aspace = process_current()->aspace;
	struct mapping m = {
		.start = a,
		.len = ALIGN_UP(b, PAGE_SIZE),
		.how = (u32)d,
		.flags = mapping_flags(c, d),
		.source = { .offset_bytes = f },
	};
	int err = b != 0 && m.len == 0 ? -ENOMEM : map_refused(&m, f);

	err = err ? err : source_find(&m, e);
	if (err) {
		return err;
	}
	WITH_MUTEX (&aspace->mutex) {
		err = map_locked(aspace, &m);
	}
	mem_object_put(m.source.object);
	if (err == 0 && (m.how & (ABI_MAP_POPULATE | ABI_MAP_LOCKED))) {
		/* Advice: what is not there now comes when it is touched. */
		int later maybe_unused =
			aspace_populate(aspace, m.start, m.len);
	}
	return err ? err : (long)m.start;
}

/* Nothing is mapped below USER_START: taking it away is no error. */
SYSCALL_HANDLER(munmap)
{
	u64 end = a + ALIGN_UP(b, PAGE_SIZE);
	u64 start = MAX(a, USER_START);

	if (!IS_ALIGNED(a, PAGE_SIZE) || b == 0 || end <= a ||
	    end > USER_END + PAGE_SIZE) {
		return -EINVAL;
	}
	end = MIN(end, USER_END);
	return start >= end ? 0
			    : aspace_unmap(process_current()->aspace, start,
					   end - start);
}

SYSCALL_HANDLER(mprotect)
{
	u64 len = ALIGN_UP(b, PAGE_SIZE);

	if (!prot_known(c) || !IS_ALIGNED(a, PAGE_SIZE)) {
		return -EINVAL;
	}
	if (b == 0) {
		return 0;
	}
	if (len < b || a >= USER_END || len > USER_END - a) {
		return -ENOMEM;
	}
	return aspace_protect(process_current()->aspace, a, len,
			      region_flags_of(c));
}
