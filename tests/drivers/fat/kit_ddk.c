// SPDX-License-Identifier: MIT
//
// The driver kit's routines as far as the FAT driver calls them. One mutex and one condition
// variable stand for all waiting. Rules that are broken abort.
#define _DEFAULT_SOURCE 1
#include "kit_ddk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile long live;

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "kit: rule broken by the driver: %s\n", what);
        abort();
    }
}

static void *live_alloc(size_t bytes)
{
    __atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
    return calloc(1, bytes);
}

static void live_free(void *memory)
{
    __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
    free(memory);
}

long kit_live_objects(void)
{
    return live;
}

// ---- Pool, strings, time ----

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    require(tag != 0 && bytes != 0, "pool: tag and size must not be 0");
    PVOID memory = live_alloc(bytes);
    if ((flags & POOL_FLAG_UNINITIALIZED) != 0)
        memset(memory, 0xCC, bytes);
    return memory;
}

VOID ExFreePoolWithTag(PVOID p, ULONG tag)
{
    require(tag != 0, "pool: tag must not be 0");
    live_free(p);
}

VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text)
{
    USHORT units = 0;
    while (text[units] != 0)
        units++;
    to->Buffer = (PWCH)(ULONG_PTR)text;
    to->Length = (USHORT)(units * sizeof(WCHAR));
    to->MaximumLength = to->Length;
}

VOID KeQuerySystemTime(PLARGE_INTEGER time_out)
{
    time_out->QuadPart = 133500000000000000;
}

ULONG DbgPrint(PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("# ");
    vprintf(format, arguments);
    va_end(arguments);
    return 0;
}

DECLSPEC_NORETURN VOID DdkListCorrupt(const LIST_ENTRY *entry)
{
    (void)entry;
    require(false, "a list is corrupt");
    abort();
}

// ---- Waiting ----

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    require(type == NotificationEvent, "kit: only notification events are done here");
    event->Header.SignalState = state;
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    (void)increment;
    (void)wait;
    pthread_mutex_lock(&lock);
    LONG before = event->Header.SignalState;
    event->Header.SignalState = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return before;
}

VOID KeClearEvent(PRKEVENT event)
{
    pthread_mutex_lock(&lock);
    event->Header.SignalState = 0;
    pthread_mutex_unlock(&lock);
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PKEVENT event = object;
    (void)reason;
    (void)mode;
    (void)alertable;
    require(timeout == NULL, "kit: time-outs are not done here");
    pthread_mutex_lock(&lock);
    while (event->Header.SignalState == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return STATUS_SUCCESS;
}

static _Thread_local int critical;

VOID KeEnterCriticalRegion(VOID)
{
    critical++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    require(critical-- > 0, "left a critical region that was not entered");
}

NTSTATUS ExInitializeResourceLite(PERESOURCE resource)
{
    memset(resource, 0, sizeof *resource);
    resource->Initialized = 1;
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE resource)
{
    require(resource->ExclusiveOwner == NULL, "deleted a resource that is owned");
    resource->Initialized = 0;
    return STATUS_SUCCESS;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    require(wait && critical > 0 && resource->Initialized, "resource: not in a critical region");
    pthread_mutex_lock(&lock);
    require(resource->ExclusiveOwner != &critical, "resource: taken twice");
    while (resource->ExclusiveOwner != NULL)
        pthread_cond_wait(&changed, &lock);
    resource->ExclusiveOwner = &critical;
    pthread_mutex_unlock(&lock);
    return TRUE;
}

VOID ExReleaseResourceLite(PERESOURCE resource)
{
    pthread_mutex_lock(&lock);
    require(resource->ExclusiveOwner == &critical, "resource: released by another thread");
    resource->ExclusiveOwner = NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

VOID ExInitializeFastMutex(PFAST_MUTEX mutex)
{
    memset(mutex, 0, sizeof *mutex);
}

VOID ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    pthread_mutex_lock(&lock);
    while (mutex->Owner != NULL)
        pthread_cond_wait(&changed, &lock);
    mutex->Owner = &critical;
    pthread_mutex_unlock(&lock);
}

VOID ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    pthread_mutex_lock(&lock);
    mutex->Owner = NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// ---- MDLs: StartVa + ByteOffset is the address itself ----

PMDL IoAllocateMdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN charge_quota,
                   struct _IRP *irp)
{
    (void)charge_quota;
    require(!secondary, "kit: MDL chains are not done here");
    PMDL mdl = live_alloc(sizeof *mdl);
    MmInitializeMdl(mdl, va, length);
    if (irp != NULL)
        irp->MdlAddress = mdl;
    return mdl;
}

