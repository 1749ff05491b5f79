/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader: checks the file's header, then each program header once,
 * then what they say together.  Only copies of headers are looked at.
 */
#include "posix/elf.h"

#include "lib/string.h"
#include "lib/untrusted.h"

struct elf_header {
	u8 ident[16];
	u16 type;
	u16 machine;
	u32 version;
	u64 entry;
	u64 phdr_offset;
	u64 shdr_offset;
	u32 flags;
	u16 header_bytes;
	u16 phdr_bytes;
	u16 phdr_count;
	u16 shdr_bytes;
	u16 shdr_count;
	u16 shdr_names;
};

struct elf_phdr {
	u32 type;
	u32 flags;
	u64 offset;
	u64 vaddr;
	u64 paddr;
	u64 file_bytes;
	u64 mem_bytes;
	u64 align;
};

static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");
static_assert(sizeof(struct elf_phdr) == 56, "Elf64_Phdr");

enum elf_type {
	TYPE_EXEC = 2,
	TYPE_DYN = 3,
};

enum phdr_type {
	PHDR_LOAD = 1,
	PHDR_INTERP = 3,
	PHDR_GNU_STACK = 0x6474e551,
};

#define MACHINE_X86_64  62
#define VERSION_CURRENT 1
#define ALIGN_MAX       (1ull << 30)

/* One file being read. */
struct reader {
	const u8 *file;
	size_t head_bytes; /* of it in memory */
	u64 len_bytes;
	struct elf_header header;
	struct elf_image *out;
	const char **why;
};

static int reject(struct reader *r, const char *reason)
{
	*r->why = reason;
	return -ENOEXEC;
}

static int read_header(struct reader *r)
{
	/* 64-bit, little-endian, version 1; the ABI byte does not matter. */
	static const u8 ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct elf_header *h = &r->header;

	if (r->head_bytes < sizeof(*h)) {
		return reject(r, "elf: too short for a header");
	}
	memcpy(h, r->file, sizeof(*h));
	if (memcmp(h->ident, ident, sizeof(ident)) != 0) {
		return reject(r, "elf: not a 64-bit little-endian ELF file");
	}
	if (h->machine != MACHINE_X86_64 || h->version != VERSION_CURRENT) {
		return reject(r, "elf: not for x86_64");
	}
	if (h->type != TYPE_EXEC && h->type != TYPE_DYN) {
		return reject(r, "elf: not a program");
	}
	if (h->header_bytes != sizeof(*h) ||
	    h->phdr_bytes != sizeof(struct elf_phdr)) {
		return reject(r, "elf: headers of another size");
	}
	if (h->phdr_count == 0 || h->phdr_count > ELF_HEADERS_MAX) {
		return reject(r, "elf: none or too many program headers");
	}
	if (!range_inside(h->phdr_offset,
			  h->phdr_count * sizeof(struct elf_phdr),
			  r->head_bytes)) {
		return reject(r, "elf: program headers outside the file");
	}
	return 0;
}

/* True if the segment lies where this kind of program may. */
static bool in_user_range(const struct reader *r, const struct elf_phdr *p)
{
	u64 room = ELF_USER_END - ELF_USER_START;
	u64 from = r->out->movable ? 0 : ELF_USER_START;

	return p->vaddr >= from &&
	       range_inside(p->vaddr - from, p->mem_bytes, room);
}

/* Promises E1 to E3 for one more segment. */
static int check_segment(struct reader *r, const struct elf_phdr *p)
{
	const struct elf_image *out = r->out;

	if (p->file_bytes > p->mem_bytes) {
		return reject(r, "elf: a segment has more file than memory");
	}
	if (!range_inside(p->offset, p->file_bytes, r->len_bytes)) {
		return reject(r, "elf: a segment outside the file");
	}
	if (p->file_bytes != 0 && (p->offset - p->vaddr) % PAGE_SIZE != 0) {
		return reject(r, "elf: a segment off its place in a page");
	}
	if (!in_user_range(r, p)) {
		return reject(r, "elf: a segment outside the user range");
	}
	if (out->segment_count == ELF_SEGMENTS_MAX) {
		return reject(r, "elf: too many segments");
	}
	if (out->segment_count != 0 &&
	    ALIGN_DOWN(p->vaddr, PAGE_SIZE) < ALIGN_UP(out->end, PAGE_SIZE)) {
		return reject(r, "elf: segments overlap or are out of order");
	}
	return 0;
}

