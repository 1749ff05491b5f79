; SPDX-License-Identifier: MIT
;
; Every way into the kernel and back: exceptions, interrupts, system calls,
; the emergency entries, and the first entry of a thread into user mode.
;
; GS: while the kernel runs, GS is this processor's per-CPU area and the
; KERNEL_GS_BASE register holds the user's GS; SWAPGS exchanges them at the
; border.  The emergency entries (debug, NMI, double fault, machine check) may
; strike between border and SWAPGS, so they trust neither GS nor its sign (a
; user may set any GS with WRGSBASE): each runs on a stack of its own, whose
; top word holds the per-CPU area.
;
; SMAP: each `smap_site` is three bytes of NOP that arch/x86_64/features.c
; turns into CLAC or STAC where the processor has SMAP.

%include "offsets.inc"
%include "arch/x86_64/macros.inc"

extern x86_trap, x86_user_work, syscall_table, syscall_count, syscall_other
extern syscall_other_done, exo_call_table, exo_call_count, x86_fpu_restore
%ifdef EXO_DEBUG
extern user_return_check
%endif

MSR_GS_BASE	equ 0xc0000101

section .text

; Stub of one vector: leaves an error code and the vector on the stack.
%macro STUB 2				; vector, 1: the processor pushed a code
	align 16
%if %2 == 0
	push 0
%endif
	push %1
%endmacro

%macro STUBS 4				; label, first vector, count, error mask
align 16
global %1
%1:
%assign i 0
%rep %3
	STUB %2 + i, ((%4) >> i) & 1
	%if %2 + i == 1 || %2 + i == 2 || %2 + i == 8 || %2 + i == 18
	jmp emergency_entry
	%else
	jmp trap_entry
	%endif
%assign i i + 1
%endrep
%endmacro

STUBS trap_stubs_exception, 0, 32, EXCEPTION_ERROR_MASK
STUBS trap_stubs_isa, VECTOR_ISA, 16, 0
STUBS trap_stubs_local, VECTOR_LOCAL_FIRST, 16, 0

%macro PUSH_REGISTERS 0
	push rdi
	push rsi
	push rdx
	push rcx
	push rax
	push r8
	push r9
	push r10
	push r11
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
%endmacro

; Restores what PUSH_REGISTERS saved and drops vector and error code.
%macro POP_REGISTERS 0
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	pop r11
	pop r10
	pop r9
	pop r8
	pop rax
	pop rcx
	pop rdx
	pop rsi
	pop rdi
	add rsp, 16
%endmacro

; in: the stack as a stub leaves it, interrupts off
align 16
trap_entry:
	PUSH_REGISTERS
	smap_site CLAC
	cld
	test byte [rsp + FRAME_CS], 3
	jz trap_from_kernel
	swapgs
trap_from_user:				; frame on the thread's kernel stack
	xor ebp, ebp			; backtraces end here
	mov rdi, rsp
	call x86_trap
return_to_user:				; in: full frame at rsp, interrupts off
%ifdef EXO_DEBUG
	call user_return_check
%endif
	mov rax, [gs:CPU_CURRENT]
	cmp dword [rax + THREAD_WORK], 0
	jne .work
	swapgs
	POP_REGISTERS
	iretq
.work:	mov rdi, rsp
	call x86_user_work
	jmp return_to_user

trap_from_kernel:
	; a link for backtraces: the interrupted function looks like our caller
	mov rdi, rsp
	push qword [rsp + FRAME_RIP]
	push rbp
	mov rbp, rsp
	call x86_trap
	add rsp, 16
	POP_REGISTERS
	iretq

; in: a stub's stack, on one of the emergency stacks
align 16
emergency_entry:
	PUSH_REGISTERS
	smap_site CLAC
	cld
	test byte [rsp + FRAME_CS], 3
	jnz .user
	mov ecx, MSR_GS_BASE		; whatever GS is now, keep it ...
	rdmsr
	mov r12d, eax
	mov r13d, edx
	mov rax, [rsp + FRAME_SIZE]	; ... and use this processor's
	mov rdx, rax
	shr rdx, 32
	wrmsr
	mov rdi, rsp
	call x86_trap
	mov ecx, MSR_GS_BASE
	mov eax, r12d
	mov edx, r13d
	wrmsr
	POP_REGISTERS
	iretq
.user:	; nothing was in doubt: go on as an ordinary trap, on the thread's stack
	swapgs
	mov rsi, rsp
	mov rdi, [gs:CPU_KERNEL_SP]
	sub rdi, FRAME_SIZE
	mov rsp, rdi
	mov ecx, FRAME_SIZE / 8
	rep movsq
	jmp trap_from_user

