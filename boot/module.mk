# The doors: what the boot loader hands over, in one form.
kernel-y += boot/multiboot2.c boot/pvh.c
hostsrc-y += boot/multiboot2.c boot/pvh.c
