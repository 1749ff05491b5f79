# SPDX-License-Identifier: MIT
"""The example programs of fusion rings: what they send arrives."""
from suite import test
from vm import DEBUG_KERNEL, INITRD, KERNEL, Machine, Vm

KERNELS = {"release": KERNEL, "debug": DEBUG_KERNEL}
LIMIT_S = 120
EXAMPLES = {
    "kv": ("kv -- 8 50", r"^kv: 8 clients, 1400 requests, 0 clients failed$"),
    "frames": ("frames -- 9",
               r"^frames: 9 of 9 frames of 3686400 bytes came whole$"),
}


@test("the example {example} ends well on {cpus} processors, {kernel} kernel",
      example=EXAMPLES, cpus=[1, 2], kernel=KERNELS)
def example(example, cpus, kernel):
    words, output = EXAMPLES[example]
    with Vm(Machine(kernel=KERNELS[kernel], initrd=INITRD, cpus=cpus,
                    append=f"bench=off panic=exit init=/bin/{words}")) as vm:
        vm.expect(r"^\[boot\] ready in")
        vm.expect(output, LIMIT_S)
        vm.expect(r"^init exited, status 0$")
        vm.expect_end(0)
