// SPDX-License-Identifier: MIT
//
// The device tree node's properties, read through IRP_MN_READ_CONFIG. The block comes from another
// task and is not trusted: every length in it is compared with what is left.
#include "port.h"

#include <drivers/devicetree.h>

#define BLOCK_BYTES 4096u
#define PIECE_BYTES 256u // what certainly travels inside of one request

static ULONG Word(const UCHAR *p)
{
    ULONG value;
    RtlCopyMemory(&value, p, sizeof(value));
    return value;
}

static ULONG Padded(ULONG bytes)
{
    return (bytes + 3u) & ~3u;
}

BOOLEAN SerialFindCell(const UCHAR *block, ULONG bytes, PCSTR name, PULONG value)
{
    ULONG wanted = (ULONG)strlen(name) + 1;
    ULONG at = 4; // behind the total
    while (at <= bytes && bytes - at >= 8) {
        ULONG name_bytes = Word(block + at);
        ULONG value_bytes = Word(block + at + 4);
        at += 8;
        if (name_bytes > bytes - at || Padded(name_bytes) > bytes - at) {
            return FALSE;
        }
        const UCHAR *entry_name = block + at;
        at += Padded(name_bytes);
        if (value_bytes > bytes - at) {
            return FALSE;
        }
        if (name_bytes == wanted && RtlEqualMemory(entry_name, name, wanted)) {
            BOOLEAN cell = value_bytes == 4;
            *value = cell ? RtlUlongByteSwap(Word(block + at)) : *value;
            return cell;
        }
        at += Padded(value_bytes) <= bytes - at ? Padded(value_bytes) : bytes - at;
    }
    return FALSE;
}

// Asks the bus driver for a piece of the block. *bytes gets how much came.
static NTSTATUS ReadPiece(PDEVICE_OBJECT lower, PUCHAR buffer, ULONG offset, PULONG bytes)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb = {0};
    *bytes = 0;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, lower, NULL, 0, NULL, &event, &iosb);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; // as every PnP IRP begins
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_READ_CONFIG;
    next->Parameters.ReadWriteConfig.WhichSpace = DEVICETREE_WHICHSPACE_PROPERTIES;
    next->Parameters.ReadWriteConfig.Buffer = buffer;
    next->Parameters.ReadWriteConfig.Offset = offset;
    next->Parameters.ReadWriteConfig.Length = PIECE_BYTES;
    NTSTATUS status = IoCallDriver(lower, irp);
    if (status == STATUS_PENDING) {
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    if (NT_SUCCESS(status) && iosb.Information <= PIECE_BYTES) {
        *bytes = (ULONG)iosb.Information;
    }
    return status;
}

// Reads the block up to its end or to what there is room for. Returns the number of bytes.
static ULONG ReadBlock(PDEVICE_OBJECT lower, PUCHAR buffer)
{
    ULONG at = 0;
    ULONG end = PIECE_BYTES;
    while (at < end && at <= BLOCK_BYTES - PIECE_BYTES) {
        ULONG bytes;
        NTSTATUS status = ReadPiece(lower, buffer + at, at, &bytes);
        if (!NT_SUCCESS(status) || bytes == 0) {
            break;
        }
        at += bytes;
        end = at >= 4 ? Word(buffer) : at;
    }
    return at;
}

static VOID TakeProperties(PPORT_EXTENSION port, const UCHAR *block, ULONG bytes)
{
    ULONG shift = 0;
    ULONG width = 1;
    (void)SerialFindCell(block, bytes, "reg-shift", &shift);
    (void)SerialFindCell(block, bytes, "reg-io-width", &width);
    (void)SerialFindCell(block, bytes, "clock-frequency", &port->Clock);
    (void)SerialFindCell(block, bytes, "current-speed", &port->InitialBaud);
    if (shift <= 4 && (width == 1 || (width == 4 && shift >= 2))) {
        port->Uart.Shift = shift;
        port->Uart.Width = width;
    } else {
        DbgPrint("reg-shift %u with reg-io-width %u makes no sense: ignored\n", shift, width);
    }
}

VOID SerialReadProperties(PPORT_EXTENSION port)
{
    port->Uart.Shift = 0;
    port->Uart.Width = 1;
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, BLOCK_BYTES, SERIAL_TAG);
    if (block == NULL) {
        return;
    }
    TakeProperties(port, block, ReadBlock(port->Lower, block));
    ExFreePoolWithTag(block, SERIAL_TAG);
}
