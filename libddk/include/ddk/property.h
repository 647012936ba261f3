// SPDX-License-Identifier: MIT
//
// Properties of a device by key (DEVPKEY_...): those that the plug-and-play manager knows can be
// read, any others set and read. They live as long as the device is there.
// Documentation: nf-wdm-iogetdevicepropertydata, nf-wdm-iosetdevicepropertydata.

#ifndef DDK_PROPERTY_H
#define DDK_PROPERTY_H

#include <devpropdef.h>

#define PLUGPLAY_PROPERTY_PERSISTENT 0x00000001 // accepted; there is no registry yet
#ifndef LOCALE_NEUTRAL
#define LOCALE_NEUTRAL 0
#endif

// *required gets the size of the value, also with STATUS_BUFFER_TOO_SMALL.
// STATUS_OBJECT_NAME_NOT_FOUND; STATUS_INVALID_DEVICE_REQUEST for what is no device in whose stack
// the driver is. IRQL <= APC_LEVEL.
NTSTATUS IoGetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, ULONG size, PVOID data, PULONG required,
                                 PDEVPROPTYPE type);
// The value is copied, at most 384 bytes; NULL deletes it. STATUS_ACCESS_DENIED for a property that
// is the plug-and-play manager's own. IRQL <= APC_LEVEL.
NTSTATUS IoSetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, DEVPROPTYPE type, ULONG size, PVOID data);

#endif
