/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data on the host: each thread plays a processor of its own.  The
 * thread tests (tests/threads/) let processors reach each other's data: there
 * each has an area of its own, a copy of the section, as in the kernel.
 */
#ifndef EXO_ARCH_HOST_PERCPU_H
#define EXO_ARCH_HOST_PERCPU_H

#ifdef __SANITIZE_THREAD__

#define percpu       section("percpu")
#define percpu_zero  section("percpu")
#define percpu_first section("percpu")

extern char __start_percpu[], __stop_percpu[];
extern __thread char *host_percpu; /* this thread's area */

#define host_percpu_at(area, var) \
	((__typeof__(&(var)))((area) + ((char *)&(var)-__start_percpu)))

#define this_cpu_ptr(var) host_percpu_at(host_percpu, var)
#define this_cpu(var)     (*this_cpu_ptr(var))
#define cpu_ptr(cpu, var) host_percpu_at(percpu_area[cpu], var)

#define arch_percpu_add(var, n) \
	__atomic_fetch_add(this_cpu_ptr(var), n, __ATOMIC_RELAXED)

#else

/* Of the program itself: reached with no detour, as through %gs. */
#define percpu            __thread __attribute__((tls_model("local-exec")))
#define percpu_zero       percpu
#define percpu_first      percpu

#define this_cpu(var)     (var)
#define this_cpu_ptr(var) (&(var))

/* The host's tests reach only the calling thread's copy. */
#define cpu_ptr(cpu, var) (&(var))

/* As the kernel's: make bench-host tells what it costs. */
#define arch_percpu_add(var, n)                                            \
	({                                                                 \
		u32 old_ = (n);                                            \
		__asm__ volatile("xaddl %0, %1"                            \
				 : "+r"(old_), "+m"(var)::"memory", "cc"); \
		old_;                                                      \
	})

#endif

#endif
