// SPDX-License-Identifier: MIT
//
// Inside of the power part.

#ifndef DDK_PO_H
#define DDK_PO_H

#include <wdm.h>

// One second of idle detection for all devices. DISPATCH_LEVEL or below.
void po_idle_second(void);
// The device is deleted: its idle counter goes.
void po_forget_device(PDEVICE_OBJECT device);

#endif
