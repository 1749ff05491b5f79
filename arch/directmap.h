/* SPDX-License-Identifier: MIT */
/*
 * The direct map: all RAM at one fixed offset in kernel space, writable and
 * never executable.  Context: any.
 */
#ifndef EXO_ARCH_DIRECTMAP_H
#define EXO_ARCH_DIRECTMAP_H

#include "lib/types.h"

#ifdef EXO_HOST
/* The tests' arena plays the RAM of the machine, from address 0. */
#define HOST_RAM_BYTES (512ul << 20)
extern char *host_ram;
#define DIRECT_MAP_BASE ((u64)host_ram)
#else
#define DIRECT_MAP_BASE 0xffff800000000000ul
#endif

static inline void *phys_to_virt(phys_t p)
{
	return (void *)(DIRECT_MAP_BASE + p.pa);
}

/* Only for addresses that phys_to_virt() gives, not for the kernel image. */
static inline phys_t virt_to_phys(const void *v)
{
	return phys((u64)v - DIRECT_MAP_BASE);
}

/* The same where `v` may also be NULL, which is at 0 then. */
static always_inline phys_t virt_to_phys_null(const void *v)
{
#ifdef EXO_HOST
	return v == NULL ? phys(0) : virt_to_phys(v);
#else
	/* The lower bits of DIRECT_MAP_BASE are 0, those of NULL are, too. */
	const unsigned upper = __builtin_clzll(~DIRECT_MAP_BASE);

	return phys((u64)v << upper >> upper);
#endif
}

#endif
