# SPDX-License-Identifier: MIT
"""The console for people: VGA text with BIOS, the framebuffer with UEFI."""
from suite import test
from vm import Failure, Machine, Vm, make_iso

CMDLINE = "bench=off init=/bin/hello"
RED = {4, 12}
# A powered-off machine stays there to be looked at.
STAYS = ["-no-shutdown"]


def rows(page):
    """The text of each of the 25 lines."""
    return [page[at:at + 160:2].decode("cp437").rstrip("\0 ")
            for at in range(0, len(page), 160)]


@test("with BIOS the log stands on the VGA text screen")
def screen_text():
    with Vm(Machine(iso=make_iso(CMDLINE), extra=STAYS)) as vm:
        vm.expect(r"^init exited, status 0$")
        vm.wait_event("SHUTDOWN")
        screen = rows(vm.text_page())
    print("\n".join(screen))
    for line in ("[boot] ready in", "hello from user mode"):
        if not any(row.startswith(line) for row in screen):
            vm.fail(f"no {line!r} on the screen")


@test("a panic is red on the VGA text screen")
def screen_panic():
    iso = make_iso(CMDLINE + " crash=thread panic=reboot")
    with Vm(Machine(iso=iso, extra=STAYS)) as vm:
        vm.wait_event("SHUTDOWN")
        page = vm.text_page()
    print("\n".join(rows(page)))
    if not any(char > ord(" ") and RED & {colour & 15, colour >> 4}
               for char, colour in zip(page[::2], page[1::2])):
        raise Failure("nothing red on the screen")


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
