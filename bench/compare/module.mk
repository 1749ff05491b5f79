# The program of `make compare` and `make bench`: user space, one static file.
compare-y := $(addprefix bench/compare/,main.c calls.c passing.c memory.c \
	processes.c)
