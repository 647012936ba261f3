// SPDX-License-Identifier: MIT
//
// Control codes. All are METHOD_BUFFERED: input and output share the system buffer, so that input
// is taken before output is written.
#include "port.h"

typedef struct _CONTROL {
    PVOID Buffer;
    ULONG InputLength, OutputLength;
    ULONG_PTR Information;
} CONTROL, *PCONTROL;

// Copies the input out of the buffer.
static NTSTATUS TakeInput(const CONTROL *control, PVOID to, ULONG bytes)
{
    if (control->InputLength < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(to, control->Buffer, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS GiveOutput(PCONTROL control, const VOID *from, ULONG bytes)
{
    if (control->OutputLength < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(control->Buffer, from, bytes);
    control->Information = bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS SetBaudRate(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_BAUD_RATE baud;
    NTSTATUS status = TakeInput(control, &baud, sizeof(baud));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (port->Clock == 0) {
        return STATUS_NOT_SUPPORTED; // the device tree does not tell the clock
    }
    return SerialSetBaud(port, baud.BaudRate) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS GetBaudRate(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_BAUD_RATE baud = {.BaudRate = SerialGetBaud(port)};
    if (baud.BaudRate == 0) {
        return STATUS_NOT_SUPPORTED;
    }
    return GiveOutput(control, &baud, sizeof(baud));
}

static NTSTATUS SetTimeouts(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_TIMEOUTS timeouts;
    KIRQL irql;
    NTSTATUS status = TakeInput(control, &timeouts, sizeof(timeouts));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (timeouts.ReadIntervalTimeout == MAXULONG && timeouts.ReadTotalTimeoutConstant == MAXULONG) {
        return STATUS_INVALID_PARAMETER;
    }
    KeAcquireSpinLock(&port->Lock, &irql);
    port->State->Timeouts = timeouts; // for requests that become active from now on
    KeReleaseSpinLock(&port->Lock, irql);
    return STATUS_SUCCESS;
}

static NTSTATUS GetTimeouts(PPORT_EXTENSION port, PCONTROL control)
{
    KIRQL irql;
    KeAcquireSpinLock(&port->Lock, &irql);
    SERIAL_TIMEOUTS timeouts = port->State->Timeouts;
    KeReleaseSpinLock(&port->Lock, irql);
    return GiveOutput(control, &timeouts, sizeof(timeouts));
}

static NTSTATUS SetLineControl(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_LINE_CONTROL line;
    NTSTATUS status = TakeInput(control, &line, sizeof(line));
    return NT_SUCCESS(status) ? SerialSetLine(port, &line) : status;
}

static NTSTATUS GetLineControl(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_LINE_CONTROL line;
    SerialGetLine(port, &line);
    return GiveOutput(control, &line, sizeof(line));
}

static NTSTATUS GetCommStatus(PPORT_EXTENSION port, PCONTROL control)
{
    SERIAL_STATUS status;
    // Reading clears the errors: not for a caller who has no room for them.
    if (control->OutputLength < sizeof(status)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    SerialGetStatus(port, &status);
    return GiveOutput(control, &status, sizeof(status));
}

static NTSTATUS GetStats(PPORT_EXTENSION port, PCONTROL control)
{
    SERIALPERF_STATS stats;
    SerialGetStats(port, &stats, FALSE);
    return GiveOutput(control, &stats, sizeof(stats));
}

static NTSTATUS ClearStats(PPORT_EXTENSION port, PCONTROL control)
{
    SERIALPERF_STATS stats;
    UNREFERENCED_PARAMETER(control);
    SerialGetStats(port, &stats, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS Purge(PPORT_EXTENSION port, PCONTROL control)
{
    ULONG mask;
    const ULONG known =
        SERIAL_PURGE_TXABORT | SERIAL_PURGE_RXABORT | SERIAL_PURGE_TXCLEAR | SERIAL_PURGE_RXCLEAR;
    NTSTATUS status = TakeInput(control, &mask, sizeof(mask));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (mask == 0 || (mask & ~known) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((mask & SERIAL_PURGE_TXABORT) != 0) {
        SerialCancelQueue(&port->Writes, NULL);
    }
    if ((mask & SERIAL_PURGE_RXABORT) != 0) {
        SerialCancelQueue(&port->Reads, NULL);
    }
    if ((mask & (SERIAL_PURGE_TXCLEAR | SERIAL_PURGE_RXCLEAR)) != 0) {
        SerialPurgeRings(port, (mask & SERIAL_PURGE_RXCLEAR) != 0,
                         (mask & SERIAL_PURGE_TXCLEAR) != 0);
        SerialServiceWrites(port); // the ring has room now
    }
    return STATUS_SUCCESS;
}

// The rings are of one size: a smaller wish is fulfilled by them, a larger one cannot be.
static NTSTATUS SetQueueSize(PCONTROL control)
{
    SERIAL_QUEUE_SIZE size;
    NTSTATUS status = TakeInput(control, &size, sizeof(size));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return size.InSize <= RING_SIZE && size.OutSize <= RING_SIZE ? STATUS_SUCCESS
                                                                 : STATUS_INVALID_PARAMETER;
}

static NTSTATUS SetModem(PPORT_EXTENSION port, UCHAR set, UCHAR clear)
{
    SerialSetModem(port, set, clear);
    return STATUS_SUCCESS;
}

static NTSTATUS SetBreak(PPORT_EXTENSION port, BOOLEAN on)
{
    SerialSetBreak(port, on);
    return STATUS_SUCCESS;
}

static NTSTATUS Control(PPORT_EXTENSION port, ULONG code, PCONTROL control)
{
    switch (code) {
    case IOCTL_SERIAL_SET_BAUD_RATE:
        return SetBaudRate(port, control);
    case IOCTL_SERIAL_GET_BAUD_RATE:
        return GetBaudRate(port, control);
    case IOCTL_SERIAL_SET_TIMEOUTS:
        return SetTimeouts(port, control);
    case IOCTL_SERIAL_GET_TIMEOUTS:
        return GetTimeouts(port, control);
    case IOCTL_SERIAL_SET_LINE_CONTROL:
        return SetLineControl(port, control);
    case IOCTL_SERIAL_GET_LINE_CONTROL:
        return GetLineControl(port, control);
    case IOCTL_SERIAL_GET_COMMSTATUS:
        return GetCommStatus(port, control);
    case IOCTL_SERIAL_GET_STATS:
        return GetStats(port, control);
    case IOCTL_SERIAL_CLEAR_STATS:
        return ClearStats(port, control);
    case IOCTL_SERIAL_PURGE:
        return Purge(port, control);
    case IOCTL_SERIAL_SET_QUEUE_SIZE:
        return SetQueueSize(control);
    case IOCTL_SERIAL_SET_DTR:
        return SetModem(port, MCR_DTR, 0);
    case IOCTL_SERIAL_CLR_DTR:
        return SetModem(port, 0, MCR_DTR);
    case IOCTL_SERIAL_SET_RTS:
        return SetModem(port, MCR_RTS, 0);
    case IOCTL_SERIAL_CLR_RTS:
        return SetModem(port, 0, MCR_RTS);
    case IOCTL_SERIAL_SET_BREAK_ON:
        return SetBreak(port, TRUE);
    case IOCTL_SERIAL_SET_BREAK_OFF:
        return SetBreak(port, FALSE);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS SerialDeviceControl(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    CONTROL control = {
        .Buffer = irp->AssociatedIrp.SystemBuffer,
        .InputLength = location->Parameters.DeviceIoControl.InputBufferLength,
        .OutputLength = location->Parameters.DeviceIoControl.OutputBufferLength,
    };
    NTSTATUS status = IoAcquireRemoveLock(&port->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        irp->IoStatus.Status = status;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }
    status = STATUS_DEVICE_NOT_READY;
    if (ExAcquireRundownProtection(&port->Hardware)) {
        if (port->Started) {
            status = Control(port, location->Parameters.DeviceIoControl.IoControlCode, &control);
        }
        ExReleaseRundownProtection(&port->Hardware);
    }
    return SerialComplete(port, irp, status, control.Information);
}
