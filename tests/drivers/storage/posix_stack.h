// SPDX-License-Identifier: MIT
//
// The stack of a disk controller's driver on the real kit (libddk's POSIX port): a function with
// one BAR and one interrupt below it, whose bus driver is the test's, and synchronous requests to
// its disks. For one source file.
#pragma once

#include "../one_memory.h"

#include <posix.h>
#include <wdm.h>

#define BAR_ADDRESS 0x40000000ull
#define BAR_BYTES   0x4000u
#define VECTOR      33u

DRIVER_INITIALIZE DriverEntry;

static PDEVICE_OBJECT bottom; // of the bus driver

static inline NTSTATUS pnp(UCHAR minor, PVOID *answer)
{
    static struct one_memory resources = ONE_MEMORY_OF_PCI;
    KEVENT event;
    IO_STATUS_BLOCK iosb = {};
    PDEVICE_OBJECT top = IoGetAttachedDevice(bottom);
    resources.memory.u.Memory.Start.QuadPart = BAR_ADDRESS;
    resources.memory.u.Memory.Length = BAR_BYTES;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &event, &iosb);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MinorFunction = minor;
    if (minor == IRP_MN_START_DEVICE) {
        next->Parameters.StartDevice.AllocatedResources = (PVOID)&resources;
        next->Parameters.StartDevice.AllocatedResourcesTranslated = (PVOID)&resources;
    } else {
        next->Parameters.QueryDeviceRelations.Type = BusRelations;
    }
    if (IoCallDriver(top, irp) == STATUS_PENDING)
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    if (answer)
        *answer = (PVOID)iosb.Information;
    return iosb.Status;
}

static int32_t enter_driver(PDRIVER_OBJECT object, void *path)
{
    return DriverEntry(object, path);
}

// Makes the function, whose requests `below` answers and whose registers are at `bar`, puts the
// driver on it, and starts it.
static inline NTSTATUS start_stack(PDRIVER_DISPATCH below, PVOID bar, ULONG bytes)
{
    static DRIVER_OBJECT driver, bus;
    static DRIVER_EXTENSION driver_extension, bus_extension;
    posix_add_memory(BAR_ADDRESS, bar, bytes);
    (void)posix_init_driver(&driver, &driver_extension, enter_driver);
    (void)posix_init_driver(&bus, &bus_extension, NULL);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        bus.MajorFunction[i] = below;
    NTSTATUS status = IoCreateDevice(&bus, 0, NULL, FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &bottom);
    if (!NT_SUCCESS(status))
        return status;
    posix_set_vector(bottom, VECTOR);
    status = driver.DriverExtension->AddDevice(&driver, bottom);
    return NT_SUCCESS(status) ? pnp(IRP_MN_START_DEVICE, NULL) : status;
}

// The disks that the driver tells of, up to `most`.
static inline void find_disks(PDEVICE_OBJECT *disks, ULONG most)
{
    PVOID answer = NULL;
    if (!NT_SUCCESS(pnp(IRP_MN_QUERY_DEVICE_RELATIONS, &answer)) || !answer)
        return;
    PDEVICE_RELATIONS found = answer;
    for (ULONG i = 0; i < found->Count && i < most; i++)
        disks[i] = found->Objects[i];
    ExFreePool(found);
}

// --- Requests -----------------------------------------------------------------------------------

struct sent {
    PIRP irp;
    IO_STATUS_BLOCK iosb;
    KEVENT event;
};

static inline NTSTATUS begin(struct sent *sent, ULONG major, PDEVICE_OBJECT disk, ULONGLONG offset,
                             PVOID buffer, ULONG bytes)
{
    LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};
    *sent = (struct sent){};
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp =
        IoBuildSynchronousFsdRequest(major, disk, buffer, bytes, &at, &sent->event, &sent->iosb);
    return IoCallDriver(disk, sent->irp);
}

static inline NTSTATUS finish(struct sent *sent)
{
    (void)KeWaitForSingleObject(&sent->event, Executive, KernelMode, FALSE, NULL);
    return sent->iosb.Status;
}

static inline NTSTATUS transfer(ULONG major, PDEVICE_OBJECT disk, ULONGLONG offset, PVOID buffer,
                                ULONG bytes)
{
    struct sent sent;
    (void)begin(&sent, major, disk, offset, buffer, bytes);
    NTSTATUS status = finish(&sent);
    return NT_SUCCESS(status) && sent.iosb.Information != bytes ? STATUS_DATA_ERROR : status;
}
