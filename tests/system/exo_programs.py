# SPDX-License-Identifier: MIT
"""Programs that use what only Exo-OS has; they check themselves."""
from suite import test
from user_faults import TESTS_INITRD
from user_programs import CPUS, KERNELS, LIMIT_S
from vm import Machine, Vm

PROGRAMS = [name + libc for libc in ("", "-glibc") for name in ("rings", "calls", "handles")]


@test("{program} finds all as it should be, on the {kernel} kernel",
      program=PROGRAMS, kernel=KERNELS)
def exo_program(program, kernel):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD,
                    cpu=CPUS[kernel], append="bench=off panic=exit "
                    f"loglevel=1 init=/tests/{program}")) as vm:
        vm.expect(r"^\d+ checks, 0 failed$", LIMIT_S)
        vm.expect(r"^init exited, status 0$", LIMIT_S)
        vm.expect_end(0)
