/* SPDX-License-Identifier: MIT */
/*
 * The ends of gates as files: to poll and to close.
 */
#include "fs/gate_file.h"

#include "lib/errno.h"

static void gate_file_close(struct file *file)
{
	gate_close(gate_of(file), gate_side_of(file));
}

static u32 gate_file_poll(struct file *file, struct poller *poller)
{
	struct gate *g = gate_of(file);
	bool waits = gate_poll(g, poller);

	if (gate_side_of(file) == GATE_CLIENT) {
		return gate_closed(g, GATE_SERVER) ? POLL_ERROR : POLL_OUT;
	}
	return (waits ? POLL_IN : 0u) |
	       (gate_closed(g, GATE_CLIENT) ? POLL_HANG_UP : 0u);
}

static void gate_file_stat(struct file *file, struct file_stat *out)
{
	(void)file;
	out->mode = 0600;
}

static const struct file_ops gate_file_ops = {
	.type = CAP_TYPE_GATE,
	.close = gate_file_close,
	.poll = gate_file_poll,
	.name = "[gate]",
	.stat = gate_file_stat,
};

int gate_files_create(struct file *ends[GATE_SIDES])
{
	struct gate *g = gate_create();

	if (g == NULL) {
		return -ENOMEM;
	}
	for (unsigned side = 0; side < GATE_SIDES; side++) {
		ends[side] = file_create(&gate_file_ops, 0);
		if (ends[side] != NULL) {
			ends[side]->data = g;
			ends[side]->number = side;
		}
	}
	if (ends[0] != NULL && ends[1] != NULL) {
		return 0;
	}
	for (unsigned side = 0; side < GATE_SIDES; side++) {
		if (ends[side] != NULL) {
			file_put(ends[side]);
		} else {
			gate_close(g, side);
		}
	}
	return -ENOMEM;
}
