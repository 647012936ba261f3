// SPDX-License-Identifier: MIT
//
// The plug-and-play manager's device interfaces inside one process: its own table, and instance
// paths that a test gives to its PDOs. Every device is started.

#include "../../io/interface.h"
#include "../../../servers/pnp/interface_table.h"
#include "posix.h"

#define PDOS 16u

static struct {
    PDEVICE_OBJECT Pdo;
    const char *Path;
} pdos[PDOS];

void posix_set_instance(PDEVICE_OBJECT pdo, const char *path)
{
    for (ULONG i = 0; i < PDOS; i++) {
        if (pdos[i].Pdo != NULL && pdos[i].Pdo != pdo)
            continue;
        pdos[i].Pdo = path != NULL ? pdo : NULL;
        pdos[i].Path = path;
        return;
    }
}

static const char *path_of(PDEVICE_OBJECT pdo)
{
    for (ULONG i = 0; i < PDOS; i++)
        if (pdos[i].Pdo == pdo)
            return pdos[i].Path;
    return NULL;
}

bool posix_is_pdo(PDEVICE_OBJECT pdo)
{
    return path_of(pdo) != NULL;
}

NTSTATUS manager_register_interface(PDEVICE_OBJECT pdo, const GUID *class, const char *reference,
                                    char name[IO_INTERFACE_NAME])
{
    bool existed;
    const char *path = path_of(pdo);
    if (path == NULL || !pnp_interface_reference_good(reference))
        return STATUS_INVALID_DEVICE_REQUEST;
    struct pnp_interface *interface = pnp_interface_register(
        (const uint8_t *)class, path, reference, io_device(pdo)->Id, &existed);
    if (interface == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(name, interface->name, IO_INTERFACE_NAME);
    return existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

NTSTATUS manager_set_interface(const char *name, BOOLEAN enable)
{
    struct pnp_interface *interface = pnp_interface_find(name);
    char text[PNP_INTERFACE_NAME];
    UNICODE_STRING link, target = RTL_CONSTANT_STRING(L"\\Device\\pdo");
    if (interface == NULL || interface->enabled == (enable != 0))
        return interface != NULL && enable ? STATUS_OBJECT_NAME_EXISTS
                                           : STATUS_OBJECT_NAME_NOT_FOUND;
    interface->enabled = enable != 0;
    interface->published = enable != 0;
    if (!pnp_interface_link_shared(interface)) {
        pnp_interface_link(interface, text);
        if (!NT_SUCCESS(io_interface_string(text, &link)))
            return STATUS_INSUFFICIENT_RESOURCES;
        (void)(enable ? manager_create_link(&link, &target) : manager_delete_link(&link));
        RtlFreeUnicodeString(&link);
    }
    io_interface_changed((const GUID *)interface->guid, interface->name, enable);
    return STATUS_SUCCESS;
}

NTSTATUS manager_next_interface(const GUID *class, PDEVICE_OBJECT pdo, BOOLEAN inactive,
                                ULONG64 *cursor, char name[IO_INTERFACE_NAME])
{
    struct pnp_interface *at = pnp_interface_after(*cursor);
    if (pdo != NULL && path_of(pdo) == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    while (at != NULL &&
           (memcmp(at->guid, class, sizeof(GUID)) != 0 ||
            (pdo != NULL && at->device != io_device(pdo)->Id) || (!at->published && !inactive)))
        at = at->next;
    if (at == NULL)
        return STATUS_NO_MORE_ENTRIES;
    *cursor = at->id;
    memcpy(name, at->name, IO_INTERFACE_NAME);
    return STATUS_SUCCESS;
}

// Events come in the thread that causes them.
NTSTATUS manager_watch(void)
{
    return STATUS_SUCCESS;
}

void posix_remove_target(PDEVICE_OBJECT pdo)
{
    io_target_removed(io_device(pdo)->Id);
}
