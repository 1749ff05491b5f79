tests-y += tests/fs/samples.c tests/fs/test_cpio.c
hosttests-y += tests/fs/fuzz_cpio.c
ktests-y += tests/fs/test_path_cache.c tests/fs/test_path_storm.c \
	tests/fs/scene.c tests/fs/test_ramfs.c tests/fs/test_device.c
