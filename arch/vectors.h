/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors by name, from arch/vectors.def.
 */
#ifndef EXO_ARCH_VECTORS_H
#define EXO_ARCH_VECTORS_H

enum vector {
#define EXCEPTION(number, mnemonic, text, error) EXCEPTION_##mnemonic = number,
#define VECTOR(name, number, text)               name = number,
#include "arch/vectors.def"
#undef EXCEPTION
#undef VECTOR
	EXCEPTION_COUNT = 32,
	VECTOR_COUNT = 256,
};

#endif
