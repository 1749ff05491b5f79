kernel-y += drivers/serial.c drivers/vga_text.c drivers/framebuffer.c
kernel-y += drivers/rtc.c
# Terminals.
kernel-y += drivers/ldisc.c drivers/ldisc_input.c drivers/tty.c \
	drivers/tty_ioctl.c drivers/tty_console.c drivers/pty.c
kernel-y += drivers/keyboard.c drivers/ps2.c
hostsrc-y += drivers/keyboard.c
hostsrc-y += drivers/ldisc.c drivers/ldisc_input.c
# What the screens are made of.
kernel-y += drivers/ansi.c drivers/ansi_colours.c drivers/charset.c \
	 drivers/font.c drivers/pixels.c drivers/textgrid.c
hostsrc-y += drivers/ansi.c drivers/ansi_colours.c drivers/charset.c \
	 drivers/font.c drivers/pixels.c drivers/textgrid.c
# ACPI: from the RSDP to the tables.
kernel-y += drivers/acpi.c drivers/acpi_madt.c drivers/acpi_tables.c \
	drivers/acpi_numa.c
hostsrc-y += drivers/acpi.c drivers/acpi_madt.c drivers/acpi_tables.c \
	drivers/acpi_numa.c
