; SPDX-License-Identifier: MIT
;
; The protection tests' way to trip a fault and live: the debug build's trap
; handler goes on at x86_probe_return with the saved stack.

section .text

; Calls a function that is expected to fault, for the protection tests.
; u64 arch_probe(void (*fn)(u64) (rdi), u64 arg (rsi))
; Returns 0, or what x86_probe_caught() left in rax: 1 << 32 | vector << 16 |
; error code.
extern x86_probe_sp
global arch_probe
arch_probe:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	sub rsp, 8
	mov [x86_probe_sp], rsp
	mov rax, rdi
	mov rdi, rsi
	call rax
	xor eax, eax
global x86_probe_return
x86_probe_return:
	mov qword [x86_probe_sp], 0
	add rsp, 8
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret
