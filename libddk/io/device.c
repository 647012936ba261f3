// SPDX-License-Identifier: MIT
//
// Device objects and stacks inside of this task. All devices, proxies of other tasks' devices too,
// are on one list under devices_lock; those of a driver are chained through NextDevice as well.
// AttachedDevice points up, the hidden AttachedTo points down.

#include "../ob/ob.h"
#include "../po/po.h"
#include "../vf/vf.h"
#include "io.h"

static LIST_ENTRY devices = {&devices, &devices};
static struct ki_lock devices_lock;

static void delete_device(PVOID object)
{
    PDEVICE_OBJECT device = object;
    if (device->AttachedDevice != NULL)
        ki_violation(DEVICE_REFERENCE_COUNT_NOT_ZERO,
                     "last reference to a device object went while another is attached to it",
                     (ULONG_PTR)device, (ULONG_PTR)device->AttachedDevice);
}

static SIZE_T round16(SIZE_T n)
{
    return (n + 15) & ~(SIZE_T)15;
}

PDEVICE_OBJECT io_allocate_device(PDRIVER_OBJECT driver, ULONG extension_size, ULONG type,
                                  ULONG characteristics)
{
    SIZE_T body = sizeof(DEVICE_OBJECT) + round16(extension_size);
    PDEVICE_OBJECT device =
        ob_allocate(body + sizeof(struct _DEVOBJ_EXTENSION), ob_device_type, delete_device, 'iveD');
    if (device == NULL)
        return NULL;
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)(sizeof(DEVICE_OBJECT) + extension_size);
    device->DriverObject = driver;
    device->DeviceType = type;
    device->Characteristics = characteristics;
    device->StackSize = 1;
    device->DeviceExtension = extension_size != 0 ? device + 1 : NULL;
    device->DeviceObjectExtension = (PVOID)((PCHAR)device + body);
    KeInitializeDeviceQueue(&device->DeviceQueue);
    KeInitializeEvent(&device->DeviceLock, SynchronizationEvent, TRUE);
    io_device(device)->DeviceObject = device;
    ki_acquire(&devices_lock);
    device->NextDevice = driver->DeviceObject;
    driver->DeviceObject = device;
    InsertTailList(&devices, &io_device(device)->Link);
    ki_release(&devices_lock);
    return device;
}

void io_unlink_device(PDEVICE_OBJECT device)
{
    ki_acquire(&devices_lock);
    PDEVICE_OBJECT *link = &device->DriverObject->DeviceObject;
    while (*link != NULL && *link != device)
        link = &(*link)->NextDevice;
    if (*link != NULL)
        *link = device->NextDevice;
    RemoveEntryList(&io_device(device)->Link);
    ki_release(&devices_lock);
}

PDEVICE_OBJECT io_find_device(ULONG64 id)
{
    PDEVICE_OBJECT found = NULL;
    ki_acquire(&devices_lock);
    for (PLIST_ENTRY at = devices.Flink; at != &devices && found == NULL; at = at->Flink) {
        struct _DEVOBJ_EXTENSION *extension = CONTAINING_RECORD(at, struct _DEVOBJ_EXTENSION, Link);
        if (extension->Id == id)
            found = extension->DeviceObject;
    }
    if (found != NULL)
        ObfReferenceObject(found);
    ki_release(&devices_lock);
    return found;
}

// The list may change between two steps only by what visit itself does to the visited device.
void io_for_each_device(void (*visit)(PDEVICE_OBJECT device, void *context), void *context)
{
    PDEVICE_OBJECT current = NULL, next;
    do {
        ki_acquire(&devices_lock);
        PLIST_ENTRY at = current != NULL ? io_device(current)->Link.Flink : devices.Flink;
        next = at != &devices ? CONTAINING_RECORD(at, struct _DEVOBJ_EXTENSION, Link)->DeviceObject
                              : NULL;
        if (next != NULL)
            ObfReferenceObject(next);
        ki_release(&devices_lock);
        if (current != NULL)
            ObfDereferenceObject(current);
        if (next != NULL)
            visit(next, context);
        current = next;
    } while (current != NULL && io_device(current)->Link.Flink != NULL);
}

