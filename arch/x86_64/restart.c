/* SPDX-License-Identifier: MIT */
/*
 * What was begun on a processor which its thread now leaves.
 */
#include "arch/restart.h"

#include "arch/probe.h"
#include "arch/record.h"
#include "arch/x86_64/frame.h"

extern const struct x86_restart_site restart_sites_start[], restart_sites_end[];

struct arch_record *arch_restart(struct trap_frame *frame,
				 const struct arch_record_ring *ring)
{
	for (const struct x86_restart_site *site = restart_sites_start;
	     site < restart_sites_end; site++) {
		u64 taken = (u64)site + (u64)site->taken;
		u64 start = taken - site->back_bytes;
		u64 slot = frame->rcx, records = (u64)ring->records;
		u64 done_bytes = frame->rip - start;

		if (done_bytes >= (u64)site->back_bytes + site->len_bytes) {
			continue;
		}
		frame->rip = start;
		if (done_bytes < site->back_bytes) {
			return NULL;
		}
		frame->rcx = X86_RECORD_STEP;
		slot = slot < records ? slot & ring->mask : slot - records;
		return (struct arch_record *)(records + slot);
	}
	return NULL;
}

#ifdef EXO_DEBUG
struct arch_record *arch_probe_restart(u64 *ip, u64 slot,
				       const struct arch_record_ring *ring)
{
	struct trap_frame frame = { .rip = *ip, .rcx = slot };
	struct arch_record *taken = arch_restart(&frame, ring);

	*ip = frame.rip;
	return taken;
}
#endif
