// SPDX-License-Identifier: MIT
//
// Included before a header full of DEFINE_GUID, makes that inclusion define the GUIDs.

#ifndef INITGUID
#define INITGUID
#endif
#include <guiddef.h>
