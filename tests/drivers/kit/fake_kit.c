// SPDX-License-Identifier: MIT
//
// Devices, IRPs and completion of the fake kit.
#include "fake_kit.h"

#include "fake_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEVICES_MAX = 64, REQUESTS_MAX = 4096, NAME_MAX = 48 };

struct device {
    DEVICE_OBJECT object;
    char name[NAME_MAX];
    void *extension;
    bool deleted;
};

static struct device *devices[DEVICES_MAX];
static unsigned device_count;
static char links[16][NAME_MAX];
static DRIVER_OBJECT driver, bottom_driver;
static DRIVER_EXTENSION driver_extension;
static struct kit_request *requests[REQUESTS_MAX];
static unsigned request_count;

void kit_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("not ok - fake kit: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    abort();
}

void kit_reset(void)
{
    for (unsigned i = 0; i < device_count; i++) {
        free(devices[i]->extension);
        free(devices[i]->object.Vpb);
        free(devices[i]);
    }
    for (unsigned i = 0; i < request_count; i++) {
        if (requests[i]->irp != NULL) {
            free(requests[i]->irp);
        }
        free(requests[i]);
    }
    device_count = request_count = 0;
    memset(links, 0, sizeof links);
    fake_reset_ke();
    fake_reset_mm();
}

PDRIVER_OBJECT kit_load(DRIVER_INITIALIZE *entry)
{
    memset(&driver, 0, sizeof driver);
    driver.DriverExtension = &driver_extension;
    driver_extension = (DRIVER_EXTENSION){.DriverObject = &driver};
    if (!NT_SUCCESS(entry(&driver, NULL))) {
        kit_fail("DriverEntry failed");
    }
    return &driver;
}

static void to_ascii(PUNICODE_STRING from, char *to)
{
    unsigned n = from->Length / sizeof(WCHAR);
    if (n >= NAME_MAX) {
        kit_fail("name too long for the fake");
    }
    for (unsigned i = 0; i < n; i++) {
        to[i] = (char)from->Buffer[i];
    }
    to[n] = 0;
}

PDEVICE_OBJECT kit_find(const char *name)
{
    for (unsigned i = 0; i < device_count; i++) {
        if (!devices[i]->deleted && strcmp(devices[i]->name, name) == 0) {
            return &devices[i]->object;
        }
    }
    return NULL;
}

bool kit_link_exists(const char *name)
{
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(links[i], name) == 0) {
            return true;
        }
    }
    return false;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT owner, ULONG extension_size, PUNICODE_STRING name,
                        ULONG type, ULONG characteristics, BOOLEAN exclusive,
                        PDEVICE_OBJECT *result)
{
    char text[NAME_MAX] = "";
    UNREFERENCED_PARAMETER(exclusive);
    if (name != NULL) {
        to_ascii(name, text);
        if (kit_find(text) != NULL) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
    }
    if (device_count == DEVICES_MAX) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct device *d = aligned_alloc(16, sizeof *d);
    memset(d, 0, sizeof *d);
    memcpy(d->name, text, sizeof text);
    d->extension = calloc(1, extension_size + 1);
    d->object.Type = IO_TYPE_DEVICE;
    d->object.DriverObject = owner;
    d->object.DeviceExtension = d->extension;
    d->object.DeviceType = type;
    d->object.Characteristics = characteristics;
    d->object.Flags = DO_DEVICE_INITIALIZING;
    d->object.StackSize = 1;
    d->object.ReferenceCount = 0;
    if (type == FILE_DEVICE_DISK) {
        d->object.Vpb = calloc(1, sizeof(VPB));
    }
    devices[device_count++] = d;
    *result = &d->object;
    return STATUS_SUCCESS;
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
    struct device *d = CONTAINING_RECORD(device, struct device, object);
    if (d->deleted || device->AttachedDevice != NULL) {
        kit_fail("device %s deleted twice or with something attached", d->name);
    }
    d->deleted = true;
}

bool fake_deleted(PDEVICE_OBJECT device)
{
    return CONTAINING_RECORD(device, struct device, object)->deleted;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT top = kit_top(target);
    top->AttachedDevice = source;
    source->StackSize = (CCHAR)(top->StackSize + 1);
    source->AlignmentRequirement = top->AlignmentRequirement;
    return top;
}

VOID IoDetachDevice(PDEVICE_OBJECT target)
{
    target->AttachedDevice = NULL;
}

PDEVICE_OBJECT kit_top(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    return device;
}

