/* SPDX-License-Identifier: MIT */
/*
 * The tables of tests/drivers/acpi_samples.h, field by field.
 */
#include "tests/drivers/acpi_samples.h"

#include "lib/untrusted.h"

#define HEAD_SUM 9

static void set_sum(struct sample *s, size_t at, size_t len, size_t sum_at)
{
	u8 sum = 0;

	s->bytes[at + sum_at] = 0;
	for (size_t i = 0; i < len; i++) {
		sum = (u8)(sum + s->bytes[at + i]);
	}
	s->bytes[at + sum_at] = (u8)-sum;
}

void sample_acpi_sum(struct sample *s, size_t table)
{
	u32 len = load_u32(s->bytes + table + 4);

	if (table == SAMPLE_RSDP) {
		set_sum(s, table, 20, 8);
		set_sum(s, table, 36, 32);
	} else if (range_inside(table, len, s->len_bytes)) {
		set_sum(s, table, len, HEAD_SUM);
	}
}

static void table_begin(struct sample *s, size_t at, const char *signature)
{
	sample_zeros_to(s, at);
	sample_bytes(s, signature, 4);
	sample_u32(s, 0);
	sample_u8(s, 3);
	sample_zeros_to(s, at + 36);
}

static void table_end(struct sample *s, size_t at)
{
	sample_patch_u32(s, at + 4, (u32)(s->len_bytes - at));
	sample_acpi_sum(s, at);
}

static void add_rsdp(struct sample *s)
{
	sample_bytes(s, "RSD PTR ", 8);
	sample_zeros_to(s, 15);
	sample_u8(s, 2);
	sample_u32(s, SAMPLE_ACPI_BASE + SAMPLE_RSDT);
	sample_u32(s, 36);
	sample_u64(s, SAMPLE_ACPI_BASE + SAMPLE_XSDT);
	sample_u32(s, 0);
	sample_acpi_sum(s, SAMPLE_RSDP);
}

static void add_roots(struct sample *s)
{
	static const u32 tables[] = { SAMPLE_MADT, SAMPLE_FADT, SAMPLE_HPET };

	table_begin(s, SAMPLE_RSDT, "RSDT");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		sample_u32(s, SAMPLE_ACPI_BASE + tables[i]);
	}
	table_end(s, SAMPLE_RSDT);
	table_begin(s, SAMPLE_XSDT, "XSDT");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		sample_u64(s, SAMPLE_ACPI_BASE + tables[i]);
	}
	table_end(s, SAMPLE_XSDT);
}

static void add_lapic(struct sample *s, u8 id, u32 flags)
{
	const u8 head[] = { 0, 8, id, id };

	sample_bytes(s, head, sizeof(head));
	sample_u32(s, flags);
}

static void add_x2apic(struct sample *s, u32 id)
{
	const u8 head[] = { 9, 16, 0, 0 };

	sample_bytes(s, head, sizeof(head));
	sample_u32(s, id);
	sample_u32(s, 1);
	sample_u32(s, id);
}

static void add_override(struct sample *s, u8 irq, u32 gsi, u16 flags)
{
	const u8 head[] = { 2, 10, 0, irq };

	sample_bytes(s, head, sizeof(head));
	sample_u32(s, gsi);
	sample_u16(s, flags);
}

static void add_madt(struct sample *s)
{
	static const u8 ioapic[] = { 1, 12, 7, 0 };
	static const u8 nmi[] = { 4, 6, 0xff, 0, 0, 1 };

	table_begin(s, SAMPLE_MADT, "APIC");
	sample_u32(s, 0xfee00000);
	sample_u32(s, 1);
	add_lapic(s, 0, 1);
	add_lapic(s, 1, 1);
	add_lapic(s, 2, 0);
	add_x2apic(s, 1);
	add_x2apic(s, 300);
	sample_bytes(s, ioapic, sizeof(ioapic));
	sample_u32(s, 0xfec00000);
	sample_u32(s, 0);
	add_override(s, 0, 2, 0);
	add_override(s, 9, 9, 0x000f);
	sample_bytes(s, nmi, sizeof(nmi));
	table_end(s, SAMPLE_MADT);
}

