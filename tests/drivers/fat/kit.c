// SPDX-License-Identifier: MIT
//
// The volume device below the driver, and the requests above it.
#define _DEFAULT_SOURCE 1
#include "kit.h"

#include "posix.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <ntdddisk.h>

DRIVER_INITIALIZE DriverEntry;

static int32_t fat_entry(DRIVER_OBJECT *driver, void *path)
{
    return DriverEntry(driver, path);
}

static DRIVER_OBJECT fat_driver;
static DRIVER_EXTENSION fat_extension;
static DRIVER_OBJECT volume_driver;
static DRIVER_EXTENSION volume_extension;
static PDEVICE_OBJECT volume_device;
static VPB volume_vpb;
static struct image *image;

// ---- The volume device ----

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_changed = PTHREAD_COND_INITIALIZER;
static LIST_ENTRY queue;
static pthread_t worker;
static bool asynchronous;
static bool stopping;
static unsigned transfers;
static unsigned in_flight;
static unsigned most_in_flight;
static uint64_t fail_from;
static uint64_t fail_to;
static ULONG alignment;
static struct {
    ULONG_PTR from;
    ULONG_PTR to;
} seen[64];
static unsigned seen_count;

unsigned kit_transfers(void)
{
    return transfers;
}

unsigned kit_most_in_flight(void)
{
    return most_in_flight;
}

void kit_align(ULONG mask)
{
    alignment = mask;
}

void kit_fail_range(uint64_t from, uint64_t to)
{
    fail_from = from;
    fail_to = to;
}

bool kit_saw_buffer(const void *buffer, size_t bytes)
{
    for (unsigned i = 0; i < seen_count && i < 64; i++) {
        if (seen[i].from == (ULONG_PTR)buffer && seen[i].to == (ULONG_PTR)buffer + bytes)
            return true;
    }
    return false;
}

size_t kit_pool_blocks(void)
{
    size_t bytes;
    size_t blocks;
    posix_pool_usage(&bytes, &blocks);
    return blocks;
}

static NTSTATUS transfer(PIRP irp, PIO_STACK_LOCATION sp)
{
    ULONG length = sp->Parameters.Read.Length;
    uint64_t offset = (uint64_t)sp->Parameters.Read.ByteOffset.QuadPart;
    PMDL mdl = irp->MdlAddress;
    if (mdl == NULL || mdl->ByteCount < length || ((length | offset) & 511) != 0 || length == 0)
        abort(); // the driver broke the rules of the device
    if ((ULONG_PTR)MmGetMdlVirtualAddress(mdl) & alignment)
        abort();
    if (offset > image->size || length > image->size - offset)
        return STATUS_INVALID_PARAMETER;
    if (offset < fail_to && offset + length > fail_from)
        return STATUS_DEVICE_DATA_ERROR;
    if (sp->MajorFunction == IRP_MJ_READ)
        memcpy(MmGetMdlVirtualAddress(mdl), image->bytes + offset, length);
    else
        memcpy(image->bytes + offset, MmGetMdlVirtualAddress(mdl), length);
    irp->IoStatus.Information = length;
    return STATUS_SUCCESS;
}

// Completion comes as from a DPC.
static void serve(PIRP irp)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    irp->IoStatus.Information = 0;
    irp->IoStatus.Status = transfer(irp, IoGetCurrentIrpStackLocation(irp));
    __atomic_sub_fetch(&in_flight, 1, __ATOMIC_RELAXED);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    KeLowerIrql(irql);
}

static void *serve_queue(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&queue_lock);
    while (!stopping || !IsListEmpty(&queue)) {
        if (IsListEmpty(&queue)) {
            pthread_cond_wait(&queue_changed, &queue_lock);
            continue;
        }
        PLIST_ENTRY entry = RemoveTailList(&queue); // the last first: order is nobody's due
        pthread_mutex_unlock(&queue_lock);
        serve(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry));
        pthread_mutex_lock(&queue_lock);
    }
    pthread_mutex_unlock(&queue_lock);
    return NULL;
}