PDEVICE_OBJECT kit_make_pdo(PDRIVER_DISPATCH dispatch, ULONG flags)
{
    PDEVICE_OBJECT pdo;
    memset(&bottom_driver, 0, sizeof bottom_driver);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        bottom_driver.MajorFunction[i] = dispatch;
    }
    if (!NT_SUCCESS(IoCreateDevice(&bottom_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo))) {
        kit_fail("no PDO");
    }
    pdo->Flags = flags;
    return pdo;
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    char text[NAME_MAX];
    to_ascii(target, text);
    if (kit_find(text) == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    to_ascii(link, text);
    if (kit_link_exists(text)) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (links[i][0] == 0) {
            memcpy(links[i], text, sizeof text);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    char text[NAME_MAX];
    to_ascii(link, text);
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(links[i], text) == 0) {
            links[i][0] = 0;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
    return ++((PDEVICE_OBJECT)object)->ReferenceCount;
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
    return --((PDEVICE_OBJECT)object)->ReferenceCount;
}

// ---- IRPs ----

PIRP IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    size_t bytes = sizeof(IRP) + (size_t)stack_size * sizeof(IO_STACK_LOCATION);
    PIRP irp = aligned_alloc(16, (bytes + 15) & ~(size_t)15);
    UNREFERENCED_PARAMETER(charge_quota);
    memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->StackCount = (CHAR)stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    return irp;
}

VOID IoFreeIrp(PIRP irp)
{
    free(irp);
}

DECLSPEC_NORETURN VOID DdkNoStackLocation(const IRP *irp)
{
    kit_fail("no stack location left: %d of %d", irp->CurrentLocation, irp->StackCount);
}

DECLSPEC_NORETURN VOID DdkListCorrupt(const LIST_ENTRY *entry)
{
    kit_fail("list corrupt at %p", (const void *)entry);
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    fake_check_no_lock("IoCallDriver");
    if (fake_deleted(device)) {
        kit_fail("IRP sent to a deleted device");
    }
    if (irp->CurrentLocation <= 1) {
        DdkNoStackLocation(irp);
    }
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[location->MajorFunction];
    return dispatch != NULL ? dispatch(device, irp)
                            : kit_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static bool routine_wanted(const IRP *irp, UCHAR control)
{
    bool success = NT_SUCCESS(irp->IoStatus.Status);
    return (success && (control & SL_INVOKE_ON_SUCCESS) != 0) ||
           (!success && (control & SL_INVOKE_ON_ERROR) != 0) ||
           (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0);
}

// The top of the stack is passed: the IRP belongs to who made it.
static void finish(PIRP irp)
{
    struct kit_request *request = irp->Overlay.AsynchronousParameters.UserApcContext;
    if (request != NULL) {
        request->done = true;
        request->status = irp->IoStatus.Status;
        request->information = irp->IoStatus.Information;
        return;
    }
    if (irp->UserIosb != NULL) {
        *irp->UserIosb = irp->IoStatus;
        if (irp->AssociatedIrp.SystemBuffer != NULL) {
            memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
            free(irp->AssociatedIrp.SystemBuffer);
        }
    }
    if (irp->UserEvent != NULL) {
        (void)KeSetEvent(irp->UserEvent, 0, FALSE);
    }
    free(irp->MdlAddress);
    free(irp);
}

VOID IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    UNREFERENCED_PARAMETER(priority_boost);
    fake_check_no_lock("IoCompleteRequest");
    if (irp->CurrentLocation > irp->StackCount) {
        kit_fail("IRP completed twice");
    }
    if (irp->CancelRoutine != NULL || irp->IoStatus.Status == STATUS_PENDING) {
        kit_fail("IRP completed with a cancel routine or STATUS_PENDING");
    }
    while (irp->CurrentLocation <= irp->StackCount) {
        IO_STACK_LOCATION mine = *irp->Tail.Overlay.CurrentStackLocation;
        irp->PendingReturned = (mine.Control & SL_PENDING_RETURNED) != 0;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        bool top = irp->CurrentLocation > irp->StackCount;
        if (mine.CompletionRoutine != NULL && routine_wanted(irp, mine.Control)) {
            PDEVICE_OBJECT device =
                top ? NULL : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
            if (mine.CompletionRoutine(device, irp, mine.Context) ==
                STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
        } else if (irp->PendingReturned && !top) {
            IoMarkIrpPending(irp);
        }
    }
    finish(irp);
}

NTSTATUS kit_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, 0);
    return status;
}

static NTSTATUS forward_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    *(bool *)context = true;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    bool done = false;
    IoSetCompletionRoutine(irp, forward_done, &done, TRUE, TRUE, TRUE);
    (void)IofCallDriver(device, irp);
    kit_pump();
    if (!done) {
        kit_fail("the lower driver did not answer a forwarded IRP");
    }
    return TRUE;
}

static PIRP build(ULONG major, PDEVICE_OBJECT device, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    irp->UserEvent = event;
    irp->UserIosb = iosb;
    IoGetNextIrpStackLocation(irp)->MajorFunction = (UCHAR)major;
    return irp;
}

PIRP IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                                  PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = build(major, device, event, iosb);
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
        next->Parameters.Read.Length = length;
        next->Parameters.Read.ByteOffset = *offset;
        irp->MdlAddress = calloc(1, sizeof(MDL));
        irp->MdlAddress->MappedSystemVa = buffer;
        irp->MdlAddress->ByteCount = length;
    }
    return irp;
}

