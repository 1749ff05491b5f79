kernel-y += fs/cpio.c
hostsrc-y += fs/cpio.c
kernel-y += fs/initramfs.c
kernel-y += fs/file.c fs/tty_file.c
