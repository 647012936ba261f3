// SPDX-License-Identifier: MIT
//
// The virtio entropy device (virtio 1.2, 5.4) as \Device\VirtioRng: a READ gets random bytes.
//
// The device writes to a page of the driver's (common buffer), from which the bytes are copied and
// then erased: requesters' memory is out of its reach, and nothing is handed out twice.
//
// Locks. `lock` guards state, busy, current and the ring; `queue_lock` the waiting requests. No IRP
// is completed with one of them held.
#pragma once

#include <ring.h>
#include <virtio_pci.h>

#include <fdopower.h>
#include <pdo.h>

#define RNG_TAG         0x676E7256u // 'Vrng'
#define RNG_PIECE_BYTES 4096u
#define RNG_DMA_BYTES   (VIRTIO_RING_BYTES + RNG_PIECE_BYTES)

#define RNG_DEVICE_NAME L"\\Device\\VirtioRng"
#define RNG_LINK_NAME   L"\\??\\VirtioRng"

enum rng_state {
    RNG_DOWN,    // no hardware: requests are refused
    RNG_HELD,    // requests wait
    RNG_RUNNING, // requests go to the device
    RNG_FAILED,  // the device broke a rule or went away: requests are refused
};

struct rng {
    PDEVICE_OBJECT self, lower, pdo;
    struct fdo_power power;
    IO_REMOVE_LOCK remove_lock;
    UNICODE_STRING interface;

    // hardware.c
    struct virtio_pci pci;
    PUSHORT doorbell;
    PDMA_ADAPTER adapter;
    PUCHAR memory; // ring, then a piece of random bytes
    PHYSICAL_ADDRESS address;
    ULONG connect_version;
    union {
        PVOID generic;
        PKINTERRUPT line;
        PIO_INTERRUPT_MESSAGE_INFO messages;
    } connection;

    // read.c
    KSPIN_LOCK lock, queue_lock;
    enum rng_state state;
    NTSTATUS refusal;
    BOOLEAN busy; // the device is somebody's
    PIRP current; // for which it works; taken by whoever ends the piece
    struct virtio_ring ring;
    IO_CSQ csq;
    LIST_ENTRY waiting;
    KEVENT idle; // signalled while not busy
    KDPC dpc;
    KTIMER watchdog; // set while the device works
    KDPC watchdog_dpc;
};

// --- hardware.c: PASSIVE_LEVEL except where said ------------------------------------------------

// Maps the registers, gets the DMA adapter and memory, connects the interrupt. On failure nothing
// is left behind.
NTSTATUS HardwareAcquire(struct rng *rng, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated);

// Brings the device from any state to running with an empty queue.
NTSTATUS HardwareRun(struct rng *rng);

// Resets the device: no DMA and no interrupts afterwards. IRQL <= DISPATCH_LEVEL.
VOID HardwareQuiet(struct rng *rng);

// Undoes HardwareAcquire; may be called twice.
VOID HardwareRelease(struct rng *rng);

// --- read.c -------------------------------------------------------------------------------------

NTSTATUS ReadInitialize(struct rng *rng);

// A READ of at least one byte. Takes the IRP and the remove lock that was acquired for it; returns
// STATUS_PENDING, or the IRP and the lock are still the caller's. IRQL <= DISPATCH_LEVEL.
NTSTATUS ReadQueue(struct rng *rng, PIRP irp);

VOID ReadResume(struct rng *rng); // lets requests go to the device
VOID ReadHold(struct rng *rng);   // lets them wait; returns when the device does nothing
VOID ReadCleanup(struct rng *rng, PFILE_OBJECT file); // cancels those of a file that wait

// Refuses requests from now on and completes all that are there, with this status. The device must
// be quiet.
VOID ReadAbandon(struct rng *rng, NTSTATUS status);

KSERVICE_ROUTINE RngLineInterrupt;
KMESSAGE_SERVICE_ROUTINE RngMessageInterrupt;
