/* SPDX-License-Identifier: MIT */
/*
 * User memory: the range check in front of arch/x86_64/usercopy.asm.
 */
#include "arch/user.h"

#include "lib/errno.h"

u64 x86_user_copy(void *dst, const void *src, u64 len_bytes);
u64 x86_user_clear(void *dst, u64 len_bytes);
s64 x86_user_load32(const u32 *at);
s64 x86_user_swap32(u32 *at, u32 old, u32 new);
s64 x86_user_string(char *dst, const char *src, u64 size_bytes);

int copy_from_user(void *dst, uaddr_t src, size_t len_bytes)
{
	if (!user_range_ok(src, len_bytes) ||
	    x86_user_copy(dst, (const void *)src.va, len_bytes) != 0) {
		return -EFAULT;
	}
	return 0;
}

int copy_to_user(uaddr_t dst, const void *src, size_t len_bytes)
{
	if (!user_range_ok(dst, len_bytes) ||
	    x86_user_copy((void *)dst.va, src, len_bytes) != 0) {
		return -EFAULT;
	}
	return 0;
}

int clear_user(uaddr_t dst, size_t len_bytes)
{
	if (!user_range_ok(dst, len_bytes) ||
	    x86_user_clear((void *)dst.va, len_bytes) != 0) {
		return -EFAULT;
	}
	return 0;
}

long copy_string_from_user(char *dst, uaddr_t src, size_t size_bytes)
{
	s64 len;

	if (likely(user_range_ok(src, size_bytes))) {
		return x86_user_string(dst, (const char *)src.va, size_bytes);
	}
	if (!user_range_ok(src, 1)) {
		return -EFAULT;
	}
	len = x86_user_string(dst, (const char *)src.va, USER_END - src.va);
	return len == -ENAMETOOLONG ? -EFAULT : len;
}

static int word_out(s64 result, u32 *out)
{
	*out = (u32)result;
	return result < 0 ? -EFAULT : 0;
}

int user_load(uaddr_t at, u32 *out)
{
	if (!user_range_ok(at, sizeof(u32))) {
		return -EFAULT;
	}
	return word_out(x86_user_load32((const u32 *)at.va), out);
}

int user_compare_swap(uaddr_t at, u32 *old, u32 new)
{
	if (!user_range_ok(at, sizeof(u32))) {
		return -EFAULT;
	}
	return word_out(x86_user_swap32((u32 *)at.va, *old, new), old);
}
