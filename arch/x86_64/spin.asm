; SPDX-License-Identifier: MIT
;
; Calls from the middle of whatever takes a spinlock or turns preemption on
; again: who finds the lock free, and nobody that waits for the processor, must
; not pay for the call by saving registers.
;
extern spin_wait
extern sched_preempt

section .text

; Keeps every register but the flags.
%macro keep_registers 0
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
%endmacro

%macro give_registers 0
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
%endmacro

; in: rdi = lock, ax = ticket.  Keeps every register but the flags.
global x86_spin_wait
x86_spin_wait:
	keep_registers
	movzx esi, ax
	call spin_wait
	give_registers
	ret

; Keeps every register but the flags.
global x86_preempt
x86_preempt:
	keep_registers
	call sched_preempt
	give_registers
	ret
