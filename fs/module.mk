# SPDX-License-Identifier: MIT
kernel-y += fs/cpio.c
hostsrc-y += fs/cpio.c
kernel-y += fs/initramfs.c fs/ramfs.c fs/ramfs_dir.c fs/ramfs_entry.c \
	fs/ramfs_file.c fs/ramfs_object.c fs/ramfs_pages.c fs/ramfs_rename.c \
	fs/ramfs_seals.c
kernel-y += fs/procfs.c fs/text.c
kernel-y += fs/context.c fs/mount.c fs/names.c fs/path.c fs/path_cache.c \
	fs/path_of.c fs/vnode.c
kernel-y += fs/file.c fs/tty_file.c fs/device.c fs/mem_devices.c fs/pipe.c fs/pipe_ring.c fs/lock.c
hot-y += fs/context.c fs/epoll.c fs/epoll_items.c fs/file.c fs/mem_devices.c fs/mount.c fs/names.c fs/path.c fs/path_cache.c
hot-y += fs/pipe_ring.c fs/ramfs.c fs/ramfs_dir.c fs/ramfs_entry.c fs/vnode.c
kernel-y += fs/ring_file.c fs/gate_file.c
kernel-y += fs/epoll.c fs/epoll_items.c fs/pty_file.c
kernel-y += fs/socket.c fs/socket_listen.c fs/socket_names.c fs/socket_receive.c \
	fs/socket_rights.c fs/socket_send.c
