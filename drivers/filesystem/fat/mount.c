// SPDX-License-Identifier: MIT
//
// IRP_MJ_FILE_SYSTEM_CONTROL: mounting, and the requests to lock, dismount and question a volume.
//
// A volume device is deleted when its volume is dismounted and the last file object is closed.
#include "fatfs.h"

static VOID FatSetVpb(PFAT_VCB vcb)
{
    PVPB vpb = vcb->Vpb;
    if (vpb == NULL)
        return;
    vpb->DeviceObject = vcb->Device;
    vpb->SerialNumber = vcb->Volume.geometry.serial;
    USHORT length = sizeof vcb->Volume.label;
    while (length > 0 && vcb->Volume.label[length - 1] == ' ')
        length--;
    for (USHORT i = 0; i < length; i++)
        vpb->VolumeLabel[i] = vcb->Volume.label[i];
    vpb->VolumeLabelLength = (USHORT)(length * sizeof(WCHAR));
}

// The mark on the disk may be this driver's own, from before it was started again: then the volume
// is no worse than it was, unless the mark was the last thing that is known to be true.
static VOID FatTakeOver(PFAT_VCB vcb, BOOLEAN inherited)
{
    struct fat_volume *volume = &vcb->Volume;
    PFAT_KEPT kept = vcb->Kept;
    if (inherited && kept->Mounted && kept->Serial == volume->geometry.serial && !kept->Busy &&
        !kept->WasDirty) {
        volume->marked_dirty = volume->was_dirty;
        volume->was_dirty = FALSE;
    }
    *kept = (FAT_KEPT){
        .Serial = volume->geometry.serial, .Mounted = TRUE, .WasDirty = volume->was_dirty};
}

static NTSTATUS FatInitializeVcb(PFAT_VCB vcb, PDEVICE_OBJECT device, PDEVICE_OBJECT target,
                                 PVPB vpb)
{
    struct fat_device block;
    vcb->Device = device;
    vcb->Target = target;
    vcb->Vpb = vpb;
    InitializeListHead(&vcb->Fcbs);
    InitializeListHead(&vcb->Link);
    BOOLEAN inherited;
    PVOID kept;
    NTSTATUS status = FatMakeDevice(vcb, &block);
    if (NT_SUCCESS(status))
        status = DdkKeepDeviceState(device, sizeof(FAT_KEPT), &kept, &inherited);
    if (!NT_SUCCESS(status))
        return status;
    vcb->Kept = kept;
    enum fat_status mounted = fat_mount(&vcb->Volume, &block);
    if (mounted != FAT_OK)
        return mounted == FAT_CORRUPT ? STATUS_UNRECOGNIZED_VOLUME : FatStatus(vcb, mounted);
    FatTakeOver(vcb, inherited);
    vcb->SectorMask = (1u << vcb->Volume.geometry.sector_shift) - 1;
    vcb->AlignmentMask = target->AlignmentRequirement;
    status = ExInitializeResourceLite(&vcb->Resource);
    if (!NT_SUCCESS(status))
        fat_abandon(&vcb->Volume);
    return status;
}

static VOID FatAnnounce(PFAT_VCB vcb)
{
    const struct fat_geometry *g = &vcb->Volume.geometry;
    PDEVICE_OBJECT device = vcb->Device;
    device->StackSize = (CCHAR)(vcb->Target->StackSize + 1);
    device->AlignmentRequirement = vcb->Target->AlignmentRequirement;
    device->SectorSize = (USHORT)(1u << g->sector_shift);
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    FatSetVpb(vcb);
    ExAcquireFastMutex(&FatGlobals.Lock);
    InsertTailList(&FatGlobals.Volumes, &vcb->Link);
    ExReleaseFastMutex(&FatGlobals.Lock);
    if (vcb->Volume.was_dirty)
        DbgPrint("fat: the volume was not dismounted cleanly; check it with fsck.fat\n");
}

