/* SPDX-License-Identifier: MIT */
/*
 * What the files of the escape sequence reader share.
 */
#ifndef EXO_DRIVERS_ANSI_PRIVATE_H
#define EXO_DRIVERS_ANSI_PRIVATE_H

#include "drivers/ansi.h"

/* The pen's colours become those of what is written and erased next. */
void ansi_apply_colours(struct ansi *ansi);

/* The colours and no attribute. */
void ansi_plain_colours(struct ansi *ansi);

/* SGR with the numbers that were read. */
void ansi_select_graphics(struct ansi *ansi);

#endif
