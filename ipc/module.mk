# SPDX-License-Identifier: MIT
kernel-y += ipc/capability.c
hot-y += ipc/capability.c
kernel-y += ipc/ring_object.c
hot-y += ipc/ring_object.c
kernel-y += ipc/gate.c ipc/gate_call.c ipc/gate_serve.c
hot-y += ipc/gate_call.c ipc/gate_serve.c
frameless-y += ipc/gate_call.c ipc/gate_serve.c
kernel-y += ipc/ring_mail.c