static void add_volume(PDEVICE_OBJECT device)
{
    PVPB vpb = &io_device(device)->Vpb;
    *vpb = (VPB){.Type = IO_TYPE_VPB, .Size = sizeof(VPB), .RealDevice = device};
    device->Vpb = vpb;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name,
                        ULONG type, ULONG characteristics, BOOLEAN exclusive,
                        PDEVICE_OBJECT *device)
{
    ki_require_irql(APC_LEVEL, "IoCreateDevice above APC_LEVEL");
    vf_check_string(name, "IoCreateDevice");
    *device = NULL;
    PDEVICE_OBJECT created = io_allocate_device(driver, extension_size, type, characteristics);
    if (created == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    created->Flags = DO_DEVICE_INITIALIZING | (exclusive ? DO_EXCLUSIVE : 0) |
                     (name != NULL ? DO_DEVICE_HAS_NAME : 0);
    if (type == FILE_DEVICE_DISK || type == FILE_DEVICE_CD_ROM || type == FILE_DEVICE_TAPE ||
        type == FILE_DEVICE_VIRTUAL_DISK)
        add_volume(created);
    NTSTATUS status = manager_create_device(created, name, exclusive);
    if (!NT_SUCCESS(status)) {
        io_unlink_device(created);
        ObfDereferenceObject(created);
        return status;
    }
    *device = created;
    return STATUS_SUCCESS;
}

// The security descriptor and class are kept by the security manager, which comes later: until then
// every device has the default descriptor.
NTSTATUS IoCreateDeviceSecure(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name,
                              ULONG type, ULONG characteristics, BOOLEAN exclusive,
                              PCUNICODE_STRING sddl, const GUID *class_guid, PDEVICE_OBJECT *device)
{
    ki_require_irql(PASSIVE_LEVEL, "IoCreateDeviceSecure above PASSIVE_LEVEL");
    (void)class_guid;
    if (name == NULL && (characteristics & FILE_AUTOGENERATED_DEVICE_NAME) == 0)
        return STATUS_INVALID_PARAMETER;
    if (sddl == NULL || sddl->Buffer == NULL || sddl->Length == 0)
        return STATUS_INVALID_PARAMETER;
    return IoCreateDevice(driver, extension_size, name, type, characteristics, exclusive, device);
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
    ki_require_irql(APC_LEVEL, "IoDeleteDevice above APC_LEVEL");
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    if (extension->DeletePending)
        io_violation(0x240, "IoDeleteDevice called twice", NULL, device, 0xff, NULL);
    if (device->AttachedDevice != NULL)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoDeleteDevice while another device is attached to it", (ULONG_PTR)device,
                     (ULONG_PTR)device->AttachedDevice);
    if (extension->AttachedTo != NULL)
        io_violation(0x201,
                     "a device is deleting itself while there is another device beneath it in the "
                     "driver stack: IoDetachDevice first",
                     NULL, device, 0xff, NULL);
    extension->DeletePending = TRUE;
    if (extension->TimerRunning)
        IoStopTimer(device);
    po_forget_device(device);
    io_unlink_device(device);
    manager_delete_device(device);
    ObfDereferenceObject(device);
}

void io_link_stack(PDEVICE_OBJECT source, PDEVICE_OBJECT lower)
{
    lower->AttachedDevice = source;
    io_device(source)->AttachedTo = lower;
    source->StackSize = (CCHAR)(lower->StackSize + 1);
    source->AlignmentRequirement = lower->AlignmentRequirement;
    source->SectorSize = lower->SectorSize;
}

NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT source, PDEVICE_OBJECT target,
                                         PDEVICE_OBJECT *attached_to)
{
    ki_require_irql(DISPATCH_LEVEL, "IoAttachDeviceToDeviceStack above DISPATCH_LEVEL");
    PDEVICE_OBJECT lower = NULL;
    NTSTATUS status = STATUS_NO_SUCH_DEVICE;
    if (!io_device(target)->DeletePending)
        status = manager_attach(source, target, &lower);
    if (!NT_SUCCESS(status))
        return status;
    io_link_stack(source, lower);
    *attached_to = lower;
    return STATUS_SUCCESS;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT lower = NULL;
    return NT_SUCCESS(IoAttachDeviceToDeviceStackSafe(source, target, &lower)) ? lower : NULL;
}

VOID IoDetachDevice(PDEVICE_OBJECT target)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDetachDevice above PASSIVE_LEVEL");
    PDEVICE_OBJECT above = target->AttachedDevice;
    if (above == NULL)
        io_violation(0x202, "IoDetachDevice of a device nothing is attached to", NULL, target, 0xff,
                     NULL);
    target->AttachedDevice = NULL;
    io_device(above)->AttachedTo = NULL;
    manager_detach(target);
}

PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL)
        device = device->AttachedDevice;
    return device;
}

PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT device)
{
    device = IoGetAttachedDevice(device);
    ObfReferenceObject(device);
    return device;
}

PDEVICE_OBJECT IoGetLowerDeviceObject(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT lower = io_device(device)->AttachedTo;
    if (lower != NULL)
        ObfReferenceObject(lower);
    return lower;
}

NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING name, ACCESS_MASK access, PFILE_OBJECT *file,
                                  PDEVICE_OBJECT *device)
{
    ki_require_irql(PASSIVE_LEVEL, "IoGetDeviceObjectPointer above PASSIVE_LEVEL");
    vf_check_string(name, "IoGetDeviceObjectPointer");
    return manager_open_device(name, access, file, device);
}

static volatile LONG links_made;

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    ki_require_irql(PASSIVE_LEVEL, "IoCreateSymbolicLink above PASSIVE_LEVEL");
    vf_check_string(link, "IoCreateSymbolicLink");
    vf_check_string(target, "IoCreateSymbolicLink");
    NTSTATUS status = manager_create_link(link, target);
    if (NT_SUCCESS(status))
        InterlockedIncrement(&links_made);
    return status;
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDeleteSymbolicLink above PASSIVE_LEVEL");
    vf_check_string(link, "IoDeleteSymbolicLink");
    NTSTATUS status = manager_delete_link(link);
    if (NT_SUCCESS(status))
        InterlockedDecrement(&links_made);
    return status;
}

ULONG io_links_made(void)
{
    return links_made > 0 ? (ULONG)links_made : 0;
}

VOID IoRegisterFileSystem(PDEVICE_OBJECT device)
{
    manager_register_file_system(device, TRUE);
}

VOID IoUnregisterFileSystem(PDEVICE_OBJECT device)
{
    manager_register_file_system(device, FALSE);
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type)
{
    ki_require_irql(DISPATCH_LEVEL, "IoInvalidateDeviceRelations above DISPATCH_LEVEL");
    manager_invalidate(pdo, type, FALSE);
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT pdo)
{
    ki_require_irql(DISPATCH_LEVEL, "IoInvalidateDeviceState above DISPATCH_LEVEL");
    manager_invalidate(pdo, BusRelations, TRUE);
}
