// SPDX-License-Identifier: MIT
//
// Devices, names and links as messages to the I/O and plug-and-play managers; proxies of devices
// that belong to other tasks.
// A proxy is known by its id, made once, and never freed: a driver may keep a pointer to a PDO.

#include "rt.h"

static bool entered; // DriverEntry has returned once a device was synchronised

static NTSTATUS to_path(char *path, SIZE_T room, PCUNICODE_STRING name)
{
    memset(path, 0, room);
    if (name == NULL)
        return STATUS_SUCCESS;
    return rt_string_to_utf8(path, (ULONG)room - 1, name) == MAXULONG ? STATUS_OBJECT_NAME_INVALID
                                                                      : STATUS_SUCCESS;
}

static bool is_file_system(ULONG type)
{
    return type == FILE_DEVICE_DISK_FILE_SYSTEM || type == FILE_DEVICE_CD_ROM_FILE_SYSTEM ||
           type == FILE_DEVICE_FILE_SYSTEM || type == FILE_DEVICE_NETWORK_FILE_SYSTEM;
}

NTSTATUS manager_create_device(PDEVICE_OBJECT device, PCUNICODE_STRING name, BOOLEAN exclusive)
{
    struct ash_io_create_device_request request = {
        .device_type = device->DeviceType,
        .characteristics = device->Characteristics,
        .flags = device->Flags,
        .exclusive = exclusive,
        .physical =
            entered && ki_thread()->ContextOwner == NULL && !is_file_system(device->DeviceType),
    };
    struct ash_io_device_reply reply;
    NTSTATUS status = to_path(request.name, sizeof(request.name), name);
    if (!NT_SUCCESS(status))
        return status;
    status = ash_request(ASH_SLOT_IO, ASH_IO_CREATE_DEVICE, &request, sizeof(request), &reply,
                         sizeof(reply));
    if (NT_SUCCESS(status))
        io_device(device)->Id = reply.device;
    return status;
}

void manager_delete_device(PDEVICE_OBJECT device)
{
    const struct ash_io_device_request request = {io_device(device)->Id};
    (void)ash_request(ASH_SLOT_IO, ASH_IO_DELETE_DEVICE, &request, sizeof(request), NULL, 0);
}

NTSTATUS manager_keep_state(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited)
{
    const struct ash_io_keep_state_request request = {io_device(device)->Id, bytes};
    struct ash_io_keep_state_reply reply;
    ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_KEEP_STATE, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status))
        return status;
    *state = (PVOID)reply.address;
    *inherited = reply.inherited != 0;
    return STATUS_SUCCESS;
}

static void sync_device(PDEVICE_OBJECT device, void *context)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    (void)context;
    bool vpb = device->Vpb != NULL;
    if (device->DriverObject != &rt_driver ||
        (extension->ReportedFlags == device->Flags &&
         extension->ReportedStack == (ULONG)device->StackSize &&
         extension->ReportedAlignment == device->AlignmentRequirement &&
         extension->ReportedSector == device->SectorSize && extension->ReportedVpb == vpb))
        return;
    extension->ReportedFlags = device->Flags;
    extension->ReportedStack = (ULONG)device->StackSize;
    extension->ReportedAlignment = device->AlignmentRequirement;
    extension->ReportedSector = device->SectorSize;
    extension->ReportedVpb = vpb;
    const struct ash_io_update_device_request request = {
        .device = extension->Id,
        .flags = device->Flags,
        .alignment = device->AlignmentRequirement,
        .stack_size = (ULONG)device->StackSize,
        .sector_size = device->SectorSize,
        .characteristics = device->Characteristics,
        .has_vpb = vpb,
    };
    (void)ash_request(ASH_SLOT_IO, ASH_IO_UPDATE_DEVICE, &request, sizeof(request), NULL, 0);
}

void rt_sync_devices(void)
{
    entered = true;
    io_for_each_device(sync_device, NULL);
}

static void refresh(PDEVICE_OBJECT proxy, const struct ash_device_info *info)
{
    proxy->DeviceType = info->device_type;
    proxy->Characteristics = info->characteristics;
    proxy->Flags = info->flags;
    proxy->AlignmentRequirement = info->alignment;
    proxy->StackSize = (CCHAR)(info->stack_size < 100 ? info->stack_size : 100);
    proxy->SectorSize = (USHORT)info->sector_size;
}

