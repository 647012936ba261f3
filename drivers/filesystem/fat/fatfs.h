// SPDX-License-Identifier: MIT
//
// The WDM face of the FAT driver: its objects, its locks, and what its files share.
//
// Objects
//   control device   \FileSystem\Fat: gets MOUNT_VOLUME (registered file system)
//   volume device    one a mounted volume; its extension is a FAT_VCB; opens go to it
//   FAT_FCB          one an open file or directory, shared by all file objects that opened it
//   FAT_CCB          one a file object: FsContext = FCB, FsContext2 = CCB. A file object with
//                    FsContext == NULL is an open of the volume itself (or of the control device)
//
// Locks, taken in this order
//   Vcb->Resource    exclusive, PASSIVE_LEVEL: the volume's metadata, the FCB list, every call of
//                    the core. All dispatch routines take it except the fast path of READ and
//                    WRITE.
//   Fcb->Gate        who is inside may use Fcb->File (runs, size, valid) without the resource; a
//                    transfer stays inside until it has completed. Closing the gate needs the
//                    resource, waits for those inside, and is needed to change Fcb->File.
// The fast path therefore costs one atomic add on entry and one in the completion routine.
#ifndef FATFS_H
#define FATFS_H

#include <ntifs.h>

#include "core/fat.h"

#define FAT_TAG 'ataF'

// What the driver's next task is to know of a volume.
typedef struct _FAT_KEPT {
    ULONG Serial;
    BOOLEAN Mounted;       // the rest counts
    BOOLEAN WasDirty;      // as fat_volume.was_dirty
    volatile BOOLEAN Busy; // metadata is being written: not every step is on the disk
} FAT_KEPT, *PFAT_KEPT;

typedef struct _FAT_VCB {
    PDEVICE_OBJECT Device; // the volume device whose extension this is
    PDEVICE_OBJECT Target; // what is mounted: the proxy of the partition driver's device
    PVPB Vpb;
    LIST_ENTRY Link; // in the list of volumes
    ERESOURCE Resource;
    LIST_ENTRY Fcbs;
    struct fat_volume Volume;
    ULONG SectorMask;      // sector size - 1
    ULONG AlignmentMask;   // bits that a buffer's address must not have for the device
    ULONG OpenCount;       // file objects, until CLOSE
    ULONG HandleCount;     // file objects, until CLEANUP
    PFILE_OBJECT LockedBy; // FSCTL_LOCK_VOLUME
    PFAT_KEPT Kept;
    BOOLEAN Dismounted;       // every request but CLEANUP and CLOSE fails
    NTSTATUS LastDeviceError; // status of the transfer that the core saw fail
} FAT_VCB, *PFAT_VCB;

typedef struct _FAT_FCB {
    PFAT_VCB Vcb;
    struct fat_file File;  // size and clusters, of files
    volatile LONG Gate;    // transfers inside; negative while closed
    volatile LONG Written; // data was written since the entry was stored: its times are due
    KEVENT Drained;        // set by the last one to leave a closed gate
    BOOLEAN IsDirectory;
    BOOLEAN IsRoot;
    BOOLEAN DeletePending;
    BOOLEAN Removed;  // its entry is gone; only CLEANUP and CLOSE still come
    BOOLEAN Unstored; // size, clusters, attributes or times differ from the directory entry
    LIST_ENTRY Link;
    ULONG OpenCount;   // file objects, until CLOSE
    ULONG HandleCount; // file objects, until CLEANUP
    SHARE_ACCESS Share;
    struct fat_entry Entry;
    UNICODE_STRING Path; // from the volume's root, as opened; owned
} FAT_FCB, *PFAT_FCB;

typedef struct _FAT_CCB {
    ACCESS_MASK Access;
    BOOLEAN DeleteOnClose;
    BOOLEAN WriteThrough;
    BOOLEAN Unbuffered;     // FILE_NO_INTERMEDIATE_BUFFERING: only whole sectors
    BOOLEAN PatternSet;     // a directory was asked for before, with Pattern
    BOOLEAN Matched;        // and something was found
    ULONG Cursor;           // where the listing goes on
    UNICODE_STRING Pattern; // owned
} FAT_CCB, *PFAT_CCB;

typedef struct _FAT_GLOBALS {
    PDRIVER_OBJECT Driver;
    PDEVICE_OBJECT Control;
    FAST_MUTEX Lock; // guards Volumes
    LIST_ENTRY Volumes;
} FAT_GLOBALS;
extern FAT_GLOBALS FatGlobals;

// The VCB of a device, NULL for the control device.
static inline PFAT_VCB FatVcb(PDEVICE_OBJECT device)
{
    return device == FatGlobals.Control ? NULL : device->DeviceExtension;
}

static inline PFAT_FCB FatFcb(PFILE_OBJECT file)
{
    return file == NULL ? NULL : file->FsContext;
}

static inline PFAT_CCB FatCcb(PFILE_OBJECT file)
{
    return file == NULL ? NULL : file->FsContext2;
}

// Whether the device below takes this buffer (DEVICE_OBJECT.AlignmentRequirement).
static inline BOOLEAN FatAligned(const FAT_FCB *fcb, PMDL mdl)
{
    return ((ULONG_PTR)MmGetMdlVirtualAddress(mdl) & fcb->Vcb->AlignmentMask) == 0;
}

