tests-y += tests/posix/samples.c tests/posix/test_elf.c
hosttests-y += tests/posix/fuzz_elf.c tests/posix/test_elf_host.c tests/posix/test_abi.c \
	tests/posix/test_abi_numbers.c tests/posix/test_abi_kernel.c tests/posix/test_abi_socket.c
ktests-y += tests/posix/test_process.c tests/posix/test_descriptors.c \
	tests/posix/test_refused.c
