tests-y += tests/drivers/test_ansi.c tests/drivers/test_pixels.c \
	tests/drivers/test_textgrid.c
hosttests-y += tests/drivers/test_framebuffer.c tests/drivers/test_serial.c \
	tests/drivers/test_vga_text.c tests/drivers/uart_model.c
# What kernel code that locks or reaches devices needs on the host.
hosttests-y += tests/host/machine.c
tests-y += tests/drivers/acpi_samples.c tests/drivers/test_acpi.c \
	tests/drivers/test_acpi_numa.c
hosttests-y += tests/drivers/fuzz_acpi.c
# Terminals.
tests-y += tests/drivers/test_keyboard.c tests/drivers/test_ldisc.c
hosttests-y += tests/drivers/test_ldisc_host.c tests/drivers/test_ps2.c \
	tests/drivers/test_termios.c
ktests-y += tests/drivers/test_pty.c
