# What kernel code that locks or reaches devices needs on the host.
hosttests-y += tests/host/machine.c
