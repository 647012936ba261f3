// SPDX-License-Identifier: MIT
//
// Interfaces of drivers in other tasks: function pointers cannot cross, so the kit gives its own,
// which send IRPs. BUS_INTERFACE_STANDARD: GetBusData and SetBusData become IRP_MN_READ_CONFIG and
// IRP_MN_WRITE_CONFIG to the device below, in pieces of PIECE bytes.

#include "rt.h"

#define INITGUID
#include <guiddef.h>
#include <wdmguid.h>

#define PIECE 256u

static VOID reference(PVOID context)
{
    ObfReferenceObject(context);
}

static VOID dereference(PVOID context)
{
    ObfDereferenceObject(context);
}

static ULONG transfer(PDEVICE_OBJECT device, UCHAR minor, ULONG space, PVOID buffer, ULONG offset,
                      ULONG length)
{
    KEVENT done;
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device, NULL, 0, NULL, &done, &iosb);
    if (irp == NULL)
        return 0;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = minor;
    next->Parameters.ReadWriteConfig.WhichSpace = space;
    next->Parameters.ReadWriteConfig.Buffer = buffer;
    next->Parameters.ReadWriteConfig.Offset = offset;
    next->Parameters.ReadWriteConfig.Length = length;
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    if (!NT_SUCCESS(iosb.Status))
        return 0;
    return iosb.Information <= length ? (ULONG)iosb.Information : length;
}

static ULONG in_pieces(PVOID context, UCHAR minor, ULONG space, PVOID buffer, ULONG offset,
                       ULONG length)
{
    ULONG done = 0;
    ki_require_irql(PASSIVE_LEVEL, "configuration space above PASSIVE_LEVEL across tasks");
    while (done < length) {
        ULONG part = length - done < PIECE ? length - done : PIECE;
        ULONG moved = transfer(context, minor, space, (PCHAR)buffer + done, offset + done, part);
        done += moved;
        if (moved < part)
            break;
    }
    return done;
}

static ULONG get_bus_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    return in_pieces(context, IRP_MN_READ_CONFIG, space, buffer, offset, length);
}

static ULONG set_bus_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    return in_pieces(context, IRP_MN_WRITE_CONFIG, space, buffer, offset, length);
}

static BOOLEAN translate(PVOID context, PHYSICAL_ADDRESS bus, ULONG length, PULONG space,
                         PPHYSICAL_ADDRESS translated)
{
    (void)context, (void)bus, (void)length, (void)space, (void)translated;
    return FALSE; // the translated resources of START tell
}

static PDMA_ADAPTER get_adapter(PVOID context, struct _DEVICE_DESCRIPTION *description,
                                PULONG registers)
{
    return IoGetDmaAdapter(context, description, registers);
}

NTSTATUS rt_query_interface(PDEVICE_OBJECT proxy, PIO_STACK_LOCATION location)
{
    PBUS_INTERFACE_STANDARD bus = (PVOID)location->Parameters.QueryInterface.Interface;
    if (!IsEqualGUID(location->Parameters.QueryInterface.InterfaceType,
                     &GUID_BUS_INTERFACE_STANDARD))
        return STATUS_NOT_SUPPORTED;
    if (location->Parameters.QueryInterface.Size < sizeof(*bus))
        return STATUS_BUFFER_TOO_SMALL;
    *bus =
        (BUS_INTERFACE_STANDARD){sizeof(*bus), 1,           proxy,        reference,   dereference,
                                 translate,    get_adapter, set_bus_data, get_bus_data};
    reference(proxy);
    return STATUS_SUCCESS;
}
