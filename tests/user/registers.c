/* SPDX-License-Identifier: MIT */
/*
 * What the kernel must leave alone: registers, flags, the red zone, vector
 * state and thread pointers, over system calls, sleeps and interrupts.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPINS        20000000ul
#define ROUNDS       8
#define ARCH_SET_GS  0x1001
#define ARCH_GET_GS  0x1004
#define FRESH_BYTES  (256 * 4096ul)
#define DIRECTION    0x400ul
#define WORDS        13
#define VECTOR_BYTES (16 * 32)

static const struct timespec moment = { 0, 1000000 };

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
}

/* Loads each word into a register, calls getpid(), stores them again. */
static void call_with(const uint64_t *in, uint64_t *out)
{
	__asm__ volatile("pushq %%rbp\n\t"
			 "pushq %1\n\t"
			 "movq %0, %%rax\n\t"
			 "movq 0(%%rax), %%rbx\n\t"
			 "movq 8(%%rax), %%rdx\n\t"
			 "movq 16(%%rax), %%rsi\n\t"
			 "movq 24(%%rax), %%rdi\n\t"
			 "movq 32(%%rax), %%rbp\n\t"
			 "movq 40(%%rax), %%r8\n\t"
			 "movq 48(%%rax), %%r9\n\t"
			 "movq 56(%%rax), %%r10\n\t"
			 "movq 64(%%rax), %%r12\n\t"
			 "movq 72(%%rax), %%r13\n\t"
			 "movq 80(%%rax), %%r14\n\t"
			 "movq 88(%%rax), %%r15\n\t"
			 "movl $39, %%eax\n\t"
			 "syscall\n\t"
			 "popq %%rax\n\t"
			 "movq %%rbx, 0(%%rax)\n\t"
			 "movq %%rdx, 8(%%rax)\n\t"
			 "movq %%rsi, 16(%%rax)\n\t"
			 "movq %%rdi, 24(%%rax)\n\t"
			 "movq %%rbp, 32(%%rax)\n\t"
			 "movq %%r8, 40(%%rax)\n\t"
			 "movq %%r9, 48(%%rax)\n\t"
			 "movq %%r10, 56(%%rax)\n\t"
			 "movq %%r12, 64(%%rax)\n\t"
			 "movq %%r13, 72(%%rax)\n\t"
			 "movq %%r14, 80(%%rax)\n\t"
			 "movq %%r15, 88(%%rax)\n\t"
			 "popq %%rbp" ::"S"(in),
			 "D"(out)
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11",
			   "r12", "r13", "r14", "r15", "memory", "cc");
}

static void registers(void)
{
	uint64_t in[WORDS], out[WORDS];
	int ok = 1;

	for (uint64_t round = 1; round < 1000; round++) {
		for (unsigned i = 0; i < WORDS; i++) {
			in[i] = out[i] = round * (i + 1) * 0x9e3779b97f4a7c15ul;
		}
		call_with(in, out);
		ok = ok && memcmp(in, out, sizeof(in)) == 0;
	}
	result("registers over a system call", ok);
}

/* The kernel must not use the user's stack, wherever it points. */
static void stack_pointer(void)
{
	uint64_t spins = SPINS;

	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq $0x800000000001, %%rsp\n\t"
			 "movl $39, %%eax\n\t"
			 "syscall\n\t"
			 "1: decq %0\n\t"
			 "jnz 1b\n\t"
			 "movl $24, %%eax\n\t"
			 "syscall\n\t"
			 "movq %%rbx, %%rsp"
			 : "+r"(spins)::"rax", "rbx", "rcx", "r11", "memory",
			   "cc");
	result("a stack pointer that points nowhere", 1);
}

static void red_zone(void)
{
	uint64_t spins = SPINS, wrong;

	__asm__ volatile("movq $-128, %%rax\n\t"
			 "1: movq %%rax, (%%rsp, %%rax)\n\t"
			 "addq $8, %%rax\n\t"
			 "jnz 1b\n\t"
			 "2: decq %0\n\t"
			 "jnz 2b\n\t"
			 "movl $24, %%eax\n\t"
			 "syscall\n\t"
			 "xorl %k1, %k1\n\t"
			 "movq $-128, %%rax\n\t"
			 "3: movq (%%rsp, %%rax), %%rcx\n\t"
			 "xorq %%rax, %%rcx\n\t"
			 "orq %%rcx, %1\n\t"
			 "addq $8, %%rax\n\t"
			 "jnz 3b"
			 : "+r"(spins), "=&r"(wrong)::"rax", "rcx", "r11",
			   "memory", "cc");
	result("the red zone over interrupts", wrong == 0);
}

static void direction(void)
{
	uint64_t spins = SPINS, flags, after;

	__asm__ volatile("std\n\t"
			 "1: decq %0\n\t"
			 "jnz 1b\n\t"
			 "pushfq; popq %1\n\t"
			 "movl $39, %%eax\n\t"
			 "syscall\n\t"
			 "pushfq; popq %2\n\t"
			 "cld"
			 : "+r"(spins), "=&r"(flags), "=&r"(after)::"rax",
			   "rcx", "r11", "memory", "cc");
	result("the direction flag", (flags & after & DIRECTION) != 0);
}

