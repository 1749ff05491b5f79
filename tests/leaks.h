/* SPDX-License-Identifier: MIT */
/*
 * What a test does not give back, by the subsystem that asked for it: in the
 * debug build.
 */
#ifndef EXO_TESTS_LEAKS_H
#define EXO_TESTS_LEAKS_H

#include "mm/owner.h"

#ifdef OWNER_HERE
/* What is held now is no leak. Context: thread. */
void leaks_begin(void);

/*
 * Whether some subsystem holds more than at leaks_begin(), with every cache of
 * free things emptied; says which, and how much.  Context: thread.
 */
bool leaks_told(void);
#else
#define leaks_begin()
#define leaks_told() false
#endif

#endif
