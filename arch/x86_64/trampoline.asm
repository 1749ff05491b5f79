; SPDX-License-Identifier: MIT
;
; Where a started processor begins: 16-bit code that arch/x86_64/smp.c copies
; to TRAMPOLINE_BASE, a page below 1 MB that the start-up IPI names.  It takes
; the boot page tables, long mode, and the values that smp.c left in
; x86_ap_start, on its way to C.

%include "offsets.inc"

CR4_PAE		equ 1 << 5
CR0_BITS	equ 0x80010001		; PG, WP, PE
MSR_EFER	equ 0xc0000080
EFER_LME	equ 1 << 8
EFER_NXE	equ 1 << 11
MSR_GS_BASE	equ 0xc0000101

%define at(label) (TRAMPOLINE_BASE + (label) - x86_trampoline)

extern boot_pml4, x86_ap_main

section .rodata
bits 16
global x86_trampoline, x86_trampoline_end
x86_trampoline:
	cli
	cld
	xor ax, ax
	mov ds, ax
	lgdt [at(.gdt_pointer)]
	mov eax, cr0
	or eax, 1
	mov cr0, eax
	jmp dword 0x08:at(.protected)

bits 32
.protected:
	mov ax, 0x10
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, boot_pml4 - KERNEL_BASE
	mov cr3, eax
	mov eax, 0x80000001
	cpuid
	mov esi, edx			; bit 20: NX
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	bt esi, 20
	jnc .no_nx
	or eax, EFER_NXE
.no_nx:	wrmsr
	mov eax, CR0_BITS
	mov cr0, eax
	jmp 0x18:at(.long)

bits 64
.long:	mov rax, ap_high
	jmp rax

align 8
.gdt:	dq 0
	dq 0x00cf9a000000ffff		; 0x08: 32-bit code
	dq 0x00cf92000000ffff		; 0x10: data
	dq 0x00af9a000000ffff		; 0x18: 64-bit code
.gdt_pointer:
	dw .gdt_pointer - .gdt - 1
	dd at(.gdt)
x86_trampoline_end:

section .text
bits 64
ap_high:
	mov rax, [x86_ap_start + AP_CR3]
	mov cr3, rax
	mov rsp, [x86_ap_start + AP_STACK]
	xor eax, eax
	mov fs, ax
	mov gs, ax
	mov rax, [x86_ap_start + AP_AREA]
	mov rdx, rax
	shr rdx, 32
	mov ecx, MSR_GS_BASE
	wrmsr
	xor ebp, ebp			; backtraces end here
	call x86_ap_main
	ud2				; x86_ap_main does not return

section .bss
global x86_ap_start
alignb 8
x86_ap_start:
	resb AP_SIZE
