kernel-y += drivers/serial.c drivers/vga_text.c drivers/framebuffer.c
# What the screens are made of.
kernel-y += drivers/ansi.c drivers/font.c drivers/pixels.c drivers/textgrid.c
hostsrc-y += drivers/ansi.c drivers/font.c drivers/pixels.c drivers/textgrid.c
