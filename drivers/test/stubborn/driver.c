// SPDX-License-Identifier: MIT
//
// A function driver that does one thing wrong: the last three letters of its device's ID say what.
// R and a minor code: refuses it. G and a minor code: succeeds with an answer that means nothing.
// Everything else it does as it should.
#include <wdm.h>

#define STUBBORN_TAG 'bbtS'

typedef struct _STUBBORN_EXTENSION {
    PDEVICE_OBJECT Self, Lower;
    IO_REMOVE_LOCK RemoveLock;
    WCHAR Kind;
    ULONG Minor;
} STUBBORN_EXTENSION, *PSTUBBORN_EXTENSION;

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS PassDown(PSTUBBORN_EXTENSION stubborn, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(stubborn->Lower, irp);
}

// Relations with a device that is no PDO; capabilities, states and texts of all ones.
static NTSTATUS Garbage(PSTUBBORN_EXTENSION stubborn, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_RELATIONS relations;
    switch (location->MinorFunction) {
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        relations = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*relations), STUBBORN_TAG);
        if (relations == NULL)
            return Complete(irp, STATUS_INSUFFICIENT_RESOURCES);
        relations->Count = 1;
        relations->Objects[0] = stubborn->Self;
        ObReferenceObject(stubborn->Self);
        irp->IoStatus.Information = (ULONG_PTR)relations;
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        RtlFillMemory(location->Parameters.DeviceCapabilities.Capabilities,
                      sizeof(DEVICE_CAPABILITIES), 0xff);
        break;
    default:
        irp->IoStatus.Information = 0x40; // a PNP_DEVICE_STATE without a meaning
    }
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS Start(PSTUBBORN_EXTENSION stubborn, PIRP irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (IoForwardIrpSynchronously(stubborn->Lower, irp))
        status = irp->IoStatus.Status;
    return Complete(irp, status);
}

static NTSTATUS Remove(PSTUBBORN_EXTENSION stubborn, PIRP irp)
{
    PDEVICE_OBJECT lower = stubborn->Lower;
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = PassDown(stubborn, irp);
    IoReleaseRemoveLockAndWait(&stubborn->RemoveLock, irp);
    IoDetachDevice(lower);
    IoDeleteDevice(stubborn->Self);
    return status;
}

static NTSTATUS Dispatch(PSTUBBORN_EXTENSION stubborn, PIRP irp, UCHAR minor)
{
    if (minor == stubborn->Minor)
        return stubborn->Kind == L'R' ? Complete(irp, STATUS_UNSUCCESSFUL) : Garbage(stubborn, irp);
    if (minor == IRP_MN_START_DEVICE)
        return Start(stubborn, irp);
    if (minor <= IRP_MN_CANCEL_STOP_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL)
        irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(stubborn, irp);
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PSTUBBORN_EXTENSION stubborn = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&stubborn->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Complete(irp, status);
    if (minor == IRP_MN_REMOVE_DEVICE && stubborn->Minor != minor)
        return Remove(stubborn, irp); // takes the lock along
    status = Dispatch(stubborn, irp, minor);
    IoReleaseRemoveLock(&stubborn->RemoveLock, irp);
    return status;
}

static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PSTUBBORN_EXTENSION stubborn = device->DeviceExtension;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(stubborn->Lower, irp);
}

static ULONG Digit(WCHAR c)
{
    return c <= L'9' ? (ULONG)(c - L'0') : (ULONG)((c & ~0x20) - L'A' + 10);
}

// ...\STUBBORN_R01
static NTSTATUS ReadKind(PSTUBBORN_EXTENSION stubborn, PDEVICE_OBJECT physical)
{
    WCHAR id[32];
    ULONG bytes;
    NTSTATUS status =
        IoGetDeviceProperty(physical, DevicePropertyHardwareID, sizeof(id), id, &bytes);
    if (!NT_SUCCESS(status))
        return status;
    ULONG length = bytes / sizeof(WCHAR) - 2; // a list: two zeros at its end
    stubborn->Kind = id[length - 3];
    stubborn->Minor = Digit(id[length - 2]) << 4 | Digit(id[length - 1]);
    return STATUS_SUCCESS;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(STUBBORN_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                                     0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PSTUBBORN_EXTENSION stubborn = device->DeviceExtension;
    stubborn->Self = device;
    IoInitializeRemoveLock(&stubborn->RemoveLock, STUBBORN_TAG, 0, 0);
    stubborn->Lower = IoAttachDeviceToDeviceStack(device, physical);
    status = stubborn->Lower != NULL ? ReadKind(stubborn, physical) : STATUS_NO_SUCH_DEVICE;
    if (!NT_SUCCESS(status)) {
        if (stubborn->Lower != NULL)
            IoDetachDevice(stubborn->Lower);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->DriverExtension->AddDevice = AddDevice;
    return STATUS_SUCCESS;
}
