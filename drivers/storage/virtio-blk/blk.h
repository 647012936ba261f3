// SPDX-License-Identifier: MIT
//
// The driver's device objects and the parts of it. The FDO sits on a PCI function and owns the
// hardware and the queues; its one PDO is the disk, whose READ, WRITE and FLUSH_BUFFERS go to the
// queue of the hart that they arrive on. Both are in one task, so that from the disk's dispatch
// routine to the ring there is no further IRP.
//
// Locking. `lock` of a queue guards its state, its slots' ownership, its waiting list and its
// virtqueue. A slot belongs to whoever took it off the free stack until it is given back; while it
// is in flight it belongs to the virtqueue. No IRP is completed, and no scatter/gather list asked
// for, with the lock held, and no two of them are held at a time. All queues have the same state,
// except while it changes.
#pragma once

#include "queue.h"

#include <diskfdo.h>
#include <virtio_pci.h>

#define BLK_TAG         0x206B6C42u // 'Blk '
#define BLK_QUEUES_MOST 8u

enum blk_state {
    BLK_DOWN,    // no hardware: requests are refused
    BLK_HELD,    // started, but requests wait (stop pending, low power)
    BLK_RUNNING, // requests go to the device
    BLK_FAILED,  // the device broke a rule or went away: requests are refused
};

struct fdo_extension;
struct blk_queue;

struct blk_slot {
    struct blk_queue *queue;
    PIRP irp;
    PSCATTER_GATHER_LIST list; // of the piece in flight, NULL for a flush
    ULONG bytes;               // of the piece in flight
    ULONG number;
};

// What each request touches comes first, long arrays are last.
struct blk_queue {
    struct fdo_extension *blk;
    PDEVICE_OBJECT device; // of blk
    KSPIN_LOCK lock;
    enum blk_state state;
    NTSTATUS refusal; // what refused requests complete with
    LIST_ENTRY waiting;
    ULONG free_count;
    volatile LONG submitting; // threads in BlkSubmit: they may touch the hardware
    volatile USHORT *doorbell;
    PDMA_ADAPTER adapter; // the device's
    ULONG pages_most;     // of one piece
    USHORT number;
    BOOLEAN watching;
    USHORT watched; // ring.next_used when the watchdog was set
    KDPC dpc;
    ULONG message; // that tells of its answers
    UCHAR free[VIRTIO_SLOTS];
    KEVENT idle; // while held: signalled if no slot is taken

    KTIMER watchdog; // set while watching
    KDPC watchdog_dpc;
    PVOID memory, requests; // common buffers
    PHYSICAL_ADDRESS address, requests_address;

    struct virtio_queue ring;
    struct blk_slot slots[VIRTIO_SLOTS];
};

struct fdo_extension {
    struct disk_fdo;
    PDEVICE_OBJECT disk;
    ULONG queue_count; // in use; it stays once there is a disk, as requests wait in the queues
    struct blk_queue *queues[BLK_QUEUES_MOST]; // NULL: never made
    struct virtio_disk geometry;
    volatile LONG configuration_changed;
    volatile LONG broken; // and said so

    struct virtio_pci pci;
    ULONG connected; // version of the interrupt connection, 0: none
    ULONG messages;  // 0: the line
    union {
        PKINTERRUPT interrupt;
        PIO_INTERRUPT_MESSAGE_INFO message_info;
    };
    PDMA_ADAPTER adapter;
    ULONG map_registers;
};

// --- hardware.c: PASSIVE_LEVEL except where said ------------------------------------------------

// Maps the registers, gets the DMA adapter, connects the interrupt. On failure nothing is left
// behind.
NTSTATUS HardwareAcquire(struct fdo_extension *blk, PCM_RESOURCE_LIST raw,
                         PCM_RESOURCE_LIST translated);

// Brings the device from any state to running with empty queues; fills geometry.
NTSTATUS HardwareRun(struct fdo_extension *blk);

// Resets the device: no DMA and no interrupts afterwards. IRQL <= DISPATCH_LEVEL.
VOID HardwareQuiet(struct fdo_extension *blk);

// Whether the device asks for a reset. IRQL <= DISPATCH_LEVEL.
BOOLEAN HardwareNeedsReset(struct fdo_extension *blk);

// Undoes HardwareAcquire and what HardwareRun made but the queues themselves; may be called twice.
VOID HardwareRelease(struct fdo_extension *blk);

// Frees the queues. Nothing is connected or waits any more.
VOID HardwareForget(struct fdo_extension *blk);

// --- transfer.c ---------------------------------------------------------------------------------

// Starts what waits while there are slots. The list is looked at without the lock: a request goes
// there only while no slot is free, and whoever gives one back comes here afterwards.
// DISPATCH_LEVEL.
VOID BlkStartWaiting(struct blk_queue *queue);
// Ends a slot's request and gives the slot back. DISPATCH_LEVEL.
VOID BlkFinishSlot(struct blk_slot *slot, NTSTATUS status);
VOID BlkReleaseList(struct blk_slot *slot);
KDEFERRED_ROUTINE BlkDpc; // of a queue

// --- io.c ---------------------------------------------------------------------------------------

VOID BlkInitialize(struct fdo_extension *blk, struct blk_queue *queue, USHORT number);
enum blk_state BlkState(const struct fdo_extension *blk);
VOID BlkComplete(PIRP irp, NTSTATUS status);
// The first waiting request that nobody is cancelling, off the list; or NULL. The lock is held.
PIRP BlkTakeWaiting(struct blk_queue *queue);
VOID BlkSetWatchdog(struct blk_queue *queue);

// A checked READ, WRITE, FLUSH_BUFFERS or SHUTDOWN. Takes the IRP, returns STATUS_PENDING.
// IRQL <= DISPATCH_LEVEL.
NTSTATUS BlkSubmit(struct fdo_extension *blk, PIRP irp);

// Lets requests go to the device, those first that wait. anew: the queues were just made, no slot
// is taken. PASSIVE_LEVEL.
VOID BlkResume(struct fdo_extension *blk, BOOLEAN anew);

// Lets requests wait and returns when none is in flight; a device that does not finish within five
// seconds has failed. PASSIVE_LEVEL.
VOID BlkHold(struct fdo_extension *blk);

// Refuses requests from now on with this status, and completes all that are there with it. The
// device must be quiet. IRQL <= DISPATCH_LEVEL.
VOID BlkAbandon(struct fdo_extension *blk, NTSTATUS status);

// Completes the waiting requests of a file that is being closed with STATUS_CANCELLED.
VOID BlkCleanup(struct fdo_extension *blk, PFILE_OBJECT file);

// The device broke a rule: logs it, resets the device, fails everything. IRQL <= DISPATCH_LEVEL.
VOID BlkDeviceBroke(struct fdo_extension *blk, enum virtio_rule rule);

// Returns when no thread and no DPC of this driver touches the hardware any more. The state must
// be such that nothing starts, the interrupt disconnected. PASSIVE_LEVEL.
VOID BlkDrain(struct fdo_extension *blk);

// --- disk.c -------------------------------------------------------------------------------------

// Makes the disk's device object, or lets it know what the device says after another start.
NTSTATUS DiskCreate(struct fdo_extension *blk);
