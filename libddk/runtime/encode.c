// SPDX-License-Identifier: MIT
//
// From an IRP's current location to the wire (abi/irp.h), and from the answer into the IRP.
// Data of a grant that came in is forwarded, never copied. Data in this task's own memory goes
// through the link's bounce section, so that the lower driver sees nothing else of this task; small
// answers come inline.

#include "rt.h"

#define BOUNCE_BYTES (RT_BOUNCE_PAGES * PAGE_SIZE)

static NTSTATUS make_bounce(struct rt_out *out)
{
    struct ash_mem_grant_reply reply;
    void *address;
    if (out->bounce != NULL)
        return STATUS_SUCCESS;
    if (!ash_success(ash_map(BOUNCE_BYTES, &address)))
        return STATUS_INSUFFICIENT_RESOURCES;
    const struct ash_mem_grant_request request = {out->info.link, (uintptr_t)address,
                                                  ASH_MEM_READ | ASH_MEM_WRITE};
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status)) {
        (void)ash_unmap(address);
        return status;
    }
    out->bounce_grant = reply.grant;
    out->bounce = address;
    return STATUS_SUCCESS;
}

PVOID rt_bounce_take(struct rt_out *out, ULONG bytes, struct rt_sent *sent)
{
    ULONG pages = (ULONG)BYTES_TO_PAGES(bytes);
    ULONG at = RtlFindClearBitsAndSet(&out->bounce_map, pages, 0);
    if (at == MAXULONG)
        return NULL;
    sent->bounce = at + 1;
    sent->pages = pages;
    return out->bounce + (SIZE_T)at * PAGE_SIZE;
}

void rt_bounce_give(struct rt_out *out, struct rt_sent *sent)
{
    if (sent->bounce != 0)
        RtlClearBits(&out->bounce_map, sent->bounce - 1, sent->pages);
    sent->bounce = 0;
}

// Own memory: `in_bytes` of it are sent, up to out_bytes come back to the same place.
static NTSTATUS bounce(struct rt_out *out, struct ash_request *wire, struct rt_sent *sent,
                       PVOID memory, ULONG in_bytes, ULONG out_bytes)
{
    ULONG bytes = in_bytes > out_bytes ? in_bytes : out_bytes;
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (bytes > BOUNCE_BYTES)
        return STATUS_INVALID_BUFFER_SIZE;
    NTSTATUS status = make_bounce(out);
    if (!NT_SUCCESS(status))
        return status;
    PCHAR space = rt_bounce_take(out, bytes, sent);
    if (space == NULL)
        return STATUS_DEVICE_BUSY; // waits for others to complete
    if (in_bytes != 0)
        memcpy(space, memory, in_bytes);
    wire->grant = out->bounce_grant;
    wire->grant_offset = (uint64_t)(space - out->bounce);
    wire->grant_length = bytes;
    sent->buffer = memory;
    sent->length = out_bytes;
    sent->copy_out = out_bytes != 0;
    return STATUS_SUCCESS;
}

// Inline both ways where it fits, else bounced.
static NTSTATUS small_or_bounce(struct rt_out *out, struct ash_request *wire, int slot,
                                struct rt_sent *sent, PVOID memory, ULONG in_bytes, ULONG out_bytes)
{
    if (in_bytes > out->info.inline_bytes || out_bytes > out->info.inline_bytes)
        return bounce(out, wire, sent, memory, in_bytes, out_bytes);
    if (in_bytes != 0)
        memcpy(ash_requester_inline(&out->ring, slot), memory, in_bytes);
    wire->inline_size = in_bytes;
    sent->buffer = memory;
    sent->length = out_bytes;
    return STATUS_SUCCESS;
}

