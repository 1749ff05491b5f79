# SPDX-License-Identifier: MIT
"""The first program: ours and Debian's, its arguments and its status."""
import re

from suite import test
from vm import INITRD, KERNEL, Machine, Vm

CASES = {
    "echo": ("init=/bin/busybox -- echo real program",
             r"^real program$", 0),
    "uname": ("init=/bin/busybox -- uname -a",
              r"^\S+ \S+ \S+ .*x86_64", 0),
    "quotes": ('init=/bin/busybox -- echo "two  words" end',
               r"^two  words end$", 0),
    "false": ("init=/bin/false", r"", 1),
    "status": ('init=/bin/busybox -- sh -c "echo in sh; exit 7"',
               r"^in sh$", 7),
    "arguments": ("init=/bin/hello -- one two",
                  r"^argument 1: one\nargument 2: two$", 0),
}


@test("the first program of the case {case} prints what it should and leaves "
      "with its status", case=CASES)
def program(case):
    words, output, status = CASES[case]
    with Vm(Machine(kernel=KERNEL, initrd=INITRD,
                    append=f"bench=off {words}")) as vm:
        vm.expect(r"^\[boot\] ready in")
        vm.expect(output)
        found = vm.expect(r"^init exited, status (\d+)$")
        if int(found[1]) != status:
            vm.fail(f"status {found[1]}, not {status}")
        vm.expect_end(0)


@test("a word that the kernel does not know reaches the first program")
def program_environment():
    with Vm(Machine(kernel=KERNEL, initrd=INITRD, append="bench=off "
                    "COLOUR=green init=/bin/busybox -- env")) as vm:
        vm.expect(r"^COLOUR=green$")
        vm.expect(r"^init exited, status 0$")
        if re.search(r"^bench=off$", vm.text, re.M):
            vm.fail("a word of the kernel's own reached the environment")
