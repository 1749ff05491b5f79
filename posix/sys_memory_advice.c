/* SPDX-License-Identifier: MIT */
/*
 * System calls that move memory, and those that tell and ask of it.  Nothing
 * is ever written to a disk, so locked memory is like any other, and shared
 * memory is always in step with its file.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define ADVISE_FLAGS (REGION_NO_FORK | REGION_WIPE)

/* How many pages mincore() asks for at a time. */
#define PIECE_PAGES 256

/* A range of whole pages in user space, or none at all. */
static int range_refused(u64 start, u64 len, u64 *pages_len)
{
	*pages_len = ALIGN_UP(len, PAGE_SIZE);
	if (!IS_ALIGNED(start, PAGE_SIZE) || *pages_len < len) {
		return -EINVAL;
	}
	return start >= USER_START && start < USER_END &&
			       *pages_len <= USER_END - start
		       ? 0
		       : -ENOMEM;
}

SYSCALL_HANDLER(mremap)
{
	u64 len = ALIGN_UP(b, PAGE_SIZE), new_len = ALIGN_UP(c, PAGE_SIZE);
	u64 to = e;
	bool fixed = (d & ABI_MREMAP_FIXED) != 0;
	int err;

	if ((d & ~(u64)(ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)) ||
	    !IS_ALIGNED(a, PAGE_SIZE) || len == 0 || new_len == 0 ||
	    (fixed && !(d & ABI_MREMAP_MAYMOVE))) {
		return -EINVAL;
	}
	err = aspace_move(process_current()->aspace, a, len, new_len,
			  fixed                    ? MOVE_FIXED
			  : d & ABI_MREMAP_MAYMOVE ? MOVE_ANYWHERE
						   : MOVE_NEVER,
			  &to);
	return err ? err : (long)to;
}

static int advise(struct aspace *aspace, u64 start, u64 len, u64 advice)
{
	switch (advice) {
	case ABI_MADV_DONTNEED:
	case ABI_MADV_FREE: return aspace_discard(aspace, start, len);
	case ABI_MADV_DONTFORK:
		return aspace_set_flags(aspace, start, len, REGION_NO_FORK, 0);
	case ABI_MADV_DOFORK:
		return aspace_set_flags(aspace, start, len, 0, REGION_NO_FORK);
	case ABI_MADV_WIPEONFORK:
		return aspace_set_flags(aspace, start, len, REGION_WIPE, 0);
	case ABI_MADV_KEEPONFORK:
		return aspace_set_flags(aspace, start, len, 0, REGION_WIPE);
	case ABI_MADV_POPULATE_READ:
	case ABI_MADV_POPULATE_WRITE:
		return aspace_populate(aspace, start, len);
	case ABI_MADV_NORMAL:
	case ABI_MADV_RANDOM:
	case ABI_MADV_SEQUENTIAL:
	case ABI_MADV_WILLNEED:
	case ABI_MADV_HUGEPAGE:
	case ABI_MADV_NOHUGEPAGE:
	case ABI_MADV_DONTDUMP:
	case ABI_MADV_DODUMP:
	case ABI_MADV_COLD:
	case ABI_MADV_PAGEOUT:
		/* About speed alone; but a gap is an error. */
		return aspace_set_flags(aspace, start, len, 0, 0);
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(madvise)
{
	u64 len;
	int err = range_refused(a, b, &len);

	if (err == -EINVAL || (u32)c > ABI_MADV_POPULATE_WRITE) {
		return -EINVAL;
	}
	if (len == 0) {
		return 0;
	}
	return err ? err : advise(process_current()->aspace, a, len, (u32)c);
}

SYSCALL_HANDLER(mincore)
{
	struct aspace *aspace = process_current()->aspace;
	u8 piece[PIECE_PAGES];
	u64 len;
	int err = range_refused(a, b, &len);

	if (IS_ALIGNED(a, PAGE_SIZE)) {
		err = b == 0 && a < USER_END ? 0 : err ? -ENOMEM : 0;
	}
	for (u64 done = 0; err == 0 && done < len / PAGE_SIZE;) {
		u64 count = MIN(len / PAGE_SIZE - done, PIECE_PAGES);

		err = aspace_resident(aspace, a + done * PAGE_SIZE, count,
				      piece);
		err = err ? err : copy_to_user(uaddr(c + done), piece, count);
		done += count;
	}
	return err;
}

/* What is mapped is in step already. */
SYSCALL_HANDLER(msync)
{
	u64 known = ABI_MS_ASYNC | ABI_MS_INVALIDATE | ABI_MS_SYNC;
	u64 both = ABI_MS_ASYNC | ABI_MS_SYNC;
	u64 len;
	int err = range_refused(a, b, &len);

	if (err == -EINVAL || (c & ~known) || (c & both) == both) {
		return -EINVAL;
	}
	if (len == 0) {
		return 0;
	}
	return err ? err
		   : aspace_set_flags(process_current()->aspace, a, len, 0, 0);
}

/* Locked memory is there from now on; all of it stays anyway. */
static long lock(u64 start, u64 len_bytes, bool now)
{
	struct aspace *aspace = process_current()->aspace;
	u64 from = start & PAGE_MASK;
	u64 len;
	int err = range_refused(from, len_bytes + (start - from), &len);

	if (err || len == 0) {
		return len_bytes == 0 ? 0 : err;
	}
	return now ? aspace_populate(aspace, from, len)
		   : aspace_set_flags(aspace, from, len, 0, 0);
}

SYSCALL_HANDLER(mlock)
{
	return lock(a, b, true);
}

SYSCALL_HANDLER(mlock2)
{
	if (c & ~(u64)ABI_MLOCK_ONFAULT) {
		return -EINVAL;
	}
	return lock(a, b, !(c & ABI_MLOCK_ONFAULT));
}

SYSCALL_HANDLER(munlock)
{
	return lock(a, b, false);
}

SYSCALL_HANDLER(mlockall)
{
	u64 known = ABI_MCL_CURRENT | ABI_MCL_FUTURE | ABI_MCL_ONFAULT;

	return a == 0 || (a & ~known) || a == ABI_MCL_ONFAULT ? -EINVAL : 0;
}

SYSCALL_HANDLER(munlockall)
{
	return 0;
}