// Own memory of two kinds: input that is sent, and output that comes back, with what is in it now
// (METHOD_NEITHER and the direct methods may read it). Both inline where they fit, else both in the
// bounce section, the output behind the input.
static NTSTATUS two_buffers(struct rt_out *out, struct ash_request *wire, int slot,
                            struct rt_sent *sent, PVOID input, ULONG in_bytes, PVOID output,
                            ULONG out_bytes)
{
    ULONG at = (ULONG)ALIGN_UP_BY(in_bytes, 8), bytes = at + out_bytes;
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (in_bytes > BOUNCE_BYTES || out_bytes > BOUNCE_BYTES || bytes > BOUNCE_BYTES)
        return STATUS_INVALID_BUFFER_SIZE;
    bool inside = bytes <= out->info.inline_bytes;
    NTSTATUS status = inside ? STATUS_SUCCESS : make_bounce(out);
    if (!NT_SUCCESS(status))
        return status;
    PCHAR space =
        inside ? ash_requester_inline(&out->ring, slot) : rt_bounce_take(out, bytes, sent);
    if (space == NULL)
        return STATUS_DEVICE_BUSY;
    if (in_bytes != 0)
        memcpy(space, input, in_bytes);
    if (out_bytes != 0)
        memcpy(space + at, output, out_bytes);
    sent->buffer = output;
    sent->length = out_bytes;
    sent->whole = TRUE;
    if (inside) {
        wire->inline_size = out_bytes != 0 ? bytes : in_bytes;
        return STATUS_SUCCESS;
    }
    sent->copy_out = out_bytes != 0;
    sent->out_at = at;
    wire->input_grant = in_bytes != 0 ? out->bounce_grant : 0;
    wire->input_offset = (uint64_t)(space - out->bounce);
    wire->grant = out_bytes != 0 ? out->bounce_grant : 0;
    wire->grant_offset = wire->input_offset + at;
    wire->grant_length = out_bytes;
    return STATUS_SUCCESS;
}

// Between a chain of MDLs and contiguous memory. False: the chain is shorter, or cannot be mapped.
static bool copy_chain(PMDL mdl, PCHAR memory, ULONG bytes, bool to_chain)
{
    for (; bytes != 0 && mdl != NULL; mdl = mdl->Next) {
        ULONG part = bytes < mdl->ByteCount ? bytes : mdl->ByteCount;
        if (part == 0)
            continue;
        PVOID address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (address == NULL)
            return false;
        memcpy(to_chain ? address : memory, to_chain ? memory : address, part);
        memory += part;
        bytes -= part;
    }
    return bytes == 0;
}

// A chain of MDLs arrives as one buffer, in the bounce section.
static NTSTATUS encode_chain(struct rt_out *out, struct ash_request *wire, struct rt_sent *sent,
                             PMDL mdl, ULONG length, bool to_device)
{
    ULONG64 total = 0;
    for (PMDL at = mdl; at != NULL; at = at->Next)
        total += at->ByteCount;
    if (length > total)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = bounce(out, wire, sent, NULL, 0, length);
    if (!NT_SUCCESS(status))
        return status;
    PCHAR space = out->bounce + (SIZE_T)(sent->bounce - 1) * PAGE_SIZE;
    sent->chain = mdl;
    sent->copy_out = !to_device;
    sent->length = to_device ? 0 : length;
    if (!to_device || copy_chain(mdl, space, length, false))
        return STATUS_SUCCESS;
    rt_bounce_give(out, sent);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS encode_mdl(struct rt_out *out, struct ash_request *wire, struct rt_sent *sent,
                           PMDL mdl, ULONG length, bool to_device)
{
    if (length > mdl->ByteCount)
        return encode_chain(out, wire, sent, mdl, length, to_device);
    if (mm_backing_of(mdl) == NULL) {
        PVOID memory = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        return bounce(out, wire, sent, memory, to_device ? length : 0, to_device ? 0 : length);
    }
    struct rt_grant *grant = rt_request_of(mdl)->grant;
    if (grant == NULL)
        return STATUS_INVALID_PARAMETER; // its request is completed
    NTSTATUS status = rt_grant_forward(grant, out, &wire->grant);
    wire->grant_offset = mm_backing_offset(mdl);
    wire->grant_length = length;
    return status;
}

static PVOID own_buffer(PIRP irp)
{
    return (irp->Flags & IRP_BUFFERED_IO) != 0 || irp->UserBuffer == NULL
               ? irp->AssociatedIrp.SystemBuffer
               : irp->UserBuffer;
}

static NTSTATUS encode_transfer(struct rt_out *out, struct ash_request *wire, PIRP irp,
                                struct rt_sent *sent)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG length = location->Parameters.Read.Length;
    bool write = location->MajorFunction == IRP_MJ_WRITE;
    wire->parameter[0] = length;
    wire->parameter[1] = (uint64_t)location->Parameters.Read.ByteOffset.QuadPart;
    wire->parameter[2] = location->Parameters.Read.Key;
    if (length == 0)
        return STATUS_SUCCESS;
    if (irp->MdlAddress != NULL)
        return encode_mdl(out, wire, sent, irp->MdlAddress, length, write);
    PVOID memory = own_buffer(irp);
    if (memory == NULL)
        return STATUS_INVALID_USER_BUFFER;
    return bounce(out, wire, sent, memory, write ? length : 0, write ? 0 : length);
}

