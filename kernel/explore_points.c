/* SPDX-License-Identifier: MIT */
/*
 * What the compiler calls under -fsanitize=thread, whose names these are: a
 * function before each plain access, one in place of each atomic access.
 * Ours make a point of exploration of either; the order that an atomic access
 * asks for is always the strictest.
 *
 * The compiler knows the prototypes; no header has them.
 */
#include "kernel/explore.h"

void __tsan_init(void);

void __tsan_init(void)
{
}

#define PLAIN(name)                        \
	void __tsan_##name(const void *p); \
	void __tsan_##name(const void *p)  \
	{                                  \
		(void)p;                   \
		explore_point();           \
	}

#define PLAIN_OF(bytes)              \
	PLAIN(read##bytes)           \
	PLAIN(write##bytes)          \
	PLAIN(unaligned_read##bytes) \
	PLAIN(unaligned_write##bytes)

PLAIN(read1)
PLAIN(write1)
PLAIN_OF(2)
PLAIN_OF(4)
PLAIN_OF(8)
PLAIN_OF(16)

/* A structure copied as a whole. */
#define RANGE(name)                                          \
	void __tsan_##name(const void *p, size_t len_bytes); \
	void __tsan_##name(const void *p, size_t len_bytes)  \
	{                                                    \
		(void)p;                                     \
		(void)len_bytes;                             \
		explore_point();                             \
	}

RANGE(read_range)
RANGE(write_range)

void __tsan_atomic_thread_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	explore_point();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#define ATOMIC(type, name, args, ...)  \
	type __tsan_atomic##name args; \
	type __tsan_atomic##name args  \
	{                              \
		explore_point();       \
		return __VA_ARGS__;    \
	}

/* One behind it, too: what comes next may be that interrupts go off. */
#define LOAD(bits)                                                       \
	u##bits __tsan_atomic##bits##_load(const u##bits *p, int order); \
	u##bits __tsan_atomic##bits##_load(const u##bits *p,             \
					   maybe_unused int order)       \
	{                                                                \
		u##bits value;                                           \
		explore_point();                                         \
		value = __atomic_load_n(p, __ATOMIC_SEQ_CST);            \
		explore_point();                                         \
		return value;                                            \
	}

#define CHANGE(bits, name, builtin)                                  \
	ATOMIC(u##bits, bits##_##name,                               \
	       (u##bits * p, u##bits value, maybe_unused int order), \
	       __atomic_##builtin(p, value, __ATOMIC_SEQ_CST))

#define SWAP(bits, name)                                                 \
	ATOMIC(bool, bits##_compare_exchange_##name,                     \
	       (u##bits * p, u##bits * expected, u##bits value,          \
		maybe_unused int order, maybe_unused int failure_order), \
	       __atomic_compare_exchange_n(p, expected, value, false,    \
					   __ATOMIC_SEQ_CST,             \
					   __ATOMIC_SEQ_CST))

#define ATOMICS(bits)                                                \
	LOAD(bits)                                                   \
	ATOMIC(void, bits##_store,                                   \
	       (u##bits * p, u##bits value, maybe_unused int order), \
	       __atomic_store_n(p, value, __ATOMIC_SEQ_CST))         \
	CHANGE(bits, exchange, exchange_n)                           \
	CHANGE(bits, fetch_add, fetch_add)                           \
	CHANGE(bits, fetch_sub, fetch_sub)                           \
	CHANGE(bits, fetch_and, fetch_and)                           \
	CHANGE(bits, fetch_or, fetch_or)                             \
	CHANGE(bits, fetch_xor, fetch_xor)                           \
	SWAP(bits, strong)                                           \
	SWAP(bits, weak)

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)