// ---- init.c ----
DRIVER_INITIALIZE DriverEntry;
// Completes with status and information, returns status.
NTSTATUS FatComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);
NTSTATUS FatStatus(PFAT_VCB vcb, enum fat_status status);
VOID FatLock(PFAT_VCB vcb);
VOID FatUnlock(PFAT_VCB vcb);
uint64_t FatNow(VOID);
// Address of the caller's buffer of a request that is not READ or WRITE with an MDL; or NULL.
PVOID FatBuffer(PIRP irp);
// Copies a counted string into new pool memory. FALSE without memory.
BOOLEAN FatCopyString(PUNICODE_STRING to, PCUNICODE_STRING from);
VOID FatFreeString(PUNICODE_STRING string);

// ---- blockio.c ----
// The core's device for a volume; size and sector size are asked of the target.
NTSTATUS FatMakeDevice(PFAT_VCB vcb, struct fat_device *device);
// Sends a request without data (FLUSH_BUFFERS) down and waits.
NTSTATUS FatFlushTarget(PFAT_VCB vcb);

// ---- mount.c ----
DRIVER_DISPATCH FatFileSystemControl;
// Deletes the volume device if the volume is dismounted and nothing is open. Resource not held;
// vcb may be gone afterwards.
VOID FatTryDelete(PFAT_VCB vcb);

// ---- fcb.c: resource held ----
// The open FCB of an entry, or a new one with no reference. NULL without memory.
PFAT_FCB FatFindFcb(PFAT_VCB vcb, const struct fat_entry *entry);
PFAT_FCB FatFindDirectory(PFAT_VCB vcb, uint32_t cluster);
PFAT_FCB FatObtainFcb(PFAT_VCB vcb, const struct fat_entry *entry, BOOLEAN root,
                      PCUNICODE_STRING path);
VOID FatDereferenceFcb(PFAT_FCB fcb);
VOID FatCloseGate(PFAT_FCB fcb);
VOID FatOpenGate(PFAT_FCB fcb);
// Gate. Enter: FALSE if it is closed. IRQL <= DISPATCH_LEVEL.
static inline BOOLEAN FatEnterGate(PFAT_FCB fcb);
static inline VOID FatLeaveGate(PFAT_FCB fcb);
// Brings the directory entry up to date with the FCB: promised zeroes written, spare clusters
// given back, times, size.
NTSTATUS FatStoreFcb(PFAT_FCB fcb);
// Stores the entry's fields as they are (after a change that must not stay in memory alone).
NTSTATUS FatUpdateEntry(PFAT_FCB fcb);
// Stores every FCB and flushes the volume. clean: if no file is being written, take the dirty mark
// back.
NTSTATUS FatFlushVolume(PFAT_VCB vcb, BOOLEAN durable);

static inline BOOLEAN FatEnterGate(PFAT_FCB fcb)
{
    if (InterlockedIncrement(&fcb->Gate) > 0)
        return TRUE;
    FatLeaveGate(fcb);
    return FALSE;
}

static inline VOID FatLeaveGate(PFAT_FCB fcb)
{
    if (InterlockedDecrement(&fcb->Gate) == MINLONG)
        KeSetEvent(&fcb->Drained, IO_NO_INCREMENT, FALSE);
}

// Brings to the disk what a request has changed, so that it is there when the request completes:
// the driver's next task, if this one dies, knows what the disk knows. fcb: that of the request, or
// NULL. Returns status, or why it cannot be.
NTSTATUS FatSettle(PFAT_VCB vcb, PFAT_FCB fcb, NTSTATUS status);

// ---- path.c ----
// The next component of a path without its separators; FALSE at the end.
BOOLEAN FatNextComponent(PUNICODE_STRING rest, PUNICODE_STRING component);
BOOLEAN FatIsLastComponent(const UNICODE_STRING *rest);
// Follows all components but the last. *last is empty for the directory itself (the root).
NTSTATUS FatWalk(PFAT_VCB vcb, uint32_t start, PCUNICODE_STRING path, uint32_t *directory,
                 PUNICODE_STRING last);
NTSTATUS FatCheckName(PCUNICODE_STRING name);

// ---- the rest: one file a request ----
DRIVER_DISPATCH FatCreate;
DRIVER_DISPATCH FatRead;
DRIVER_DISPATCH FatWrite;
DRIVER_DISPATCH FatQueryInformation;
DRIVER_DISPATCH FatSetInformation;
DRIVER_DISPATCH FatQueryVolumeInformation;
DRIVER_DISPATCH FatDirectoryControl;
DRIVER_DISPATCH FatCleanup;
DRIVER_DISPATCH FatClose;
DRIVER_DISPATCH FatFlushBuffers;
DRIVER_DISPATCH FatShutdown;
DRIVER_DISPATCH FatPassDown;
// Rename, part of SET_INFORMATION. Resource held.
NTSTATUS FatRename(PFAT_VCB vcb, PIO_STACK_LOCATION sp, const FILE_RENAME_INFORMATION *information);
// Whether a file or directory may be deleted now. Resource held.
NTSTATUS FatCheckDelete(PFAT_FCB fcb);

// ---- transfer.c ----
// Moves whole sectors between the MDL of irp, from mdl_offset on, and the file, in one request for
// each run, and waits for all. Resource held, gate closed.
NTSTATUS FatTransferAndWait(PFAT_FCB fcb, PIRP irp, UCHAR major, ULONG mdl_offset, ULONG offset,
                            ULONG length);
// The same without waiting: irp is marked pending and completed by the last of them with `bytes`.
// The gate was entered and is left then. Returns what the dispatch routine returns.
NTSTATUS FatTransferRuns(PFAT_FCB fcb, PIRP irp, UCHAR major, ULONG offset, ULONG span,
                         ULONG bytes);
#endif