static NTSTATUS encode_information(struct rt_out *out, struct ash_request *wire, int slot, PIRP irp,
                                   struct rt_sent *sent)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG length = location->Parameters.QueryFile.Length;
    bool set = location->MajorFunction == IRP_MJ_SET_INFORMATION;
    wire->parameter[0] = length;
    wire->parameter[1] = (uint64_t)location->Parameters.QueryFile.FileInformationClass;
    return small_or_bounce(out, wire, slot, sent, irp->AssociatedIrp.SystemBuffer, set ? length : 0,
                           set ? 0 : length);
}

// Input in SystemBuffer, output described by MDLs.
static NTSTATUS encode_direct(struct rt_out *out, struct ash_request *wire, int slot, PIRP irp,
                              struct rt_sent *sent)
{
    ULONG output = (ULONG)wire->parameter[0], input = (ULONG)wire->parameter[1];
    PMDL mdl = irp->MdlAddress;
    if (input > out->info.inline_bytes) {
        bool simple =
            output == 0 || mdl == NULL || (mdl->Process == NULL && output <= mdl->ByteCount);
        if (!simple)
            return STATUS_INVALID_BUFFER_SIZE; // large input beside granted or chained output
        PVOID memory = output != 0 && mdl != NULL
                           ? MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority)
                           : NULL;
        return two_buffers(out, wire, slot, sent, irp->AssociatedIrp.SystemBuffer, input, memory,
                           memory != NULL ? output : 0);
    }
    if (input != 0)
        memcpy(ash_requester_inline(&out->ring, slot), irp->AssociatedIrp.SystemBuffer, input);
    wire->inline_size = input;
    if (output == 0 || mdl == NULL)
        return STATUS_SUCCESS;
    return encode_mdl(out, wire, sent, mdl, output,
                      METHOD_FROM_CTL_CODE(wire->parameter[2]) == METHOD_IN_DIRECT);
}

static NTSTATUS encode_control(struct rt_out *out, struct ash_request *wire, int slot, PIRP irp,
                               struct rt_sent *sent)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG output = location->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG input = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG code = location->Parameters.DeviceIoControl.IoControlCode;
    wire->parameter[0] = output;
    wire->parameter[1] = input;
    wire->parameter[2] = code;
    switch (METHOD_FROM_CTL_CODE(code)) {
    case METHOD_BUFFERED:
        return small_or_bounce(out, wire, slot, sent, irp->AssociatedIrp.SystemBuffer, input,
                               output);
    case METHOD_NEITHER:
        return two_buffers(out, wire, slot, sent,
                           location->Parameters.DeviceIoControl.Type3InputBuffer, input,
                           irp->UserBuffer, output);
    default:
        return encode_direct(out, wire, slot, irp, sent);
    }
}

static NTSTATUS encode_create(struct rt_out *out, struct ash_request *wire, int slot, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PIO_SECURITY_CONTEXT security = location->Parameters.Create.SecurityContext;
    wire->parameter[0] = (security != NULL ? security->DesiredAccess : 0) |
                         (uint64_t)location->Parameters.Create.ShareAccess << 32;
    wire->parameter[1] = location->Parameters.Create.Options;
    wire->parameter[2] = location->Parameters.Create.FileAttributes;
    if (location->FileObject == NULL)
        return STATUS_SUCCESS;
    wire->inline_size = rt_string_to_utf8(ash_requester_inline(&out->ring, slot),
                                          out->info.inline_bytes, &location->FileObject->FileName);
    return wire->inline_size == MAXULONG ? STATUS_NAME_TOO_LONG : STATUS_SUCCESS;
}

