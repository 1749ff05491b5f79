kernel-y += kernel/boot_info.c kernel/console.c kernel/log.c
hostsrc-y += kernel/boot_info.c
