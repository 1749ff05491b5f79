/* SPDX-License-Identifier: MIT */
/*
 * Who holds memory.  In the debug build each frame and each object that is
 * handed out carries a subsystem, the folder of the file that asked for it,
 * until it comes back; the sums tell who leaks.  In the other builds nothing
 * is kept and nothing is called.
 *
 * mm/frame.h and mm/kmem.h put a macro of its own name around each function
 * that hands memory out; what the macro adds is the caller's EXO_FOLDER, which
 * the Makefile defines for each file.
 */
#ifndef EXO_MM_OWNER_H
#define EXO_MM_OWNER_H

#include "lib/types.h"

#if defined(EXO_DEBUG) && !defined(EXO_HOST)

/* One list of the folders; scripts/check_floors.py has their floors. */
#define OWNERS(x)                                                       \
	x(none) x(lib) x(arch) x(trace) x(kernel) x(mm) x(sched) x(ipc) \
		x(drivers) x(fs) x(posix) x(boot) x(bench) x(tests)

enum owner {
#define OWNER(name) OWNER_##name,
	OWNERS(OWNER)
#undef OWNER
		OWNER_COUNT
};

#define OWNER_HERE_(folder) OWNER_##folder
#define OWNER_OF_(folder)   OWNER_HERE_(folder)
#define OWNER_HERE          OWNER_OF_(EXO_FOLDER)

/* Signed: what one processor handed out another one may get back. */
struct owner_held {
	long frames; /* those of slabs are mm's */
	long objects;
	long bytes; /* of objects, as asked for */
};

/* What they hold now, all processors together. Context: any. */
struct owner_held owner_held(enum owner who);
const char *owner_name(enum owner who);

/* Adds to what `who` holds, or takes away from it. Context: as frame_alloc. */
void owner_count(enum owner who, struct owner_held more);

#endif
#endif
