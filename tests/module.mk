# The host test program is the runner, every test that needs no machine, and
# what those test; debug assertions are on.
hosttests-y += tests/host/main.c tests/host/ktest_host.c
hostflags-y += -DEXO_DEBUG=1
