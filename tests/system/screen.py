# SPDX-License-Identifier: MIT
"""The console for people: VGA text with BIOS, the framebuffer with UEFI."""
from suite import test
from vm import Machine, Vm, make_iso

CMDLINE = "bench=off init=/bin/hello"
# A powered-off machine stays there to be looked at.
STAYS = ["-no-shutdown"]


@test("with BIOS the log stands on the VGA text screen")
def screen_text():
    with Vm(Machine(iso=make_iso(CMDLINE), extra=STAYS)) as vm:
        vm.expect(r"^init exited, status 0$")
        vm.wait_event("SHUTDOWN")
        screen = vm.text_screen()
    print("\n".join(screen))
    for line in ("[boot] ready in", "hello from user mode"):
        if not any(row.startswith(line) for row in screen):
            vm.fail(f"no {line!r} on the screen")


@test("with UEFI the log is drawn on the framebuffer")
def screen_framebuffer():
    with Vm(Machine(iso=make_iso(CMDLINE), firmware="uefi", machine="q35",
                    extra=STAYS)) as vm:
        vm.expect(r"^init exited, status 0$", 120)
        vm.wait_event("SHUTDOWN")
        width, height, pixels = vm.screendump()
    lit = sum(1 for at in range(0, len(pixels), 3)
              if pixels[at:at + 3] > b"\x60\x60\x60")
    print(f"{width}x{height}, {lit} lit pixels")
    if not 2000 < lit < width * height // 2:
        vm.fail("the screen does not look like text")
