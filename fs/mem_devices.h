/* SPDX-License-Identifier: MIT */
/*
 * The devices that are only code: null, zero, full, random, urandom.
 */
#ifndef EXO_FS_MEM_DEVICES_H
#define EXO_FS_MEM_DEVICES_H

/* Puts them into /dev. Errors: -ENOMEM. Context: boot, once. */
int mem_devices_add(void);

#endif
