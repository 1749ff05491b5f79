# SPDX-License-Identifier: MIT
kernel-y += ipc/capability.c
hot-y += ipc/capability.c
kernel-y += ipc/ring_object.c
hot-y += ipc/ring_object.c
kernel-y += ipc/gate.c
hot-y += ipc/gate.c
kernel-y += ipc/ring_mail.c
