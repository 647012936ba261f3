// SPDX-License-Identifier: MIT
//
// A virtio device's registers on PCI, for a WDM driver: found through the capability list in
// configuration space; only BARs that the device was assigned are mapped. PASSIVE_LEVEL except
// where said.
#pragma once

#include "transport.h"

#include <wdm.h>

struct virtio_pci {
    struct virtio_layout layout;
    PUCHAR isr; // NULL: not mapped
    PUCHAR bars[6];
    ULONGLONG bar_bytes[6];
    bool confined; // by an IOMMU
};

// Finds and maps the registers. `lower` is the device below in the stack, which has been started.
// device_bytes as virtio_find_regions has it. On failure nothing is left; a broken rule is logged,
// and is STATUS_DEVICE_PROTOCOL_ERROR.
NTSTATUS VirtioPciMap(struct virtio_pci *pci, PDEVICE_OBJECT lower, PCM_RESOURCE_LIST raw,
                      PCM_RESOURCE_LIST translated, ULONG device_bytes);

// The adapter of a device that addresses everything, for transfers of up to `most` bytes; NULL
// without memory. pci->confined is known afterwards.
PDMA_ADAPTER VirtioPciAdapter(struct virtio_pci *pci, PDEVICE_OBJECT pdo, ULONG most,
                              PULONG map_registers);

// The status of a START that ended with this rule, which is logged.
NTSTATUS VirtioStartStatus(enum virtio_rule rule);

// May be called twice.
VOID VirtioPciUnmap(struct virtio_pci *pci);

// Access to the registers. IRQL any.
struct virtio_io VirtioPciIo(struct virtio_pci *pci);

// The notification register of a queue.
PUSHORT VirtioPciDoorbell(struct virtio_pci *pci, uint32_t notify);
