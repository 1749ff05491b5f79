/* SPDX-License-Identifier: MIT */
/*
 * The ends of rings as files: to map, to poll, to close.  They are not read
 * and written: that is what the mapping is for.
 */
#include "fs/ring_file.h"

#include "fs/text.h"
#include "lib/errno.h"

static void ring_file_close(struct file *file)
{
	ring_object_close(ring_of(file), ring_side_of(file));
}

static u32 ring_file_poll(struct file *file, struct poller *poller)
{
	struct ring_object *r = ring_of(file);
	enum ring_side side = ring_side_of(file);
	u32 events = ring_object_poll(r, side, poller) ? POLL_IN : 0u;

	if (side == RING_PRODUCER) {
		events = events ? POLL_OUT : 0u;
	}
	if (ring_object_closed(r, ring_other(side))) {
		events |= side == RING_PRODUCER ? POLL_ERROR : POLL_HANG_UP;
	}
	return events;
}

static int ring_file_object(struct file *file, u32 *flags,
			    struct mem_object **out)
{
	(void)flags;
	*out = mem_object_get(&ring_of(file)->object);
	return 0;
}

static void ring_file_stat(struct file *file, struct file_stat *out)
{
	out->mode = 0600;
	out->size_bytes = ring_of(file)->pages * PAGE_SIZE;
}

static void ring_file_describe(struct file *file, struct text *out)
{
	const struct ring_object *r = ring_of(file);

	text_add(out, "ring:\t%s\nslots:\t%u\nmessages:\t%u\narena:\t%lu %lu\n",
		 ring_side_of(file) == RING_PRODUCER ? "producer" : "consumer",
		 r->count, ring_messages(r->shared, r->count),
		 ring_object_arena(r),
		 r->pages * PAGE_SIZE - ring_object_arena(r));
}

static const struct file_ops ring_file_ops = {
	.type = CAP_TYPE_RING,
	.close = ring_file_close,
	.poll = ring_file_poll,
	.object = ring_file_object,
	.name = "[ring]",
	.stat = ring_file_stat,
	.describe = ring_file_describe,
};

int ring_files_create(u32 count, u64 arena_bytes, struct file *ends[RING_SIDES])
{
	struct ring_object *r;
	int err = ring_object_create(count, arena_bytes, &r);

	if (err) {
		return err;
	}
	for (unsigned side = 0; side < RING_SIDES; side++) {
		/* Both ends write into the ring: that one has been seen. */
		ends[side] =
			file_create(&ring_file_ops, FILE_READ | FILE_WRITE);
		if (ends[side] != NULL) {
			ends[side]->data = r;
			ends[side]->number = side;
		}
	}
	if (ends[0] != NULL && ends[1] != NULL) {
		return 0;
	}
	for (unsigned side = 0; side < RING_SIDES; side++) {
		if (ends[side] != NULL) {
			file_put(ends[side]);
		} else {
			ring_object_close(r, side);
		}
	}
	return -ENOMEM;
}
