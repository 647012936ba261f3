// SPDX-License-Identifier: MIT
//
// The partition driver's devices. One function device (DISK_EXTENSION) sits on each disk; it makes
// one physical device (VOLUME_EXTENSION) for each partition.
//
// Invariants
// - Both extensions begin with COMMON_EXTENSION; Kind tells them apart.
// - VOLUME_EXTENSION.Limit is the volume's length while the volume is started, else 0: the read and
//   write path needs no other test of the state.
// - Offset and Limit are multiples of the sector size and Offset + Limit fits the disk.
// - A volume is deleted by whoever comes last: its own REMOVE when it is no longer in the disk's
//   list, or the disk's REMOVE.
#ifndef PARTITION_H
#define PARTITION_H

#include <wdm.h>

#include <ntdddisk.h>

#include "table.h"

#define PARTITION_TAG 0x74726150u // 'Part'

typedef enum _PARTITION_KIND { PartitionDisk, PartitionVolume } PARTITION_KIND;

typedef enum _PARTITION_STATE {
    PartitionNotStarted,
    PartitionStarted,
    PartitionStopped,
    PartitionSurpriseRemoved,
    PartitionRemoved,
} PARTITION_STATE;

typedef struct _COMMON_EXTENSION {
    PARTITION_KIND Kind;
    PARTITION_STATE State;
    PDEVICE_OBJECT Lower; // where requests go: the disk's device below the function device
} COMMON_EXTENSION, *PCOMMON_EXTENSION;

typedef struct _VOLUME_EXTENSION {
    COMMON_EXTENSION Common;
    ULONGLONG Offset; // of the volume on the disk, in bytes
    ULONGLONG Limit;  // see above
    ULONG SectorMask; // sector size - 1
    BOOLEAN Listed;   // still one of the disk's volumes
    ULONGLONG Length;
    enum table_style Style;
    struct table_partition Partition;
} VOLUME_EXTENSION, *PVOLUME_EXTENSION;

typedef struct _DISK_EXTENSION {
    COMMON_EXTENSION Common;
    PDEVICE_OBJECT Self, PhysicalDevice;
    ULONG SectorSize;
    ULONGLONG Sectors;
    ULONG VolumeCount;
    PDEVICE_OBJECT Volumes[TABLE_PARTITIONS_MAX];
} DISK_EXTENSION, *PDISK_EXTENSION;

// disk.c: IRP_MJ_PNP of the function device. PASSIVE_LEVEL.
NTSTATUS PartitionDiskPnp(PDEVICE_OBJECT device, PIRP irp);

// scan.c: asks the disk for its geometry, reads its table, makes the volumes' devices. A disk
// without a usable table gets none, and a line in the log that says why. PASSIVE_LEVEL, blocks.
NTSTATUS PartitionScan(PDISK_EXTENSION disk, PDRIVER_OBJECT driver);

// volume.c: IRP_MJ_PNP of a volume. PASSIVE_LEVEL.
NTSTATUS PartitionVolumePnp(PDEVICE_OBJECT device, PIRP irp);
// Makes the device \Device\HarddiskVolumeN with the first free N.
NTSTATUS PartitionCreateVolume(PDISK_EXTENSION disk, PDRIVER_OBJECT driver,
                               const struct table *table, const struct table_partition *partition);
// Forgets the volume on behalf of the disk; deletes it now or at its own REMOVE.
VOID PartitionReleaseVolume(PDEVICE_OBJECT volume);

// io.c. IRQL <= DISPATCH_LEVEL.
NTSTATUS PartitionReadWrite(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS PartitionDeviceControl(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS PartitionForward(PDEVICE_OBJECT device, PIRP irp); // FLUSH_BUFFERS, SHUTDOWN
NTSTATUS PartitionCreateClose(PDEVICE_OBJECT device, PIRP irp);
// Completes the IRP and returns status.
NTSTATUS PartitionComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);
// Hands the IRP to the lower driver with this driver's stack location.
NTSTATUS PartitionPassDown(PDEVICE_OBJECT device, PIRP irp);

#endif