; System call.  in: rax = number, rdi rsi rdx r10 r8 r9 = arguments,
; rcx = return address, r11 = flags; interrupts off (SYSCALL's flag mask).
; The callee-saved registers stay where they are: the handlers preserve them.
; SYSCALL itself has lost rcx and r11: they are in the frame as what they are
; now, return address and flags.
align 16
global syscall_entry
syscall_entry:
	swapgs
	mov [gs:CPU_USER_SP], rsp
	mov rsp, [gs:CPU_KERNEL_SP]
	push USER_SS
	push qword [gs:CPU_USER_SP]
	push r11
	push USER_CS
	push rcx
	push rax
	push FRAME_SYSCALL
	push rdi
	push rsi
	push rdx
	sub rsp, 2 * 8			; rcx, rax
	push r8
	push r9
	push r10
	sub rsp, 7 * 8			; r11, the callee-saved
	sti
	mov rcx, r10
.number:
	cmp rax, [syscall_count]
	jae .absent
	call [syscall_table + rax * 8]
.done:
	cli
%ifdef EXO_DEBUG
	push rax
	call user_return_check
	pop rax
%endif
	mov rdx, [gs:CPU_CURRENT]
	cmp dword [rdx + THREAD_WORK], 0
	jne .work
.leave:	; SYSRET faults in kernel mode, on the user's stack, if the return
	; address is not canonical: take IRET for what is not user space.
	mov rcx, [rsp + FRAME_RIP]
	mov rdx, rcx
	shr rdx, 47
	jnz .slow
	mov r10, [rsp + FRAME_R10]
	mov r9, [rsp + FRAME_R9]
	mov r8, [rsp + FRAME_R8]
	mov rdx, [rsp + FRAME_RDX]
	mov rsi, [rsp + FRAME_RSI]
	mov rdi, [rsp + FRAME_RDI]
	mov r11, [rsp + FRAME_RFLAGS]
	mov rsp, [rsp + FRAME_RSP]
	swapgs
	o64 sysret
.absent:	; our own, not the lower half alone, or one that does not exist
	lea r11, [rax - EXO_CALL_FIRST]
	cmp r11, [exo_call_count]
	jae .narrow
	call [exo_call_table + r11 * 8]
	jmp .done
.narrow: ; the number is an int
	mov r11d, eax
	cmp r11, rax
	je .other
	mov rax, r11
	mov [rsp + FRAME_ERROR], rax
	jmp .number
.other:	; it tells the handler, which is called from here: see WHOLE_FRAME
	call syscall_other
	mov rdi, [rsp + FRAME_RDI]
	mov rsi, [rsp + FRAME_RSI]
	mov rdx, [rsp + FRAME_RDX]
	mov rcx, [rsp + FRAME_R10]
	mov r8, [rsp + FRAME_R8]
	mov r9, [rsp + FRAME_R9]
	call rax
	mov rdi, rax
	call syscall_other_done
	jmp .done
.work:	; for the vector registers alone there is no need of a frame
	cmp dword [rdx + THREAD_WORK], WORK_FPU
	jne .slow
	push rax
	lea rdi, [rdx + THREAD_ARCH]
	call x86_fpu_restore
	pop rax
	jmp .leave
.slow:	; complete the frame and leave like a trap
	mov rcx, [rsp + FRAME_RIP]
	mov rdx, [rsp + FRAME_RFLAGS]
	mov [rsp + FRAME_RAX], rax
	mov [rsp + FRAME_RCX], rcx
	mov [rsp + FRAME_R11], rdx
	mov [rsp + FRAME_R15], r15
	mov [rsp + FRAME_R14], r14
	mov [rsp + FRAME_R13], r13
	mov [rsp + FRAME_R12], r12
	mov [rsp + FRAME_RBP], rbp
	mov [rsp + FRAME_RBX], rbx
	jmp return_to_user

; Handlers of system calls that use the whole frame: the callee-saved registers
; join it first.  in: as any handler, the frame above the return address.
%macro WHOLE_FRAME 1
extern whole_%1
global sys_%1
sys_%1:
	mov [rsp + 8 + FRAME_R15], r15
	mov [rsp + 8 + FRAME_R14], r14
	mov [rsp + 8 + FRAME_R13], r13
	mov [rsp + 8 + FRAME_R12], r12
	mov [rsp + 8 + FRAME_RBP], rbp
	mov [rsp + 8 + FRAME_RBX], rbx
	jmp whole_%1
%endmacro

WHOLE_FRAME fork
WHOLE_FRAME vfork
WHOLE_FRAME clone
WHOLE_FRAME clone3
WHOLE_FRAME kill
WHOLE_FRAME rt_sigreturn

; SYSCALL from 32-bit code: there is no such ABI here.
align 16
global syscall_entry_compat
syscall_entry_compat:
	mov eax, -38			; -ENOSYS
	o64 sysret

; void x86_leave(struct trap_frame *frame): to where a complete frame points;
; the stack below it is forgotten.  Interrupts off.
global x86_leave
x86_leave:
	mov rsp, rdi
	jmp return_to_user
