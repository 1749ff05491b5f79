# The host test program: every test that needs no machine, under ASan and
# UBSan.  It is made of host-runner, $(tests-y), $(hosttests-y) and what they
# test, $(hostsrc-y).
host-runner  := tests/host/main.c tests/host/ktest_host.c
host-cflags  := -std=gnu11 -O1 -g -DEXO_HOST=1 -DEXO_DEBUG=1 \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
host-ldflags := -fsanitize=address,undefined
host-ldlibs  := -lcmocka
# The runner inside the kernel.
kernel-y += tests/ktest.c tests/holdings.c tests/leaks.c
ktests-y += tests/user_space.c
