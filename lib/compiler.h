/* SPDX-License-Identifier: MIT */
/*
 * Compiler vocabulary: the few attributes and idioms that the rest of the
 * code is written in.  Used by every folder; holds no state.
 */
#ifndef EXO_LIB_COMPILER_H
#define EXO_LIB_COMPILER_H

#define must_check         __attribute__((warn_unused_result))
#define noreturn           __attribute__((noreturn))
#define packed             __attribute__((packed))
#define aligned(n)         __attribute__((aligned(n)))
#define section(name)      __attribute__((section(name)))
#define used               __attribute__((used))
#define maybe_unused       __attribute__((unused))
#define always_inline      inline __attribute__((always_inline))
#define noinline           __attribute__((noinline))
#define no_stack_protector __attribute__((no_stack_protector))
#define cold               __attribute__((cold))
#define printf_like(f, a)  __attribute__((format(printf, f, a)))

#define likely(x)          __builtin_expect(!!(x), 1)
#define unlikely(x)        __builtin_expect(!!(x), 0)

/* As <assert.h>, which a freestanding build need not have. */
#undef static_assert
#define static_assert _Static_assert

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The structure that holds `member` at the address `ptr`. */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - __builtin_offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* `a` is a power of two. */
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)     ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define IS_POW2(x)         ((x) != 0 && ((x) & ((x)-1)) == 0)
#define DIV_ROUND_UP(x, d) (((x) + (d)-1) / (d))

#define CONCAT_(a, b)      a##b
#define CONCAT(a, b)       CONCAT_(a, b)
#define STRINGIFY_(x)      #x
#define STRINGIFY(x)       STRINGIFY_(x)

/* Relaxed single-copy accesses: the compiler neither tears nor repeats. */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* Forbids the compiler to move memory accesses over this point. */
#define barrier() __asm__ volatile("" ::: "memory")

#endif
