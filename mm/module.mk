# Floor 4: physical memory and kernel objects.
kernel-y += mm/frame.c mm/frame_map.c mm/kmem.c
hostsrc-y += mm/frame.c mm/frame_map.c mm/kmem.c
hot-y += mm/frame.c mm/kmem.c
