/* SPDX-License-Identifier: MIT */
/*
 * Does the wrong thing that its argument names; prints "survived" if nothing
 * stopped it.  tests/system/user_faults.py knows how each one must end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COPY_BYTES    (1 << 20)
#define PAGE          4096
#define KERNEL_TEXT   0xffffffff80101000ul
#define DIRECT_MAP    0xffff800000100000ul
#define NON_CANONICAL 0x800000000000ul
#define LAST_PAGE     0x7fffffffe000ul
#define TRAP_FLAG     0x100
#define OPCODE_RET    0xc3

static const char constant[] = "a constant";

static void load(uintptr_t at)
{
	__asm__ volatile("movb (%0), %%al" ::"r"(at) : "rax", "memory");
}

static void store(uintptr_t at)
{
	__asm__ volatile("movb $1, (%0)" ::"r"(at) : "memory");
}

static void jump(uintptr_t at)
{
	((void (*)(void))at)();
}

static void *pages(int prot)
{
	void *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, OPCODE_RET, 2 * PAGE);
	mprotect(p, 2 * PAGE, prot);
	return p;
}

static void null_read(void)
{
	load(0);
}
static void null_write(void)
{
	store(8);
}
static void null_jump(void)
{
	jump(0);
}
static void low_read(void)
{
	load(0xffff);
}
static void kernel_read(void)
{
	load(KERNEL_TEXT);
}
static void kernel_write(void)
{
	store(KERNEL_TEXT);
}
static void kernel_jump(void)
{
	jump(KERNEL_TEXT);
}
static void direct_map_read(void)
{
	load(DIRECT_MAP);
}
static void direct_map_jump(void)
{
	jump(DIRECT_MAP);
}
static void last_read(void)
{
	load(LAST_PAGE + PAGE);
}
static void top_read(void)
{
	load(UINTPTR_MAX);
}
static void hole_read(void)
{
	load(NON_CANONICAL);
}
static void hole_write(void)
{
	store(NON_CANONICAL);
}
static void hole_jump(void)
{
	jump(NON_CANONICAL);
}
static void constant_write(void)
{
	store((uintptr_t)constant);
}
static void text_write(void)
{
	store((uintptr_t)&puts);
}
static void data_jump(void)
{
	jump((uintptr_t)pages(PROT_READ));
}
static void exec_jump(void)
{
	jump((uintptr_t)pages(PROT_READ | PROT_EXEC));
}
static void hidden_read(void)
{
	load((uintptr_t)pages(PROT_NONE));
}
static void readonly_write(void)
{
	store((uintptr_t)pages(PROT_READ));
}

static void unmapped_read(void)
{
	char *p = pages(PROT_READ);

	munmap(p + PAGE, PAGE);
	load((uintptr_t)p + PAGE - 1);
	load((uintptr_t)p + PAGE);
}

static void stack_jump(void)
{
	char code[16];

	memset(code, OPCODE_RET, sizeof(code));
	jump((uintptr_t)code);
}

static int deeper(volatile char *above, int depth)
{
	volatile char frame[1000];

	frame[0] = above[0];
	return depth == 0 ? 0 : deeper(frame, depth - 1) + frame[999];
}

static void stack_overflow(void)
{
	volatile char first = 0;

	deeper(&first, 1000000000);
}

static void stack_null(void)
{
	__asm__ volatile("xorl %%esp, %%esp; pushq %%rax" ::: "memory");
}

static void stack_hole(void)
{
	__asm__ volatile("movq %0, %%rsp; pushq %%rax" ::"r"(NON_CANONICAL + 64)
			 : "memory");
}

static void stack_odd(void)
{
	__asm__ volatile("movq %%rsp, %%rbx; subq $261, %%rsp; pushq %%rax\n\t"
			 "callq 1f; 1: popq %%rax; movq %%rbx, %%rsp" ::
				 : "rax", "rbx", "memory");
}

static void illegal(void)
{
	__asm__ volatile("ud2");
}
static void breakpoint(void)
{
	__asm__ volatile("int3");
}
static void int_0x81(void)
{
	__asm__ volatile("int $0x81");
}
static void int_page_fault(void)
{
	__asm__ volatile("int $14");
}
static void int_timer(void)
{
	__asm__ volatile("int $0xf0");
}
static void int_double_fault(void)
{
	__asm__ volatile("int $8");
}
static void halt(void)
{
	__asm__ volatile("hlt");
}
static void irqs_off(void)
{
	__asm__ volatile("cli");
}
static void port_read(void)
{
	__asm__ volatile("inb $0x60" ::: "al");
}
static void port_write(void)
{
	__asm__ volatile("outb %%al, $0xf4" ::"a"(1));
}
static void swap_gs(void)
{
	__asm__ volatile("swapgs");
}
static void sys_ret(void)
{
	__asm__ volatile("sysretq");
}
static void read_cr0(void)
{
	__asm__ volatile("movq %%cr0, %%rax" ::: "rax");
}

static void read_msr(void)
{
	__asm__ volatile("rdmsr" ::"c"(0xc0000080) : "rax", "rdx");
}

static void write_msr(void)
{
	__asm__ volatile("wrmsr" ::"c"(0xc0000082), "a"(0), "d"(0));
}

static void load_idt(void)
{
	char table[10] = { 0 };

	__asm__ volatile("lidt %0" ::"m"(table));
}

static void store_gdt(void)
{
	char table[10];

	__asm__ volatile("sgdt %0" : "=m"(table));
}

static void store_status(void)
{
	__asm__ volatile("smsw %%ax" ::: "rax");
}

static void bad_segment(void)
{
	__asm__ volatile("movl $0x40, %%eax; movl %%eax, %%ds" ::: "rax");
}

static void kernel_segment(void)
{
	__asm__ volatile("pushq $0x08; leaq 1f(%%rip), %%rax; pushq %%rax\n\t"
			 "lretq; 1:" ::
				 : "rax", "memory");
}

static void iret_kernel(void)
{
	__asm__ volatile("pushq $0x10; pushq %%rsp; pushfq; pushq $0x08\n\t"
			 "leaq 1f(%%rip), %%rax; pushq %%rax; iretq; 1:" ::
				 : "rax", "memory");
}

static void divide(void)
{
	__asm__ volatile("divl %0" ::"r"(0), "a"(1), "d"(0) : "cc");
}

static void divide_overflow(void)
{
	int64_t low = INT64_MIN, high = -1;

	__asm__ volatile("idivq %2" : "+a"(low), "+d"(high) : "r"(-1l) : "cc");
}

/* Unmasks what the vector unit can raise, and raises it. */
static void sse_divide(void)
{
	uint32_t control = 0x1f80 & ~(1u << 9);

	__asm__ volatile("ldmxcsr %0; xorps %%xmm0, %%xmm0\n\t"
			 "movl $1, %%eax; cvtsi2ss %%eax, %%xmm1\n\t"
			 "divss %%xmm0, %%xmm1" ::"m"(control)
			 : "eax", "xmm0", "xmm1");
}