static NTSTATUS volume_transfer(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (!asynchronous) {
        transfers++;
        in_flight++;
        serve(irp);
        return STATUS_SUCCESS;
    }
    IoMarkIrpPending(irp);
    pthread_mutex_lock(&queue_lock);
    if (irp->MdlAddress != NULL) {
        ULONG_PTR va = (ULONG_PTR)MmGetMdlVirtualAddress(irp->MdlAddress);
        seen[seen_count % 64].from = va;
        seen[seen_count++ % 64].to = va + IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
    }
    transfers++;
    unsigned now = __atomic_add_fetch(&in_flight, 1, __ATOMIC_RELAXED);
    most_in_flight = now > most_in_flight ? now : most_in_flight;
    InsertTailList(&queue, &irp->Tail.Overlay.ListEntry);
    pthread_cond_signal(&queue_changed);
    pthread_mutex_unlock(&queue_lock);
    return STATUS_PENDING;
}

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS volume_flush(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS volume_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    if (sp->Parameters.DeviceIoControl.IoControlCode != IOCTL_DISK_GET_LENGTH_INFO)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    GET_LENGTH_INFORMATION *answer = irp->AssociatedIrp.SystemBuffer;
    answer->Length.QuadPart = (LONGLONG)image->size;
    return complete(irp, STATUS_SUCCESS, sizeof *answer);
}

// ---- Requests ----

struct _KIT_REQUEST {
    KEVENT Event;
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Returned;
    PIRP Irp;
};

static NTSTATUS request_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KIT_REQUEST *request = context;
    (void)device;
    request->Iosb = irp->IoStatus;
    KeSetEvent(&request->Event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP new_irp(PDEVICE_OBJECT device, KIT_FILE *file, UCHAR major, KIT_REQUEST *request)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = major;
    next->FileObject = file != NULL ? &file->Object : NULL;
    KeInitializeEvent(&request->Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, request_done, request, TRUE, TRUE, TRUE);
    request->Irp = irp;
    return irp;
}

static NTSTATUS finish(KIT_REQUEST *request, ULONG_PTR *information)
{
    KeWaitForSingleObject(&request->Event, Executive, KernelMode, FALSE, NULL);
    if (request->Returned != STATUS_PENDING && request->Returned != request->Iosb.Status)
        abort(); // the dispatch routine returned another status than it completed with
    if (request->Irp->MdlAddress != NULL)
        IoFreeMdl(request->Irp->MdlAddress);
    IoFreeIrp(request->Irp);
    if (information != NULL)
        *information = request->Iosb.Information;
    return request->Iosb.Status;
}

static NTSTATUS call(PDEVICE_OBJECT device, PIRP irp, KIT_REQUEST *request, ULONG_PTR *information)
{
    request->Returned = IoCallDriver(device, irp);
    return finish(request, information);
}

static void widen(const char *text, PUNICODE_STRING to)
{
    size_t units = text != NULL ? strlen(text) : 0;
    to->Buffer = malloc(units * sizeof(WCHAR) + 2);
    to->Length = to->MaximumLength = (USHORT)(units * sizeof(WCHAR));
    for (size_t i = 0; i < units; i++)
        to->Buffer[i] = (UCHAR)text[i];
}

