// SPDX-License-Identifier: MIT
//
// The driver's device objects and the parts of it. The FDO sits on a PCI function and owns the
// hardware and the queue; its one PDO is the disk, whose READ, WRITE and FLUSH_BUFFERS the queue
// serves. Both are in one task, so that from the disk's dispatch routine to the ring there is no
// further IRP.
//
// Locking. `lock` guards state, the slots' ownership, the waiting list and the virtqueue. A slot
// belongs to whoever took it off the free stack until it is given back; while it is in flight it
// belongs to the queue. No IRP is completed, and no scatter/gather list asked for, with the lock
// held.
#pragma once

#include "queue.h"

#include <disk.h>
#include <fdopower.h>
#include <pdo.h>
#include <virtio_pci.h>

#define BLK_TAG 0x206B6C42u // 'Blk '

enum blk_state {
    BLK_DOWN,    // no hardware: requests are refused
    BLK_HELD,    // started, but requests wait (stop pending, low power)
    BLK_RUNNING, // requests go to the device
    BLK_FAILED,  // the device broke a rule or went away: requests are refused
};

struct fdo_extension;

struct blk_slot {
    struct fdo_extension *blk;
    PIRP irp;
    PSCATTER_GATHER_LIST list; // of the piece in flight, NULL for a flush
    ULONG bytes;               // of the piece in flight
};

struct extension {
    BOOLEAN is_fdo;
};

// What each request touches comes first, long arrays are last.
struct fdo_extension {
    struct extension common;
    PDEVICE_OBJECT self, lower, pdo, disk;

    KSPIN_LOCK lock;
    enum blk_state state;
    NTSTATUS refusal; // what refused requests complete with
    LIST_ENTRY waiting;
    ULONG free_count;
    volatile LONG submitting; // threads in BlkSubmit: they may touch the hardware
    volatile USHORT *doorbell;
    PDMA_ADAPTER adapter;
    ULONG pages_most; // of one piece
    BOOLEAN watching;
    USHORT watched; // queue.next_used when the watchdog was set
    volatile LONG configuration_changed;
    KDPC dpc;
    UCHAR free[VIRTIO_SLOTS];
    KEVENT idle; // while held: signalled if no slot is taken

    struct virtio_disk geometry;
    struct fdo_power power;
    KTIMER watchdog; // set while watching
    KDPC watchdog_dpc;

    struct virtio_pci pci;
    ULONG connected; // version of the interrupt connection, 0: none
    ULONG messages;  // 0: the line
    union {
        PKINTERRUPT interrupt;
        PIO_INTERRUPT_MESSAGE_INFO message_info;
    };
    ULONG map_registers;
    PVOID ring, requests;
    PHYSICAL_ADDRESS ring_address, requests_address;

    struct virtio_queue queue;
    struct blk_slot slots[VIRTIO_SLOTS];
};

struct pdo_extension {
    struct extension common;
    struct fdo_extension *blk;
    struct disk_identity identity;
};

// --- hardware.c: PASSIVE_LEVEL except where said ------------------------------------------------

// Maps the registers, gets the DMA adapter and the common buffers, connects the interrupt. On
// failure nothing is left behind.
NTSTATUS HardwareAcquire(struct fdo_extension *blk, PCM_RESOURCE_LIST raw,
                         PCM_RESOURCE_LIST translated);

// Brings the device from any state to running with an empty queue; fills geometry.
NTSTATUS HardwareRun(struct fdo_extension *blk);

// Resets the device: no DMA and no interrupts afterwards. IRQL <= DISPATCH_LEVEL.
VOID HardwareQuiet(struct fdo_extension *blk);

// Whether the device asks for a reset. IRQL <= DISPATCH_LEVEL.
BOOLEAN HardwareNeedsReset(struct fdo_extension *blk);

// Undoes HardwareAcquire; may be called twice.
VOID HardwareRelease(struct fdo_extension *blk);

// Messages: changes of the configuration come with the first, answers with the last.
#define BLK_CONFIG_MESSAGE 0
#define BLK_QUEUE_MESSAGE  1

// --- transfer.c ---------------------------------------------------------------------------------

// Starts what waits while there are slots. The list is looked at without the lock: a request goes
// there only while no slot is free, and whoever gives one back comes here afterwards.
// DISPATCH_LEVEL.
VOID BlkStartWaiting(struct fdo_extension *blk);
// Ends a slot's request and gives the slot back. DISPATCH_LEVEL.
VOID BlkFinishSlot(struct blk_slot *slot, NTSTATUS status);
VOID BlkReleaseList(struct blk_slot *slot);

// --- io.c ---------------------------------------------------------------------------------------

VOID BlkInitialize(struct fdo_extension *blk);
VOID BlkComplete(PIRP irp, NTSTATUS status);
// The first waiting request that nobody is cancelling, off the list; or NULL. The lock is held.
PIRP BlkTakeWaiting(struct fdo_extension *blk);
VOID BlkSetWatchdog(struct fdo_extension *blk);

// A checked READ, WRITE, FLUSH_BUFFERS or SHUTDOWN. Takes the IRP, returns STATUS_PENDING.
// IRQL <= DISPATCH_LEVEL.
NTSTATUS BlkSubmit(struct fdo_extension *blk, PIRP irp);

// Lets requests go to the device, those first that wait. anew: the queue was just made, no slot is
// taken. PASSIVE_LEVEL.
VOID BlkResume(struct fdo_extension *blk, BOOLEAN anew);

// Lets requests wait and returns when none is in flight; a device that does not finish within five
// seconds has failed. PASSIVE_LEVEL.
VOID BlkHold(struct fdo_extension *blk);

// Refuses requests from now on with this status, and completes all that are there with it. The
// device must be quiet. IRQL <= DISPATCH_LEVEL.
VOID BlkAbandon(struct fdo_extension *blk, enum blk_state state, NTSTATUS status);

// Completes the waiting requests of a file that is being closed with STATUS_CANCELLED.
VOID BlkCleanup(struct fdo_extension *blk, PFILE_OBJECT file);

// The device broke a rule: logs it, resets the device, fails everything. IRQL <= DISPATCH_LEVEL.
VOID BlkDeviceBroke(struct fdo_extension *blk, enum virtio_rule rule);

// Returns when no thread and no DPC of this driver touches the hardware any more. The state must
// be such that nothing starts, the interrupt disconnected. PASSIVE_LEVEL.
VOID BlkDrain(struct fdo_extension *blk);

KDEFERRED_ROUTINE BlkDpc;

// --- disk.c: dispatch routines of the PDO; they complete or take the IRP ------------------------

// Makes the disk's device object, or lets it know what the device says after another start.
NTSTATUS DiskCreate(struct fdo_extension *blk);
NTSTATUS DiskReadWrite(PDEVICE_OBJECT disk, PIRP irp);
NTSTATUS DiskFlush(PDEVICE_OBJECT disk, PIRP irp);
NTSTATUS DiskControl(PDEVICE_OBJECT disk, PIRP irp);
NTSTATUS DiskPnp(PDEVICE_OBJECT disk, PIRP irp);
