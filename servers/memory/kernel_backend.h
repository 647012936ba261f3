// SPDX-License-Identifier: MIT
/* What main.c needs of the real kernel's side of backend.h. */
#ifndef MEMORY_KERNEL_BACKEND_H
#define MEMORY_KERNEL_BACKEND_H

#include "mm.h"

/* Slot space directories lie in the manager's CNode from here on. */
#define MM_DIRECTORY_SLOT ((ash_cptr)256)

/* The path of a slot of the slot space. */
ash_cptr mm_slot_path(mm_slot slot);
/* Makes slot page 0 of `untyped`, a slot of the manager's CNode. */
[[nodiscard]] bool mm_backend_begin(ash_cptr untyped);
/* Moves a capability from the manager's CNode into the slot space. */
[[nodiscard]] bool mm_backend_adopt(mm_slot slot, ash_cptr from);

#endif
