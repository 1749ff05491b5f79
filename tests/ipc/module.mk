# SPDX-License-Identifier: MIT
ktests-y += tests/ipc/test_capability.c tests/ipc/test_ring_object.c tests/ipc/test_parcel.c
