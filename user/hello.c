/* SPDX-License-Identifier: MIT */
/*
 * The first program of a fresh image: says hello, and what it was started
 * with. An ordinary static Linux program: it runs on the build machine too.
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	printf("hello from user mode: process %d\n", (int)getpid());
	for (int i = 1; i < argc; i++) {
		printf("argument %d: %s\n", i, argv[i]);
	}
	return 0;
}
