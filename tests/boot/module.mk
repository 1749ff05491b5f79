# The doors; tests/host/fuzz.c is the engine of all parsers' fuzz tests.
tests-y += tests/boot/samples.c tests/boot/test_multiboot2.c \
	tests/boot/test_pvh.c
ktests-y += tests/boot/test_processors.c
hosttests-y += tests/boot/fuzz_boot.c tests/host/fuzz.c
