// SPDX-License-Identifier: MIT
//
// File objects, share access, volume parameter blocks, small questions about requests.

#include "../ob/ob.h"
#include "io.h"

static KSPIN_LOCK vpb_lock;

static void delete_file(PVOID object)
{
    PFILE_OBJECT file = object;
    manager_close_file(file);
    if (file->FileName.Buffer != NULL)
        ExFreePool(file->FileName.Buffer);
    if (file->DeviceObject != NULL)
        ObfDereferenceObject(file->DeviceObject);
}

PFILE_OBJECT io_allocate_file(PDEVICE_OBJECT device)
{
    PFILE_OBJECT file = ob_allocate(sizeof(*file), ob_file_type, delete_file, 'eliF');
    if (file == NULL)
        return NULL;
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(*file);
    file->DeviceObject = device;
    file->Vpb = device->Vpb;
    KeInitializeEvent(&file->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&file->Event, NotificationEvent, FALSE);
    InitializeListHead(&file->IrpList);
    ObfReferenceObject(device);
    return file;
}

PFILE_OBJECT IoCreateStreamFileObject(PFILE_OBJECT file, PDEVICE_OBJECT device)
{
    PFILE_OBJECT stream = io_allocate_file(file != NULL ? file->DeviceObject : device);
    if (stream != NULL)
        stream->Flags = FO_STREAM_FILE;
    return stream;
}

PFILE_OBJECT IoCreateStreamFileObjectLite(PFILE_OBJECT file, PDEVICE_OBJECT device)
{
    return IoCreateStreamFileObject(file, device);
}

// The file system's volume device once a volume is mounted on the device, else the device's stack.
PDEVICE_OBJECT IoGetBaseFileSystemDeviceObject(PFILE_OBJECT file)
{
    if (file->Vpb != NULL && file->Vpb->DeviceObject != NULL)
        return file->Vpb->DeviceObject;
    PVPB vpb = file->DeviceObject->Vpb;
    return vpb != NULL && vpb->DeviceObject != NULL ? vpb->DeviceObject : file->DeviceObject;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT file)
{
    return IoGetAttachedDevice(IoGetBaseFileSystemDeviceObject(file));
}

VOID IoAcquireVpbSpinLock(PKIRQL irql)
{
    *irql = KeAcquireSpinLockRaiseToDpc(&vpb_lock);
}

VOID IoReleaseVpbSpinLock(KIRQL irql)
{
    KeReleaseSpinLock(&vpb_lock, irql);
}

static void set_access(PFILE_OBJECT file, ACCESS_MASK access, ULONG share)
{
    file->ReadAccess = (access & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    bool counts = file->ReadAccess || file->WriteAccess || file->DeleteAccess;
    file->SharedRead = counts && (share & FILE_SHARE_READ) != 0;
    file->SharedWrite = counts && (share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = counts && (share & FILE_SHARE_DELETE) != 0;
}

static bool counts(const FILE_OBJECT *file)
{
    return file->ReadAccess || file->WriteAccess || file->DeleteAccess;
}

static void add(const FILE_OBJECT *file, PSHARE_ACCESS share, ULONG n)
{
    if (!counts(file))
        return;
    share->OpenCount += n;
    share->Readers += file->ReadAccess * n;
    share->Writers += file->WriteAccess * n;
    share->Deleters += file->DeleteAccess * n;
    share->SharedRead += file->SharedRead * n;
    share->SharedWrite += file->SharedWrite * n;
    share->SharedDelete += file->SharedDelete * n;
}

VOID IoUpdateShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share_access)
{
    add(file, share_access, 1);
}

// Every open so far must share what is wanted now, and what they do must be shared now.
NTSTATUS IoCheckShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file,
                            PSHARE_ACCESS share_access, BOOLEAN update)
{
    ULONG open = share_access->OpenCount;
    set_access(file, access, share);
    if (!counts(file))
        return STATUS_SUCCESS;
    if ((file->ReadAccess && share_access->SharedRead < open) ||
        (file->WriteAccess && share_access->SharedWrite < open) ||
        (file->DeleteAccess && share_access->SharedDelete < open) ||
        (share_access->Readers != 0 && !file->SharedRead) ||
        (share_access->Writers != 0 && !file->SharedWrite) ||
        (share_access->Deleters != 0 && !file->SharedDelete))
        return STATUS_SHARING_VIOLATION;
    if (update)
        add(file, share_access, 1);
    return STATUS_SUCCESS;
}

VOID IoSetShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file,
                      PSHARE_ACCESS share_access)
{
    memset(share_access, 0, sizeof(*share_access));
    set_access(file, access, share);
    add(file, share_access, 1);
}

VOID IoRemoveShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share_access)
{
    add(file, share_access, (ULONG)-1);
}

BOOLEAN IoIsOperationSynchronous(PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    return (BOOLEAN)((irp->Flags & (IRP_SYNCHRONOUS_API | IRP_SYNCHRONOUS_PAGING_IO)) != 0 ||
                     (file != NULL && (file->Flags & FO_SYNCHRONOUS_IO) != 0));
}

PDEVICE_OBJECT IoGetDeviceToVerify(PETHREAD thread)
{
    (void)thread;
    return NULL;
}

// The task id of the application, which the runtime leaves in the IRP's thread field's place.
ULONG IoGetRequestorProcessId(PIRP irp)
{
    return PtrToUlong(irp->Tail.Overlay.AuxiliaryBuffer);
}

BOOLEAN IoIs32bitProcess(PIRP irp)
{
    (void)irp;
    return FALSE;
}

BOOLEAN IoIsErrorUserInduced(NTSTATUS status)
{
    return (BOOLEAN)(status == STATUS_DEVICE_NOT_READY || status == STATUS_IO_TIMEOUT ||
                     status == STATUS_MEDIA_WRITE_PROTECTED ||
                     status == STATUS_NO_MEDIA_IN_DEVICE || status == STATUS_VERIFY_REQUIRED ||
                     status == STATUS_UNRECOGNIZED_MEDIA || status == STATUS_WRONG_VOLUME);
}

VOID IoSetHardErrorOrVerifyDevice(PIRP irp, PDEVICE_OBJECT device)
{
    (void)irp, (void)device; // no pop-ups here: the status alone tells
}
