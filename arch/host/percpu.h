/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data on the host: each thread plays a processor of its own.
 */
#ifndef EXO_ARCH_HOST_PERCPU_H
#define EXO_ARCH_HOST_PERCPU_H

#define percpu            __thread
#define percpu_zero       __thread
#define percpu_first      __thread

#define this_cpu(var)     (var)
#define this_cpu_ptr(var) (&(var))

/* The host's tests reach only the calling thread's copy. */
#define cpu_ptr(cpu, var)     (&(var))

#define arch_percpu_next(var) ((var)++)

#endif
