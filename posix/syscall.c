/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls, and what happens to the others: ENOSYS, counted,
 * with the first caller.
 */
#include "posix/syscall.h"

#include "arch/trap.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/process.h"
#include "trace/trace.h"

static SYSCALL_HANDLER(absent);

/* As large as the greatest number on the list, and one. */
union syscall_numbers {
#define SYSCALL(number, name, support, ...) \
	char name##_and_before[(number) + 1];
#include "posix/syscalls.def"
#undef SYSCALL
};

#define SYSCALL_COUNT sizeof(union syscall_numbers)

/* Every number is absent first; those on the list override that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
syscall_fn *const syscall_table[SYSCALL_COUNT] = {
	[0 ... SYSCALL_COUNT - 1] = sys_absent,
#define SYSCALL(number, name, support, ...) [number] = sys_##name,
#include "posix/syscalls.def"
#undef SYSCALL
};
#pragma GCC diagnostic pop

u64 syscall_count = SYSCALL_COUNT;

syscall_fn *const exo_call_table[] = {
#define EXO_CALL(number, name, ...) [number] = sys_exo_##name,
#include "posix/exo_calls.def"
#undef EXO_CALL
};

u64 exo_call_count = ARRAY_SIZE(exo_call_table);

/* ---- Calls that do not exist -------------------------------------------- */

/* What no Linux has is not remembered, so that nobody fills the table. */
#define NUMBER_MAX 512

static struct absent_call absent_calls[SYSCALL_ABSENT_MAX];

/* The call's place, which the first caller takes; NULL: there is none. */
static struct absent_call *absent_place(u64 number)
{
	for (unsigned i = 0; i < SYSCALL_ABSENT_MAX; i++) {
		struct absent_call *place = &absent_calls[i];
		u32 found = 0;

		/* The number is stored one higher: 0 is nobody's. */
		if (__atomic_compare_exchange_n(
			    &place->number_1, &found, (u32)number + 1, false,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			string_copy(place->caller, process_current()->name,
				    sizeof(place->caller));
			log_debug("system call %lu is absent, first asked for "
				  "by %s",
				  number, place->caller);
			return place;
		}
		if (found == number + 1) {
			return place;
		}
	}
	return NULL;
}

const struct absent_call *syscall_absent_next(unsigned *at)
{
	while (*at < SYSCALL_ABSENT_MAX) {
		const struct absent_call *place = &absent_calls[(*at)++];

		if (READ_ONCE(place->count) != 0) {
			return place;
		}
	}
	return NULL;
}

static SYSCALL_HANDLER(absent)
{
	u64 number = arch_syscall_number();
	struct absent_call *place =
		number < NUMBER_MAX ? absent_place(number) : NULL;

	trace(TRACE_SYSCALL_ABSENT, number, 0);
	if (place != NULL) {
		__atomic_fetch_add(&place->count, 1, __ATOMIC_RELAXED);
	}
	return -ENOSYS;
}

/* ---- Calls that are shown ----------------------------------------------- */

static bool shown; /* [a] */

void syscall_show_all(void)
{
	WRITE_ONCE(shown, true);
	syscall_record_all(true);
}

void syscall_record_all(bool on)
{
	bool all = on || READ_ONCE(shown);

	WRITE_ONCE(syscall_count, all ? 0 : SYSCALL_COUNT);
	WRITE_ONCE(exo_call_count, all ? 0 : ARRAY_SIZE(exo_call_table));
}

syscall_fn *syscall_other(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	u64 number = arch_syscall_number();
	const u64 args[] = { a, b, c, d, e, f };

	if (READ_ONCE(syscall_count) == 0) {
		syscall_record(number, args);
	}
	if (READ_ONCE(shown)) {
		syscall_show(number, args);
	}
	if (number - EXO_CALL_FIRST < ARRAY_SIZE(exo_call_table)) {
		return exo_call_table[number - EXO_CALL_FIRST];
	}
	return number < SYSCALL_COUNT ? syscall_table[number] : sys_absent;
}

long syscall_other_done(long result)
{
	if (READ_ONCE(syscall_count) == 0) {
		trace(TRACE_SYSCALL_DONE, arch_syscall_number(), result);
	}
	if (READ_ONCE(shown)) {
		syscall_show_result(arch_syscall_number(), result);
	}
	return result;
}
