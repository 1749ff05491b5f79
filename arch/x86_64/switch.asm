; SPDX-License-Identifier: MIT
;
; The context switch: six callee-saved registers, one stack pointer, `ret`.
; There is one caller (sched/), so the return address is the same for every
; thread and the processor predicts it.

%include "offsets.inc"

extern thread_begin, thread_left

section .text

; void arch_switch(struct thread *prev (rdi), struct thread *next (rsi)).  On
; the stack of a thread that does not run: r15 r14 r13 r12 rbx rbp, return
; address.
global arch_switch
align 64
arch_switch:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	mov [rdi + THREAD_SP], rsp
	mov rsp, [rsi + THREAD_SP]
.resume:
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

; void arch_switch_last(struct thread *prev (rdi), struct thread *next (rsi)).
; Stacks as above.
global arch_switch_last
arch_switch_last:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	mov [rdi + THREAD_SP], rsp
	mov rsp, [rsi + THREAD_SP]
	xor ebp, ebp			; backtraces end here
	call thread_left		; of rdi
	jmp arch_switch.resume

; The return address of a new thread's first switch: r12 = function,
; r13 = its argument.
global x86_thread_start
x86_thread_start:
	mov rdi, r12
	mov rsi, r13
	xor ebp, ebp
	call thread_begin
	ud2				; thread_begin does not return
