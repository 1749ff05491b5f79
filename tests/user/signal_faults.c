/* SPDX-License-Identifier: MIT */
/*
 * Faults as signals, what a handler sees of the interrupted program and may
 * change, and registers over handlers.  What QEMU's emulator does not raise
 * (exceptions of the vector unit, stack faults) is left out.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define MAGIC1       0x46505853u
#define MAGIC2       0x46505845u
#define TRAP_FLAG    0x100ul
#define LEGACY_BYTES 512
/* Whether a page was there already is nobody's business. */
#define PRESENT      1ul
#define NONCANONICAL 0x123456789abcdef0ul

static int wrong_count;
static char other_stack[65536];
static sigjmp_buf back;
static volatile siginfo_t seen;
static volatile long seen_vector, seen_error, seen_cr2, seen_ip;
static volatile int calls;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
}

static void catch (int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	(void)signal;
	memcpy((void *)&seen, info, sizeof(seen));
	seen_vector = uc->uc_mcontext.gregs[REG_TRAPNO];
	seen_error = uc->uc_mcontext.gregs[REG_ERR];
	seen_cr2 = uc->uc_mcontext.gregs[REG_CR2];
	seen_ip = uc->uc_mcontext.gregs[REG_RIP];
	siglongjmp(back, 1);
}

static void handle(int signal, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = flags | SA_SIGINFO };

	action.sa_sigaction = fn;
	sigaction(signal, &action, NULL);
}

/* What the fault was; its address relative to `base` if it is near. */
static void show(const char *name, const volatile void *base)
{
	uintptr_t address = (uintptr_t)seen.si_addr;

	if (address - (uintptr_t)base < 65536) {
		address -= (uintptr_t)base;
	} else if (address == (uintptr_t)seen_ip) {
		address = 0x1111;
	}
	printf("%s: signal %d code %d address %#lx vector %ld error %#lx\n",
	       name, seen.si_signo, seen.si_code, (unsigned long)address,
	       seen_vector, (unsigned long)seen_error & ~PRESENT);
}

#define TRY(name, base, ...)                           \
	do {                                           \
		if (sigsetjmp(back, 1) == 0) {         \
			__VA_ARGS__;                   \
			printf("%s: nothing\n", name); \
		} else {                               \
			show(name, base);              \
		}                                      \
	} while (0)

static void memory_faults(void)
{
	volatile char *low = (volatile char *)16;
	volatile char *page =
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *kernel = (volatile char *)0xffffffff80000000ul;
	volatile char *hole = (volatile char *)NONCANONICAL;
	void (*volatile call)(void) = (void (*)(void))page;

	__asm__("" : "+r"(low), "+r"(kernel), "+r"(hole));
	TRY("low read", NULL, (void)*low);
	TRY("low write", NULL, *low = 1);
	TRY("read-only write", page, *page = 1);
	TRY("data jump", page, call());
	munmap((void *)page, 8192);
	TRY("unmapped read", page, (void)*page);
	TRY("kernel read", kernel, (void)*kernel);
	TRY("non-canonical read", NULL, (void)*hole);
}

static const uint16_t unmasked = 0x340;

static void other_faults(void)
{
	volatile int zero = 0, one = 1;

	TRY("division", NULL, one = one / zero);
	TRY("x87 division", NULL,
	    __asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
			     :
			     : "m"(unmasked)));
	TRY("illegal", NULL, __asm__ volatile("ud2"));
	TRY("breakpoint", NULL, __asm__ volatile("int3"));
	TRY("single step", NULL,
	    __asm__ volatile("pushfq\n\t"
			     "orq %0, (%%rsp)\n\t"
			     "popfq\n\t"
			     "nop\n\t"
			     "nop" ::"i"(TRAP_FLAG)
			     : "memory", "cc"));
	TRY("halt", NULL, __asm__ volatile("hlt"));
}

/* ---- The frame ---------------------------------------------------------- */

static void skip(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signal;
	(void)info;
	calls++;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
	uc->uc_mcontext.gregs[REG_RBX] = 4711;
	uc->uc_mcontext.fpregs->_xmm[7].element[0] = 0x12345678;
}

static void frame_look(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	const unsigned char *fp = (const void *)uc->uc_mcontext.fpregs;
	uint32_t magic1, bytes, magic2 = MAGIC2;

	(void)signal;
	(void)info;
	memcpy(&magic1, fp + 464, sizeof(magic1));
	memcpy(&bytes, fp + 480, sizeof(bytes));
	if (magic1 == MAGIC1) {
		memcpy(&magic2, fp + bytes, sizeof(magic2));
	}
	result("vector registers in the frame",
	       (magic1 == MAGIC1 || magic1 == 0) && magic2 == MAGIC2 &&
		       (uintptr_t)fp % 64 == 0);
	result("flags of the frame", (uc->uc_flags & ~1ul) == 6);
	result("xmm in the frame",
	       uc->uc_mcontext.fpregs->_xmm[6].element[1] == 0xfeedbeef);
}

