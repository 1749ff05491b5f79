kernel-y += posix/elf.c
hostsrc-y += posix/elf.c