static void x87_divide(void)
{
	uint16_t control = 0x037f & ~4;

	__asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
}

static void sse_unaligned(void)
{
	char bytes[32] = { 0 };

	__asm__ volatile(
		"movaps (%0), %%xmm0" ::"r"(((uintptr_t)bytes & ~15ul) + 1)
		: "xmm0");
}

static void single_step(void)
{
	__asm__ volatile(
		"pushfq; orl %0, (%%rsp); popfq; nop; nop" ::"i"(TRAP_FLAG)
		: "memory", "cc");
}

/* The trap flag set over a system call: it must not stop the kernel. */
static void step_syscall(void)
{
	__asm__ volatile("movl $39, %%eax; pushfq; orl %0, (%%rsp)\n\t"
			 "popfq; syscall; nop" ::"i"(TRAP_FLAG)
			 : "rax", "rcx", "r11", "memory", "cc");
}

/* Odd flags at a system call: nested task, alignment check, direction. */
static void odd_flags(void)
{
	uint64_t flags = 0x44402;

	__asm__ volatile(
		"pushfq; orq %0, (%%rsp); popfq; movl $39, %%eax\n\t"
		"syscall; pushfq; popq %%rbx; cld\n\t"
		"pushfq; andq $0xfffffffffffbbfff, (%%rsp); popfq" ::"r"(flags)
		: "rax", "rbx", "rcx", "r11", "memory", "cc");
}