PIRP IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID input,
                                   ULONG input_length, PVOID output, ULONG output_length,
                                   BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = build(internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL, device,
                     event, iosb);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = input_length;
    next->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    size_t bytes = input_length > output_length ? input_length : output_length;
    irp->AssociatedIrp.SystemBuffer = calloc(1, bytes + 1);
    if (input_length != 0) {
        memcpy(irp->AssociatedIrp.SystemBuffer, input, input_length);
    }
    irp->UserBuffer = output;
    return irp;
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    return IofCallDriver(device, irp);
}

VOID PoStartNextPowerIrp(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
}

// ---- the test's side ----

struct kit_request *kit_irp(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                            PIO_STACK_LOCATION *location)
{
    PDEVICE_OBJECT top = kit_top(device);
    struct kit_request *request = calloc(1, sizeof *request);
    if (request_count == REQUESTS_MAX) {
        kit_fail("too many requests in one test");
    }
    requests[request_count++] = request;
    request->irp = IoAllocateIrp(top->StackSize, FALSE);
    request->irp->Overlay.AsynchronousParameters.UserApcContext = request;
    if (major == IRP_MJ_PNP) {
        request->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    }
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(request->irp);
    next->MajorFunction = major;
    next->MinorFunction = minor;
    if (location != NULL) {
        *location = next;
    }
    return request;
}

NTSTATUS kit_send(PDEVICE_OBJECT device, struct kit_request *request)
{
    // The location outlives the IRP's completion: both are freed by kit_reset.
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(request->irp);
    NTSTATUS status = IofCallDriver(kit_top(device), request->irp);
    bool marked = (location->Control & SL_PENDING_RETURNED) != 0;
    if ((status == STATUS_PENDING) != marked) {
        kit_fail("dispatch returned 0x%08x, IRP %s pending", (unsigned)status,
                 marked ? "is marked" : "is not marked");
    }
    if (status != STATUS_PENDING && (!request->done || request->status != status)) {
        kit_fail("dispatch returned 0x%08x, the IRP says otherwise", (unsigned)status);
    }
    kit_pump();
    return status;
}

NTSTATUS kit_pnp(PDEVICE_OBJECT device, UCHAR minor)
{
    struct kit_request *request = kit_irp(device, IRP_MJ_PNP, minor, NULL);
    (void)kit_send(device, request);
    if (!request->done) {
        kit_fail("PnP IRP %u is not completed", minor);
    }
    return request->status;
}

NTSTATUS kit_control(PDEVICE_OBJECT device, ULONG code, void *buffer, ULONG in, ULONG out,
                     ULONG_PTR *bytes)
{
    PIO_STACK_LOCATION location;
    struct kit_request *request = kit_irp(device, IRP_MJ_DEVICE_CONTROL, 0, &location);
    location->Parameters.DeviceIoControl.IoControlCode = code;
    location->Parameters.DeviceIoControl.InputBufferLength = in;
    location->Parameters.DeviceIoControl.OutputBufferLength = out;
    // A block of exactly the larger size, so that a driver that writes more is caught.
    size_t size = in > out ? in : out;
    void *system = malloc(size == 0 ? 1 : size);
    if (in != 0) {
        memcpy(system, buffer, in);
    }
    request->irp->AssociatedIrp.SystemBuffer = system;
    (void)kit_send(device, request);
    if (!request->done) {
        kit_fail("control 0x%08x is not completed", code);
    }
    if (request->information > out) {
        kit_fail("control 0x%08x: Information above the output length", code);
    }
    if (request->information != 0) {
        memcpy(buffer, system, request->information);
    }
    free(system);
    if (bytes != NULL) {
        *bytes = request->information;
    }
    return request->status;
}

NTSTATUS kit_start(PDEVICE_OBJECT device, ULONGLONG memory, ULONG memory_bytes, ULONG vector)
{
    struct {
        CM_RESOURCE_LIST list;
        CM_PARTIAL_RESOURCE_DESCRIPTOR second;
    } resources = {.list = {.Count = 1}};
    PCM_PARTIAL_RESOURCE_LIST partial = &resources.list.List[0].PartialResourceList;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = partial->PartialDescriptors;
    partial->Count = 2;
    descriptor->Type = CmResourceTypeMemory;
    descriptor->u.Memory.Start.QuadPart = (LONGLONG)memory;
    descriptor->u.Memory.Length = memory_bytes;
    resources.second.Type = CmResourceTypeInterrupt;
    resources.second.u.Interrupt.Vector = vector;
    PIO_STACK_LOCATION location;
    struct kit_request *request = kit_irp(device, IRP_MJ_PNP, IRP_MN_START_DEVICE, &location);
    location->Parameters.StartDevice.AllocatedResources = &resources.list;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = &resources.list;
    (void)kit_send(device, request);
    if (!request->done) {
        kit_fail("START is not completed");
    }
    return request->status;
}