PDEVICE_OBJECT rt_proxy(const struct ash_device_info *info)
{
    PDEVICE_OBJECT device = io_find_device(info->device);
    if (device != NULL) {
        if (device->DriverObject == &rt_proxy_driver)
            refresh(device, info);
        return device;
    }
    device = io_allocate_device(&rt_proxy_driver, 0, info->device_type, info->characteristics);
    if (device == NULL)
        return NULL;
    refresh(device, info);
    io_device(device)->Id = info->device;
    ObfReferenceObject(device);
    return device;
}

PDEVICE_OBJECT rt_device_by_id(uint64_t id)
{
    const struct ash_io_device_request request = {id};
    struct ash_io_device_info_reply reply;
    PDEVICE_OBJECT device = io_find_device(id);
    if (device != NULL)
        return device;
    if (!ash_success(ash_request(ASH_SLOT_IO, ASH_IO_DEVICE_INFO, &request, sizeof(request), &reply,
                                 sizeof(reply))))
        return NULL;
    return rt_proxy(&reply.info);
}

static NTSTATUS take_link(PDEVICE_OBJECT lower, const struct ash_link_info *link,
                          const struct ash_caps *caps)
{
    if (link->link == 0)
        return STATUS_SUCCESS; // in this task
    struct rt_out *out = caps->received == 1 ? rt_out_add(link, caps->slot[0]) : NULL;
    if (out == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_device(lower)->Proxy = out;
    return STATUS_SUCCESS;
}

NTSTATUS manager_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target, PDEVICE_OBJECT *lower)
{
    const struct ash_io_attach_request request = {io_device(source)->Id, io_device(target)->Id};
    struct ash_io_attach_reply reply;
    struct ash_caps caps = {.receive = 1};
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_ATTACH, &request, sizeof(request),
                                         &reply, sizeof(reply), &caps);
    if (!ash_success(status))
        return status;
    if ((*lower = rt_proxy(&reply.lower)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if ((io_device(target)->Standing & RT_STANDING_JOINED) != 0)
        io_device(*lower)->Standing |= RT_STANDING_STARTED;
    return take_link(*lower, &reply.link, &caps);
}

void manager_detach(PDEVICE_OBJECT lower)
{
    const struct ash_io_device_request request = {io_device(lower)->Id};
    struct rt_out *out = rt_link_of(lower);
    if (out != NULL && lower->DriverObject == &rt_proxy_driver) {
        rt_out_let_go(out);
        io_device(lower)->Proxy = NULL;
    }
    (void)ash_request(ASH_SLOT_IO, ASH_IO_DETACH, &request, sizeof(request), NULL, 0);
}

NTSTATUS rt_proxy_open(PDEVICE_OBJECT proxy)
{
    const struct ash_io_device_request request = {io_device(proxy)->Id};
    struct ash_io_attach_reply reply;
    struct ash_caps caps = {.receive = 1};
    if (rt_link_of(proxy) != NULL || proxy->DriverObject != &rt_proxy_driver)
        return STATUS_SUCCESS;
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_LINK_OPEN, &request, sizeof(request),
                                         &reply, sizeof(reply), &caps);
    return ash_success(status) ? take_link(proxy, &reply.link, &caps) : status;
}

static NTSTATUS change_link(ash_word op, PCUNICODE_STRING link, PCUNICODE_STRING target)
{
    struct ash_io_symlink_request request;
    NTSTATUS status = to_path(request.name, sizeof(request.name), link);
    if (NT_SUCCESS(status))
        status = to_path(request.target, sizeof(request.target), target);
    if (NT_SUCCESS(status))
        status = ash_request(ASH_SLOT_IO, op, &request, sizeof(request), NULL, 0);
    return status;
}

NTSTATUS manager_create_link(PCUNICODE_STRING link, PCUNICODE_STRING target)
{
    return change_link(ASH_IO_CREATE_SYMLINK, link, target);
}

NTSTATUS manager_delete_link(PCUNICODE_STRING link)
{
    return change_link(ASH_IO_DELETE_SYMLINK, link, NULL);
}