static NTSTATUS FatMount(PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_OBJECT target = sp->Parameters.MountVolume.DeviceObject;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(FatGlobals.Driver, sizeof(FAT_VCB), NULL,
                                     FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PFAT_VCB vcb = device->DeviceExtension;
    status = FatInitializeVcb(vcb, device, target, sp->Parameters.MountVolume.Vpb);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    FatAnnounce(vcb);
    return STATUS_SUCCESS;
}

VOID FatTryDelete(PFAT_VCB vcb)
{
    if (!vcb->Dismounted || vcb->OpenCount != 0)
        return;
    ExAcquireFastMutex(&FatGlobals.Lock);
    RemoveEntryList(&vcb->Link);
    ExReleaseFastMutex(&FatGlobals.Lock);
    fat_abandon(&vcb->Volume);
    ExDeleteResourceLite(&vcb->Resource);
    IoDeleteDevice(vcb->Device);
}

// Whatever is written stays; open files get STATUS_VOLUME_DISMOUNTED from now on.
static NTSTATUS FatDismount(PFAT_VCB vcb)
{
    NTSTATUS status = FatFlushVolume(vcb, TRUE);
    for (PLIST_ENTRY l = vcb->Fcbs.Flink; l != &vcb->Fcbs; l = l->Flink)
        FatCloseGate(CONTAINING_RECORD(l, FAT_FCB, Link)); // for ever
    vcb->Dismounted = TRUE;
    if (vcb->Vpb != NULL)
        vcb->Vpb->Flags &= (USHORT)~VPB_MOUNTED;
    return status;
}

static NTSTATUS FatLockVolume(PFAT_VCB vcb, PFILE_OBJECT file)
{
    if (vcb->LockedBy != NULL || vcb->HandleCount != 1)
        return STATUS_ACCESS_DENIED;
    vcb->LockedBy = file;
    return FatFlushVolume(vcb, TRUE);
}

static NTSTATUS FatUnlockVolume(PFAT_VCB vcb, PFILE_OBJECT file)
{
    if (vcb->LockedBy != file)
        return STATUS_NOT_LOCKED;
    vcb->LockedBy = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS FatIsDirty(PFAT_VCB vcb, PIRP irp, ULONG length, ULONG_PTR *information)
{
    ULONG *answer = irp->AssociatedIrp.SystemBuffer;
    if (length < sizeof *answer || answer == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    *answer = vcb->Volume.was_dirty || vcb->Volume.marked_dirty; // VOLUME_IS_DIRTY
    *information = sizeof *answer;
    return STATUS_SUCCESS;
}

static NTSTATUS FatUserRequest(PFAT_VCB vcb, PIRP irp, ULONG_PTR *information)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    if (vcb->Dismounted)
        return STATUS_VOLUME_DISMOUNTED;
    switch (sp->Parameters.FileSystemControl.FsControlCode) {
    case FSCTL_LOCK_VOLUME:
        return FatFcb(sp->FileObject) != NULL ? STATUS_INVALID_PARAMETER
                                              : FatLockVolume(vcb, sp->FileObject);
    case FSCTL_UNLOCK_VOLUME:
        return FatUnlockVolume(vcb, sp->FileObject);
    case FSCTL_DISMOUNT_VOLUME:
        return FatFcb(sp->FileObject) != NULL ? STATUS_INVALID_PARAMETER : FatDismount(vcb);
    case FSCTL_IS_VOLUME_MOUNTED:
        return STATUS_SUCCESS;
    case FSCTL_IS_VOLUME_DIRTY:
        return FatIsDirty(vcb, irp, sp->Parameters.FileSystemControl.OutputBufferLength,
                          information);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS FatFileSystemControl(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    ULONG_PTR information = 0;
    if (vcb == NULL) {
        if (minor == IRP_MN_MOUNT_VOLUME)
            status = FatMount(irp);
    } else if (minor == IRP_MN_USER_FS_REQUEST || minor == IRP_MN_KERNEL_CALL) {
        FatLock(vcb);
        status = FatUserRequest(vcb, irp, &information);
        FatUnlock(vcb);
    }
    return FatComplete(irp, status, information);
}
