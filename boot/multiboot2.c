/* SPDX-License-Identifier: MIT */
/*
 * Multiboot2 information: an 8-byte head, then tags, each 8-aligned and led
 * by its type and size, up to the end tag.  A tag decoder sees exactly the
 * bytes of its tag.  Tags that we have no use for are passed over.
 */
#include "boot/multiboot2.h"

#include "lib/string.h"
#include "lib/untrusted.h"

#define INFO_HEAD_BYTES 8u
#define TAG_HEAD_BYTES  8u
#define TAG_ALIGN       8u

enum tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
};

/* The fixed parts, as the specification lays them out. */
struct module_tag {
	u32 start;
	u32 end;
	/* then the module's words with their NUL */
};

struct memory_map_tag {
	u32 entry_bytes; /* 24 or more */
	u32 entry_version;
};

struct memory_map_entry {
	u64 base;
	u64 len_bytes;
	u32 type;
	u32 reserved;
};

struct framebuffer_tag {
	u64 base;
	u32 pitch_bytes;
	u32 width;
	u32 height;
	u8 bits_per_pixel;
	u8 type;
	u16 reserved; /* GRUB's 2 bytes; the specification's text says 1 */
};

static_assert(sizeof(struct module_tag) == 8, "a module tag's fixed part");
static_assert(sizeof(struct memory_map_tag) == 8, "a map tag's fixed part");
static_assert(sizeof(struct memory_map_entry) == 24, "a memory map entry");
static_assert(sizeof(struct framebuffer_tag) == 24, "a framebuffer tag");

/* A tag's bytes behind its head. */
struct tag_body {
	const u8 *bytes;
	u32 len_bytes;
};

/* The string from `at` to the end of the tag, or NULL if it has no NUL. */
static const char *tag_string(const struct tag_body *body, u32 at)
{
	const char *text = (const char *)body->bytes + at;
	size_t room = body->len_bytes - at;

	return strnlen(text, room) < room ? text : NULL;
}

static int read_cmdline(const struct tag_body *body, struct boot_info *out,
			const char **why)
{
	const char *text = tag_string(body, 0);
	size_t len;

	if (text == NULL) {
		return refuse(why, "multiboot2: the command line has no end");
	}
	len = string_copy(out->cmdline, text, sizeof(out->cmdline));
	out->cmdline_cut = len >= sizeof(out->cmdline);
	return 0;
}

static int read_loader(const struct tag_body *body, struct boot_info *out,
		       const char **why)
{
	const char *text = tag_string(body, 0);

	if (text == NULL) {
		return refuse(why, "multiboot2: the loader's name has no end");
	}
	string_copy(out->loader, text, sizeof(out->loader));
	return 0;
}

static int read_module(const struct tag_body *body, struct boot_info *out,
		       const char **why)
{
	struct module_tag module;
	const char *name;

	if (body->len_bytes < sizeof(module)) {
		return refuse(why, "multiboot2: a module tag is too short");
	}
	memcpy(&module, body->bytes, sizeof(module));
	name = tag_string(body, sizeof(module));
	if (name == NULL) {
		return refuse(why, "multiboot2: a module's name has no end");
	}
	if (module.end <= module.start) {
		return refuse(why, "multiboot2: a module is empty");
	}
	if (boot_info_add_module(out, phys(module.start),
				 module.end - module.start, name) != 0) {
		return refuse(why, "multiboot2: two modules overlap");
	}
	return 0;
}

static int read_memory_map(const struct tag_body *body, struct boot_info *out,
			   const char **why)
{
	struct memory_map_tag map;
	struct memory_map_entry entry;

	if (body->len_bytes < sizeof(map)) {
		return refuse(why, "multiboot2: the memory map is too short");
	}
	memcpy(&map, body->bytes, sizeof(map));
	if (map.entry_bytes < sizeof(entry) ||
	    (body->len_bytes - sizeof(map)) % map.entry_bytes != 0) {
		return refuse(why, "multiboot2: bad memory map entry size");
	}
	for (u32 at = sizeof(map); at < body->len_bytes;
	     at += map.entry_bytes) {
		memcpy(&entry, body->bytes + at, sizeof(entry));
		if (boot_info_add_memory(out, phys(entry.base), entry.len_bytes,
					 memory_type_of_e820(entry.type))) {
			return refuse(why, "multiboot2: a memory range wraps");
		}
	}
	return 0;
}

/* Fills in the three colours of a direct-colour framebuffer. */
static int read_colours(const u8 *at, size_t len_bytes,
			struct boot_framebuffer *fb, const char **why)
{
	struct boot_colour *colours[] = { &fb->red, &fb->green, &fb->blue };

	if (len_bytes < 2 * ARRAY_SIZE(colours)) {
		return refuse(why, "multiboot2: framebuffer tag is too short");
	}
	for (u32 i = 0; i < ARRAY_SIZE(colours); i++, at += 2) {
		*colours[i] = (struct boot_colour){ at[0], at[1] };
		if (at[1] == 0 || at[0] + at[1] > fb->bits_per_pixel) {
			return refuse(why, "multiboot2: a colour is not "
					   "inside its pixel");
		}
	}
	return 0;
}

