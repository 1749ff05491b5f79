kernel-y += kernel/boot_info.c kernel/console.c kernel/log.c
kernel-y += kernel/cmdline.c
hostsrc-y += kernel/boot_info.c kernel/cmdline.c
