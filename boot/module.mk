# SPDX-License-Identifier: MIT
# The doors: what the boot loader hands over, in one form.
kernel-y += boot/multiboot2.c boot/pvh.c
hostsrc-y += boot/multiboot2.c boot/pvh.c
# The table of boot tasks, and everything that it names.
kernel-y += boot/main.c boot/tasks.c boot/steps.c boot/crash.c \
	boot/processors.c boot/nodes.c boot/firmware.c
