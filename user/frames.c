// SPDX-License-Identifier: MIT
/*
 * A stream of pictures between two processes without a copy, an example of
 * fusion rings:
 *
 *	frames [COUNT]
 *
 * Three pictures of 1280 x 720 pixels lie in the arena of a ring.  One process
 * draws into one that is free and sends its place, 8 bytes; the other looks at
 * it where it lies and sends the place back on a second ring.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "user/exo_ring.h"

#define SLOTS       8u
#define PICTURES    3u
#define PIXELS      (1280u * 720u)
#define FRAME_BYTES (PIXELS * 4u)
#define ARENA_BYTES (PICTURES * FRAME_BYTES)

static struct {
	exo_handle frames[2], back[2];
	void *frame_ring, *back_ring;
	char *arena;
	unsigned count;
} stream;

static void die(const char *what, long err)
{
	fprintf(stderr, "frames: %s: %s\n", what, strerror((int)-err));
	exit(1);
}

static void *make_ring(exo_handle ends[2], uint64_t arena_bytes)
{
	long err = exo_ring_create(SLOTS, arena_bytes, ends, EXO_CLOSE_ON_EXEC);
	void *ring;

	if (err < 0) {
		die("ring", err);
	}
	ring = exo_ring_map(ends[EXO_CONSUMER], SLOTS, arena_bytes);
	if (ring == NULL) {
		die("mmap", -errno);
	}
	return ring;
}

static void send_place(struct exo_sender *to, struct ring_extent place)
{
	struct ring_head head = { RING_ARENA, sizeof(place), 0 };
	long err = exo_send(to, head, &place);

	if (err < 0) {
		die("send", err);
	}
}

/* False: the other has ended. Believes no place outside the arena. */
static bool receive_place(struct exo_receiver *from, struct ring_extent *place)
{
	struct ring_head head;
	long err = exo_receive(from, &head, place, sizeof(*place));

	if (err == -EPIPE) {
		return false;
	}
	if (err < 0) {
		die("receive", err);
	}
	if (ring_extents(head, place, ARENA_BYTES) != 1 ||
	    place->len != FRAME_BYTES || place->offset % 4 != 0) {
		die("place", -EBADMSG);
	}
	return true;
}

static uint32_t pixel(unsigned frame, unsigned i)
{
	return (i + frame) * 2654435761u;
}

static int produce(void)
{
	struct exo_sender to;
	struct exo_receiver from;

	exo_sender_open(&to, stream.frames[EXO_PRODUCER], stream.frame_ring,
			SLOTS);
	exo_receiver_open(&from, stream.back[EXO_CONSUMER], stream.back_ring,
			  SLOTS);
	for (unsigned frame = 0; frame < stream.count; frame++) {
		struct ring_extent place = { frame * FRAME_BYTES, FRAME_BYTES };
		uint32_t *pixels;

		if (frame >= PICTURES && !receive_place(&from, &place)) {
			return 1;
		}
		pixels = (uint32_t *)(stream.arena + place.offset);
		for (unsigned i = 0; i < PIXELS; i++) {
			pixels[i] = pixel(frame, i);
		}
		send_place(&to, place);
	}
	return 0;
}

/* Returns how many frames came, each pixel right. */
static unsigned consume(void)
{
	struct exo_sender to;
	struct exo_receiver from;
	struct ring_extent place;
	unsigned frame = 0, right = 0;

	exo_sender_open(&to, stream.back[EXO_PRODUCER], stream.back_ring,
			SLOTS);
	exo_receiver_open(&from, stream.frames[EXO_CONSUMER], stream.frame_ring,
			  SLOTS);
	for (; receive_place(&from, &place); frame++) {
		const uint32_t *pixels =
			(const uint32_t *)(stream.arena + place.offset);
		unsigned wrong = 0;

		for (unsigned i = 0; i < PIXELS; i++) {
			wrong += pixels[i] != pixel(frame, i);
		}
		right += wrong == 0;
		/* The last ones nobody waits for any more. */
		if (frame + PICTURES < stream.count) {
			send_place(&to, place);
		}
	}
	return right;
}

int main(int argc, char **argv)
{
	unsigned right;
	int status = -1;

	stream.count = argc > 1 ? (unsigned)atoi(argv[1]) : 12;
	stream.frame_ring = make_ring(stream.frames, ARENA_BYTES);
	stream.back_ring = make_ring(stream.back, 0);
	stream.arena = (char *)stream.frame_ring + exo_ring_arena(SLOTS);
	if (fork() == 0) {
		close((int)stream.frames[EXO_CONSUMER]);
		close((int)stream.back[EXO_PRODUCER]);
		exit(produce());
	}
	close((int)stream.frames[EXO_PRODUCER]);
	close((int)stream.back[EXO_CONSUMER]);
	right = consume();
	wait(&status);
	printf("frames: %u of %u frames of %u bytes came whole\n", right,
	       stream.count, FRAME_BYTES);
	return status != 0 || right != stream.count;
}
