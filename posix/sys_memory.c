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
		    brk_move_locked(aspace, a) == 0) {
			aspace->brk_end = a;
		}
		return (long)aspace->brk_end;
	}
	return 0;
}

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

/* What a private file mapping shows; its object's reference is the caller's. */
static int file_source(u64 fd, u64 offset, struct region_source *out)
{
	struct file_use use = file_use(fd);
	struct file *file = use.file;
	int err;

	if (file == NULL) {
		return -EBADF;
	}
	out->offset_bytes = offset;
	out->len_bytes = REGION_WHOLE;
	err = file->ops->object ? file->ops->object(file, &out->object)
				: -ENODEV;
	file_use_end(use);
	return err;
}

static long map_anywhere(struct aspace *aspace, u64 len, u32 flags,
			 struct region_source source)
{
	u64 start = 0;
	int err = -ENOMEM;

	WITH_MUTEX (&aspace->mutex) {
		start = aspace_find_free_locked(aspace, len, aspace->mmap_top);
		if (start != 0) {
			err = aspace_map_locked(aspace, start, len, flags,
						source);
		}
	}
	return err ? err : (long)start;
}

static long map_fixed(struct aspace *aspace, u64 start, u64 len, u64 how,
		      u32 flags, struct region_source source)
{
	int err = 0;

	WITH_MUTEX (&aspace->mutex) {
		if (!(how & ABI_MAP_FIXED_NOREPLACE)) {
			err = aspace_unmap_locked(aspace, start, len);
		}
		if (err == 0) {
			err = aspace_map_locked(aspace, start, len, flags,
						source);
		}
	}
	return err ? err : (long)start;
}

/*
 * What is not offered is refused, never silently something else.  Three flags
 * are advice and change nothing here: memory is never reserved beforehand, a
 * stack is like other memory, and pages come when they are touched.
 */
static int map_refused(u64 prot, u64 how, u64 offset)
{
	u64 known = ABI_MAP_TYPE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS |
		    ABI_MAP_FIXED_NOREPLACE | ABI_MAP_NORESERVE |
		    ABI_MAP_POPULATE | ABI_MAP_STACK;

	if (!prot_known(prot) || !IS_ALIGNED(offset, PAGE_SIZE)) {
		return -EINVAL;
	}
	return (how & ABI_MAP_TYPE) == ABI_MAP_PRIVATE && (how & ~known) == 0
		       ? 0
		       : -EINVAL;
}

SYSCALL_HANDLER(mmap)
{
	struct aspace *aspace = process_current()->aspace;
	struct region_source source = REGION_ZEROES;
	u64 len = ALIGN_UP(b, PAGE_SIZE);
	long result = map_refused(c, d, f);

	if (result == 0 && (b == 0 || len < b)) {
		result = b == 0 ? -EINVAL : -ENOMEM;
	}
	if (result == 0 && !(d & ABI_MAP_ANONYMOUS)) {
		result = file_source(e, f, &source);
	}
	if (result) {
		return result;
	}
	if (d & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE)) {
		result = map_fixed(aspace, a, len, d, region_flags_of(c),
				   source);
	} else {
		result = map_anywhere(aspace, len, region_flags_of(c), source);
	}
	mem_object_put(source.object);
	return result;
}

SYSCALL_HANDLER(munmap)
{
	return aspace_unmap(process_current()->aspace, a,
			    ALIGN_UP(b, PAGE_SIZE));
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
