// SPDX-License-Identifier: MIT
//
// From a request's wire form (abi/irp.h) to an IRP, and from the completed IRP to the answer.
// Nothing of the wire is trusted: lengths are checked against the inline data and the grant, inline
// data is copied once. A buffer the driver may fill is either memory of the kit, copied out after
// completion (buffered I/O), or the grant itself (direct and neither I/O).

#include "rt.h"

#define TAG 'ataD'

static bool grant_holds(const struct ash_request *wire, ULONG64 length)
{
    return wire->grant != 0 && length <= wire->grant_length &&
           wire->grant_offset <= MAXLONGLONG - wire->grant_length;
}

static NTSTATUS open_grant(struct rt_request *request)
{
    if (request->grant == NULL)
        request->grant = rt_grant_get(request->in, request->wire.grant);
    return request->grant != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// Where the granted bytes are in this task, or NULL.
static PCHAR grant_data(struct rt_request *request)
{
    struct rt_grant *grant = request->grant;
    const struct ash_request *wire = &request->wire;
    return grant->backing.Map(&grant->backing, wire->grant_offset, wire->grant_length);
}

// A buffer of the kit: holds `in_bytes` from `in` (or from the grant), and room for out_bytes.
static NTSTATUS make_buffer(struct rt_request *request, const void *in, ULONG in_bytes,
                            ULONG out_bytes, bool from_grant)
{
    ULONG bytes = in_bytes > out_bytes ? in_bytes : out_bytes;
    const char *data = in;
    if (from_grant) {
        NTSTATUS status = open_grant(request);
        if (!NT_SUCCESS(status))
            return status;
        if ((data = grant_data(request)) == NULL)
            return STATUS_INVALID_USER_BUFFER;
    }
    request->out_limit = out_bytes;
    request->out_grant = from_grant;
    if (bytes == 0)
        return STATUS_SUCCESS;
    request->pool = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, TAG);
    if (request->pool == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in_bytes != 0)
        memcpy(request->pool, data, in_bytes);
    if (bytes > in_bytes)
        memset((PCHAR)request->pool + in_bytes, 0, bytes - in_bytes);
    return STATUS_SUCCESS;
}

// Buffered: SystemBuffer. Data that fits comes inline, other data in the grant.
NTSTATUS rt_decode_buffered(struct rt_request *request, const void *in, ULONG in_bytes,
                            ULONG in_want, ULONG out_bytes)
{
    const struct ash_request *wire = &request->wire;
    ULONG most = in_want > out_bytes ? in_want : out_bytes;
    bool from_grant = wire->grant != 0;
    if (from_grant ? !grant_holds(wire, most)
                   : in_want > in_bytes || out_bytes > request->in->info.inline_bytes)
        return STATUS_INVALID_USER_BUFFER;
    NTSTATUS status = make_buffer(request, in, in_want, out_bytes, from_grant);
    request->irp->AssociatedIrp.SystemBuffer = request->pool;
    request->irp->Flags |= request->pool != NULL ? IRP_BUFFERED_IO : 0;
    return status;
}

static PVOID map_request(struct mm_backing *backing, ULONG64 offset, ULONG length)
{
    struct rt_grant *grant = CONTAINING_RECORD(backing, struct rt_request, backing)->grant;
    return grant != NULL ? grant->backing.Map(&grant->backing, offset, length) : NULL;
}

FORCEINLINE void init_mdl(struct rt_request *request, ULONG length)
{
    request->backing.Map = map_request;
    mm_init_backed_mdl(&request->mdl, &request->backing, request->wire.grant_offset, length,
                       sizeof(request->mdl));
    request->irp->MdlAddress = &request->mdl;
}

void rt_init_mdl(struct rt_request *request, ULONG length)
{
    init_mdl(request, length);
}

static NTSTATUS direct_granted(struct rt_request *request, ULONG length)
{
    if (!grant_holds(&request->wire, length))
        return STATUS_INVALID_USER_BUFFER;
    NTSTATUS status = open_grant(request);
    if (NT_SUCCESS(status))
        init_mdl(request, length);
    return status;
}