// The file object of this side: its last reference closes the file (manager_close_file).
static NTSTATUS make_file(const struct ash_io_open_reply *reply, PDEVICE_OBJECT top,
                          PFILE_OBJECT *file)
{
    PFILE_OBJECT made = io_allocate_file(top);
    if (made == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    made->FileObjectExtension = (PVOID)reply->file;
    made->Flags = FO_HANDLE_CREATED | IO_FILE_OPENED;
    *file = made;
    return STATUS_SUCCESS;
}

static void close_id(uint64_t id)
{
    const struct ash_io_file_request request = {id};
    ki_before_block(); // the driver of the device may be this one
    (void)ash_request(ASH_SLOT_IO, ASH_IO_CLOSE, &request, sizeof(request), NULL, 0);
}

void manager_close_file(PFILE_OBJECT file)
{
    if ((file->Flags & IO_FILE_OPENED) != 0)
        close_id(rt_file_id(file));
}

static NTSTATUS take_open(const struct ash_io_open_reply *reply, const struct ash_caps *caps,
                          PFILE_OBJECT *file, PDEVICE_OBJECT *device)
{
    PDEVICE_OBJECT top = rt_proxy(&reply->device);
    NTSTATUS status = top != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    bool wanted =
        NT_SUCCESS(status) && rt_link_of(top) == NULL && top->DriverObject == &rt_proxy_driver;
    if (reply->new_link && wanted)
        status = take_link(top, &reply->link, caps);
    else if (caps->received == 1)
        ash_slot_delete(caps->slot[0]); // attached to it: that link does
    if (NT_SUCCESS(status))
        status = make_file(reply, top, file);
    if (!NT_SUCCESS(status)) {
        close_id(reply->file);
        return status;
    }
    *device = top;
    return STATUS_SUCCESS;
}

// The manager opens the top of the stack for this task, as it does for an application, but in
// kernel mode; requests go through a link of their own.
NTSTATUS manager_open_device(PCUNICODE_STRING name, ACCESS_MASK access, PFILE_OBJECT *file,
                             PDEVICE_OBJECT *device)
{
    struct ash_io_open_request request = {
        .access = access,
        .share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        .disposition = FILE_OPEN,
        .options = FILE_NON_DIRECTORY_FILE,
    };
    struct ash_io_open_reply reply;
    struct ash_caps caps = {.receive = 1};
    *file = NULL;
    *device = NULL;
    NTSTATUS status = to_path(request.path, sizeof(request.path), name);
    if (!NT_SUCCESS(status))
        return status;
    ki_before_block();
    status = ash_request_caps(ASH_SLOT_IO, ASH_IO_OPEN, &request, sizeof(request), &reply,
                              sizeof(reply), &caps);
    return NT_SUCCESS(status) ? take_open(&reply, &caps, file, device) : status;
}

void manager_file_moved(PFILE_OBJECT file)
{
    const struct ash_io_file_request request = {rt_file_id(file)};
    (void)ash_request(ASH_SLOT_IO, ASH_IO_INVALIDATE_FILE, &request, sizeof(request), NULL, 0);
}

void manager_register_file_system(PDEVICE_OBJECT device, BOOLEAN add)
{
    const struct ash_io_device_request request = {io_device(device)->Id};
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    rt_sync_devices();
    if (add)
        (void)ash_request(ASH_SLOT_IO, ASH_IO_REGISTER_FILE_SYSTEM, &request, sizeof(request), NULL,
                          0);
}

void manager_invalidate(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type, BOOLEAN state)
{
    const struct ash_pnp_relations_request request = {io_device(pdo)->Id, (ash_word)type};
    (void)ash_request(ASH_SLOT_PNP, state ? ASH_PNP_DEVICE_STATE : ASH_PNP_INVALIDATE_RELATIONS,
                      &request, sizeof(request), NULL, 0);
}

NTSTATUS manager_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length,
                          PVOID buffer, PULONG result)
{
    const struct ash_pnp_property_request request = {io_device(pdo)->Id, (ash_word)property};
    struct ash_pnp_property_reply reply;
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_PROPERTY, &request, sizeof(request),
                                    &reply, sizeof(reply));
    *result = 0;
    if (status == STATUS_ACCESS_DENIED)
        return STATUS_INVALID_DEVICE_REQUEST; // no device whose stack the driver is in
    if (!ash_success(status))
        return status;
    if (reply.bytes > sizeof(reply.data))
        return STATUS_INTERNAL_ERROR;
    *result = (ULONG)reply.bytes;
    if (reply.bytes > length)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(buffer, reply.data, reply.bytes);
    return STATUS_SUCCESS;
}