static char spare_stack[4 * PAGE];

/* getpid() with its last byte at the end of user space. */
static void end_of_space(void)
{
	static const unsigned char code[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05 };

	__asm__ volatile("movq %0, %%rsp\n\t"
			 "movl $9, %%eax\n\t"
			 "movq %1, %%rdi\n\t"
			 "movl $4096, %%esi\n\t"
			 "movl $7, %%edx\n\t"
			 "movl $0x32, %%r10d\n\t"
			 "movq $-1, %%r8\n\t"
			 "xorl %%r9d, %%r9d\n\t"
			 "syscall\n\t"
			 "leaq 4089(%%rax), %%rdi\n\t"
			 "movq %%rdi, %%rbx\n\t"
			 "movq %2, %%rsi\n\t"
			 "movl $7, %%ecx\n\t"
			 "rep movsb\n\t"
			 "jmp *%%rbx" ::"r"(spare_stack + sizeof(spare_stack)),
			 "r"(LAST_PAGE), "r"(code)
			 : "memory", "rax", "rbx", "rcx", "rdx", "rdi", "rsi",
			   "r8", "r9", "r10", "r11");
}

/* Keeps the kernel copying for ever; ends if a copy fails. */
static void copying(void)
{
	int file = open("/bin/busybox", O_RDONLY);
	char *into = mmap(NULL, COPY_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	do {
		lseek(file, 0, SEEK_SET);
	} while (read(file, into, COPY_BYTES) > 0);
}

#define CASE(name)          \
	{                   \
#name, name \
	}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(null_read),       CASE(null_write),       CASE(null_jump),
	CASE(low_read),        CASE(kernel_read),      CASE(kernel_write),
	CASE(kernel_jump),     CASE(direct_map_read),  CASE(direct_map_jump),
	CASE(last_read),       CASE(top_read),         CASE(hole_read),
	CASE(hole_write),      CASE(hole_jump),        CASE(constant_write),
	CASE(text_write),      CASE(data_jump),        CASE(exec_jump),
	CASE(hidden_read),     CASE(readonly_write),   CASE(unmapped_read),
	CASE(stack_jump),      CASE(stack_overflow),   CASE(stack_null),
	CASE(stack_hole),      CASE(stack_odd),        CASE(illegal),
	CASE(breakpoint),      CASE(int_0x81),         CASE(int_page_fault),
	CASE(int_timer),       CASE(int_double_fault), CASE(halt),
	CASE(irqs_off),        CASE(port_read),        CASE(port_write),
	CASE(swap_gs),         CASE(sys_ret),          CASE(read_cr0),
	CASE(read_msr),        CASE(write_msr),        CASE(load_idt),
	CASE(store_gdt),       CASE(store_status),     CASE(bad_segment),
	CASE(kernel_segment),  CASE(iret_kernel),      CASE(divide),
	CASE(divide_overflow), CASE(sse_divide),       CASE(x87_divide),
	CASE(sse_unaligned),   CASE(single_step),      CASE(step_syscall),
	CASE(odd_flags),       CASE(end_of_space),     CASE(copying),
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases);
	     i++) {
		if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			puts("survived");
			return 0;
		}
	}
	puts("faults: no such case");
	return 2;
}
