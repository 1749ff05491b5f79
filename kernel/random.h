/* SPDX-License-Identifier: MIT */
/*
 * Random bytes for user programs and for the kernel's own secrets: ChaCha20
 * (RFC 8439) keyed once at boot, from the processor's generator and the cycle
 * counter, or from seed=N alone when a run is to be repeated.
 */
#ifndef EXO_KERNEL_RANDOM_H
#define EXO_KERNEL_RANDOM_H

#include "lib/types.h"

/* `seed` 0: as unpredictable as this machine allows. Context: boot, once. */
void random_init(u64 seed);

/* Context: any without LOCK_RANDOM or above. */
void random_bytes(void *buf, size_t len_bytes);

#endif
