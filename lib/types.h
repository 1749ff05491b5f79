/* SPDX-License-Identifier: MIT */
/*
 * Integer and address types.  Physical and user addresses are one-field
 * structs, so that mixing them with kernel pointers does not compile; a
 * kernel virtual address is an ordinary pointer.
 */
#ifndef EXO_LIB_TYPES_H
#define EXO_LIB_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;

/* A physical address: never dereferenced, only mapped or converted. */
typedef struct {
	u64 pa;
} phys_t;

/* An address given by user space: reached only through arch/user.h. */
typedef struct {
	u64 va;
} uaddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

static inline phys_t phys(u64 pa)
{
	return (phys_t){ pa };
}

static inline phys_t phys_add(phys_t p, u64 bytes)
{
	return (phys_t){ p.pa + bytes };
}

static inline uaddr_t uaddr(u64 va)
{
	return (uaddr_t){ va };
}

static inline uaddr_t uaddr_add(uaddr_t u, u64 bytes)
{
	return (uaddr_t){ u.va + bytes };
}

#endif
