// SPDX-License-Identifier: MIT
//
// See fake.h. Memory of the grant and of the output area ends where it ends, so that
// AddressSanitizer sees a byte beyond.
#include "fake.h"

static char *grant_memory;
static struct rt_grant grant;
static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT device;

static PVOID map(struct mm_backing *backing, ULONG64 offset, ULONG length)
{
    (void)backing;
    return offset <= GRANT_BYTES && length <= GRANT_BYTES - offset ? grant_memory + offset : NULL;
}

struct rt_grant *rt_grant_find(struct rt_in *in, uint64_t id)
{
    (void)in;
    return id == 1 ? &grant : NULL;
}

PDEVICE_OBJECT rt_device_by_id(uint64_t id)
{
    if (id != 1)
        return NULL;
    ObfReferenceObject(device);
    return device;
}

PDEVICE_OBJECT rt_proxy(const struct ash_device_info *info)
{
    return rt_device_by_id(info->device);
}

NTSTATUS rt_proxy_open(PDEVICE_OBJECT proxy)
{
    (void)proxy;
    return STATUS_SUCCESS;
}

NTSTATUS rt_file_add(PFILE_OBJECT file, uint64_t id, uint64_t link, ACCESS_MASK access)
{
    (void)id, (void)link, (void)access;
    ObfDereferenceObject(file);
    return STATUS_INSUFFICIENT_RESOURCES; // opens go no further here
}

void rt_file_remove(uint64_t id)
{
    (void)id;
}

void rt_remember_vector(PDEVICE_OBJECT at, const CM_RESOURCE_LIST *translated)
{
    (void)at, (void)translated;
}

void rt_sync_devices(void)
{
}

static void nothing(PIRP irp)
{
    (void)irp;
}

void fake_begin(struct fake *fake)
{
    if (device == NULL) {
        io_init_driver(&driver, &extension);
        device = io_allocate_device(&driver, 0, FILE_DEVICE_UNKNOWN, 0);
        grant_memory = malloc(GRANT_BYTES);
        grant.backing.Map = map;
    }
    memset(fake, 0, sizeof(*fake));
    fake->in.info.inline_bytes = INLINE_BYTES;
    InitializeListHead(&fake->in.grants);
    fake->request.in = &fake->in;
    fake->request.device = device;
}

NTSTATUS fake_decode(struct fake *fake, const void *data, ULONG bytes)
{
    struct rt_request *request = &fake->request;
    PIRP irp = request->irp = io_allocate_irp(2, nothing);
    irp->RequestorMode = fake->in.info.kind == ASH_LINK_FILE ? UserMode : KernelMode;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = request->wire.major;
    next->MinorFunction = request->wire.minor;
    return rt_decode(request, data, bytes);
}

static void fill(PVOID at, SIZE_T bytes)
{
    if (at != NULL && bytes != 0)
        memset(at, 0x5a, bytes);
}

static ULONG system_buffer_bytes(const struct rt_request *request)
{
    const IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(request->irp);
    ULONG in = next->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = next->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG code = next->Parameters.DeviceIoControl.IoControlCode;
    if (next->MajorFunction != IRP_MJ_DEVICE_CONTROL &&
        next->MajorFunction != IRP_MJ_INTERNAL_DEVICE_CONTROL &&
        next->MajorFunction != IRP_MJ_FILE_SYSTEM_CONTROL)
        return next->Parameters.Read.Length; // at the same place for all that have a buffer
    return (code & 3) != METHOD_BUFFERED || in > out ? in : out;
}

void fake_drive(struct fake *fake)
{
    struct rt_request *request = &fake->request;
    PIRP irp = request->irp;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    if (irp->MdlAddress != NULL && MmGetMdlByteCount(irp->MdlAddress) != 0)
        fill(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority),
             MmGetMdlByteCount(irp->MdlAddress));
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        fill(irp->AssociatedIrp.SystemBuffer, system_buffer_bytes(request));
    if (next->MajorFunction == IRP_MJ_PNP && next->MinorFunction == IRP_MN_QUERY_CAPABILITIES)
        fill(next->Parameters.DeviceCapabilities.Capabilities, sizeof(DEVICE_CAPABILITIES));
    if (next->MajorFunction == IRP_MJ_PNP && next->MinorFunction == IRP_MN_READ_CONFIG)
        fill(next->Parameters.ReadWriteConfig.Buffer, next->Parameters.ReadWriteConfig.Length);
}

void fake_finish(struct fake *fake, NTSTATUS status, ULONG_PTR information, bool decoded)
{
    struct rt_request *request = &fake->request;
    struct ash_answer answer = {.status = status, .information = information};
    char *out = malloc(INLINE_BYTES);
    if (decoded && information <= request->out_limit)
        rt_encode_answer(request, out, INLINE_BYTES, &answer);
    free(out);
    PVOID pools[] = {request->pool, request->pool2, request->out, request->name.Buffer};
    for (ULONG i = 0; i < RTL_NUMBER_OF(pools); i++)
        if (pools[i] != NULL)
            ExFreePool(pools[i]);
    io_free_irp(request->irp);
}

// --- No call of the kernel is reached from what is decoded ---------------------------------------

void ash_signal(ash_cptr target)
{
    (void)target;
    abort();
}

void ash_call(ash_cptr target, struct ash_message *message)
{
    (void)target;
    (void)message;
    abort();
}
