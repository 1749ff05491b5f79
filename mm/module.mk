# Floor 4: physical memory, kernel objects, address spaces.
kernel-y += mm/frame.c mm/frame_map.c mm/kmem.c
hostsrc-y += mm/frame.c mm/frame_map.c mm/kmem.c
hot-y += mm/frame.c mm/kmem.c
kernel-y += mm/aspace.c mm/fault.c mm/tlb.c
hot-y += mm/aspace.c mm/fault.c mm/tlb.c
