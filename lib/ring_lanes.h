/* SPDX-License-Identifier: MIT */
/*
 * Many producers, one consumer: a fusion ring for each producer (a lane), and
 * a consumer that goes round.  Producers share no line and no word, so they do
 * not wait for each other, and one that dies or lies in the middle of a message
 * stops its own lane alone.  Messages of one lane come in order, those of
 * different lanes in any.
 *
 * A lane gives up to RING_LANE_TURN messages, then it is the next one's turn:
 * no message waits for more than that of every other lane.
 */
#ifndef EXO_LIB_RING_LANES_H
#define EXO_LIB_RING_LANES_H

#include "lib/ring.h"

#define RING_LANE_TURN 16u

/* Own memory of one thread, as the consumers that it goes round. */
struct ring_lanes {
	struct ring_consumer *lanes;
	u32 count; /* not 0 */
	u32 at;    /* whose turn it is */
	u32 left;  /* messages of its turn */
	u32 from;  /* the lane that the last result came from */
};

static inline void ring_lanes_init(struct ring_lanes *l,
				   struct ring_consumer *lanes, u32 count)
{
	*l = (struct ring_lanes){ .lanes = lanes,
				  .count = count,
				  .left = RING_LANE_TURN };
}

static inline void ring_lanes_next(struct ring_lanes *l)
{
	l->at = l->at + 1 < l->count ? l->at + 1 : 0;
	l->left = RING_LANE_TURN;
}

/*
 * Takes the next message of any lane, as ring_receive() does; l->from tells
 * which.  RING_EMPTY: no lane has one; RING_GONE: nor ever will.  Another error
 * is that of lane l->from; it does not keep the others from their turn.
 * Then, if the lane's `wake` is set: has the kernel wake its producer.
 */
static inline must_check enum ring_result
ring_lanes_receive(struct ring_lanes *l, struct ring_head *head, void *data,
		   u32 size_bytes)
{
	enum ring_result all = RING_GONE;

	for (u32 i = 0; i < l->count; i++) {
		enum ring_result result =
			ring_receive(&l->lanes[l->at], head, data, size_bytes);

		l->from = l->at;
		if (likely(result == RING_OK)) {
			if (--l->left == 0) {
				ring_lanes_next(l);
			}
			return RING_OK;
		}
		ring_lanes_next(l);
		if (result != RING_EMPTY && result != RING_GONE) {
			return result;
		}
		all = result == RING_EMPTY ? RING_EMPTY : all;
	}
	return all;
}

#endif