// Direct: an MDL over the grant; small data without a grant is in kit memory.
static NTSTATUS direct(struct rt_request *request, const void *in, ULONG in_bytes, ULONG length,
                       bool from_device)
{
    const struct ash_request *wire = &request->wire;
    if (length == 0)
        return STATUS_SUCCESS;
    if (wire->grant == 0) {
        NTSTATUS status = rt_decode_buffered(request, in, in_bytes, from_device ? 0 : length,
                                             from_device ? length : 0);
        if (!NT_SUCCESS(status))
            return status;
        request->irp->Flags &= ~(ULONG)IRP_BUFFERED_IO;
        request->irp->AssociatedIrp.SystemBuffer = NULL;
        request->irp->MdlAddress = IoAllocateMdl(request->pool, length, FALSE, FALSE, NULL);
        if (request->irp->MdlAddress == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        request->pool2 = request->irp->MdlAddress;
        MmBuildMdlForNonPagedPool(request->irp->MdlAddress);
        return STATUS_SUCCESS;
    }
    return direct_granted(request, length);
}

// Neither: the address in this task, and the MDL as well, as for a file system that is given one.
static NTSTATUS neither(struct rt_request *request, const void *in, ULONG in_bytes, ULONG length,
                        bool from_device)
{
    NTSTATUS status = direct(request, in, in_bytes, length, from_device);
    if (!NT_SUCCESS(status) || length == 0)
        return status;
    request->irp->UserBuffer =
        MmGetSystemAddressForMdlSafe(request->irp->MdlAddress, NormalPagePriority);
    if (request->irp->UserBuffer == NULL)
        return STATUS_INVALID_USER_BUFFER;
    rt_user_range(request, request->irp->UserBuffer, length, from_device);
    return STATUS_SUCCESS;
}

void rt_user_range(struct rt_request *request, PVOID address, SIZE_T bytes, bool write)
{
    struct ki_user_ranges *user = &request->user;
    if (request->irp->RequestorMode != UserMode || bytes == 0 || user->Count == KI_USER_RANGES)
        return;
    user->Range[user->Count].Address = (ULONG_PTR)address;
    user->Range[user->Count].Bytes = bytes;
    user->Range[user->Count++].Write = write;
}

__attribute__((noinline)) static NTSTATUS by_device(struct rt_request *request, const void *in,
                                                    ULONG in_bytes, ULONG length, bool from_device)
{
    ULONG flags = request->device->Flags;
    if ((flags & DO_DIRECT_IO) != 0)
        return direct(request, in, in_bytes, length, from_device);
    if ((flags & DO_BUFFERED_IO) != 0)
        return rt_decode_buffered(request, in, in_bytes, from_device ? 0 : length,
                                  from_device ? length : 0);
    return neither(request, in, in_bytes, length, from_device);
}

static bool length_ok(uint64_t length)
{
    return length <= MAXLONG;
}

FORCEINLINE NTSTATUS plain(struct rt_request *request, ULONG length)
{
    NTSTATUS status = direct_granted(request, length);
    request->plain = NT_SUCCESS(status);
    return status;
}

static NTSTATUS decode_transfer(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                                ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    bool read = next->MajorFunction == IRP_MJ_READ;
    if (!length_ok(p[0]))
        return STATUS_INVALID_PARAMETER;
    next->Parameters.Read.Length = (ULONG)p[0]; // Read and Write have the same layout
    next->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)p[1];
    next->Parameters.Read.Key = (ULONG)p[2];
    request->irp->Flags |= read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    if ((request->device->Flags & DO_DIRECT_IO) != 0 && request->wire.grant != 0 && p[0] != 0)
        return plain(request, (ULONG)p[0]); // most of them
    return by_device(request, in, in_bytes, (ULONG)p[0], read);
}

static NTSTATUS decode_information(struct rt_request *request, PIO_STACK_LOCATION next,
                                   const void *in, ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    bool set = next->MajorFunction == IRP_MJ_SET_INFORMATION;
    if (!length_ok(p[0]))
        return STATUS_INVALID_PARAMETER;
    next->Parameters.QueryFile.Length = (ULONG)p[0]; // as SetFile and QueryVolume
    next->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)p[1];
    return rt_decode_buffered(request, in, in_bytes, set ? (ULONG)p[0] : 0, set ? 0 : (ULONG)p[0]);
}

