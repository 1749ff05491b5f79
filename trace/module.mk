# SPDX-License-Identifier: MIT
kernel-y += trace/trace.c trace/collect.c trace/decode.c
hot-y += trace/trace.c
