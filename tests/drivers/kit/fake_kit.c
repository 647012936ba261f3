// SPDX-License-Identifier: MIT
//
// The test's side of the fake kit: requests, PnP, controls.
#include "fake_kit.h"

#include "fake_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS_MAX = 4096 };

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
    for (unsigned i = 0; i < request_count; i++) {
        free(requests[i]->irp);
        free(requests[i]);
    }
    request_count = 0;
    fake_reset_devices();
    fake_reset_ke();
    fake_reset_mm();
    fake_reset_restart();
}

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
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a request keeps its IRP until kit_reset.
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
