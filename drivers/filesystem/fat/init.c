// SPDX-License-Identifier: MIT
//
// DriverEntry and the small things that every request needs.
#include "fatfs.h"

FAT_GLOBALS FatGlobals;

NTSTATUS FatComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS FatStatus(PFAT_VCB vcb, enum fat_status status)
{
    static const NTSTATUS table[] = {
        [FAT_OK] = STATUS_SUCCESS,
        [FAT_END] = STATUS_NO_MORE_FILES,
        [FAT_NOT_FOUND] = STATUS_OBJECT_NAME_NOT_FOUND,
        [FAT_EXISTS] = STATUS_OBJECT_NAME_COLLISION,
        [FAT_BAD_NAME] = STATUS_OBJECT_NAME_INVALID,
        [FAT_NOT_EMPTY] = STATUS_DIRECTORY_NOT_EMPTY,
        [FAT_NO_SPACE] = STATUS_DISK_FULL,
        [FAT_TOO_LARGE] = STATUS_FILE_TOO_LARGE,
        [FAT_NO_MEMORY] = STATUS_INSUFFICIENT_RESOURCES,
        [FAT_CORRUPT] = STATUS_FILE_CORRUPT_ERROR,
        [FAT_UNRECOGNIZED] = STATUS_UNRECOGNIZED_VOLUME,
    };
    if (status != FAT_IO_ERROR)
        return table[status];
    return NT_SUCCESS(vcb->LastDeviceError) ? STATUS_IO_DEVICE_ERROR : vcb->LastDeviceError;
}

VOID FatLock(PFAT_VCB vcb)
{
    FsRtlEnterFileSystem();
    ExAcquireResourceExclusiveLite(&vcb->Resource, TRUE);
}

VOID FatUnlock(PFAT_VCB vcb)
{
    ExReleaseResourceLite(&vcb->Resource);
    FsRtlExitFileSystem();
}

uint64_t FatNow(VOID)
{
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    return (uint64_t)now.QuadPart;
}

PVOID FatBuffer(PIRP irp)
{
    if (irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        return irp->AssociatedIrp.SystemBuffer;
    return irp->UserBuffer;
}

BOOLEAN FatCopyString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    *to = (UNICODE_STRING){0};
    if (from->Length == 0)
        return TRUE;
    to->Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, from->Length, FAT_TAG);
    if (to->Buffer == NULL)
        return FALSE;
    RtlCopyMemory(to->Buffer, from->Buffer, from->Length);
    to->Length = to->MaximumLength = from->Length;
    return TRUE;
}

VOID FatFreeString(PUNICODE_STRING string)
{
    if (string->Buffer != NULL)
        ExFreePoolWithTag(string->Buffer, FAT_TAG);
    *string = (UNICODE_STRING){0};
}

// Requests of an open volume that are the business of what lies below.
NTSTATUS FatPassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (vcb == NULL || FatFcb(file) != NULL)
        return FatComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(vcb->Target, irp);
}

static VOID FatSetDispatch(PDRIVER_OBJECT driver)
{
    driver->MajorFunction[IRP_MJ_CREATE] = FatCreate;
    driver->MajorFunction[IRP_MJ_CLEANUP] = FatCleanup;
    driver->MajorFunction[IRP_MJ_CLOSE] = FatClose;
    driver->MajorFunction[IRP_MJ_READ] = FatRead;
    driver->MajorFunction[IRP_MJ_WRITE] = FatWrite;
    driver->MajorFunction[IRP_MJ_QUERY_INFORMATION] = FatQueryInformation;
    driver->MajorFunction[IRP_MJ_SET_INFORMATION] = FatSetInformation;
    driver->MajorFunction[IRP_MJ_QUERY_VOLUME_INFORMATION] = FatQueryVolumeInformation;
    driver->MajorFunction[IRP_MJ_DIRECTORY_CONTROL] = FatDirectoryControl;
    driver->MajorFunction[IRP_MJ_FILE_SYSTEM_CONTROL] = FatFileSystemControl;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = FatPassDown;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = FatFlushBuffers;
    driver->MajorFunction[IRP_MJ_SHUTDOWN] = FatShutdown;
}

static VOID FatUnload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    IoUnregisterShutdownNotification(FatGlobals.Control);
    IoUnregisterFileSystem(FatGlobals.Control);
    IoDeleteDevice(FatGlobals.Control);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name;
    UNREFERENCED_PARAMETER(registry_path);
    FatGlobals.Driver = driver;
    ExInitializeFastMutex(&FatGlobals.Lock);
    InitializeListHead(&FatGlobals.Volumes);
    RtlInitUnicodeString(&name, L"\\FileSystem\\Fat");
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE,
                                     &FatGlobals.Control);
    if (!NT_SUCCESS(status)) {
        DbgPrint("fat: cannot create \\FileSystem\\Fat: status %08x\n", (unsigned)status);
        return status;
    }
    FatSetDispatch(driver);
    driver->DriverUnload = FatUnload;
    FatGlobals.Control->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    status = IoRegisterShutdownNotification(FatGlobals.Control);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(FatGlobals.Control);
        return status;
    }
    IoRegisterFileSystem(FatGlobals.Control);
    return STATUS_SUCCESS;
}