/* True if rows fit their pitch and the whole lies below the limit. */
static bool framebuffer_sane(const struct framebuffer_tag *tag)
{
	u64 row_bytes = (u64)tag->width * DIV_ROUND_UP(tag->bits_per_pixel, 8u);
	u64 len_bytes = (u64)tag->pitch_bytes * tag->height;

	return tag->bits_per_pixel >= 8 && tag->bits_per_pixel <= 32 &&
	       row_bytes != 0 && row_bytes <= tag->pitch_bytes &&
	       len_bytes != 0 &&
	       range_inside(tag->base, len_bytes, BOOT_PHYS_LIMIT);
}

static int read_framebuffer(const struct tag_body *body, struct boot_info *out,
			    const char **why)
{
	enum { TYPE_RGB = 1, TYPE_TEXT = 2 };
	struct framebuffer_tag tag;
	struct boot_framebuffer *fb = &out->framebuffer;

	if (body->len_bytes < sizeof(tag)) {
		return refuse(why, "multiboot2: framebuffer tag is too short");
	}
	memcpy(&tag, body->bytes, sizeof(tag));
	if (tag.type != TYPE_RGB && tag.type != TYPE_TEXT) {
		return 0;
	}
	if (!framebuffer_sane(&tag)) {
		return refuse(why, "multiboot2: framebuffer sizes contradict");
	}
	*fb = (struct boot_framebuffer){
		.type = FRAMEBUFFER_TEXT,
		.base = phys(tag.base),
		.pitch_bytes = tag.pitch_bytes,
		.width = tag.width,
		.height = tag.height,
		.bits_per_pixel = tag.bits_per_pixel,
	};
	if (tag.type == TYPE_TEXT) {
		return 0;
	}
	fb->type = FRAMEBUFFER_RGB;
	return read_colours(body->bytes + sizeof(tag),
			    body->len_bytes - sizeof(tag), fb, why);
}

/* The new table (36 bytes) is better than the old one (20 bytes). */
static int read_rsdp(const struct tag_body *body, struct boot_info *out,
		     const char **why)
{
	if (body->len_bytes < 20) {
		return refuse(why, "multiboot2: the RSDP is too short");
	}
	if (body->len_bytes > out->rsdp_copy_bytes) {
		out->rsdp_copy_bytes =
			MIN(body->len_bytes, sizeof(out->rsdp_copy));
		memcpy(out->rsdp_copy, body->bytes, out->rsdp_copy_bytes);
	}
	return 0;
}

static int read_tag(enum tag_type type, const struct tag_body *body,
		    struct boot_info *out, const char **why)
{
	switch (type) {
	case TAG_CMDLINE: return read_cmdline(body, out, why);
	case TAG_LOADER: return read_loader(body, out, why);
	case TAG_MODULE: return read_module(body, out, why);
	case TAG_MEMORY_MAP: return read_memory_map(body, out, why);
	case TAG_FRAMEBUFFER: return read_framebuffer(body, out, why);
	case TAG_RSDP_OLD:
	case TAG_RSDP_NEW: return read_rsdp(body, out, why);
	default: return 0;
	}
}

/* Reads every tag up to the end tag; `total` bytes at `info` are readable. */
static int read_tags(const u8 *info, u32 total, struct boot_info *out,
		     const char **why)
{
	u64 at = INFO_HEAD_BYTES;

	while (range_inside(at, TAG_HEAD_BYTES, total)) {
		u32 type = load_u32(info + at);
		u32 size = load_u32(info + at + 4);
		struct tag_body body = {
			.bytes = info + at + TAG_HEAD_BYTES,
			.len_bytes = size - TAG_HEAD_BYTES,
		};
		int err;

		if (size < TAG_HEAD_BYTES || !range_inside(at, size, total)) {
			return refuse(why, "multiboot2: a tag's size is wrong");
		}
		if (type == TAG_END) {
			return 0;
		}
		err = read_tag(type, &body, out, why);
		if (err != 0) {
			return err;
		}
		at = ALIGN_UP(at + size, TAG_ALIGN);
	}
	return refuse(why, "multiboot2: the end tag is missing");
}

int multiboot2_parse(const void *info, size_t limit_bytes,
		     struct boot_info *out, const char **why)
{
	u32 total;
	int err;

	boot_info_reset(out, "multiboot2");
	if (limit_bytes < INFO_HEAD_BYTES) {
		return refuse(why, "multiboot2: no information");
	}
	total = load_u32(info);
	if (total > limit_bytes) {
		return refuse(why, "multiboot2: the total size is wrong");
	}
	err = read_tags(info, total, out, why);
	if (err != 0) {
		return err;
	}
	return boot_info_check(out, why);
}
