/* SPDX-License-Identifier: MIT */
/*
 * Collecting arguments: no lock is held and nothing but the frames allocated,
 * however many there are.
 */
#include "posix/args.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"

int args_create(struct args *args)
{
	*args = (struct args){ .frames = kmalloc(PAGE_SIZE),
			       .len_bytes = ARGS_FIRST_BYTES };
	return args->frames ? 0 : -ENOMEM;
}

void args_destroy(struct args *args)
{
	for (u32 i = 0; i < args->frame_count; i++) {
		frame_put(args->frames[i]);
	}
	kfree(args->frames);
}

/* Where the next byte goes, and how many may follow. */
static int room_make(struct args *args, char **to, u64 *room)
{
	u64 words = (args->argc + (u64)args->envc) * sizeof(u64);
	u64 number = args->len_bytes / PAGE_SIZE;
	u64 offset = args->len_bytes % PAGE_SIZE;

	if (args->len_bytes + words >= ARGS_BYTES_MAX) {
		return -E2BIG;
	}
	if (number == args->frame_count) {
		args->frames[number] = frame_alloc_zeroed();
		if (phys_is_none(args->frames[number])) {
			return -ENOMEM;
		}
		args->frame_count++;
	}
	*to = (char *)phys_to_virt(args->frames[number]) + offset;
	*room = PAGE_SIZE - offset;
	return 0;
}

int args_add(struct args *args, const void *bytes, size_t len_bytes, u64 *at)
{
	const u8 *from = bytes;

	*at = args->len_bytes;
	while (len_bytes > 0) {
		char *to;
		u64 room;
		int err = room_make(args, &to, &room);

		if (err) {
			return err;
		}
		room = MIN(room, len_bytes);
		memcpy(to, from, room);
		args->len_bytes += room;
		from += room;
		len_bytes -= room;
	}
	return 0;
}

int args_add_string(struct args *args, const char *string)
{
	u64 at;

	return args_add(args, string, strlen(string) + 1, &at);
}

static int add_user_string(struct args *args, u64 from)
{
	u64 start = args->len_bytes;

	while (args->len_bytes - start < ARGS_STRING_BYTES_MAX) {
		char *to;
		u64 room;
		long len;
		int err = room_make(args, &to, &room);

		if (err) {
			return err;
		}
		len = copy_string_from_user(to, uaddr(from), room);
		if (len >= 0) {
			args->len_bytes += (u64)len + 1;
			return 0;
		}
		if (len != -ENAMETOOLONG) {
			return (int)len;
		}
		args->len_bytes += room;
		from += room;
	}
	return -E2BIG;
}

int args_add_user(struct args *args, uaddr_t vector, u32 skip, u32 *count)
{
	for (u64 i = 0; vector.va != 0; i++) {
		u64 string;
		int err = copy_from_user(&string, uaddr_add(vector, i * 8),
					 sizeof(string));

		if (err || string == 0) {
			return err;
		}
		if (i < skip) {
			continue;
		}
		err = add_user_string(args, string);
		if (err) {
			return err;
		}
		(*count)++;
	}
	return 0;
}

u64 args_string_bytes(const struct args *args, u64 at)
{
	u64 start = at;

	for (;;) {
		const char *s = (const char *)phys_to_virt(
					args->frames[at / PAGE_SIZE]) +
				at % PAGE_SIZE;
		u64 room = PAGE_SIZE - at % PAGE_SIZE;
		u64 len = strnlen(s, room);

		at += len;
		if (len < room) {
			return at + 1 - start;
		}
	}
}

int args_map(struct args *args, struct aspace *aspace, u64 top, u64 *base)
{
	*base = top - args->frame_count * PAGE_SIZE;
	for (u32 i = 0; i < args->frame_count; i++) {
		int err = arch_map_page(&aspace->table, *base + i * PAGE_SIZE,
					args->frames[i],
					PROT_PAGE_USER | PROT_PAGE_WRITE);

		if (err) {
			return err;
		}
		frame_get(args->frames[i]);
		aspace->resident_pages++;
	}
	return 0;
}
