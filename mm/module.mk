# Floor 4: physical memory, kernel objects, address spaces.
kernel-y += mm/buddy.c mm/frame.c mm/frame_init.c mm/frame_map.c \
	mm/frame_stack.c mm/kmem.c mm/slab.c mm/owner.c
hostsrc-y += mm/buddy.c mm/frame.c mm/frame_init.c mm/frame_map.c \
	mm/frame_stack.c mm/kmem.c mm/slab.c
hot-y += mm/buddy.c mm/frame.c mm/frame_stack.c mm/kmem.c
kernel-y += mm/aspace.c mm/aspace_clone.c mm/aspace_advice.c mm/aspace_move.c \
	mm/region.c mm/fault.c mm/object.c mm/parcel.c mm/tlb.c
hot-y += mm/aspace.c mm/aspace_clone.c mm/fault.c mm/tlb.c