static void frames(void)
{
	uint64_t rbx = 1;
	uint32_t in[4] = { 1, 0xfeedbeef, 3, 4 }, out[4];

	handle(SIGILL, skip, 0);
	__asm__ volatile("movl $1, %%ebx\n\t"
			 "pxor %%xmm7, %%xmm7\n\t"
			 "ud2\n\t"
			 "movq %%rbx, %0\n\t"
			 "movups %%xmm7, %1"
			 : "=m"(rbx), "=m"(out)::"rbx", "xmm7", "memory");
	result("a handler changes registers",
	       calls == 1 && rbx == 4711 && out[0] == 0x12345678);
	handle(SIGILL, catch, SA_ONSTACK);
	handle(SIGUSR1, frame_look, 0);
	__asm__ volatile("movups %1, %%xmm6\n\t"
			 "syscall"
			 :
			 : "a"(SYS_kill), "m"(in), "D"(getpid()), "S"(SIGUSR1)
			 : "rcx", "r11", "xmm6", "memory");
}

static void clobber(int signal, siginfo_t *info, void *context)
{
	uint16_t cw;

	(void)signal;
	(void)info;
	(void)context;
	calls++;
	__asm__ volatile("fnstcw %0" : "=m"(cw));
	calls += cw != 0x37f ? 100 : 0;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\t"
			 "pcmpeqd %%xmm5, %%xmm5\n\t"
			 "pcmpeqd %%xmm15, %%xmm15\n\t"
			 "fninit\n\tfldpi\n\tfldpi\n\t"
			 "xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\t"
			 "xorl %%r15d, %%r15d\n\tstd\n\tcld" ::
				 : "xmm0", "xmm5", "xmm15", "rbx", "r12", "r15",
				   "cc");
	if (calls == 1) {
		raise(SIGUSR2);
	}
}

