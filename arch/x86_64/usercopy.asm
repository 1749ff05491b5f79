; SPDX-License-Identifier: MIT
;
; Access to user memory.  Each instruction that may fault has an entry in the
; exception table; SMAP is opened for the copy alone.  Eight bytes a step:
; a step costs an emulator the same whatever its width.

%include "offsets.inc"
%include "arch/x86_64/macros.inc"

section .text

; u64 x86_user_copy(void *dst (rdi), const void *src (rsi), u64 len (rdx))
; Returns 0, or not 0 if an access faulted.  Clobbers rcx, rdi, rsi, rdx.
global x86_user_copy
align 16
x86_user_copy:
	smap_site STAC
	mov rcx, rdx
	shr rcx, 3
	fixup user_fault_return
	rep movsq
	mov ecx, edx
	and ecx, 7
	fixup user_fault_return
	rep movsb
	xor eax, eax
	smap_site CLAC
	ret

; u64 x86_user_clear(void *dst (rdi), u64 len (rsi)).  As above.
global x86_user_clear
align 16
x86_user_clear:
	smap_site STAC
	xor eax, eax
	mov rcx, rsi
	shr rcx, 3
	fixup user_fault_return
	rep stosq
	mov ecx, esi
	and ecx, 7
	fixup user_fault_return
	rep stosb
	smap_site CLAC
	ret

; s64 x86_user_string(char *dst (rdi), const char *src (rsi), u64 size (rdx))
; Copies up to and with the NUL.  Returns the length without it, -EFAULT if an
; access faulted, -ENAMETOOLONG if no NUL came within size bytes.  Words as long as they
; fit, and what follows the NUL in its word goes along; a word that faults may
; lie behind the string's end, so bytes decide.  Clobbers rcx, r8 to r11.
global x86_user_string
align 16
x86_user_string:
	smap_site STAC
	xor ecx, ecx
	mov r8, 0xfefefefefefefeff	; minus 0x01 in each byte
	mov r9, 0x8080808080808080
	sub rdx, 8
	jb .bytes
.words:	fixup .bytes
	mov rax, [rsi + rcx]
	mov [rdi + rcx], rax
	lea r10, [rax + r8]		; the lowest byte that is zero ...
	not rax
	and r10, rax
	and r10, r9			; ... has its high bit here
	jnz .found
	add rcx, 8
	cmp rcx, rdx
	jbe .words
.bytes:	add rdx, 8
.next:	cmp rcx, rdx
	jae .long
	fixup .fault
	mov al, [rsi + rcx]
	mov [rdi + rcx], al
	test al, al
	jz .end
	inc rcx
	jmp .next
.found:	bsf r10, r10
	shr r10d, 3
	add rcx, r10
.end:	mov rax, rcx
	smap_site CLAC
	ret
.long:	mov rax, -ERRNO_NAMETOOLONG
	smap_site CLAC
	ret
.fault:	mov rax, -ERRNO_FAULT
	smap_site CLAC
	ret

; s64 x86_user_load32(const u32 *at (rdi)): the word in one access, or -1.
global x86_user_load32
align 16
x86_user_load32:
	smap_site STAC
	fixup word_fault
	mov eax, [rdi]
	smap_site CLAC
	ret

; s64 x86_user_swap32(u32 *at (rdi), u32 old (esi), u32 new (edx))
; Puts `new` where `old` is, in one step; what was there, or -1.
global x86_user_swap32
align 16
x86_user_swap32:
	smap_site STAC
	mov eax, esi
	fixup word_fault
	lock cmpxchg [rdi], edx
	mov eax, eax
	smap_site CLAC
	ret

word_fault:
	mov rax, -1
	smap_site CLAC
	ret

user_fault_return:
	mov eax, 1
	smap_site CLAC
	ret
