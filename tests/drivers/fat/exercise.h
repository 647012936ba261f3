// SPDX-License-Identifier: MIT
//
// Everything a mounted volume is used for, on a volume that may be damaged in any way: mount,
// walk, read, create, write, rename, remove, unmount. For the damage tests and the fuzzer.
#pragma once

#include "image.h"

// Returns always; results do not matter, only that nothing breaks.
void exercise(struct image *image);
