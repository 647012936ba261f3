// SPDX-License-Identifier: MIT
//
// What kit.c and kit_ddk.c share.
#ifndef FAT_KIT_DDK_H
#define FAT_KIT_DDK_H

#include "kit.h"

// The control device that the driver registered.
extern PDEVICE_OBJECT kit_file_system;

#endif
