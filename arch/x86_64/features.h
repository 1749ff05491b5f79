/* SPDX-License-Identifier: MIT */
/*
 * What this processor can do, asked once.  Used by arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_FEATURES_H
#define EXO_ARCH_X86_64_FEATURES_H

#include "lib/types.h"

#define X86_CR4_PGE (1ul << 7)

enum x86_feature {
#define FEATURE(name, text, leaf, subleaf, reg, bit) X86_##name,
#include "arch/x86_64/features.def"
#undef FEATURE
	X86_FEATURE_COUNT
};

extern u32 x86_features;

static_assert(X86_FEATURE_COUNT <= 32, "x86_features is one word");

static inline bool x86_has(enum x86_feature feature)
{
	return (x86_features >> feature) & 1;
}

/* Asks CPUID and opens the SMAP sites. Context: boot, first processor. */
void x86_features_detect(void);

/* Turns on what was found, in CR0, CR4, EFER. Context: each processor. */
void x86_features_enable(void);

#endif