static void encode_power(struct ash_request *wire, PIO_STACK_LOCATION location)
{
    if (location->MinorFunction == IRP_MN_POWER_SEQUENCE)
        return;
    if (location->MinorFunction == IRP_MN_WAIT_WAKE) {
        wire->parameter[1] = (uint64_t)location->Parameters.WaitWake.PowerState;
        return;
    }
    wire->parameter[0] = location->Parameters.Power.Type == DevicePowerState;
    wire->parameter[1] = (uint64_t)location->Parameters.Power.State.SystemState;
    wire->parameter[2] = (uint64_t)location->Parameters.Power.ShutdownType;
    wire->parameter[3] = location->Parameters.Power.SystemContext;
}

NTSTATUS rt_encode(struct rt_out *out, int slot, PIRP irp, struct rt_sent *sent)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    struct ash_request *wire = ash_requester_request(&out->ring, slot);
    wire->major = location->MajorFunction;
    wire->minor = location->MinorFunction;
    wire->flags = location->Flags;
    wire->inline_size = 0;
    wire->device = out->info.device;
    wire->file = rt_file_id(location->FileObject);
    // What another link's file is means nothing to a driver whose device was opened by name.
    if (out->info.kind == ASH_LINK_OPEN && location->FileObject != NULL &&
        (location->FileObject->Flags & IO_FILE_OPENED) == 0)
        wire->file = 0;
    for (unsigned i = 0; i < ARRAYSIZE(wire->parameter); i++)
        wire->parameter[i] = 0;
    wire->grant = wire->grant_offset = 0;
    wire->grant_length = 0;
    wire->input_grant = wire->input_offset = 0;
    wire->irp_flags = irp->Flags;
    wire->requestor = PtrToUlong(irp->Tail.Overlay.AuxiliaryBuffer);
    wire->mode = 0;
    *sent = (struct rt_sent){0};
    switch (location->MajorFunction) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return encode_transfer(out, wire, irp, sent);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return encode_control(out, wire, slot, irp, sent);
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return encode_information(out, wire, slot, irp, sent);
    case IRP_MJ_CREATE:
        return encode_create(out, wire, slot, irp);
    case IRP_MJ_POWER:
        encode_power(wire, location);
        return STATUS_SUCCESS;
    case IRP_MJ_PNP:
        return rt_encode_pnp(wire, ash_requester_inline(&out->ring, slot), out->info.inline_bytes,
                             irp);
    case IRP_MJ_CLOSE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_SHUTDOWN:
    case IRP_MJ_SYSTEM_CONTROL:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// Where the returned bytes are: in the bounce section, or inline.
static void copy_back(struct rt_out *out, int slot, const struct rt_sent *sent,
                      const struct ash_answer *answer)
{
    PCHAR bounced = out->bounce + (SIZE_T)(sent->bounce - 1) * PAGE_SIZE + sent->out_at;
    PCHAR from = sent->copy_out ? bounced : (PCHAR)ash_requester_output(&out->ring, slot);
    ULONG64 bytes = sent->copy_out ? answer->information : answer->inline_size;
    if (sent->length == 0 || NT_ERROR(answer->status))
        return;
    if ((sent->whole && sent->copy_out) || bytes > sent->length)
        bytes = sent->length;
    if (sent->chain != NULL)
        (void)copy_chain(sent->chain, from, (ULONG)bytes, true);
    else
        memcpy(sent->buffer, from, bytes);
}

void rt_decode_answer(struct rt_out *out, int slot, PIRP irp, struct rt_sent *sent,
                      const struct ash_answer *answer)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->MajorFunction == IRP_MJ_PNP) {
        rt_decode_pnp_answer(irp, ash_requester_output(&out->ring, slot), answer);
        return;
    }
    copy_back(out, slot, sent, answer);
    rt_bounce_give(out, sent);
    if (location->MajorFunction == IRP_MJ_POWER && (irp->AllocationFlags & IO_IRP_KIT) != 0)
        io_irp_of(irp)->Wake |= answer->result[1] != 0;
    if (location->MajorFunction == IRP_MJ_POWER && answer->status == STATUS_NOT_SUPPORTED)
        return; // not handled below: the status stays as it is
    irp->IoStatus.Status = answer->status;
    irp->IoStatus.Information = answer->information;
    // A lower driver cannot make this one believe in more data than it asked for.
    if ((sent->buffer != NULL || sent->chain != NULL) && sent->length != 0 &&
        answer->information > sent->length)
        irp->IoStatus.Information = sent->length;
}
