# SPDX-License-Identifier: MIT
kernel-y += trace/trace.c trace/collect.c trace/decode.c
hostsrc-y += trace/trace.c
hot-y += trace/trace.c