VOID IoFreeMdl(PMDL mdl)
{
    live_free(mdl);
}

VOID MmBuildMdlForNonPagedPool(PMDL mdl)
{
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

VOID IoBuildPartialMdl(PMDL source, PMDL target, PVOID va, ULONG length)
{
    ULONG_PTR from = (ULONG_PTR)MmGetMdlVirtualAddress(source);
    require((ULONG_PTR)va >= from && (ULONG_PTR)va + length <= from + source->ByteCount,
            "partial MDL outside of its source");
    require(target->ByteCount >= length, "partial MDL: the target is too small");
    target->MdlFlags |= MDL_PARTIAL;
}

PVOID MmGetSystemAddressForMdlSafe(PMDL mdl, ULONG priority)
{
    (void)priority;
    return MmGetMdlVirtualAddress(mdl);
}

// ---- IRPs ----

VOID DdkNoStackLocation(const IRP *irp)
{
    (void)irp;
    require(false, "no stack location is left");
    abort();
}

PIRP IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    (void)charge_quota;
    size_t locations = (size_t)stack_size;
    PIRP irp = live_alloc(sizeof(IRP) + locations * sizeof(IO_STACK_LOCATION));
    irp->Type = IO_TYPE_IRP;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(PVOID)(irp + 1) + locations;
    return irp;
}

VOID IoFreeIrp(PIRP irp)
{
    live_free(irp);
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    sp->DeviceObject = device;
    PDRIVER_DISPATCH routine = device->DriverObject->MajorFunction[sp->MajorFunction];
    if (routine != NULL)
        return routine(device, irp);
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static bool wants(PIRP irp, UCHAR control)
{
    if (NT_SUCCESS(irp->IoStatus.Status))
        return (control & SL_INVOKE_ON_SUCCESS) != 0;
    return (control & SL_INVOKE_ON_ERROR) != 0;
}

// The top of the walk: an IRP with UserEvent wakes its maker.
static void finish(PIRP irp)
{
    if (irp->UserIosb != NULL)
        *irp->UserIosb = irp->IoStatus;
    PKEVENT event = irp->UserEvent;
    IoFreeIrp(irp);
    if (event != NULL)
        KeSetEvent(event, 0, FALSE);
}

VOID IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    (void)priority_boost;
    require(irp->IoStatus.Status != STATUS_PENDING, "completed with STATUS_PENDING");
    require(irp->CurrentLocation <= irp->StackCount, "completed twice");
    while (irp->CurrentLocation <= irp->StackCount) {
        IO_STACK_LOCATION done = *IoGetCurrentIrpStackLocation(irp);
        memset(IoGetCurrentIrpStackLocation(irp), 0, sizeof done);
        IoSkipCurrentIrpStackLocation(irp);
        irp->PendingReturned = (done.Control & SL_PENDING_RETURNED) != 0;
        bool above = irp->CurrentLocation <= irp->StackCount;
        if (done.CompletionRoutine != NULL && wants(irp, done.Control)) {
            PDEVICE_OBJECT device = above ? IoGetCurrentIrpStackLocation(irp)->DeviceObject : NULL;
            if (done.CompletionRoutine(device, irp, done.Context) ==
                STATUS_MORE_PROCESSING_REQUIRED)
                return;
        } else if (above && irp->PendingReturned) {
            IoMarkIrpPending(irp);
        }
    }
    finish(irp);
}