/* Every register but the stack pointer's, vector registers, x87's control. */
static void registers(void)
{
	uint64_t in[12], out[12], vin[32], vout[32];
	uint64_t *from = in, *to = out, *vfrom = vin, *vto = vout;
	static uint16_t cw = 0x27f, cw_out;
	static int self;

	self = getpid();
	for (unsigned i = 0; i < 12; i++) {
		in[i] = 0x0101010101010101ul * (i + 1);
	}
	for (unsigned i = 0; i < 32; i++) {
		vin[i] = 0x1111111111111111ul + i;
	}
	calls = 0;
	handle(SIGUSR1, clobber, 0);
	handle(SIGUSR2, clobber, 0);
	__asm__ volatile(
		"fldcw %[cw]\n\t"
		"movups (%[vin]), %%xmm0\n\tmovups 80(%[vin]), %%xmm5\n\t"
		"movups 240(%[vin]), %%xmm15\n\t"
		"pushq %%rbp\n\tpushq %[out]\n\tpushq %[vout]\n\t"
		"movq 0(%[in]), %%rbx\n\tmovq 8(%[in]), %%rdx\n\t"
		"movq 16(%[in]), %%rbp\n\tmovq 24(%[in]), %%r8\n\t"
		"movq 32(%[in]), %%r9\n\tmovq 40(%[in]), %%r10\n\t"
		"movq 48(%[in]), %%r12\n\tmovq 56(%[in]), %%r13\n\t"
		"movq 64(%[in]), %%r14\n\tmovq 72(%[in]), %%r15\n\t"
		"movl %[pid], %%edi\n\tmovl %[signal], %%esi\n\t"
		"movl %[call], %%eax\n\tsyscall\n\t"
		"popq %%rcx\n\tpopq %%rax\n\t"
		"movq %%rbx, 0(%%rax)\n\tmovq %%rdx, 8(%%rax)\n\t"
		"movq %%rbp, 16(%%rax)\n\tmovq %%r8, 24(%%rax)\n\t"
		"movq %%r9, 32(%%rax)\n\tmovq %%r10, 40(%%rax)\n\t"
		"movq %%r12, 48(%%rax)\n\tmovq %%r13, 56(%%rax)\n\t"
		"movq %%r14, 64(%%rax)\n\tmovq %%r15, 72(%%rax)\n\t"
		"popq %%rbp\n\t"
		"movups %%xmm0, (%%rcx)\n\tmovups %%xmm5, 80(%%rcx)\n\t"
		"movups %%xmm15, 240(%%rcx)\n\tfnstcw %[cwout]\n\tfninit"
		: [cwout] "=m"(cw_out), [in] "+a"(from), [out] "+c"(to),
		  [vin] "+S"(vfrom), [vout] "+D"(vto)
		: [cw] "m"(cw), [pid] "m"(self), [signal] "i"(SIGUSR1),
		  [call] "i"(SYS_kill)
		: "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "xmm0", "xmm5", "xmm15", "memory", "cc");
	result("two handlers ran", calls == 2);
	result("registers over them", memcmp(in, out, 80) == 0);
	result("vector registers over them",
	       memcmp(vin, vout, 16) == 0 &&
		       memcmp(vin + 10, vout + 10, 16) == 0 &&
		       memcmp(vin + 30, vout + 30, 16) == 0);
	result("x87 control over them", cw_out == cw);
}

/* ---- Frames that a program has written ---------------------------------- */

static int spoil; /* which field */

static void spoiler(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;
	unsigned char *fp = (void *)uc->uc_mcontext.fpregs;

	(void)signal;
	(void)info;
	if (!(uc->uc_flags & 1) && (spoil == 4 || spoil == 5)) {
		spoil = 3; /* there is no XSAVE here */
	}
	switch (spoil) {
	case 0: regs[REG_RIP] = (greg_t)NONCANONICAL; break;
	case 1: regs[REG_RIP] = (greg_t)0xffffffff80000000ul; break;
	case 2: regs[REG_RSP] = (greg_t)NONCANONICAL; break;
	case 3: memset(fp + 24, 0xff, 4); break; /* MXCSR */
	case 4: memset(fp + LEGACY_BYTES, 0xff, 8); break;
	case 5: memset(fp + LEGACY_BYTES + 8, 0xff, 8); break;
	case 6: uc->uc_mcontext.fpregs = (void *)NONCANONICAL; break;
	case 7: uc->uc_mcontext.fpregs = (void *)0xffffffff80000000ul; break;
	case 8: uc->uc_mcontext.fpregs = (void *)8; break;
	case 9: regs[REG_EFL] = -1; break;
	case 10: uc->uc_mcontext.fpregs = NULL; break;
	default: memset(fp + 464, 0, 48); break; /* only the old part */
	}
}

static const char *const spoilt[] = {
	"rip no address",       "rip in the kernel",
	"rsp no address",       "mxcsr",
	"xsave components",     "xsave header",
	"registers no address", "registers in the kernel",
	"registers low",        "every flag",
	"no registers",         "old registers",
};

static void spoiling(void)
{
	for (spoil = 0; spoil < (int)(sizeof(spoilt) / sizeof(*spoilt));
	     spoil++) {
		pid_t child;
		int status = 0;

		fflush(stdout);
		child = fork();
		if (child == 0) {
			signal(SIGSEGV, SIG_DFL);
			signal(SIGBUS, SIG_DFL);
			signal(SIGTRAP, SIG_DFL);
			handle(SIGUSR1, spoiler, 0);
			syscall(SYS_kill, getpid(), SIGUSR1);
			_exit(7);
		}
		waitpid(child, &status, 0);
		printf("%s: ", spoilt[spoil]);
		if (WIFSIGNALED(status)) {
			/* QEMU has no stack faults. */
			printf("signal %d\n", WTERMSIG(status) == SIGBUS
						      ? SIGSEGV
						      : WTERMSIG(status));
		} else {
			printf("exit %d\n", WEXITSTATUS(status));
		}
	}
}

static void caught(int signal)
{
	(void)signal;
}

/* The program catches what comes of it and goes on, and others run between. */
static void going_on(void)
{
	for (spoil = 3; spoil <= 5; spoil++) {
		pid_t child;
		int status = 0;

		fflush(stdout);
		child = fork();
		if (child == 0) {
			signal(SIGSEGV, caught);
			handle(SIGUSR1, spoiler, 0);
			syscall(SYS_kill, getpid(), SIGUSR1);
			if (fork() == 0) {
				_exit(0);
			}
			_exit(wait(NULL) < 0);
		}
		waitpid(child, &status, 0);
		result(spoilt[spoil], status == 0);
	}
}

int main(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				       SIGTRAP };

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaltstack(&(stack_t){ .ss_sp = other_stack,
				.ss_size = sizeof(other_stack) },
		    NULL);
	for (unsigned i = 0; i < 5; i++) {
		handle(signals[i], catch, SA_ONSTACK);
	}
	memory_faults();
	other_faults();
	frames();
	registers();
	spoiling();
	going_on();
	printf("%d wrong\n", wrong_count);
	return wrong_count != 0;
}
