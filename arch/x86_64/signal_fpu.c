/* SPDX-License-Identifier: MIT */
/*
 * Vector registers in signal frames (asm/sigcontext.h, struct _fpx_sw_bytes):
 * the XSAVE area as it stands, with a note in bytes that the processor leaves
 * to software which tells its length, and a mark behind it.  Without the note,
 * only FXSAVE's part counts.  XSAVE and XRSTOR work on the frame itself; what
 * faults there goes the long way through the thread's own area, which finds out
 * what is wrong.
 */
#include "arch/thread.h"
#include "arch/user.h"
#include "arch/x86_64/fpu.h"
#include "lib/errno.h"
#include "lib/string.h"

#define LEGACY_BYTES 512
#define HEADER_BYTES 64
#define LEGACY_BITS  3 /* x87 and SSE in XCR0 */

/* FXSAVE's area, as far as it matters here (SDM vol. 1, 10.5.1). */
struct legacy_area {
	u8 x87[24];
	u32 mxcsr;
	u8 registers[436];
	u32 magic1;
	u32 extended_bytes; /* with the mark */
	u64 components;
	u32 area_bytes;
	u32 unused[7];
};

/* XSAVE's header (SDM vol. 1, 13.4.2): all but the first word is zero. */
struct xsave_header {
	u64 components;
	u64 zero[7];
};

struct xsave_area {
	struct legacy_area legacy;
	struct xsave_header header;
};

static_assert(sizeof(struct legacy_area) == LEGACY_BYTES &&
		      sizeof(struct xsave_header) == HEADER_BYTES,
	      "SDM vol. 1, 13.4");

static_assert(offsetof(struct legacy_area, magic1) == FPU_NOTE_AT &&
		      FPU_NOTE_AT + sizeof(struct x86_fpu_note) ==
			      LEGACY_BYTES + HEADER_BYTES,
	      "the note is the end of one and the whole other");

static bool is_xsave(void)
{
	return x86_fpu_note.components != 0;
}

/* The area with the note, and the mark behind it. */
static int area_write(struct xsave_area *area, uaddr_t to)
{
	u32 magic2 = FPU_MAGIC2;

	if (!is_xsave()) {
		return copy_to_user(to, area, arch_fpu_bytes());
	}
	area->legacy.magic1 = FPU_MAGIC1;
	area->legacy.extended_bytes = x86_fpu_note.user_bytes;
	area->legacy.components = x86_fpu_note.components;
	area->legacy.area_bytes = (u32)arch_fpu_bytes();
	if (copy_to_user(to, area, arch_fpu_bytes()) != 0) {
		return -EFAULT;
	}
	return copy_to_user(uaddr_add(to, arch_fpu_bytes()), &magic2,
			    sizeof(magic2));
}

int x86_fpu_to_user_slow(struct arch_thread *thread, uaddr_t to)
{
	int err;

	x86_fpu_sync(thread);
	err = area_write(thread->fpu, to);
	if (err == 0) {
		x86_fpu_reset(thread);
	}
	return err;
}

/* True if what lies behind the legacy area is XSAVE's; -EFAULT. */
static int note_read(const struct legacy_area *legacy, uaddr_t from)
{
	u32 mark;

	if (!is_xsave() || legacy->magic1 != FPU_MAGIC1 ||
	    legacy->area_bytes != arch_fpu_bytes() ||
	    legacy->extended_bytes != x86_fpu_note.user_bytes) {
		return false;
	}
	if (copy_from_user(&mark, uaddr_add(from, legacy->area_bytes),
			   sizeof(mark)) != 0) {
		return -EFAULT;
	}
	return mark == FPU_MAGIC2;
}

/* What XRSTOR would refuse (SDM vol. 1, 13.8.1). */
static bool area_ok(const struct xsave_area *area)
{
	if (area->legacy.mxcsr & ~x86_fpu_mxcsr_mask()) {
		return false;
	}
	if (!is_xsave()) {
		return true;
	}
	return (area->header.components & ~x86_fpu_note.components) == 0 &&
	       area->header.zero[0] == 0 && area->header.zero[1] == 0;
}

static int area_read(struct xsave_area *area, uaddr_t from)
{
	int whole;

	if (copy_from_user(&area->legacy, from, LEGACY_BYTES) != 0) {
		return -EFAULT;
	}
	whole = note_read(&area->legacy, from);
	if (whole < 0) {
		return whole;
	}
	if (!whole && is_xsave()) {
		area->header = (struct xsave_header){ LEGACY_BITS, { 0 } };
	} else if (whole &&
		   copy_from_user(&area->header, uaddr_add(from, LEGACY_BYTES),
				  arch_fpu_bytes() - LEGACY_BYTES) != 0) {
		return -EFAULT;
	}
	return area_ok(area) ? 0 : -EFAULT;
}

int x86_fpu_from_user_slow(struct arch_thread *thread, uaddr_t from)
{
	int err = 0;

	if (from.va != 0) {
		x86_fpu_detach(thread);
		err = area_read(thread->fpu, from);
	}
	if (from.va == 0 || err != 0) {
		x86_fpu_reset(thread);
	}
	return err;
}