PIRP IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID input,
                                   ULONG input_length, PVOID output, ULONG output_length,
                                   BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    require(!internal && input == NULL && input_length == 0, "kit: only output is done here");
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    irp->AssociatedIrp.SystemBuffer = output;
    irp->UserEvent = event;
    irp->UserIosb = iosb;
    return irp;
}

// ---- Devices ----

NTSTATUS IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name,
                        ULONG type, ULONG characteristics, BOOLEAN exclusive,
                        PDEVICE_OBJECT *device)
{
    (void)name;
    (void)exclusive;
    PDEVICE_OBJECT d = live_alloc(sizeof *d + extension_size);
    d->DriverObject = driver;
    d->DeviceType = type;
    d->Characteristics = characteristics;
    d->StackSize = 1;
    d->Flags = DO_DEVICE_INITIALIZING;
    d->DeviceExtension = extension_size != 0 ? d + 1 : NULL;
    *device = d;
    return STATUS_SUCCESS;
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
    live_free(device);
}

PDEVICE_OBJECT kit_file_system;

VOID IoRegisterFileSystem(PDEVICE_OBJECT device)
{
    kit_file_system = device;
}

VOID IoUnregisterFileSystem(PDEVICE_OBJECT device)
{
    require(device == kit_file_system, "unregistered what was not registered");
    kit_file_system = NULL;
}

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT device)
{
    (void)device;
    return STATUS_SUCCESS;
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT device)
{
    (void)device;
}

// ---- Share access, as documented for IoCheckShareAccess ----

static void share_rights(ACCESS_MASK access, ULONG share, PFILE_OBJECT file)
{
    file->ReadAccess = (access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    bool counts = file->ReadAccess || file->WriteAccess || file->DeleteAccess;
    file->SharedRead = counts && (share & FILE_SHARE_READ) != 0;
    file->SharedWrite = counts && (share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = counts && (share & FILE_SHARE_DELETE) != 0;
}

static void share_count(PFILE_OBJECT file, PSHARE_ACCESS s, int by)
{
    if (!file->ReadAccess && !file->WriteAccess && !file->DeleteAccess)
        return;
    ULONG one = (ULONG)by;
    s->OpenCount += one;
    s->Readers += file->ReadAccess ? one : 0;
    s->Writers += file->WriteAccess ? one : 0;
    s->Deleters += file->DeleteAccess ? one : 0;
    s->SharedRead += file->SharedRead ? one : 0;
    s->SharedWrite += file->SharedWrite ? one : 0;
    s->SharedDelete += file->SharedDelete ? one : 0;
}

NTSTATUS IoCheckShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS s,
                            BOOLEAN update)
{
    share_rights(access, share, file);
    bool counts = file->ReadAccess || file->WriteAccess || file->DeleteAccess;
    if (counts &&
        ((file->ReadAccess && s->SharedRead < s->OpenCount) ||
         (file->WriteAccess && s->SharedWrite < s->OpenCount) ||
         (file->DeleteAccess && s->SharedDelete < s->OpenCount) ||
         (s->Readers != 0 && !file->SharedRead) || (s->Writers != 0 && !file->SharedWrite) ||
         (s->Deleters != 0 && !file->SharedDelete)))
        return STATUS_SHARING_VIOLATION;
    if (update)
        share_count(file, s, 1);
    return STATUS_SUCCESS;
}

VOID IoSetShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS s)
{
    memset(s, 0, sizeof *s);
    share_rights(access, share, file);
    share_count(file, s, 1);
}

VOID IoRemoveShareAccess(PFILE_OBJECT file, PSHARE_ACCESS s)
{
    share_count(file, s, -1);
}
