// SPDX-License-Identifier: MIT
//
// What drivers of disk controllers say about a disk in the same words: its name, the checks that a
// request passes before it reaches the hardware, control codes, PnP answers. Nothing here keeps
// state; a driver fills a disk_identity, whose strings it keeps, and changes it only while nobody
// asks. PASSIVE_LEVEL except where said.
#pragma once

#include <wdm.h>

#include <ntdddisk.h>

struct disk_identity {
    ULONG number; // N of \Device\HarddiskN\DR0, from DiskCreateNamed
    ULONGLONG bytes;
    ULONG block_bytes; // a power of two
    ULONG alignment;   // of a buffer's address, less one: 0 any, 3 a multiple of 4
    BOOLEAN read_only;
    STORAGE_BUS_TYPE bus;
    const char *vendor, *product, *serial;         // cut at 8, 40, 20 characters; serial or NULL
    const char *description, *location, *instance; // of the plug-and-play manager's questions
};

// A device object \Device\HarddiskN\DR0 for the first N that the namespace does not know.
NTSTATUS DiskCreateNamed(PDRIVER_OBJECT driver, ULONG extension_bytes, PDEVICE_OBJECT *disk,
                         PULONG number);

// Sets what the device object says of its disk, and clears DO_DEVICE_INITIALIZING.
VOID DiskPublish(PDEVICE_OBJECT disk, const struct disk_identity *identity);

// Whether a READ or WRITE may go to the disk as it is: whole blocks of it, into a buffer that is
// large enough, at an address that the controller can take. IRQL <= DISPATCH_LEVEL.
NTSTATUS DiskCheckTransfer(const struct disk_identity *identity, PIRP irp);

// What to complete a control request with; `ready` is the answer to CHECK_VERIFY. Information is
// set.
NTSTATUS DiskControlAnswer(const struct disk_identity *identity, PIRP irp, NTSTATUS ready);

// What to complete a PnP request to the disk with. The device object stays when REMOVE comes: the
// controller's driver deletes it.
NTSTATUS DiskPnpAnswer(PDEVICE_OBJECT disk, const struct disk_identity *identity, PIRP irp);