static char *fresh_pages(void)
{
	return mmap(NULL, FRESH_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Page faults with the direction flag set: the kernel must clear it. */
static void faults_downwards(void)
{
	char *p = fresh_pages(), any = 0;
	unsigned long left = FRESH_BYTES;

	memset(p, 0x55, FRESH_BYTES);
	munmap(p, FRESH_BYTES);
	p = fresh_pages();
	__asm__ volatile("std\n\t"
			 "1: subq $4096, %0\n\t"
			 "movb (%1, %0), %%al\n\t"
			 "jnz 1b\n\t"
			 "cld"
			 : "+r"(left)
			 : "r"(p)
			 : "rax", "memory", "cc");
	for (unsigned long i = 0; i < FRESH_BYTES; i++) {
		any |= p[i];
	}
	munmap(p, FRESH_BYTES);
	result("page faults with the direction flag set", any == 0);
}

#define EACH(do)                                                             \
	do                                                                   \
	(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do( \
		11) do(12) do(13) do(14) do(15)
#define LOAD_YMM(n)  "vmovdqu " #n "*32(%1), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", " #n "*32(%2)\n\t"
#define LOAD_XMM(n)  "movdqu " #n "*32(%1), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqu %%xmm" #n ", " #n "*32(%2)\n\t"

/* Spins, then sleeps, with the registers full. */
#define HOLD(load, store)                                                     \
	__asm__ volatile(EACH(load) "1: decq %0\n\t"                          \
				    "jnz 1b\n\t"                              \
				    "movl $35, %%eax\n\t"                     \
				    "movq %3, %%rdi\n\t"                      \
				    "xorl %%esi, %%esi\n\t"                   \
				    "syscall\n\t" EACH(store)                 \
			 : "+r"(spins)                                        \
			 : "r"(in), "r"(out), "r"(&moment)                    \
			 : "rax", "rcx", "rdi", "rsi", "r11", "memory", "cc", \
			   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",    \
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",  \
			   "xmm12", "xmm13", "xmm14", "xmm15")

/* AVX is there and the kernel keeps its registers (SDM vol. 1, 14.3). */
static int has_avx(void)
{
	unsigned a, b, c, d, low, high;

	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE) || !(c & bit_AVX)) {
		return 0;
	}
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static int hold_vectors(uint64_t seed)
{
	unsigned char in[VECTOR_BYTES], out[VECTOR_BYTES];
	uint64_t spins = SPINS / ROUNDS;

	for (unsigned i = 0; i < VECTOR_BYTES; i++) {
		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		in[i] = out[i] = (unsigned char)(seed >> 56);
	}
	if (has_avx()) {
		HOLD(LOAD_YMM, STORE_YMM);
	} else {
		HOLD(LOAD_XMM, STORE_XMM);
	}
	return memcmp(in, out, VECTOR_BYTES) == 0;
}

static void vectors(void)
{
	int ok = 1;

	for (unsigned i = 0; i < ROUNDS; i++) {
		ok = ok && hold_vectors(i);
	}
	result("vector registers over interrupts and sleeps", ok);
}

/* Control words and the x87 stack. */
static void floating_point(void)
{
	uint32_t mxcsr = 0x7f80, mxcsr_after;
	uint16_t control = 0x0c7f, control_after;
	uint64_t spins = SPINS;
	double value;

	__asm__ volatile("ldmxcsr %4; fldcw %5; fldpi\n\t"
			 "1: decq %0\n\t"
			 "jnz 1b\n\t"
			 "movl $35, %%eax\n\t"
			 "movq %6, %%rdi\n\t"
			 "xorl %%esi, %%esi\n\t"
			 "syscall\n\t"
			 "stmxcsr %1; fnstcw %2; fstpl %3"
			 : "+r"(spins), "=m"(mxcsr_after), "=m"(control_after),
			   "=m"(value)
			 : "m"(mxcsr), "m"(control), "r"(&moment)
			 : "rax", "rcx", "rdi", "rsi", "r11", "memory", "cc");
	__asm__ volatile("fninit; ldmxcsr %0" ::"m"((uint32_t){ 0x1f80 }));
	result("floating-point control over interrupts and sleeps",
	       mxcsr_after == mxcsr && control_after == control &&
		       value > 3.14 && value < 3.15);
}

static __thread uint64_t thread_word = 0x1234;

static void thread_pointers(void)
{
	static uint64_t block[2] = { 0xfeedfacecafe, 2 };
	uint64_t base = 0, word = 0;
	int ok = syscall(SYS_arch_prctl, ARCH_SET_GS, block) == 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		syscall(SYS_nanosleep, &moment, NULL);
		for (volatile unsigned n = 0; n < SPINS / ROUNDS / 8; n++) {
		}
		__asm__ volatile("movq %%gs:0, %0" : "=r"(word));
		ok = ok && word == block[0] && thread_word == 0x1234;
	}
	ok = ok && syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 &&
	     base == (uint64_t)block;
	ok = ok && syscall(SYS_arch_prctl, ARCH_SET_GS, -4096l) < 0;
	result("thread pointers over interrupts and sleeps", ok);
}

/* A sleep is never shorter than asked for. */
static void sleeps(void)
{
	struct timespec from, to;
	int ok = 1;

	for (long us = 0; us < 3000; us += 250) {
		const struct timespec t = { 0, us * 1000 };

		clock_gettime(CLOCK_MONOTONIC, &from);
		syscall(SYS_nanosleep, &t, NULL);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ok = ok && (to.tv_sec - from.tv_sec) * 1000000000l +
					   to.tv_nsec - from.tv_nsec >=
				   t.tv_nsec;
	}
	result("sleeps last", ok);
}

/* Only the lower half of rax is the number. */
static void number(void)
{
	long id = (long)(0xdead00000000ul | SYS_getpid);

	__asm__ volatile("syscall" : "+a"(id)::"rcx", "r11", "memory");
	result("number", id == syscall(SYS_getpid));
}

int main(void)
{
	registers();
	stack_pointer();
	red_zone();
	direction();
	faults_downwards();
	vectors();
	floating_point();
	thread_pointers();
	sleeps();
	number();
	return wrong_count != 0;
}
