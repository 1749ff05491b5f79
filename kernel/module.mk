kernel-y += kernel/boot_info.c
hostsrc-y += kernel/boot_info.c
