tests-y += tests/drivers/test_ansi.c tests/drivers/test_pixels.c \
	tests/drivers/test_textgrid.c
hosttests-y += tests/drivers/test_framebuffer.c tests/drivers/test_vga_text.c
# What kernel code that locks or reaches devices needs on the host.
hosttests-y += tests/host/machine.c
