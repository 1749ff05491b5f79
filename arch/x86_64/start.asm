; SPDX-License-Identifier: MIT
;
; The two doors.  GRUB (Multiboot2) and a PVH loader both enter here in 32-bit
; protected mode without paging.  The code below builds the first page tables,
; enters long mode at the kernel's own addresses and calls kernel_main().
;
; First page tables: 4 GB of RAM in large pages, seen at 0 (until the kernel's
; own tables are loaded), at the direct map and, its first 2 GB, at
; KERNEL_BASE.

%include "offsets.inc"

PVH_NOTE_ENTRY		equ 18		; XEN_ELFNOTE_PHYS32_ENTRY
MULTIBOOT2_MAGIC	equ 0xe85250d6
BOOT_STACK_BYTES	equ 8192

CR0_BITS		equ 0x80010001	; PG, WP, PE
CR4_PAE			equ 1 << 5
MSR_EFER		equ 0xc0000080
EFER_LME		equ 1 << 8
EFER_NXE		equ 1 << 11
MSR_GS_BASE		equ 0xc0000101
PTE_TABLE		equ 0x003	; present, writable
PTE_LARGE		equ 0x083	; present, writable, 2 MB

COM1			equ 0x3f8

extern kernel_main, percpu_template, percpu_data_size, boot_cpu_area

section .multiboot2 progbits alloc noexec nowrite align=8
header:
	dd MULTIBOOT2_MAGIC
	dd 0				; i386
	dd header_end - header
	dd -(MULTIBOOT2_MAGIC + 0 + (header_end - header))
	align 8
	; No framebuffer tag: with one, GRUB leaves text mode on BIOS; without
	; VGA text (UEFI) it hands a framebuffer over all the same.
	dw 6, 1				; modules begin on page boundaries
	dd 8
	align 8
	dw 0, 0
	dd 8
header_end:

section .note.Xen note alloc noexec nowrite align=4
	dd 4, 8, PVH_NOTE_ENTRY
	db "Xen", 0
	dq pvh_start

section .boot progbits alloc exec nowrite align=16
bits 32

; in: ebx = address of hvm_start_info
pvh_start:
	mov eax, BOOT_DOOR_PVH
	jmp start32

; in: eax = Multiboot2 magic, ebx = address of the information tags
global multiboot2_start
multiboot2_start:
	cmp eax, 0x36d76289
	jne no_door
	mov eax, BOOT_DOOR_MULTIBOOT2

; in: eax = door, ebx = its information.  Runs on no stack until long mode.
start32:
	cld
	cli
	mov edi, eax
	mov ebp, ebx
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb no_long_mode
	mov eax, 0x80000001
	cpuid
	bt edx, 29			; long mode
	jnc no_long_mode
	mov esi, edx			; bit 20: NX

	mov eax, PTE_LARGE
	xor ecx, ecx
.fill:	mov [boot_pd - KERNEL_BASE + ecx * 8], eax
	add eax, 0x200000
	inc ecx
	cmp ecx, 2048
	jb .fill
	mov eax, boot_pd - KERNEL_BASE + PTE_TABLE
	xor ecx, ecx
.link:	mov [boot_pdpt - KERNEL_BASE + ecx * 8], eax
	add eax, 0x1000
	inc ecx
	cmp ecx, 4
	jb .link
	mov eax, boot_pd - KERNEL_BASE + PTE_TABLE
	mov [boot_pdpt_high - KERNEL_BASE + 510 * 8], eax
	add eax, 0x1000
	mov [boot_pdpt_high - KERNEL_BASE + 511 * 8], eax
	mov eax, boot_pdpt - KERNEL_BASE + PTE_TABLE
	mov [boot_pml4 - KERNEL_BASE], eax
	mov [boot_pml4 - KERNEL_BASE + 256 * 8], eax
	mov eax, boot_pdpt_high - KERNEL_BASE + PTE_TABLE
	mov [boot_pml4 - KERNEL_BASE + 511 * 8], eax

	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, boot_pml4 - KERNEL_BASE
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	bt esi, 20
	jnc .no_nx
	or eax, EFER_NXE
.no_nx:	wrmsr
	mov eax, CR0_BITS
	mov cr0, eax
	lgdt [boot_gdt_pointer]
	jmp 0x08:start64

no_door:
	mov esi, no_door_text
	jmp die
no_long_mode:
	mov esi, no_long_mode_text

; in: esi = text for the serial port; the machine stops
die:
	lodsb
	test al, al
	jz .stop
	mov bl, al
.full:	mov dx, COM1 + 5
	in al, dx
	test al, 0x20
	jz .full
	mov dx, COM1
	mov al, bl
	out dx, al
	jmp die
.stop:	cli
	hlt
	jmp .stop

no_door_text		db "Exo-OS: not started by Multiboot2 or PVH", 13, 10, 0
no_long_mode_text	db "Exo-OS: this processor has no long mode", 13, 10, 0

align 8
boot_gdt:
	dq 0
	dq 0x00af9a000000ffff		; 0x08: 64-bit code
	dq 0x00cf92000000ffff		; 0x10: data
boot_gdt_pointer:
	dw boot_gdt_pointer - boot_gdt - 1
	dd boot_gdt

bits 64
start64:
	mov rax, .high
	jmp rax
.high:	mov ax, 0x10
	mov ds, ax
	mov es, ax
	mov ss, ax
	xor eax, eax
	mov fs, ax
	mov gs, ax
	mov rsp, boot_stack_top
	mov r12d, edi			; the door
	mov r13d, ebp			; and its information

	; the first processor's copy of the per-CPU data, and GS to it
	mov rsi, percpu_template
	mov rdi, boot_cpu_area
	mov rcx, percpu_data_size
	rep movsb
	mov rax, boot_cpu_area
	mov [rax], rax			; percpu_head.self
	mov rdx, rax
	shr rdx, 32
	mov ecx, MSR_GS_BASE
	wrmsr

	mov edi, r12d
	mov rsi, r13
	xor ebp, ebp			; backtraces end here
	call kernel_main
	ud2				; kernel_main does not return

section .bss nobits alloc noexec write align=4096
global boot_stack_top, boot_pml4
alignb 4096
boot_pml4:	resb 4096
boot_pdpt:	resb 4096
boot_pdpt_high:	resb 4096
boot_pd:	resb 4 * 4096
boot_stack:	resb BOOT_STACK_BYTES
boot_stack_top:
