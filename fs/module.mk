kernel-y += fs/cpio.c
hostsrc-y += fs/cpio.c
