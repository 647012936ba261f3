// SPDX-License-Identifier: MIT
//
// The driver's device objects and the parts of it. The FDO sits on a PCI function and owns the
// controller; its children are the disks, one a namespace, whose READ, WRITE and FLUSH_BUFFERS go
// to the queue of the hart that they arrive on. All are in one task, so that from a disk's dispatch
// routine to the ring there is no further IRP.
//
// Locking. `lock` of a queue guards its state, its slots' ownership, its waiting list and its
// rings. A slot belongs to whoever took it off the free stack until it is given back; while it is
// in flight it belongs to the ring. No IRP is completed, and no scatter/gather list asked for, with
// the lock held. `configuration` is held while the controller is started, stopped or reset; no spin
// lock is held when it is taken.
#pragma once

#include "queue.h"

#include <diskfdo.h>

#define NVME_TAG          0x656D764Eu // 'Nvme'
#define NVME_QUEUES_MOST  8u
#define NVME_DISKS_MOST   16u
#define NVME_WINDOW_BYTES 0x2000u // of the BAR: registers and doorbells

// One common buffer a pair of queues: submission ring, completion ring, PRP lists.
#define NVME_RINGS_BYTES (2 * NVME_PAGE)
#define NVME_LIST_BYTES  (NVME_PRPS_MOST * 8)
#define NVME_QUEUE_BYTES (NVME_RINGS_BYTES + NVME_ENTRIES * NVME_LIST_BYTES)

// The admin queue's: rings, and a page for answers.
#define NVME_ADMIN_ENTRIES 16u
#define NVME_ADMIN_BYTES   (NVME_RINGS_BYTES + NVME_PAGE)

enum nvme_state {
    NVME_DOWN,      // no hardware: requests are refused
    NVME_HELD,      // requests wait; those in flight come back
    NVME_RUNNING,   // requests go to the controller
    NVME_RESETTING, // requests wait, also those that were on their way
    NVME_FAILED,    // the controller broke a rule or went away: requests are refused
};

struct controller;
struct io_queue;

struct nvme_slot {
    struct io_queue *queue;
    PIRP irp;
    PSCATTER_GATHER_LIST list; // of the piece in flight, NULL for a flush
    ULONG bytes;               // of the piece in flight
    ULONG age;                 // how often the watchdog has seen this command
};

struct io_queue {
    struct controller *nvme;
    KSPIN_LOCK lock;
    enum nvme_state state;
    NTSTATUS refusal; // what refused requests complete with
    LIST_ENTRY waiting;
    KEVENT idle; // signalled while no slot is taken
    ULONG free_count;
    UCHAR free[NVME_ENTRIES];
    struct nvme_slot slots[NVME_SLOTS];
    struct nvme_queue ring;
    ULONG submission_doorbell, completion_doorbell; // offsets
    KDPC dpc;
    PUCHAR memory; // NVME_QUEUE_BYTES of common buffer
    PHYSICAL_ADDRESS address;
    volatile LONG submitting; // threads in NvmeSubmit: they may touch the hardware
};

struct controller {
    struct disk_fdo;
    KMUTEX configuration;
    BOOLEAN started;  // there is hardware
    BOOLEAN disabled; // it must be run before requests go there

    // hardware.c
    PUCHAR registers; // NVME_WINDOW_BYTES, mapped
    PDMA_ADAPTER adapter;
    ULONG map_registers;
    ULONG connect_version;
    union {
        PVOID generic;
        PKINTERRUPT line;
        PIO_INTERRUPT_MESSAGE_INFO messages;
    } connection;
    ULONG message_count; // 0: line interrupt
    KDPC line_dpc;

    // admin.c
    KSPIN_LOCK admin_lock;
    struct nvme_queue admin;
    PUCHAR admin_memory; // NVME_ADMIN_BYTES of common buffer
    PHYSICAL_ADDRESS admin_address;
    struct nvme_taken admin_answer; // of the command that is waited for
    BOOLEAN admin_answered, aborting;

    struct nvme_capabilities capabilities;
    struct nvme_controller_facts facts;
    ULONG pages_most; // of one piece
    ULONG queue_count;
    struct io_queue *queues[NVME_QUEUES_MOST];
    ULONG disk_count;
    PDEVICE_OBJECT disks[NVME_DISKS_MOST];

    // watch.c
    KTIMER watchdog; // set while watching
    KDPC watchdog_dpc;
    volatile LONG watching;
    PIO_WORKITEM reset_work;
    volatile LONG reset_queued;
    KEVENT reset_done; // signalled while no reset is queued or under way
    ULONG resets;      // since a command was answered
};

struct disk_extension {
    struct disk_pdo;
    struct nvme_namespace space;
    char instance[12], location[24];
};

// --- registers.c: the only way to the controller, so that tests can put a simulated one there ----

ULONG NvmeRead(struct controller *nvme, ULONG offset);
ULONG64 NvmeReadLong(struct controller *nvme, ULONG offset);
VOID NvmeWrite(struct controller *nvme, ULONG offset, ULONG value);

// --- hardware.c: PASSIVE_LEVEL except where said ------------------------------------------------

// Maps the registers, disables the controller, gets the DMA adapter and the admin queue's memory,
// connects the interrupt. On failure nothing is left behind.
NTSTATUS HardwareAcquire(struct controller *nvme, PCM_RESOURCE_LIST translated);

