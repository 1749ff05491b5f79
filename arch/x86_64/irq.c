/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts: through the I/O APICs, or through the 8259 pair where
 * there is none.  Both give ISA interrupt n the vector VECTOR_ISA + n.
 */
#include "arch/irq.h"

#include "arch/paging.h"
#include "arch/port.h"
#include "arch/vectors.h"
#include "arch/x86_64/apic.h"
#include "lib/errno.h"

/* 8259 ports and initialisation words (Intel 8259A data sheet). */
#define PIC_MASTER    0x20
#define PIC_SLAVE     0xa0
#define PIC_ICW1_INIT 0x11
#define PIC_ICW4_8086 0x01
#define PIC_CASCADE   2
#define PIC_EOI       0x20

/* I/O APIC registers (82093AA data sheet). */
#define IOAPIC_SELECT     0
#define IOAPIC_WINDOW     4 /* in u32s: byte offset 0x10 */
#define IOAPIC_VERSION    1
#define IOAPIC_TABLE      0x10
#define IOAPIC_BYTES      0x1000
#define IOAPIC_MASKED     (1u << 16)
#define IOAPIC_LEVEL      (1u << 15)
#define IOAPIC_ACTIVE_LOW (1u << 13)

struct ioapic {
	volatile u32 *regs;
	u32 first_gsi;
	u32 gsi_count;
};

static struct {
	struct irq_topology topology;
	struct ioapic ioapic[IRQ_IOAPIC_MAX];
	unsigned ioapic_count;
	u16 pic_mask; /* bit n: ISA interrupt n is masked */
} irq;

static u32 ioapic_read(const struct ioapic *io, u32 reg)
{
	io->regs[IOAPIC_SELECT] = reg;
	return io->regs[IOAPIC_WINDOW];
}

static void ioapic_write(const struct ioapic *io, u32 reg, u32 value)
{
	io->regs[IOAPIC_SELECT] = reg;
	io->regs[IOAPIC_WINDOW] = value;
}

static void pic_mask_write(u16 mask)
{
	irq.pic_mask = mask;
	arch_out8(PIC_MASTER + 1, (u8)mask);
	arch_out8(PIC_SLAVE + 1, (u8)(mask >> 8));
}

static void pic_init(void)
{
	arch_out8(PIC_MASTER, PIC_ICW1_INIT);
	arch_out8(PIC_SLAVE, PIC_ICW1_INIT);
	arch_out8(PIC_MASTER + 1, VECTOR_ISA);
	arch_out8(PIC_SLAVE + 1, VECTOR_ISA + 8);
	arch_out8(PIC_MASTER + 1, 1 << PIC_CASCADE);
	arch_out8(PIC_SLAVE + 1, PIC_CASCADE);
	arch_out8(PIC_MASTER + 1, PIC_ICW4_8086);
	arch_out8(PIC_SLAVE + 1, PIC_ICW4_8086);
	pic_mask_write(0xffff);
}

static int ioapic_init(phys_t base, u32 first_gsi)
{
	struct ioapic *io = &irq.ioapic[irq.ioapic_count];

	io->regs = arch_map_device(base, IOAPIC_BYTES, PROT_PAGE_UNCACHED);
	if (io->regs == NULL) {
		return -ENOMEM;
	}
	io->first_gsi = first_gsi;
	io->gsi_count = (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < io->gsi_count; i++) {
		ioapic_write(io, IOAPIC_TABLE + 2 * i, IOAPIC_MASKED);
	}
	irq.ioapic_count++;
	return 0;
}

int arch_irq_init(const struct irq_topology *topology)
{
	unsigned count = MIN(topology->ioapic_count, (unsigned)IRQ_IOAPIC_MAX);
	int err;

	irq.topology = *topology;
	pic_init();
	for (unsigned i = 0; i < count; i++) {
		err = ioapic_init(topology->ioapic[i].base,
				  topology->ioapic[i].first_gsi);
		if (err) {
			return err;
		}
	}
	return x86_apic_init(topology->local_apic, count == 0);
}

static const struct ioapic *ioapic_of(u32 gsi)
{
	for (unsigned i = 0; i < irq.ioapic_count; i++) {
		const struct ioapic *io = &irq.ioapic[i];

		if (gsi >= io->first_gsi &&
		    gsi - io->first_gsi < io->gsi_count) {
			return io;
		}
	}
	return NULL;
}

int arch_irq_route_isa(unsigned isa_irq, unsigned vector)
{
	const struct ioapic *io;
	u32 low = vector, line;

	if (isa_irq >= IRQ_ISA_COUNT) {
		return -EINVAL;
	}
	if (irq.ioapic_count == 0) {
		pic_mask_write(irq.pic_mask &
			       (u16) ~(1u << isa_irq | 1u << PIC_CASCADE));
		return 0;
	}
	io = ioapic_of(irq.topology.isa[isa_irq].gsi);
	if (io == NULL) {
		return -ENODEV;
	}
	low |= irq.topology.isa[isa_irq].level ? IOAPIC_LEVEL : 0;
	low |= irq.topology.isa[isa_irq].active_low ? IOAPIC_ACTIVE_LOW : 0;
	line = IOAPIC_TABLE +
	       2 * (irq.topology.isa[isa_irq].gsi - io->first_gsi);
	ioapic_write(io, line + 1, x86_apic_id() << 24);
	ioapic_write(io, line, low);
	return 0;
}

void arch_irq_end(unsigned vector)
{
	bool from_pic = irq.ioapic_count == 0 && vector >= VECTOR_ISA &&
			vector < VECTOR_ISA + IRQ_ISA_COUNT;

	if (vector == VECTOR_SPURIOUS) {
		return;
	}
	if (!from_pic) {
		x86_apic_write(APIC_EOI, 0);
		return;
	}
	if (vector >= VECTOR_ISA + 8) {
		arch_out8(PIC_SLAVE, PIC_EOI);
	}
	arch_out8(PIC_MASTER, PIC_EOI);
}
