# SPDX-License-Identifier: MIT
"""What user mode may not do: each ends the process, and nothing else.

tests/user/faults.c does it, on the build machine's Linux first. A case's
status is Linux's; where ours differs, or the emulator's, FOUND tells why.
"""
import subprocess

from suite import test
from vm import DEBUG_KERNEL, KERNEL, ROOT, Machine, Skip, Vm

TESTS_INITRD = str(ROOT / "build/tests.cpio")
PROGRAM = ROOT / "build/testroot/tests/faults"
ILL, TRAP, BUS, FPE, SEGV = (128 + n for n in (4, 5, 7, 8, 11))

CASES = {
    **dict.fromkeys((
        "null_read", "null_write", "null_jump", "low_read", "kernel_read",
        "kernel_write", "kernel_jump", "direct_map_read", "direct_map_jump",
        "last_read", "top_read", "hole_read", "hole_write", "hole_jump",
        "constant_write", "text_write", "data_jump", "hidden_read",
        "readonly_write", "unmapped_read", "stack_jump", "stack_overflow",
        "stack_null", "int_0x81", "int_page_fault", "int_timer",
        "int_double_fault", "halt", "irqs_off", "port_read", "port_write",
        "swap_gs", "sys_ret", "read_cr0", "read_msr", "write_msr",
        "load_idt", "bad_segment", "kernel_segment", "iret_kernel",
        "sse_unaligned", "end_of_space"), SEGV),
    **dict.fromkeys(("exec_jump", "stack_odd", "odd_flags"), 0),
    **dict.fromkeys(("divide", "divide_overflow", "x87_divide"), FPE),
    **dict.fromkeys(("breakpoint", "single_step", "step_syscall"), TRAP),
    "illegal": ILL,
}

# UMIP: Linux imitates SGDT and SMSW for old programs, we do not.
UMIP = ("store_gdt", "store_status")

# TCG reads a far return's stack as the kernel would: under SMAP it faults
# for ever, where a processor says "general protection".
NO_SMAP = ("kernel_segment", "iret_kernel")


def status_on_linux(case):
    """As a shell would show it."""
    found = subprocess.run([PROGRAM, case], check=False, timeout=10,
                           stdout=subprocess.DEVNULL).returncode
    return 128 - found if found < 0 else found


def run_case(case, status, kernel, cpu):
    with Vm(Machine(kernel=kernel, initrd=TESTS_INITRD, cpu=cpu,
                    append="bench=off panic=exit init=/tests/faults -- "
                    f"{case}")) as vm:
        found = vm.expect(r"^init exited, status (\d+)$")
        if int(found[1]) != status:
            vm.fail(f"status {found[1]}, not {status}")
        vm.expect_end(0)


@test("{case} in user mode ends as on Linux", case=CASES)
def user_fault(case):
    if status_on_linux(case) != CASES[case]:
        raise Skip(f"Linux answers {status_on_linux(case)} here")
    cpu = "max,-smap" if case in NO_SMAP else "max"
    run_case(case, CASES[case], KERNEL, cpu)
    if case not in NO_SMAP:
        run_case(case, CASES[case], DEBUG_KERNEL, "qemu64")


@test("{case} in user mode ends the process under UMIP", case=UMIP)
def user_fault_umip(case):
    run_case(case, SEGV, KERNEL, "max")
