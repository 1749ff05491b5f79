// SPDX-License-Identifier: MIT
/*
 * Makes the event of bench/host/trace_rte.def known to rte_trace, before
 * main().
 */
#include <rte_trace_point_register.h>

#include "bench/host/trace_rte.def"

RTE_TRACE_POINT_REGISTER(rte_mark, exo.mark)
