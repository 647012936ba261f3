// SPDX-License-Identifier: MIT
//
// A simulated edu device behind the driver's registers.c, and a stack of the driver on a bus that
// agrees to everything. The chip does what it was told when the test calls chip_work. For one
// source file.
#pragma once

#include "../../one_memory.h"
#include "device.h"
#include "posix.h"

#define BAR_ADDRESS 0x40000000ull
#define BAR_BYTES   0x100000u
#define VECTOR      33u

DRIVER_INITIALIZE DriverEntry;

static struct {
    ULONG id, liveness, factorial, status, causes;
    ULONGLONG source, target, count, command;
    BOOLEAN factorial_asked, deaf;
    unsigned dmas;
    UCHAR buffer[EDU_BUFFER_BYTES];
} chip;

static alignas(4096) UCHAR bar[PAGE_SIZE]; // only its address counts
static DRIVER_OBJECT driver, fake;
static DRIVER_EXTENSION driver_extension, fake_extension;
static PDEVICE_OBJECT bottom, device;

// --- The driver's registers.c -------------------------------------------------------------------

ULONG EduRead(PEDU edu, ULONG offset)
{
    UNREFERENCED_PARAMETER(edu);
    switch (offset) {
    case EDU_IDENTIFICATION:
        return chip.id;
    case EDU_LIVENESS:
        return ~chip.liveness;
    case EDU_FACTORIAL:
        return chip.factorial;
    case EDU_CAUSES:
        return chip.causes;
    default:
        return 0;
    }
}

VOID EduWrite(PEDU edu, ULONG offset, ULONG value)
{
    UNREFERENCED_PARAMETER(edu);
    switch (offset) {
    case EDU_LIVENESS:
        chip.liveness = value;
        break;
    case EDU_FACTORIAL:
        chip.factorial = value;
        chip.factorial_asked = TRUE;
        break;
    case EDU_STATUS:
        chip.status = value;
        break;
    case EDU_ACKNOWLEDGE:
        chip.causes &= ~value;
        break;
    default:
        abort(); // no such register, or one of 64 bits
    }
}

VOID EduWriteLong(PEDU edu, ULONG offset, ULONGLONG value)
{
    UNREFERENCED_PARAMETER(edu);
    switch (offset) {
    case EDU_DMA_SOURCE:
        chip.source = value;
        break;
    case EDU_DMA_TARGET:
        chip.target = value;
        break;
    case EDU_DMA_COUNT:
        chip.count = value;
        break;
    case EDU_DMA_COMMAND:
        chip.command = value;
        break;
    default:
        abort();
    }
}

// --- The chip's work ----------------------------------------------------------------------------

static inline void chip_interrupt(ULONG cause)
{
    chip.causes |= cause;
    (void)posix_interrupt(VECTOR);
}

static inline void chip_factorial(void)
{
    ULONG product = 1;
    for (ULONG n = chip.factorial; n > 0; n--)
        product *= n;
    chip.factorial = product;
    chip.factorial_asked = FALSE;
    if (chip.status & EDU_STATUS_INTERRUPT)
        chip_interrupt(EDU_CAUSE_FACTORIAL);
}

// Logical addresses are those of this process. The chip's side must lie in its buffer.
static inline void chip_dma(void)
{
    BOOLEAN to_memory = (chip.command & EDU_DMA_TO_MEMORY) != 0;
    ULONGLONG own = to_memory ? chip.source : chip.target;
    ULONGLONG memory = to_memory ? chip.target : chip.source;
    BOOLEAN interrupt = (chip.command & EDU_DMA_INTERRUPT) != 0;
    if (own < EDU_BUFFER_ADDRESS || chip.count > EDU_BUFFER_BYTES ||
        own - EDU_BUFFER_ADDRESS > EDU_BUFFER_BYTES - chip.count)
        abort();
    PUCHAR inside = chip.buffer + (own - EDU_BUFFER_ADDRESS);
    memcpy(to_memory ? (PVOID)memory : inside, to_memory ? inside : (PVOID)memory, chip.count);
    chip.command = 0;
    chip.dmas++;
    if (interrupt)
        chip_interrupt(EDU_CAUSE_DMA);
}

// Until nothing is asked any more; the DPCs have a moment to ask.
static inline void chip_work(void)
{
    LARGE_INTEGER moment = {.QuadPart = -10000};
    for (unsigned idle = 0; idle < 20; idle++) {
        if (chip.factorial_asked && !chip.deaf) {
            chip_factorial();
            idle = 0;
        } else if (chip.command & EDU_DMA_START && !chip.deaf) {
            chip_dma();
            idle = 0;
        }
        (void)KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
}

// --- The stack ----------------------------------------------------------------------------------

static struct one_memory resources = ONE_MEMORY_OF_PCI;

static NTSTATUS agree(PDEVICE_OBJECT unused, PIRP irp)
{
    UNREFERENCED_PARAMETER(unused);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

// A request under way.
struct sent {
    PIRP irp;
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    FILE_OBJECT file;
};

static inline NTSTATUS finish(struct sent *sent)
{
    (void)KeWaitForSingleObject(&sent->event, Executive, KernelMode, FALSE, NULL);
    return sent->iosb.Status;
}

static inline NTSTATUS pnp(UCHAR minor)
{
    struct sent sent = {};
    PDEVICE_OBJECT top = IoGetAttachedDevice(bottom);
    KeInitializeEvent(&sent.event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &sent.event, &sent.iosb);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MinorFunction = minor;
    next->Parameters.StartDevice.AllocatedResources = (PVOID)&resources;
    next->Parameters.StartDevice.AllocatedResourcesTranslated = (PVOID)&resources;
    NTSTATUS status = IoCallDriver(top, irp);
    return status == STATUS_PENDING ? finish(&sent) : status;
}

static inline NTSTATUS ask(struct sent *sent, ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                           ULONG out_bytes)
{
    *sent = (struct sent){};
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp = IoBuildDeviceIoControlRequest(code, device, in, in_bytes, out, out_bytes, FALSE,
                                              &sent->event, &sent->iosb);
    IoGetNextIrpStackLocation(sent->irp)->FileObject = &sent->file;
    return IoCallDriver(device, sent->irp);
}

static int32_t enter(PDRIVER_OBJECT object, void *path)
{
    return DriverEntry(object, path);
}

static inline NTSTATUS bring_up(ULONG id)
{
    memset(&chip, 0, sizeof chip);
    chip.id = id;
    resources.memory.u.Memory.Start.QuadPart = BAR_ADDRESS;
    resources.memory.u.Memory.Length = BAR_BYTES;
    posix_add_memory(BAR_ADDRESS, bar, BAR_BYTES);
    (void)posix_init_driver(&driver, &driver_extension, enter);
    (void)posix_init_driver(&fake, &fake_extension, NULL);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        fake.MajorFunction[i] = agree;
    NTSTATUS status = IoCreateDevice(&fake, 0, NULL, FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &bottom);
    posix_set_vector(bottom, VECTOR);
    if (NT_SUCCESS(status))
        status = driver.DriverExtension->AddDevice(&driver, bottom);
    device = IoGetAttachedDevice(bottom);
    return NT_SUCCESS(status) ? pnp(IRP_MN_START_DEVICE) : status;
}

static inline void tear_down(void)
{
    (void)pnp(IRP_MN_REMOVE_DEVICE);
    IoDeleteDevice(bottom);
}
