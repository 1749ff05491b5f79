; SPDX-License-Identifier: MIT
;
; The wait for a spinlock, called from the middle of whatever takes one: who
; finds it free must not pay for the call by saving registers.

extern spin_wait

section .text

; in: rdi = lock, ax = ticket.  Keeps every register but the flags.
global x86_spin_wait
x86_spin_wait:
	push rbp			; a link for backtraces
	mov rbp, rsp
	push rax
	push rcx
	push rdx
	push rsi
	push rdi
	push r8
	push r9
	push r10
	push r11
	movzx esi, ax
	call spin_wait
	pop r11
	pop r10
	pop r9
	pop r8
	pop rdi
	pop rsi
	pop rdx
	pop rcx
	pop rax
	pop rbp
	ret
