// SPDX-License-Identifier: MIT
//
// Control requests: the two buffers of the four transfer methods (abi/irp.h), as "Buffer
// Descriptions for I/O Control Codes" says. A driver never gets an address of the requester: what
// it may touch is memory of the kit, or the granted range, mapped here.

#include "rt.h"

#define TAG 'ltrC'

static bool range_ok(uint64_t offset, uint64_t length)
{
    return offset <= MAXLONGLONG - length;
}

// The input, inline or granted; NULL if there is none or it is not as long as was said.
static const char *find_input(struct rt_request *request, const void *in, ULONG in_bytes,
                              ULONG input, bool *granted)
{
    const struct ash_request *wire = &request->wire;
    *granted = wire->input_grant != 0;
    if (!*granted)
        return input <= in_bytes ? in : NULL;
    if (!range_ok(wire->input_offset, input))
        return NULL;
    request->input_grant = rt_grant_get(request->in, wire->input_grant);
    if (request->input_grant == NULL)
        return NULL;
    struct mm_backing *backing = &request->input_grant->backing;
    return backing->Map(backing, wire->input_offset, input);
}

// A copy that the requester can no longer change.
static PVOID copy_input(struct rt_request *request, const char *from, ULONG input)
{
    request->pool = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, input, TAG);
    if (request->pool != NULL)
        memcpy(request->pool, from, input);
    return request->pool;
}

static NTSTATUS decode_input(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                             ULONG in_bytes, ULONG input)
{
    bool neither = METHOD_FROM_CTL_CODE(request->wire.parameter[2]) == METHOD_NEITHER;
    bool granted;
    if (input == 0)
        return STATUS_SUCCESS;
    const char *from = find_input(request, in, in_bytes, input, &granted);
    if (from == NULL)
        return STATUS_INVALID_USER_BUFFER;
    PVOID buffer = neither && granted ? (PVOID)(ULONG_PTR)from : copy_input(request, from, input);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (neither) {
        rt_user_range(request, buffer, input, false);
        next->Parameters.DeviceIoControl.Type3InputBuffer = buffer;
    } else {
        request->irp->AssociatedIrp.SystemBuffer = buffer;
    }
    return STATUS_SUCCESS;
}

// Without a grant the output is memory of the kit, which goes back whole when the request is done.
static PVOID inline_output(struct rt_request *request, const char *in, ULONG in_bytes, ULONG input,
                           ULONG out)
{
    ULONG at = request->wire.input_grant != 0 ? 0 : (ULONG)ALIGN_UP_BY(input, 8);
    if (out > request->in->info.inline_bytes)
        return NULL;
    request->out = ExAllocatePool2(POOL_FLAG_NON_PAGED, out, TAG);
    if (request->out == NULL)
        return NULL;
    if (at < in_bytes)
        memcpy(request->out, in + at, in_bytes - at < out ? in_bytes - at : out);
    request->out_limit = out;
    request->out_whole = TRUE;
    return request->out;
}

// An MDL over memory of the kit.
static NTSTATUS pool_mdl(struct rt_request *request, PVOID memory, ULONG bytes)
{
    PMDL mdl = IoAllocateMdl(memory, bytes, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    request->pool2 = mdl;
    request->irp->MdlAddress = mdl;
    return STATUS_SUCCESS;
}

static NTSTATUS granted_output(struct rt_request *request, ULONG out, bool neither)
{
    const struct ash_request *wire = &request->wire;
    if (out > wire->grant_length || !range_ok(wire->grant_offset, out))
        return STATUS_INVALID_USER_BUFFER;
    request->grant = rt_grant_get(request->in, wire->grant);
    if (request->grant == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct mm_backing *backing = &request->grant->backing;
    // What an application grants is looked at now, so that the driver's mapping of it cannot fail;
    // what a driver passes on is mapped by the one that needs the bytes.
    if (neither || request->in->info.kind == ASH_LINK_FILE) {
        PVOID address = backing->Map(backing, wire->grant_offset, out);
        if (address == NULL)
            return STATUS_INVALID_USER_BUFFER;
        request->irp->UserBuffer = neither ? address : NULL;
    }
    if (neither) {
        rt_user_range(request, request->irp->UserBuffer, out, true);
        return STATUS_SUCCESS;
    }
    rt_init_mdl(request, out);
    return STATUS_SUCCESS;
}

static NTSTATUS decode_output(struct rt_request *request, const void *in, ULONG in_bytes,
                              ULONG input, ULONG out)
{
    bool neither = METHOD_FROM_CTL_CODE(request->wire.parameter[2]) == METHOD_NEITHER;
    if (out == 0)
        return STATUS_SUCCESS;
    if (request->wire.grant != 0)
        return granted_output(request, out, neither);
    if (out > request->in->info.inline_bytes)
        return STATUS_INVALID_USER_BUFFER;
    PVOID memory = inline_output(request, in, in_bytes, input, out);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!neither)
        return pool_mdl(request, memory, out);
    rt_user_range(request, memory, out, true);
    request->irp->UserBuffer = memory;
    return STATUS_SUCCESS;
}

NTSTATUS rt_decode_control(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                           ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    if (p[0] > MAXLONG || p[1] > MAXLONG)
        return STATUS_INVALID_PARAMETER;
    ULONG out = (ULONG)p[0], input = (ULONG)p[1];
    next->Parameters.DeviceIoControl.OutputBufferLength = out;
    next->Parameters.DeviceIoControl.InputBufferLength = input;
    next->Parameters.DeviceIoControl.IoControlCode = (ULONG)p[2];
    if (METHOD_FROM_CTL_CODE(p[2]) == METHOD_BUFFERED)
        return rt_decode_buffered(request, in, in_bytes, input, out);
    NTSTATUS status = decode_input(request, next, in, in_bytes, input);
    return NT_SUCCESS(status) ? decode_output(request, in, in_bytes, input, out) : status;
}