static void add_fadt(struct sample *s)
{
	const size_t at = SAMPLE_FADT;

	table_begin(s, at, "FACP");
	sample_zeros_to(s, at + 40);
	sample_u32(s, SAMPLE_ACPI_BASE + SAMPLE_DSDT);
	sample_u16(s, 0);
	sample_u16(s, 9);
	sample_u32(s, 0xb2);
	sample_u8(s, 0xf1);
	sample_zeros_to(s, at + 64);
	sample_u32(s, 0x604);
	sample_zeros_to(s, at + 76);
	sample_u32(s, 0x608);
	sample_zeros_to(s, at + 108);
	sample_u8(s, 0x32);
	sample_u16(s, 2);
	sample_zeros_to(s, at + 112);
	sample_u32(s, 1u << 8 | 1u << 10);
	sample_u32(s, 0x00000801); /* reset: a port of 8 bits */
	sample_u64(s, 0xcf9);
	sample_u8(s, 0x0f);
	sample_zeros_to(s, at + 172);
	sample_u32(s, 0x00001001);
	sample_u64(s, 0x704);
	sample_zeros_to(s, at + 244);
	table_end(s, at);
}

static void add_hpet(struct sample *s)
{
	table_begin(s, SAMPLE_HPET, "HPET");
	sample_u32(s, 0x8086a201);
	sample_u32(s, 0);
	sample_u64(s, 0xfed00000);
	sample_zeros_to(s, SAMPLE_HPET + 56);
	table_end(s, SAMPLE_HPET);
}

/* Methods that call \_S5 by name stand in front of the package itself. */
static void add_dsdt(struct sample *s)
{
	static const u8 code[] = {
		0x70, '_',  'S',  '5',  '_', 0x60, 0x08, '_', 'S', '4', '_',
		0x12, 0x04, 0x02, 0,    0,   0x08, '\\', '_', 'S', '5', '_',
		0x12, 0x08, 4,    0x0a, 5,   0x0a, 6,    0,   0,
	};

	table_begin(s, SAMPLE_DSDT, "DSDT");
	sample_bytes(s, code, sizeof(code));
	sample_zeros_to(s, SAMPLE_DSDT + 200);
	table_end(s, SAMPLE_DSDT);
}

static void add_srat_memory(struct sample *s, u32 domain, u64 base, u64 len,
			    u32 flags)
{
	sample_u8(s, 1);
	sample_u8(s, 40);
	sample_u32(s, domain);
	sample_u16(s, 0);
	sample_u64(s, base);
	sample_u64(s, len);
	sample_u32(s, 0);
	sample_u32(s, flags);
	sample_u64(s, 0);
}

static void add_srat_lapic(struct sample *s, u8 domain, u8 id, u32 flags)
{
	const u8 head[] = { 0, 16, domain, id };

	sample_bytes(s, head, sizeof(head));
	sample_u32(s, flags);
	sample_u64(s, 0);
}

static void add_srat_x2apic(struct sample *s, u32 domain, u32 id)
{
	const u8 head[] = { 2, 24, 0, 0 };

	sample_bytes(s, head, sizeof(head));
	sample_u32(s, domain);
	sample_u32(s, id);
	sample_u32(s, 1);
	sample_u64(s, 0);
}

void sample_srat(struct sample *s)
{
	static const u8 unknown[] = { 77, 3, 0 };
	const u64 mb = 1 << 20;

	table_begin(s, 0, "SRAT");
	sample_u32(s, 1);
	sample_u64(s, 0);
	add_srat_memory(s, 5, 0, mb, 1);
	add_srat_lapic(s, 2, 0, 1);
	add_srat_lapic(s, 5, 1, 1);
	sample_bytes(s, unknown, sizeof(unknown));
	add_srat_x2apic(s, 7, 300);
	add_srat_memory(s, 2, mb, 2 * mb, 1);
	add_srat_memory(s, 5, 3 * mb, 2 * mb, 1);
	add_srat_memory(s, 7, 9 * mb, 0, 1);
	add_srat_memory(s, 7, 8 * mb, mb, 0);
	add_srat_lapic(s, 8, 9, 0);
	table_end(s, 0);
}

void sample_slit(struct sample *s)
{
	const u32 count = 8;

	table_begin(s, 0, "SLIT");
	sample_u64(s, count);
	for (u32 i = 0; i < count * count; i++) {
		u32 a = i / count, b = i % count;

		sample_u8(s, (u8)(10 + 3 * (MAX(a, b) - MIN(a, b))));
	}
	table_end(s, 0);
}

void sample_acpi(struct sample *s)
{
	add_rsdp(s);
	add_roots(s);
	add_madt(s);
	add_fadt(s);
	add_hpet(s);
	add_dsdt(s);
	sample_zeros_to(s, SAMPLE_ACPI_BYTES);
}

static const void *map_sample(void *ctx, phys_t at, size_t len_bytes)
{
	const struct sample *s = ctx;
	u64 offset = at.pa - SAMPLE_ACPI_BASE;

	return range_inside(offset, len_bytes, s->len_bytes) ? s->bytes + offset
							     : NULL;
}

struct memory_window sample_acpi_window(struct sample *s)
{
	return (struct memory_window){ .map = map_sample, .ctx = s };
}
