# Floor 0: no state, runs on any host.  lib/string.c is the kernel's alone;
# a host program has the C library's functions.
lib-portable := lib/bitmap.c lib/errno.c lib/format.c lib/parse.c \
	lib/chacha.c lib/random.c lib/ring.c lib/string_copy.c \
	lib/tree.c

kernel-y  += lib/string.c $(lib-portable)
hostsrc-y += $(lib-portable)
hot-y     += lib/string.c lib/chacha.c lib/tree.c