// Undoes HardwareAcquire; may be called twice. The memory of the I/O queues goes, too.
VOID HardwareRelease(struct controller *nvme);

// Makes the I/O queues up to `count`, with their memory. Those that exist stay.
NTSTATUS HardwareMakeQueues(struct controller *nvme, ULONG count);

// The message that the n-th I/O queue interrupts with.
ULONG HardwareVector(const struct controller *nvme, ULONG index);

// --- admin.c: PASSIVE_LEVEL except where said, with `configuration` held -------------------------

// Brings the controller from any state to running with empty queues; facts, queue_count and
// the queues' rings are set. Logs what went wrong.
NTSTATUS ControllerRun(struct controller *nvme);

// Disables the controller: no DMA and no interrupts afterwards. NVME_OK, or how it refuses.
enum nvme_rule ControllerDisable(struct controller *nvme);

// Tells the controller that power may go, waits for its answer, and disables it.
VOID ControllerShutdown(struct controller *nvme);

// Reads a namespace; usable says whether it is there for this driver.
enum nvme_rule ControllerNamespace(struct controller *nvme, ULONG id, struct nvme_namespace *space);

// IDs of the active namespaces.
enum nvme_rule ControllerList(struct controller *nvme, ULONG *ids, ULONG most, unsigned *count);

// Asks for an abort, unless one is under way. IRQL <= DISPATCH_LEVEL.
VOID AdminAbort(struct controller *nvme, ULONG queue, ULONG slot);

// Takes what the admin queue has answered. IRQL <= DISPATCH_LEVEL.
enum nvme_rule AdminTake(struct controller *nvme);

// --- io.c ---------------------------------------------------------------------------------------

VOID QueueInitialize(struct controller *nvme, struct io_queue *queue);

// A checked READ, WRITE, FLUSH_BUFFERS or SHUTDOWN to a disk. Takes the IRP, returns
// STATUS_PENDING. IRQL <= DISPATCH_LEVEL.
NTSTATUS NvmeSubmit(struct controller *nvme, PIRP irp);

// Starts what waits while there are slots. DISPATCH_LEVEL.
VOID QueueStartWaiting(struct io_queue *queue);

// Takes a slot that was reclaimed of a quiet controller: its request waits again, first in line, or
// completes with the status when that is an error. DISPATCH_LEVEL.
VOID QueueTakeBack(struct nvme_slot *slot, NTSTATUS status);

// A slot's command is done: the next piece of its request, or the end. DISPATCH_LEVEL.
VOID QueueGoOn(struct nvme_slot *slot);

// A slot's command failed, and its request does. DISPATCH_LEVEL.
VOID QueueFinish(struct nvme_slot *slot, NTSTATUS status);

// The first waiting request that nobody is cancelling, or NULL; with `file` of that file only.
PIRP QueueTakeWaiting(struct io_queue *queue, PFILE_OBJECT file);

VOID NvmeCompleteRequest(PIRP irp, NTSTATUS status);

// Completes the waiting requests of a file that is being closed with STATUS_CANCELLED.
VOID NvmeCleanup(struct controller *nvme, PFILE_OBJECT file);

// --- back.c -------------------------------------------------------------------------------------

KSERVICE_ROUTINE NvmeLineInterrupt;
KMESSAGE_SERVICE_ROUTINE NvmeMessageInterrupt;
KDEFERRED_ROUTINE NvmeLineDpc;
KDEFERRED_ROUTINE NvmeQueueDpc;

// --- watch.c: states and time -------------------------------------------------------------------

VOID WatchInitialize(struct controller *nvme);

// Sees to it that the watchdog looks after what is in flight. IRQL <= DISPATCH_LEVEL.
VOID WatchBegin(struct controller *nvme);

// Lets requests go to the controller, those first that wait. anew: the rings were just made, no
// slot is taken. PASSIVE_LEVEL.
VOID NvmeResume(struct controller *nvme, BOOLEAN anew);

// Lets requests wait and returns when none is in flight; a controller that does not finish within
// five seconds is disabled, and its requests wait. PASSIVE_LEVEL, with `configuration`.
VOID NvmeHold(struct controller *nvme);

// Refuses requests from now on with this status, and completes all that are there with it. The
// controller must be quiet. IRQL <= DISPATCH_LEVEL.
VOID NvmeAbandon(struct controller *nvme, NTSTATUS status);

// The controller broke a rule: logs it, disables it, fails everything. IRQL <= DISPATCH_LEVEL.
VOID NvmeBroke(struct controller *nvme, enum nvme_rule rule);

// Returns when no thread and no DPC of this driver touches the hardware any more. The state must be
// such that nothing starts, the interrupt disconnected. PASSIVE_LEVEL.
VOID NvmeDrain(struct controller *nvme);

VOID NvmeLock(struct controller *nvme);
VOID NvmeUnlock(struct controller *nvme);
BOOLEAN NvmeFailed(const struct controller *nvme);

// --- disk.c -------------------------------------------------------------------------------------

// Makes the disks of the namespaces, or checks that they are still what they were.
NTSTATUS DisksFind(struct controller *nvme);
VOID DisksDelete(struct controller *nvme);
