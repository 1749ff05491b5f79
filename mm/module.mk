# Floor 4: physical memory and kernel objects.
kernel-y += mm/frame.c mm/frame_map.c
hostsrc-y += mm/frame.c mm/frame_map.c
hot-y += mm/frame.c