static int read_segment(struct reader *r, const struct elf_phdr *p)
{
	struct elf_image *out = r->out;
	int err;

	if (p->mem_bytes == 0 && p->file_bytes == 0) {
		return 0;
	}
	err = check_segment(r, p);
	if (err != 0) {
		return err;
	}
	if (out->segment_count == 0) {
		out->start = ALIGN_DOWN(p->vaddr, PAGE_SIZE);
	}
	out->end = p->vaddr + p->mem_bytes;
	if (IS_POW2(p->align) && p->align <= ALIGN_MAX) {
		out->align_bytes = MAX(out->align_bytes, p->align);
	}
	out->segments[out->segment_count++] = (struct elf_segment){
		.vaddr = p->vaddr,
		.mem_bytes = p->mem_bytes,
		.file_offset = p->offset,
		.file_bytes = p->file_bytes,
		.rights = p->flags & (ELF_EXEC | ELF_WRITE | ELF_READ),
	};
	return 0;
}

static int read_interp(struct reader *r, const struct elf_phdr *p)
{
	if (r->out->interp_bytes != 0) {
		return reject(r, "elf: more than one interpreter");
	}
	if (p->file_bytes < 2 || p->file_bytes > ELF_INTERP_MAX ||
	    !range_inside(p->offset, p->file_bytes, r->head_bytes)) {
		return reject(r, "elf: the interpreter's path is not in the "
				 "file");
	}
	if (r->file[p->offset] == '\0' ||
	    r->file[p->offset + p->file_bytes - 1] != '\0') {
		return reject(r, "elf: the interpreter's path is empty or has "
				 "no end");
	}
	r->out->interp_offset = p->offset;
	r->out->interp_bytes = p->file_bytes;
	return 0;
}

static int read_phdr(struct reader *r, const struct elf_phdr *p)
{
	switch (p->type) {
	case PHDR_LOAD: return read_segment(r, p);
	case PHDR_INTERP: return read_interp(r, p);
	case PHDR_GNU_STACK:
		r->out->exec_stack = (p->flags & ELF_EXEC) != 0;
		return 0;
	default: return 0;
	}
}

static bool entry_executable(const struct elf_image *out)
{
	for (u32 i = 0; i < out->segment_count; i++) {
		const struct elf_segment *s = &out->segments[i];

		if ((s->rights & ELF_EXEC) != 0 &&
		    out->entry - s->vaddr < s->mem_bytes) {
			return true;
		}
	}
	return false;
}

/*
 * Where the program headers are once they are loaded, 0 if nowhere: the
 * segment that holds their bytes knows.  PT_PHDR need not be believed.
 */
static u64 find_phdrs(const struct reader *r)
{
	u64 len = r->header.phdr_count * sizeof(struct elf_phdr);
	u64 offset = r->header.phdr_offset;

	for (u32 i = 0; i < r->out->segment_count; i++) {
		const struct elf_segment *s = &r->out->segments[i];

		if (offset >= s->file_offset &&
		    range_inside(offset - s->file_offset, len, s->file_bytes)) {
			return s->vaddr + (offset - s->file_offset);
		}
	}
	return 0;
}

static int read_phdrs(struct reader *r)
{
	const u8 *at = r->file + r->header.phdr_offset;
	int err = 0;

	for (u32 i = 0; i < r->header.phdr_count && err == 0; i++) {
		struct elf_phdr p;

		memcpy(&p, at + i * sizeof(p), sizeof(p));
		err = read_phdr(r, &p);
	}
	return err;
}

int elf_parse(const void *file, size_t len_bytes, struct elf_image *out,
	      const char **why)
{
	return elf_parse_head(file, len_bytes, len_bytes, out, why);
}

int elf_parse_head(const void *head, size_t head_bytes, u64 len_bytes,
		   struct elf_image *out, const char **why)
{
	struct reader r = { .file = head,
			    .head_bytes = head_bytes,
			    .len_bytes = len_bytes,
			    .out = out,
			    .why = why };
	int err = read_header(&r);

	if (err != 0) {
		return err;
	}
	memset(out, 0, sizeof(*out));
	out->movable = r.header.type == TYPE_DYN;
	out->entry = r.header.entry;
	out->align_bytes = PAGE_SIZE;
	out->phdr_count = r.header.phdr_count;
	out->phdr_bytes = sizeof(struct elf_phdr);
	err = read_phdrs(&r);
	if (err != 0) {
		return err;
	}
	if (out->segment_count == 0) {
		return reject(&r, "elf: nothing to load");
	}
	if (!entry_executable(out)) {
		return reject(&r, "elf: the entry is not executable");
	}
	out->phdr_vaddr = find_phdrs(&r);
	return 0;
}
