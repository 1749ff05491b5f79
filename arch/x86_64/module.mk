# SPDX-License-Identifier: MIT
asm-y += arch/x86_64/start.asm arch/x86_64/spin.asm arch/x86_64/entry.asm arch/x86_64/switch.asm \
	arch/x86_64/usercopy.asm arch/x86_64/signal_frame.asm arch/x86_64/probe.asm arch/x86_64/trampoline.asm
kernel-y += arch/x86_64/features.c arch/x86_64/cpu_tables.c \
	arch/x86_64/fpu.c arch/x86_64/trap.c arch/x86_64/thread.c \
	arch/x86_64/signal.c arch/x86_64/signal_fpu.c \
	arch/x86_64/user.c arch/x86_64/paging.c arch/x86_64/paging_tables.c \
	arch/x86_64/paging_kernel.c arch/x86_64/apic.c \
	arch/x86_64/restart.c \
	arch/x86_64/irq.c arch/x86_64/timer.c arch/x86_64/power.c arch/x86_64/smp.c
hot-y += arch/x86_64/signal.c arch/x86_64/fpu.c arch/x86_64/trap.c \
	arch/x86_64/paging.c arch/x86_64/paging_tables.c arch/x86_64/user.c
