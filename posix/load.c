/* SPDX-License-Identifier: MIT */
/*
 * The loader: the segments of a program and of its interpreter become regions
 * of an address space that show their files.  No byte is copied here: page
 * faults do the rest.
 */
#include "fs/mount.h"
#include "fs/vnode.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "posix/program.h"

/* Where a movable image goes, as on Linux without address randomisation. */
#define MOVABLE_BASE      0x555555554000ul

#define STACK_TOP         USER_END
#define STACK_FIRST_BYTES (128ul << 10)

/* Room that the first stack keeps above the mappings: its limit, within. */
#define STACK_RESERVE_MIN (16ul << 20)
#define STACK_RESERVE_MAX (16ul << 30)

int program_file_open(struct program_file *pf, struct file *file)
{
	struct vnode *v = file->vnode;
	u32 flags = 0;
	int err;

	*pf = (struct program_file){ .file = file };
	if (v == NULL || !vnode_is(v, MODE_REGULAR) ||
	    file->ops->object == NULL || (v->fs->flags & FS_NO_EXEC)) {
		err = -EACCES;
	} else {
		pf->size_bytes = READ_ONCE(v->size_bytes);
		err = vnode_access(v, cred_effective(), ACCESS_EXEC);
		err = err ? err : vnode_text_claim(v);
		pf->text = err ? NULL : v;
		err = err ? err : file->ops->object(file, &flags, &pf->object);
	}
	if (err == 0) {
		err = pf->size_bytes == 0
			      ? -ENOEXEC
			      : pf->object->ops->page(pf->object, 0, 0,
						      &pf->frame);
	}
	if (err) {
		program_file_close(pf);
		return err == -ENXIO ? -ENOEXEC : err;
	}
	pf->head = phys_to_virt(pf->frame);
	pf->head_bytes = MIN(pf->size_bytes, PAGE_SIZE);
	return 0;
}

void program_file_close(struct program_file *pf)
{
	if (!phys_is_none(pf->frame)) {
		frame_put(pf->frame);
	}
	mem_object_put(pf->object);
	vnode_text_put(pf->text);
	if (pf->file != NULL) {
		file_put(pf->file);
	}
	*pf = (struct program_file){ 0 };
}

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
		     struct mem_object *file, u64 bias)
{
	int err = 0;

	for (u32 i = 0; i < image->segment_count && err == 0; i++) {
		err = segment_map(aspace, &image->segments[i], file, bias);
	}
	return err;
}

/* Where an interpreter goes that may lie anywhere: its bias. */
static int interp_place(struct aspace *aspace, const struct elf_image *image,
			u64 *bias)
{
	u64 len = ALIGN_UP(image->end, PAGE_SIZE) - image->start;
	u64 at = 0;

	*bias = 0;
	if (!image->movable) {
		return 0;
	}
	WITH_MUTEX (&aspace->mutex) {
		at = aspace_find_free_locked(aspace, len + image->align_bytes,
					     aspace->mmap_top);
	}
	*bias = ALIGN_UP(at, image->align_bytes) - image->start;
	return at ? 0 : -ENOMEM;
}

static int interp_map(struct program *p, const struct program_file *pf,
		      struct elf_image *image, struct aspace *aspace)
{
	u64 bias;
	int err = elf_parse_head(pf->head, pf->head_bytes, pf->size_bytes,
				 image, &p->why);

	err = err ? err : interp_place(aspace, image, &bias);
	err = err ? err : image_map(aspace, image, pf->object, bias);
	if (err == 0) {
		p->interp_base = image->start + bias;
		p->entry = image->entry + bias;
	}
	return err;
}

/*
 * Opens the dynamic linker that the image names: by a copy that has an end, for
 * who maps the file can write to it while it is looked at.
 */
static int interp_open(const struct program *p, struct program_file *out)
{
	u64 len = p->image.interp_bytes;
	char *path = kmalloc(len);
	struct file *file;
	int err;

	if (path == NULL) {
		return -ENOMEM;
	}
	memcpy(path, p->binary.head + p->image.interp_offset, len);
	path[len - 1] = '\0';
	err = program_open(path, &file);
	kfree(path);
	return err ? err : program_file_open(out, file);
}

static int interp_load(struct program *p, struct aspace *aspace)
{
	struct elf_image *image;
	struct program_file pf;
	int err;

	p->why = "it needs a dynamic loader";
	err = interp_open(p, &pf);
	if (err) {
		return err;
	}
	image = kmalloc(sizeof(*image));
	err = image ? interp_map(p, &pf, image, aspace) : -ENOMEM;
	kfree(image);
	program_file_close(&pf);
	return err;
}

/* The stack: what grows below, the arguments on top. */
static int stack_load(struct program *p, struct aspace *aspace)
{
	u32 flags = REGION_READ | REGION_WRITE | REGION_GROWS_DOWN;
	u64 words = (p->args.argc + (u64)p->args.envc) * sizeof(u64);
	u64 len = ALIGN_UP(p->args.len_bytes + words + STACK_FIRST_BYTES,
			   PAGE_SIZE);
	int err;

	flags |= p->image.exec_stack ? REGION_EXEC : 0;
	err = aspace_map(aspace, STACK_TOP - len, len, flags, REGION_ZEROES);
	return err ? err : args_map(&p->args, aspace, STACK_TOP, &p->strings);
}

static u64 stack_reserve(const struct aspace *aspace)
{
	u64 max = MIN(aspace->stack_max_bytes, STACK_RESERVE_MAX / 2);

	return MAX(ALIGN_UP(2 * max, PAGE_SIZE), STACK_RESERVE_MIN);
}

int program_load(struct program *p, struct aspace *aspace)
{
	const struct elf_image *image = &p->image;
	u64 bias =
		image->movable ? ALIGN_UP(MOVABLE_BASE, image->align_bytes) : 0;
	int err;

	p->why = "its segments find no place";
	WITH_PROCESSES () {
		limits_apply(process_current(), aspace);
	}
	aspace->mmap_top = STACK_TOP - stack_reserve(aspace);
	err = image_map(aspace, image, p->binary.object, bias);
	err = err ? err : stack_load(p, aspace);
	if (err) {
		return err;
	}
	aspace->brk_start = ALIGN_UP(image->end + bias, PAGE_SIZE);
	aspace->brk_end = aspace->brk_start;
	p->image_bias = bias;
	p->image_entry = p->entry = image->entry + bias;
	return image->interp_bytes > 0 ? interp_load(p, aspace) : 0;
}