static void start_once(void)
{
    if (volume_device != NULL)
        return;
    if (posix_init_driver(&fat_driver, &fat_extension, fat_entry) != STATUS_SUCCESS)
        abort();
    (void)posix_init_driver(&volume_driver, &volume_extension, NULL);
    volume_driver.MajorFunction[IRP_MJ_READ] = volume_transfer;
    volume_driver.MajorFunction[IRP_MJ_WRITE] = volume_transfer;
    volume_driver.MajorFunction[IRP_MJ_FLUSH_BUFFERS] = volume_flush;
    volume_driver.MajorFunction[IRP_MJ_DEVICE_CONTROL] = volume_control;
    if (IoCreateDevice(&volume_driver, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &volume_device) != 0)
        abort();
    volume_device->StackSize = 2;
    volume_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

PDEVICE_OBJECT kit_mount(struct image *mounted, bool is_asynchronous, NTSTATUS *status)
{
    KIT_REQUEST request = {0};
    start_once();
    image = mounted;
    asynchronous = is_asynchronous;
    stopping = false;
    transfers = in_flight = most_in_flight = seen_count = 0;
    fail_from = fail_to = 0;
    InitializeListHead(&queue);
    volume_vpb = (VPB){.RealDevice = volume_device};
    volume_device->AlignmentRequirement = alignment;
    if (asynchronous)
        pthread_create(&worker, NULL, serve_queue, NULL);
    PIRP irp = new_irp(posix_file_system(), NULL, IRP_MJ_FILE_SYSTEM_CONTROL, &request);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_MOUNT_VOLUME;
    next->Parameters.MountVolume.Vpb = &volume_vpb;
    next->Parameters.MountVolume.DeviceObject = volume_device;
    *status = call(posix_file_system(), irp, &request, NULL);
    if (NT_SUCCESS(*status))
        return volume_vpb.DeviceObject;
    kit_unmount();
    return NULL;
}

void kit_unmount(void)
{
    alignment = 0;
    if (!asynchronous)
        return;
    pthread_mutex_lock(&queue_lock);
    stopping = true;
    pthread_cond_signal(&queue_changed);
    pthread_mutex_unlock(&queue_lock);
    pthread_join(worker, NULL);
}

static void free_file(KIT_FILE *file)
{
    free(file->Name.Buffer);
    free(file);
}

NTSTATUS kit_create(PDEVICE_OBJECT volume, KIT_FILE *related, const char *path, ACCESS_MASK access,
                    ULONG share, ULONG disposition, ULONG options, ULONG attributes, KIT_FILE **out,
                    ULONG_PTR *information)
{
    KIT_REQUEST request = {0};
    IO_SECURITY_CONTEXT security = {.DesiredAccess = access};
    KIT_FILE *file = calloc(1, sizeof *file);
    widen(path, &file->Name);
    file->Device = volume;
    file->Object.FileName = file->Name;
    file->Object.RelatedFileObject = related != NULL ? &related->Object : NULL;
    if ((options & FILE_SYNCHRONOUS_IO_NONALERT) != 0)
        file->Object.Flags |= FO_SYNCHRONOUS_IO;
    PIRP irp = new_irp(volume, file, IRP_MJ_CREATE, &request);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->Parameters.Create.SecurityContext = &security;
    next->Parameters.Create.Options = options | disposition << 24;
    next->Parameters.Create.FileAttributes = (USHORT)attributes;
    next->Parameters.Create.ShareAccess = (USHORT)share;
    NTSTATUS status = call(volume, irp, &request, information);
    *out = file;
    if (!NT_SUCCESS(status)) {
        if (file->Object.FsContext != NULL || file->Object.FsContext2 != NULL)
            abort(); // a failed create left something behind
        free_file(file);
        *out = NULL;
    }
    return status;
}

NTSTATUS kit_simple(PDEVICE_OBJECT volume, KIT_FILE *file, UCHAR major)
{
    KIT_REQUEST request = {0};
    return call(volume, new_irp(volume, file, major, &request), &request, NULL);
}

void kit_close(KIT_FILE *file)
{
    (void)kit_simple(file->Device, file, IRP_MJ_CLEANUP);
    (void)kit_simple(file->Device, file, IRP_MJ_CLOSE);
    free_file(file);
}

KIT_REQUEST *kit_start(KIT_FILE *file, UCHAR major, LONGLONG offset, void *buffer, ULONG length)
{
    KIT_REQUEST *request = calloc(1, sizeof *request);
    PIRP irp = new_irp(file->Device, file, major, request);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->Parameters.Read.Length = length;
    next->Parameters.Read.ByteOffset.QuadPart = offset;
    if (length != 0)
        MmBuildMdlForNonPagedPool(IoAllocateMdl(buffer, length, FALSE, FALSE, irp));
    request->Returned = IoCallDriver(file->Device, irp);
    return request;
}

NTSTATUS kit_wait(KIT_REQUEST *request, ULONG_PTR *information)
{
    NTSTATUS status = finish(request, information);
    free(request);
    return status;
}

NTSTATUS kit_transfer(KIT_FILE *file, UCHAR major, LONGLONG offset, void *buffer, ULONG length,
                      ULONG_PTR *information)
{
    return kit_wait(kit_start(file, major, offset, buffer, length), information);
}

static NTSTATUS buffered(KIT_FILE *file, PIRP irp, void *buffer, KIT_REQUEST *request,
                         ULONG_PTR *information)
{
    irp->AssociatedIrp.SystemBuffer = buffer;
    return call(file->Device, irp, request, information);
}

NTSTATUS kit_query(KIT_FILE *file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length,
                   ULONG_PTR *information)
{
    KIT_REQUEST request = {0};
    PIRP irp = new_irp(file->Device, file, IRP_MJ_QUERY_INFORMATION, &request);
    IoGetNextIrpStackLocation(irp)->Parameters.QueryFile.Length = length;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryFile.FileInformationClass = class;
    return buffered(file, irp, buffer, &request, information);
}

NTSTATUS kit_set(KIT_FILE *file, FILE_INFORMATION_CLASS class, const void *buffer, ULONG length)
{
    KIT_REQUEST request = {0};
    PIRP irp = new_irp(file->Device, file, IRP_MJ_SET_INFORMATION, &request);
    IoGetNextIrpStackLocation(irp)->Parameters.SetFile.Length = length;
    IoGetNextIrpStackLocation(irp)->Parameters.SetFile.FileInformationClass = class;
    return buffered(file, irp, (void *)(uintptr_t)buffer, &request, NULL);
}

NTSTATUS kit_rename(KIT_FILE *file, const char *name, bool replace)
{
    UNICODE_STRING wide;
    widen(name, &wide);
    size_t bytes = offsetof(FILE_RENAME_INFORMATION, FileName) + wide.Length;
    FILE_RENAME_INFORMATION *information = calloc(1, bytes + 8);
    information->ReplaceIfExists = replace;
    information->FileNameLength = wide.Length;
    memcpy(information->FileName, wide.Buffer, wide.Length);
    NTSTATUS status = kit_set(file, FileRenameInformation, information, (ULONG)bytes);
    free(information);
    free(wide.Buffer);
    return status;
}

NTSTATUS kit_query_volume(KIT_FILE *file, FS_INFORMATION_CLASS class, void *buffer, ULONG length,
                          ULONG_PTR *information)
{
    KIT_REQUEST request = {0};
    PIRP irp = new_irp(file->Device, file, IRP_MJ_QUERY_VOLUME_INFORMATION, &request);
    IoGetNextIrpStackLocation(irp)->Parameters.QueryVolume.Length = length;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryVolume.FsInformationClass = class;
    return buffered(file, irp, buffer, &request, information);
}

NTSTATUS kit_list(KIT_FILE *file, FILE_INFORMATION_CLASS class, const char *pattern, UCHAR flags,
                  void *buffer, ULONG length, ULONG_PTR *information)
{
    KIT_REQUEST request = {0};
    UNICODE_STRING wide;
    widen(pattern, &wide);
    PIRP irp = new_irp(file->Device, file, IRP_MJ_DIRECTORY_CONTROL, &request);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_DIRECTORY;
    next->Flags = flags;
    next->Parameters.QueryDirectory.Length = length;
    next->Parameters.QueryDirectory.FileInformationClass = class;
    next->Parameters.QueryDirectory.FileName = pattern != NULL ? &wide : NULL;
    irp->UserBuffer = buffer;
    NTSTATUS status = call(file->Device, irp, &request, information);
    free(wide.Buffer);
    return status;
}

NTSTATUS kit_control(KIT_FILE *file, ULONG code)
{
    KIT_REQUEST request = {0};
    PIRP irp = new_irp(file->Device, file, IRP_MJ_FILE_SYSTEM_CONTROL, &request);
    IoGetNextIrpStackLocation(irp)->Parameters.FileSystemControl.FsControlCode = code;
    return call(file->Device, irp, &request, NULL);
}
