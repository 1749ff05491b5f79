/* SPDX-License-Identifier: MIT */
/*
 * CPU features: detection, the control register bits that turn them on, and
 * the places in the code that depend on one (CLAC and STAC).
 */
#include "arch/x86_64/features.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/thread.h"
#include "lib/string.h"

#define CR0_MP         (1ul << 1)
#define CR0_EM         (1ul << 2)
#define CR0_TS         (1ul << 3)
#define CR0_NE         (1ul << 5)
#define CR0_WP         (1ul << 16)

#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)

/* A three-byte instruction that SMAP needs in place of a NOP. */
struct smap_site {
	u8 *code;
	u64 bytes;
};

extern const struct smap_site smap_sites_start[], smap_sites_end[];

u32 x86_features;

static char feature_names[160];
static char cpu_name[49];
static char hypervisor[13];

#define CPUID_1_ECX_HYPERVISOR (1u << 31)

struct feature {
	const char *text;
	u32 leaf;
	u8 subleaf;
	u8 reg; /* index into struct x86_cpuid */
	u8 bit;
};

static const struct feature features[] = {
#define FEATURE(name, text, leaf, subleaf, reg, bit) \
	{ text, leaf, subleaf, offsetof(struct x86_cpuid, reg) / 4, bit },
#include "arch/x86_64/features.def"
#undef FEATURE
};

static bool feature_present(const struct feature *f)
{
	struct x86_cpuid r;
	u32 words[4];

	if (x86_cpuid(f->leaf & 0x80000000, 0).eax < f->leaf) {
		return false;
	}
	r = x86_cpuid(f->leaf, f->subleaf);
	memcpy(words, &r, sizeof(words));
	return (words[f->reg] >> f->bit) & 1;
}

static void name_append(const char *text)
{
	size_t len = strlen(feature_names);

	if (len > 0 && len + 1 < sizeof(feature_names)) {
		feature_names[len++] = ' ';
	}
	string_copy(feature_names + len, text, sizeof(feature_names) - len);
}

/* Leaves 0x80000002..4 spell the brand, padded with blanks in front. */
static void cpu_name_read(void)
{
	char *text = cpu_name;

	if (x86_cpuid(0x80000000, 0).eax < 0x80000004) {
		return;
	}
	for (u32 i = 0; i < 3; i++) {
		struct x86_cpuid r = x86_cpuid(0x80000002 + i, 0);

		memcpy(cpu_name + i * sizeof(r), &r, sizeof(r));
	}
	while (*text == ' ') {
		text++;
	}
	memmove(cpu_name, text, strlen(text) + 1);
}

/* A hypervisor names itself in EBX, ECX, EDX of its first leaf. */
static void hypervisor_read(void)
{
	if (x86_cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR) {
		struct x86_cpuid r = x86_cpuid(0x40000000, 0);

		memcpy(hypervisor, &r.ebx, sizeof(hypervisor) - 1);
	}
}

/* The text is still writable: the kernel's own page tables come later. */
static void smap_sites_open(void)
{
	for (const struct smap_site *site = smap_sites_start;
	     site < smap_sites_end; site++) {
		memcpy(site->code, &site->bytes, 3);
	}
}

void x86_features_detect(void)
{
	for (unsigned i = 0; i < X86_FEATURE_COUNT; i++) {
		if (feature_present(&features[i])) {
			x86_features |= 1u << i;
			name_append(features[i].text);
		}
	}
	cpu_name_read();
	hypervisor_read();
	if (x86_has(X86_SMAP)) {
		smap_sites_open();
	}
}

void x86_features_enable(void)
{
	u64 cr0 = x86_read_cr0();
	u64 cr4 = x86_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	x86_write_cr0((cr0 & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
	cr4 |= x86_has(X86_PGE) ? X86_CR4_PGE : 0;
	cr4 |= x86_has(X86_UMIP) ? CR4_UMIP : 0;
	cr4 |= x86_has(X86_FSGSBASE) ? CR4_FSGSBASE : 0;
	cr4 |= x86_has(X86_XSAVE) ? CR4_OSXSAVE : 0;
	cr4 |= x86_has(X86_SMEP) ? CR4_SMEP : 0;
	cr4 |= x86_has(X86_SMAP) ? CR4_SMAP : 0;
	x86_write_cr4(cr4);
}

const char *arch_cpu_features(void)
{
	return feature_names;
}

const char *arch_cpu_name(void)
{
	return cpu_name;
}

const char *arch_hypervisor(void)
{
	return hypervisor;
}

u64 arch_entropy(void)
{
	u64 value = 0;
	u8 ok = 0;

	/* RDRAND may fail for a while (SDM vol. 1, 7.3.17). */
	for (unsigned i = 0; i < 10 && !ok && x86_has(X86_RDRAND); i++) {
		__asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
	}
	return value ^ arch_cycles() * 0x9e3779b97f4a7c15ul;
}

u64 arch_user_hwcap(void)
{
	return x86_cpuid(1, 0).edx;
}