static NTSTATUS decode_directory(struct rt_request *request, PIO_STACK_LOCATION next,
                                 const void *in, ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    if (!length_ok(p[0]) || next->MinorFunction != IRP_MN_QUERY_DIRECTORY)
        return STATUS_INVALID_DEVICE_REQUEST;
    next->Parameters.QueryDirectory.Length = (ULONG)p[0];
    next->Parameters.QueryDirectory.FileInformationClass = (FILE_INFORMATION_CLASS)p[1];
    next->Parameters.QueryDirectory.FileIndex = (ULONG)p[2];
    if (in_bytes != 0) {
        rt_utf8_to_string(&request->name, in, in_bytes);
        if (request->name.Buffer == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        next->Parameters.QueryDirectory.FileName = &request->name;
    }
    return by_device(request, NULL, 0, (ULONG)p[0], true);
}

static ULONG file_flags(ULONG options)
{
    ULONG flags = FO_HANDLE_CREATED;
    if ((options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0)
        flags |= FO_SYNCHRONOUS_IO;
    if ((options & FILE_NO_INTERMEDIATE_BUFFERING) != 0)
        flags |= FO_NO_INTERMEDIATE_BUFFERING;
    if ((options & FILE_WRITE_THROUGH) != 0)
        flags |= FO_WRITE_THROUGH;
    if ((options & FILE_SEQUENTIAL_ONLY) != 0)
        flags |= FO_SEQUENTIAL_ONLY;
    return flags;
}

// The file object is made here and belongs to the table from now on; a failed create removes it.
static NTSTATUS decode_create(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                              ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    if (request->file == NULL) {
        PFILE_OBJECT file = io_allocate_file(request->device);
        if (file == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        request->file = file;
        file->Busy = 1; // requests that refer to it: this one
        rt_utf8_to_string(&file->FileName, in, in_bytes);
        file->Flags = file_flags((ULONG)p[1]);
        file->ReadAccess = rt_may_read((ACCESS_MASK)p[0]);
        file->WriteAccess = rt_may_write((ACCESS_MASK)p[0]);
        if (request->wire.file != 0 &&
            !NT_SUCCESS(rt_file_add(file, request->wire.file, p[3], (ACCESS_MASK)p[0])))
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    next->FileObject = request->file;
    request->irp->Tail.Overlay.OriginalFileObject = request->file;
    request->irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    request->security.DesiredAccess = (ACCESS_MASK)p[0];
    request->security.FullCreateOptions = (ULONG)p[1];
    next->Parameters.Create.SecurityContext = &request->security;
    next->Parameters.Create.Options = (ULONG)p[1];
    next->Parameters.Create.ShareAccess = (USHORT)(p[0] >> 32);
    next->Parameters.Create.FileAttributes = (USHORT)p[2];
    return STATUS_SUCCESS;
}

// The volume is a proxy of the top of its stack; its VPB is this task's own copy.
static NTSTATUS decode_mount(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                             ULONG in_bytes)
{
    struct ash_device_info info;
    if (in_bytes < sizeof(info))
        return STATUS_INVALID_PARAMETER;
    memcpy(&info, in, sizeof(info));
    PDEVICE_OBJECT volume = rt_proxy(&info);
    NTSTATUS status = volume != NULL ? rt_proxy_open(volume) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        return status;
    PVPB vpb = &io_device(volume)->Vpb;
    *vpb = (VPB){.Type = IO_TYPE_VPB, .Size = sizeof(VPB), .RealDevice = volume};
    volume->Vpb = vpb;
    request->mount_vpb = vpb;
    next->Parameters.MountVolume.Vpb = vpb;
    next->Parameters.MountVolume.DeviceObject = volume;
    return STATUS_SUCCESS;
}

static NTSTATUS decode_file_system_control(struct rt_request *request, PIO_STACK_LOCATION next,
                                           const void *in, ULONG in_bytes)
{
    switch (next->MinorFunction) {
    case IRP_MN_MOUNT_VOLUME:
        return request->in->info.kind == ASH_LINK_CONTROL
                   ? decode_mount(request, next, in, in_bytes)
                   : STATUS_INVALID_DEVICE_REQUEST;
    case IRP_MN_USER_FS_REQUEST:
    case IRP_MN_KERNEL_CALL:
        return rt_decode_control(request, next, in, in_bytes);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// POWER_SEQUENCE would come back through a pointer: only drivers of one task can ask each other.
static NTSTATUS decode_power(struct rt_request *request, PIO_STACK_LOCATION next)
{
    const uint64_t *p = request->wire.parameter;
    request->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    if (next->MinorFunction == IRP_MN_POWER_SEQUENCE)
        return STATUS_NOT_SUPPORTED;
    if (next->MinorFunction == IRP_MN_WAIT_WAKE) {
        next->Parameters.WaitWake.PowerState = (SYSTEM_POWER_STATE)p[1];
        return STATUS_SUCCESS;
    }
    next->Parameters.Power.SystemContext = (ULONG)p[3];
    next->Parameters.Power.Type = p[0] == 0 ? SystemPowerState : DevicePowerState;
    next->Parameters.Power.State.SystemState = (SYSTEM_POWER_STATE)p[1];
    next->Parameters.Power.ShutdownType = (POWER_ACTION)p[2];
    return STATUS_SUCCESS;
}

// All but transfers. Not in line: it would take registers from the way that most requests go.
__attribute__((noinline)) static NTSTATUS
decode_other(struct rt_request *request, PIO_STACK_LOCATION next, const void *in, ULONG in_bytes)
{
    switch (next->MajorFunction) {
    case IRP_MJ_CREATE:
        return decode_create(request, next, in, in_bytes);
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return decode_information(request, next, in, in_bytes);
    case IRP_MJ_DIRECTORY_CONTROL:
        return decode_directory(request, next, in, in_bytes);
    case IRP_MJ_FILE_SYSTEM_CONTROL:
        return decode_file_system_control(request, next, in, in_bytes);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return rt_decode_control(request, next, in, in_bytes);
    case IRP_MJ_POWER:
        return decode_power(request, next);
    case IRP_MJ_PNP:
        return rt_decode_pnp(request, in, in_bytes);
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_SHUTDOWN:
    case IRP_MJ_SYSTEM_CONTROL:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS rt_decode(struct rt_request *request, const void *in, ULONG in_bytes)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(request->irp);
    if (next->MajorFunction == IRP_MJ_READ || next->MajorFunction == IRP_MJ_WRITE)
        return decode_transfer(request, next, in, in_bytes);
    return decode_other(request, next, in, in_bytes);
}

// What the driver put into the kit's buffer goes where the requester expects it.
static void copy_out(struct rt_request *request, void *out, ULONG out_room,
                     struct ash_answer *answer)
{
    ULONG64 bytes = answer->information;
    if (request->out_whole) { // the driver had the buffer itself: all of it counts, in any case
        memcpy(out, request->out, request->out_limit);
        answer->inline_size = request->out_limit;
        return;
    }
    if (request->out_limit == 0 || request->pool == NULL || NT_ERROR(answer->status))
        return;
    if (bytes > request->out_limit)
        ki_die(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x312, bytes, request->out_limit,
               request->wire.major, "IoStatus.Information is larger than the output buffer");
    if (request->out_grant) {
        memcpy(grant_data(request), request->pool, bytes);
    } else if (bytes <= out_room) {
        memcpy(out, request->pool, bytes);
        answer->inline_size = (uint32_t)bytes;
    }
}

static void finish_mount(struct rt_request *request, struct ash_answer *answer)
{
    PVPB vpb = request->mount_vpb;
    if (vpb == NULL || !NT_SUCCESS(answer->status))
        return;
    vpb->Flags |= VPB_MOUNTED;
    request->result[0] = vpb->DeviceObject != NULL ? io_device(vpb->DeviceObject)->Id : 0;
    rt_sync_devices();
}

void rt_encode_answer(struct rt_request *request, void *out, ULONG out_room,
                      struct ash_answer *answer)
{
    switch (request->wire.major) {
    case IRP_MJ_PNP:
        rt_encode_pnp_answer(request, out, out_room, answer);
        break;
    case IRP_MJ_CREATE:
        if (!NT_SUCCESS(answer->status))
            rt_file_remove(request->wire.file);
        break;
    case IRP_MJ_CLOSE:
        rt_file_remove(request->wire.file);
        break;
    case IRP_MJ_FILE_SYSTEM_CONTROL:
        if (request->wire.minor == IRP_MN_MOUNT_VOLUME)
            finish_mount(request, answer);
        else
            copy_out(request, out, out_room, answer);
        break;
    default:
        copy_out(request, out, out_room, answer);
        break;
    }
}
