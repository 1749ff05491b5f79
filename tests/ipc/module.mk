# SPDX-License-Identifier: MIT
ktests-y += tests/ipc/test_capability.c
