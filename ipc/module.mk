# SPDX-License-Identifier: MIT
kernel-y += ipc/capability.c
hot-y += ipc/capability.c
