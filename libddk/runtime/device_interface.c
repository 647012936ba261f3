// SPDX-License-Identifier: MIT
//
// Device interfaces as messages to the plug-and-play manager.

#include "../io/interface.h"
#include "rt.h"

static NTSTATUS take_name(const struct ash_pnp_interface_reply *reply, char *name)
{
    memcpy(name, reply->name, IO_INTERFACE_NAME);
    return name[IO_INTERFACE_NAME - 1] == 0 ? STATUS_SUCCESS : STATUS_INTERNAL_ERROR;
}
C_ASSERT(sizeof(((struct ash_pnp_interface_reply *)0)->name) == IO_INTERFACE_NAME);

NTSTATUS manager_register_interface(PDEVICE_OBJECT pdo, const GUID *class, const char *reference,
                                    char name[IO_INTERFACE_NAME])
{
    struct ash_pnp_interface_request request = {.device = io_device(pdo)->Id};
    struct ash_pnp_interface_reply reply = {0};
    memcpy(request.guid, class, sizeof(request.guid));
    strncpy(request.reference, reference, sizeof(request.reference) - 1);
    NTSTATUS status = ash_request(ASH_SLOT_PNP, ASH_PNP_REGISTER_INTERFACE, &request,
                                  sizeof(request), &reply, sizeof(reply));
    NTSTATUS taken = NT_SUCCESS(status) ? take_name(&reply, name) : status;
    return NT_SUCCESS(taken) ? status : taken;
}

NTSTATUS manager_set_interface(const char *name, BOOLEAN enable)
{
    struct ash_pnp_set_interface_request request = {.enable = enable};
    strncpy(request.name, name, sizeof(request.name) - 1);
    return ash_request(ASH_SLOT_PNP, ASH_PNP_SET_INTERFACE, &request, sizeof(request), NULL, 0);
}

NTSTATUS manager_next_interface(const GUID *class, PDEVICE_OBJECT pdo, BOOLEAN inactive,
                                ULONG64 *cursor, char name[IO_INTERFACE_NAME])
{
    struct ash_pnp_next_interface_request request = {
        .after = *cursor, .device = pdo != NULL ? io_device(pdo)->Id : 0, .inactive = inactive};
    struct ash_pnp_interface_reply reply = {0};
    memcpy(request.guid, class, sizeof(request.guid));
    NTSTATUS status = ash_request(ASH_SLOT_PNP, ASH_PNP_NEXT_INTERFACE, &request, sizeof(request),
                                  &reply, sizeof(reply));
    *cursor = reply.id;
    return NT_SUCCESS(status) ? take_name(&reply, name) : status;
}
