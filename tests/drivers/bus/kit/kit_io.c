// SPDX-License-Identifier: MIT
//
// Devices and IRPs. See strict_kit.h.
#include "kit_state.h"
#include "strict_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define DEVICES_MOST 300

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION driver_extension;
static PDEVICE_OBJECT invalidated, relations_invalidated, eject_requested;
static ULONG invalidations, relation_invalidations, eject_requests;

static struct {
    PDEVICE_OBJECT device;
    WCHAR name[64];
} devices[DEVICES_MOST];

ULONG KitForgetDevices(VOID)
{
    ULONG left = 0;
    for (unsigned i = 0; i < DEVICES_MOST; i++)
        left += devices[i].device != NULL;
    memset(devices, 0, sizeof devices);
    invalidations = relation_invalidations = eject_requests = 0;
    return left;
}

// --- Devices ------------------------------------------------------------------------------------

PDRIVER_OBJECT KitLoad(PDRIVER_INITIALIZE entry)
{
    UNICODE_STRING path = {};
    driver = (DRIVER_OBJECT){.DriverExtension = &driver_extension};
    KitRule(NT_SUCCESS(entry(&driver, &path)), "DriverEntry fails");
    return &driver;
}

static PDEVICE_OBJECT new_device(ULONG extension_bytes)
{
    PDEVICE_OBJECT device = calloc(1, sizeof(DEVICE_OBJECT));
    device->DeviceExtension = calloc(1, extension_bytes ? extension_bytes : 1);
    device->StackSize = 1;
    device->Flags = DO_DEVICE_INITIALIZING;
    return device;
}

PDEVICE_OBJECT KitBottom(PDRIVER_DISPATCH dispatch)
{
    PDEVICE_OBJECT device = new_device(0);
    PDRIVER_OBJECT owner = calloc(1, sizeof(DRIVER_OBJECT));
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        owner->MajorFunction[i] = dispatch;
    device->DriverObject = owner;
    return device;
}

VOID KitFree(PDEVICE_OBJECT bottom)
{
    free(bottom->DriverObject);
    free(bottom->DeviceExtension);
    free(bottom);
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT owner, ULONG extension_size, PUNICODE_STRING name,
                        ULONG type, ULONG characteristics, BOOLEAN exclusive,
                        PDEVICE_OBJECT *device)
{
    UNREFERENCED_PARAMETER(exclusive);
    for (unsigned i = 0; name && i < DEVICES_MOST; i++)
        if (devices[i].device && devices[i].name[name->Length / 2] == 0 &&
            memcmp(devices[i].name, name->Buffer, name->Length) == 0)
            return STATUS_OBJECT_NAME_COLLISION;
    unsigned at = 0;
    while (at < DEVICES_MOST && devices[at].device)
        at++;
    if (at == DEVICES_MOST)
        return STATUS_INSUFFICIENT_RESOURCES;
    *device = new_device(extension_size);
    (*device)->DriverObject = owner;
    (*device)->DeviceType = type;
    (*device)->Characteristics = characteristics;
    devices[at].device = *device;
    memset(devices[at].name, 0, sizeof devices[at].name);
    if (name)
        memcpy(devices[at].name, name->Buffer, name->Length);
    return STATUS_SUCCESS;
}

PDEVICE_OBJECT KitFind(PCWSTR name)
{
    for (unsigned i = 0; i < DEVICES_MOST; i++) {
        unsigned k = 0;
        while (devices[i].device && name[k] && devices[i].name[k] == name[k])
            k++;
        if (devices[i].device && k > 0 && devices[i].name[k] == name[k])
            return devices[i].device;
    }
    return NULL;
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
    KitRule(device->AttachedDevice == NULL, "deleting a device with another on top");
    for (unsigned i = 0; i < DEVICES_MOST; i++)
        if (devices[i].device == device)
            devices[i].device = NULL;
    free(device->DeviceExtension);
    free(device);
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT top = KitTop(target);
    top->AttachedDevice = source;
    source->StackSize = (CCHAR)(top->StackSize + 1);
    return top;
}

VOID IoDetachDevice(PDEVICE_OBJECT target)
{
    target->AttachedDevice = NULL;
}

PDEVICE_OBJECT KitTop(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice)
        device = device->AttachedDevice;
    return device;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
    return ++((PDEVICE_OBJECT)object)->ReferenceCount;
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT pdo)
{
    invalidated = pdo;
    invalidations++;
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
    return --((PDEVICE_OBJECT)object)->ReferenceCount;
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type)
{
    KitRule(kit.irql <= DISPATCH_LEVEL && type == BusRelations, "other relations than its bus's");
    relations_invalidated = pdo;
    relation_invalidations++;
}

PDEVICE_OBJECT KitRelationsInvalidated(PULONG count)
{
    *count = relation_invalidations;
    return relations_invalidated;
}

VOID IoRequestDeviceEject(PDEVICE_OBJECT pdo)
{
    eject_requested = pdo;
    eject_requests++;
}

