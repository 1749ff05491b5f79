/* SPDX-License-Identifier: MIT */
/*
 * The ELF loader: an image of the boot archive becomes regions of an address
 * space.  No byte is copied here; page faults show the archive's own pages
 * where they are aligned.
 */
#include "fs/file.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/elf.h"
#include "posix/process.h"

/* Where a movable image goes, as on Linux without address randomisation. */
#define MOVABLE_BASE      0x555555554000ul

#define STACK_TOP         USER_END
#define STACK_FIRST_BYTES (128ul << 10)

/* Of a program file: its headers stand there. */
#define HEAD_BYTES PAGE_SIZE

static u32 region_flags_of(const struct elf_segment *segment)
{
	u32 flags = 0;

	flags |= segment->rights & ELF_READ ? REGION_READ : 0;
	flags |= segment->rights & ELF_WRITE ? REGION_WRITE : 0;
	flags |= segment->rights & ELF_EXEC ? REGION_EXEC : 0;
	return flags;
}

/* The page that holds the segment's first byte begins before it. */
static int segment_map(struct aspace *aspace, const struct elf_segment *segment,
		       struct mem_object *file, u64 bias)
{
	u64 skew = segment->vaddr & ~PAGE_MASK;
	u64 start = segment->vaddr - skew + bias;
	u64 len = ALIGN_UP(segment->mem_bytes + skew, PAGE_SIZE);
	struct region_source source = REGION_ZEROES;

	if (segment->file_bytes > 0) {
		source.object = file;
		source.offset_bytes = segment->file_offset - skew;
		source.len_bytes = segment->file_bytes + skew;
	}
	return aspace_map(aspace, start, len, region_flags_of(segment), source);
}

static int image_map(struct aspace *aspace, const struct elf_image *image,
		     struct mem_object *file, struct program *out)
{
	u64 bias =
		image->movable ? ALIGN_UP(MOVABLE_BASE, image->align_bytes) : 0;

	for (u32 i = 0; i < image->segment_count; i++) {
		int err = segment_map(aspace, &image->segments[i], file, bias);

		if (err) {
			return err;
		}
	}
	out->entry = image->entry + bias;
	out->phdr = image->phdr_vaddr ? image->phdr_vaddr + bias : 0;
	out->phdr_count = image->phdr_count;
	out->phdr_bytes = image->phdr_bytes;
	aspace->brk_start = ALIGN_UP(image->end + bias, PAGE_SIZE);
	aspace->brk_end = aspace->brk_start;
	return 0;
}

/* Reads what elf_parse_head() needs of the file. */
static int head_parse(struct vnode *v, struct elf_image *image,
		      const char **why)
{
	u8 *head = kmalloc(HEAD_BYTES);
	long len;

	if (head == NULL) {
		return -ENOMEM;
	}
	len = v->ops->read(v, head, HEAD_BYTES, 0);
	if (len >= 0) {
		len = elf_parse_head(head, (size_t)len, v->size_bytes, image,
				     why);
	}
	kfree(head);
	return (int)len;
}

/* Errors as program_load(), the reason in `*why`. */
static int file_load(struct aspace *aspace, struct file *file,
		     struct elf_image *image, struct program *out,
		     const char **why)
{
	struct mem_object *object;
	int err;

	*why = "not a regular file";
	if (!vnode_is(file->vnode, MODE_REGULAR) || file->ops->object == NULL) {
		return -ENOEXEC;
	}
	err = head_parse(file->vnode, image, why);
	if (err) {
		return err;
	}
	*why = "it needs a dynamic loader";
	if (image->interp_bytes > 0) {
		return -ENOEXEC;
	}
	*why = "its segments find no place";
	err = file->ops->object(file, &object);
	if (err) {
		return err;
	}
	err = image_map(aspace, image, object, out);
	mem_object_put(object);
	return err;
}

static int stack_map(struct aspace *aspace, const struct elf_image *image,
		     struct program *out)
{
	u32 flags = REGION_READ | REGION_WRITE | REGION_GROWS_DOWN;

	flags |= image->exec_stack ? REGION_EXEC : 0;
	out->stack_top = STACK_TOP;
	return aspace_map(aspace, STACK_TOP - STACK_FIRST_BYTES,
			  STACK_FIRST_BYTES, flags, REGION_ZEROES);
}

int program_load(struct aspace *aspace, const char *path, struct program *out)
{
	struct elf_image *image;
	struct file *file;
	const char *why;
	int err = file_open(path, 0, &file);

	if (err) {
		log_error("%s: %s", path, errno_name(err));
		return err;
	}
	image = kmalloc(sizeof(*image));
	if (image == NULL) {
		file_put(file);
		return -ENOMEM;
	}
	err = file_load(aspace, file, image, out, &why);
	if (err) {
		log_error("%s: cannot be run: %s (%s)", path, why,
			  errno_name(err));
	} else {
		err = stack_map(aspace, image, out);
	}
	kfree(image);
	file_put(file);
	return err;
}
