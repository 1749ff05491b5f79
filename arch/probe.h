/* SPDX-License-Identifier: MIT */
/*
 * Tripping a fault and living to tell, for the tests of the kernel's own
 * protections.  The debug build alone catches; a release kernel panics.
 */
#ifndef EXO_ARCH_PROBE_H
#define EXO_ARCH_PROBE_H

#include "arch/record.h"
#include "lib/types.h"

/* What arch_probe() returns for an exception with this error code. */
#define PROBE_FAULT(vector, error) \
	(1ul << 32 | (u64)(vector) << 16 | (u64)(error))

/*
 * Calls fn(arg).  Returns 0 if it came back, PROBE_FAULT() if it raised an
 * exception; then what it had begun stays as it was.
 * Context: thread, one at a time; `fn` holds no lock.
 */
must_check u64 arch_probe(void (*fn)(u64 arg), u64 arg);

/*
 * arch_restart() of a thread that is at `*ip` with `slot` where a record has
 * its slot; `*ip` becomes where the thread goes on (debug build).
 */
struct arch_record *arch_probe_restart(u64 *ip, u64 slot,
				       const struct arch_record_ring *ring);

#endif