PDEVICE_OBJECT KitEjectRequested(PULONG count)
{
    *count = eject_requests;
    return eject_requested;
}

PDEVICE_OBJECT KitInvalidated(PULONG count)
{
    *count = invalidations;
    return invalidated;
}

// --- IRPs ---------------------------------------------------------------------------------------

PIO_STACK_LOCATION KitInitIrp(struct kit_irp *all, UCHAR major, UCHAR minor)
{
    memset(all, 0, sizeof *all);
    PIRP irp = &all->irp;
    irp->Type = IO_TYPE_IRP;
    irp->StackCount = 8;
    irp->CurrentLocation = 9;
    irp->Tail.Overlay.CurrentStackLocation = &all->stack[8];
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    all->stack[7].MajorFunction = major;
    all->stack[7].MinorFunction = minor;
    return &all->stack[7];
}

VOID KitBuffer(struct kit_irp *irp, PVOID buffer, ULONG bytes)
{
    MmInitializeMdl(&irp->mdl, buffer, bytes);
    irp->irp.MdlAddress = &irp->mdl;
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    KitRule(kit.locks_held == 0, "IoCallDriver with a spin lock held");
    irp->AllocationFlags &= (UCHAR)~DDK_IRP_SKIPPED;
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    location->DeviceObject = device;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[location->MajorFunction];
    KitRule(dispatch != NULL, "a major function that the driver has not set");
    return dispatch ? dispatch(device, irp) : STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    return IofCallDriver(device, irp);
}

NTSTATUS KitSend(PDEVICE_OBJECT device, struct kit_irp *irp)
{
    irp->returned = IofCallDriver(KitTop(device), &irp->irp);
    KitRule(kit.irql == PASSIVE_LEVEL, "a dispatch routine returns at another IRQL");
    KitRule(irp->done || irp->returned == STATUS_PENDING, "an IRP kept without STATUS_PENDING");
    return irp->returned;
}

static BOOLEAN invoke(PIRP irp, PIO_STACK_LOCATION location)
{
    UCHAR wanted = NT_SUCCESS(irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
    PIO_COMPLETION_ROUTINE routine = location->CompletionRoutine;
    irp->PendingReturned = (location->Control & SL_PENDING_RETURNED) != 0;
    if (!routine || !(location->Control & wanted))
        return TRUE;
    PVOID context = location->Context;
    location->CompletionRoutine = NULL;
    PDEVICE_OBJECT above =
        irp->CurrentLocation <= irp->StackCount ? location[1].DeviceObject : NULL;
    return routine(above, irp, context) != STATUS_MORE_PROCESSING_REQUIRED;
}

VOID IofCompleteRequest(PIRP irp, CCHAR boost)
{
    struct kit_irp *all = CONTAINING_RECORD(irp, struct kit_irp, irp);
    UNREFERENCED_PARAMETER(boost);
    KitRule(kit.locks_held == 0, "completing with a spin lock held");
    KitRule(kit.irql <= DISPATCH_LEVEL, "completing above DISPATCH_LEVEL");
    KitRule(irp->CancelRoutine == NULL, "completing with a cancel routine set");
    KitRule(irp->IoStatus.Status != STATUS_PENDING, "completing with STATUS_PENDING");
    KitRule(!all->done && irp->CurrentLocation <= irp->StackCount, "completing twice");
    while (irp->CurrentLocation <= irp->StackCount) {
        PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        if (!invoke(irp, location))
            return;
    }
    all->done = TRUE;
}

static NTSTATUS forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    *(BOOLEAN *)context = TRUE;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    BOOLEAN back = FALSE;
    KitRule(kit.irql == PASSIVE_LEVEL, "forwarding synchronously above PASSIVE_LEVEL");
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forwarded, &back, TRUE, TRUE, TRUE);
    (VOID) IofCallDriver(device, irp);
    KitRule(back, "the bottom device keeps an IRP");
    return TRUE;
}

PIRP IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                                  PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    static struct kit_irp request;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(buffer);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(offset);
    UNREFERENCED_PARAMETER(event);
    UNREFERENCED_PARAMETER(iosb);
    KitInitIrp(&request, (UCHAR)major, 0);
    return &request.irp;
}

VOID IoReleaseCancelSpinLock(KIRQL old)
{
    KeLowerIrql(old);
}

BOOLEAN KitCancel(struct kit_irp *all)
{
    PIRP irp = &all->irp;
    irp->Cancel = TRUE;
    PDRIVER_CANCEL routine = IoSetCancelRoutine(irp, NULL);
    if (!routine)
        return FALSE;
    irp->CancelIrql = KfRaiseIrql(DISPATCH_LEVEL);
    routine(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    return TRUE;
}

ULONG kit_wakes;

VOID PoSetSystemWake(PIRP irp)
{
    KitRule(irp->CancelRoutine == NULL, "PoSetSystemWake of an IRP that can be cancelled");
    kit_wakes++;
}
