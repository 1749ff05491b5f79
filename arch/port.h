/* SPDX-License-Identifier: MIT */
/*
 * Port-mapped devices.  A machine without ports answers reads with all ones.
 * Context: any.
 */
#ifndef EXO_ARCH_PORT_H
#define EXO_ARCH_PORT_H

#include "lib/types.h"

#ifdef EXO_HOST
#include "arch/host/port.h"
#else
#include "arch/x86_64/port.h"
#endif

#endif
