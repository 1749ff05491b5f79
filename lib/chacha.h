/* SPDX-License-Identifier: MIT */
/*
 * The ChaCha20 block function (RFC 8439, 2.3).
 */
#ifndef EXO_LIB_CHACHA_H
#define EXO_LIB_CHACHA_H

#include "lib/types.h"

#define CHACHA_KEY_WORDS   8
#define CHACHA_BLOCK_WORDS 16

/* The 64 bytes of key stream number `counter`, with the nonce of zero. */
void chacha_block(const u32 key[CHACHA_KEY_WORDS], u64 counter,
		  u32 out[CHACHA_BLOCK_WORDS]);

#endif
