# SPDX-License-Identifier: MIT
"""Programs that take all memory or many processes: the others go on."""
from suite import test
from user_faults import TESTS_INITRD
from vm import DEBUG_KERNEL, KERNEL, Machine, Vm

KERNELS = {"release": KERNEL, "debug": DEBUG_KERNEL}
LIMIT_S = 100
CASES = {"touch": r"^touch: signal 9, status 0, given back: yes$",
         "fill": r"^fill: signal 9, status 0, given back: yes$",
         "bomb": r"^bomb: gone$",
         "many": r"^many: 1000 made, 1000 ended$"}


@test("after the hog {case} all is given back, {kernel} kernel, {cpus} "
      "processors", limit_s=600, case=CASES, kernel=KERNELS, cpus=(1, 2))
def hog(case, kernel, cpus):
    with Vm(Machine(kernel=KERNELS[kernel], initrd=TESTS_INITRD, cpus=cpus,
                    mem="96M", append="bench=off panic=exit loglevel=1 "
                    f"init=/tests/hogs -- {case}")) as vm:
        vm.expect(CASES[case], LIMIT_S)
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
