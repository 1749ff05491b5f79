# SPDX-License-Identifier: MIT
"""The console for people: VGA text with BIOS, the framebuffer with UEFI."""
from suite import test
from vm import ROOT, Failure, Machine, Vm, make_iso

CMDLINE = "bench=off init=/bin/hello"
RED = {4, 12}
# A powered-off machine stays there to be looked at.
STAYS = ["-no-shutdown"]


def rows(page):
    """The text of each of the 25 lines."""
    return [page[at:at + 160:2].decode("cp437").rstrip("\0 ")
            for at in range(0, len(page), 160)]


def read_picture(width, height, pixels):
    """The text of a picture, cell by cell, read with the console's font."""
    rows_of = [row.split(", ") for row in
               (ROOT / "build/gen/font.inc").read_text().splitlines()]
    characters = {bytes(int(word.strip("{}, "), 16) for word in row):
                  bytes([ord(" ") + at]).decode("cp437")
                  for at, row in reversed(list(enumerate(rows_of)))}

    def cell_row(x, y):
        at = 3 * (y * width + x)
        return sum((max(pixels[at + 3 * bit:at + 3 * bit + 3]) > 64) <<
                   (7 - bit) for bit in range(8))
    return ["".join(characters.get(bytes(cell_row(x, y + row)
                                         for row in range(16)), "?")
                    for x in range(0, width - 7, 8)).rstrip()
            for y in range(0, height - 15, 16)]


def expect_lines(vm, screen):
    for line in ("[boot] ready in", "hello from user mode"):
        if not any(row.startswith(line) for row in screen):
            vm.fail(f"no {line!r} on the screen")


@test("with BIOS the log stands on the VGA text screen")
def screen_text():
    with Vm(Machine(iso=make_iso(CMDLINE), extra=STAYS)) as vm:
        vm.expect(r"^init exited, status 0$")
        vm.wait_event("SHUTDOWN")
        screen = rows(vm.text_page())
    print("\n".join(screen))
    expect_lines(vm, screen)


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
        screen = read_picture(*vm.screendump())
    print("\n".join(screen))
    expect_lines(vm, screen)
