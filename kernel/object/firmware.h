// SPDX-License-Identifier: MIT
#ifndef KERNEL_OBJECT_FIRMWARE_H
#define KERNEL_OBJECT_FIRMWARE_H

#include "object/capability.h"

extern const struct object_class firmware_class, untyped_class, cnode_class;

#endif
