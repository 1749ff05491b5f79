/* SPDX-License-Identifier: MIT */
/*
 * The date from the PC's battery-backed clock (MC146818 and its successors).
 * It is asked once, by the first who wants to know the date (kernel/clock.c,
 * which holds its lock meanwhile).
 */
#include "arch/port.h"
#include "kernel/clock.h"

#define INDEX_PORT     0x70
#define DATA_PORT      0x71

#define REG_SECOND     0
#define REG_MINUTE     2
#define REG_HOUR       4
#define REG_DAY        7
#define REG_MONTH      8
#define REG_YEAR       9
#define REG_A          10
#define A_UPDATING     0x80
#define REG_B          11
#define B_24_HOURS     0x02
#define B_BINARY       0x04
#define HOUR_AFTERNOON 0x80

/* An update takes 2 ms; reading a port about a microsecond. */
#define READS_MAX 10000

struct date {
	u32 second, minute, hour, day, month, year;
};

static u32 reg_read(u8 reg)
{
	arch_out8(INDEX_PORT, reg);
	return arch_in8(DATA_PORT);
}

static u32 number(u32 value, u32 mode)
{
	return mode & B_BINARY ? value : (value >> 4) * 10 + (value & 15);
}

static u32 hour_of(u32 value, u32 mode)
{
	u32 hour = number(value & ~(u32)HOUR_AFTERNOON, mode);

	if (mode & B_24_HOURS) {
		return hour;
	}
	return hour % 12 + (value & HOUR_AFTERNOON ? 12 : 0);
}

static struct date date_read(void)
{
	u32 mode = reg_read(REG_B);

	return (struct date){
		.second = number(reg_read(REG_SECOND), mode),
		.minute = number(reg_read(REG_MINUTE), mode),
		.hour = hour_of(reg_read(REG_HOUR), mode),
		.day = number(reg_read(REG_DAY), mode),
		.month = number(reg_read(REG_MONTH), mode),
		.year = 2000 + number(reg_read(REG_YEAR), mode),
	};
}

/* Days since 1970-01-01: years begin in March, so the odd day is the last. */
static u64 days_since_1970(const struct date *d)
{
	u32 year = d->month > 2 ? d->year : d->year - 1;
	u32 month = (d->month + 9) % 12;

	return 365ul * year + year / 4 - year / 100 + year / 400 +
	       (month * 306 + 5) / 10 + d->day - 1 - 719468;
}

u64 clock_date_read_s(void)
{
	struct date d;

	/* No update begins for 244 microseconds after the flag was clear. */
	for (u32 i = 0; i < READS_MAX && (reg_read(REG_A) & A_UPDATING); i++) {
	}
	d = date_read();
	if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31) {
		return 0; /* there is no such clock */
	}
	return ((days_since_1970(&d) * 24 + d.hour) * 60 + d.minute) * 60 +
	       d.second;
}
