; SPDX-License-Identifier: MIT
;
; Signal frames: registers between the trap frame, or the processor, and the
; user's stack.  arch/x86_64/signal_frame.h has the contracts; SMAP is opened
; once for each.

%include "offsets.inc"
%include "arch/x86_64/macros.inc"

section .text

; The user's registers in the order of struct sigcontext.
%define ORDER R8, R9, R10, R11, R12, R13, R14, R15, RDI, RSI, RBP, RBX, \
	RDX, RAX, RCX, RSP

%macro STORE_REGISTERS 1-*
%assign at SIGNAL_CONTEXT
%rep %0
	mov rax, [rsi + FRAME_%1]
	mov [rdi + at], rax
%assign at at + 8
%rotate 1
%endrep
%endmacro

%macro LOAD_REGISTERS 1-*
%assign at SIGNAL_CONTEXT
%rep %0
	mov rax, [rdi + at]
	mov [rsi + FRAME_%1], rax
%assign at at + 8
%rotate 1
%endrep
%endmacro

; COPY to, from, words, zeroes behind them.  Clobbers rax; r10 is 0.
%macro COPY 3-4 0
%assign at 0
%rep %3
	mov rax, [%2 + at]
	mov [%1 + at], rax
%assign at at + 8
%endrep
%rep %4
	mov [%1 + at], r10
%assign at at + 8
%endrep
%endmacro

; u64 x86_signal_store(u64 to (rdi), frame (rsi), entry (rdx), fpu (rcx),
; flags (r8), fault (r9)).  Clobbers rax, rdx, r10, r11.
global x86_signal_store
align 16
x86_signal_store:
	xor r10d, r10d
	smap_site STAC
.from:	COPY rdi, rdx + ENTRY_RESTORER, 1
	mov [rdi + SIGNAL_FLAGS], r8
	mov [rdi + SIGNAL_FLAGS + 8], r10
	mov r11, [rdx + ENTRY_STACK]
	COPY rdi + SIGNAL_STACK, r11, 3
	STORE_REGISTERS ORDER, RIP, RFLAGS
	mov rax, [rsi + FRAME_SS]
	shl rax, 48
	or rax, [rsi + FRAME_CS]
	mov [rdi + SIGNAL_SELECTORS], rax
	mov eax, [r9 + FAULT_ERROR]
	mov [rdi + SIGNAL_ERROR], rax
	mov eax, [r9 + FAULT_VECTOR]
	mov [rdi + SIGNAL_VECTOR], rax
	mov rax, [rdx + ENTRY_MASK]
	mov [rdi + SIGNAL_OLD_MASK], rax
	mov [rdi + SIGNAL_MASK], rax
	COPY rdi + SIGNAL_CR2, r9 + FAULT_ADDRESS, 1
	mov [rdi + SIGNAL_FPU], rcx
	mov rdx, [rdx + ENTRY_INFO]
	test rdx, rdx
	jz .to
	COPY rdi + SIGNAL_INFO, rdx, INFO_WORDS, 16 - INFO_WORDS
.to:	xor eax, eax
	smap_site CLAC
	ret
	fixup_range .from, .to, user_fault_return

; u64 x86_signal_load(u64 from (rdi), frame (rsi), back (rdx)).  Clobbers rax.
global x86_signal_load
align 16
x86_signal_load:
	smap_site STAC
.from:	LOAD_REGISTERS ORDER
	COPY rdx + BACK_RIP, rdi + SIGNAL_RIP, 3
	COPY rdx + BACK_FPU, rdi + SIGNAL_FPU, 1
	COPY rdx + BACK_MASK, rdi + SIGNAL_MASK, 1
	COPY rdx + BACK_STACK, rdi + SIGNAL_STACK, 3
.to:	xor eax, eax
	smap_site CLAC
	ret
	fixup_range .from, .to, user_fault_return

; u64 x86_fpu_store(u64 to (rdi), const struct x86_fpu_note *note (rsi)).  The
; note goes with XSAVE's header, which XSAVE expects to be zero.  Clobbers rax,
; rcx, rdx, rsi, rdi, r8.
global x86_fpu_store
align 16
x86_fpu_store:
	mov r8, rdi
	mov eax, [rsi + NOTE_COMPONENTS]
	mov edx, [rsi + NOTE_AREA_BYTES]
	mov ecx, NOTE_SIZE / 8
	smap_site STAC
.from:	mov dword [rdi + rdx], FPU_MAGIC2
	add rdi, FPU_NOTE_AT
	rep movsq
	xor edx, edx
	xsave64 [r8]
.to:	xor eax, eax
	smap_site CLAC
	ret
	fixup_range .from, .to, user_fault_return

; u64 x86_fpu_load(u64 from (rdi), const struct x86_fpu_note *note (rsi),
; u32 mxcsr_mask (edx)).  XRSTOR refuses the bits that MXCSR has not, but TCG's
; does not.  Clobbers rax, rcx, rdx.
global x86_fpu_load
align 16
x86_fpu_load:
	mov ecx, [rsi + NOTE_AREA_BYTES]
	mov rax, [rsi]			; MAGIC1, and the bytes with the mark
	not edx
	smap_site STAC
.from:	cmp [rdi + FPU_NOTE_AT], rax
	jne user_fault_return
	cmp [rdi + FPU_NOTE_AT + NOTE_AREA_BYTES], ecx
	jne user_fault_return
	cmp dword [rdi + rcx], FPU_MAGIC2
	jne user_fault_return
	test [rdi + FPU_MXCSR_AT], edx
	jnz user_fault_return
	mov eax, [rsi + NOTE_COMPONENTS]
	xor edx, edx
	xrstor64 [rdi]
.to:	xor eax, eax
	smap_site CLAC
	ret
	fixup_range .from, .to, user_fault_return

user_fault_return:
	mov eax, 1
	smap_site CLAC
	ret
