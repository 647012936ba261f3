// SPDX-License-Identifier: MIT
//
// Drivers inside one process do not die: what a device's driver asks to be kept is zero at first.

#include "posix.h"

#include "../../io/io.h"

#define KEPT 8u

static struct kept {
    ULONG64 Device; // 0: free
    SIZE_T Bytes;
    UCHAR Memory[65536];
} kept[KEPT];

NTSTATUS manager_keep_state(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited)
{
    ULONG64 id = io_device(device)->Id;
    struct kept *free = NULL;
    if (bytes == 0 || bytes > sizeof(kept[0].Memory))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < KEPT; i++) {
        if (kept[i].Device == id && kept[i].Bytes == bytes) {
            *state = kept[i].Memory;
            return STATUS_SUCCESS;
        }
        if (kept[i].Device == 0 || kept[i].Device == id)
            free = &kept[i];
    }
    if (free == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(free, 0, sizeof(*free));
    free->Device = id;
    free->Bytes = bytes;
    *state = free->Memory;
    *inherited = FALSE;
    return STATUS_SUCCESS;
}

void posix_forget_state(PDEVICE_OBJECT device)
{
    for (ULONG i = 0; i < KEPT; i++)
        if (kept[i].Device == io_device(device)->Id)
            kept[i].Device = 0;
}

DDK_REQUEST_NAME manager_request_name(PIRP irp)
{
    (void)irp;
    return (DDK_REQUEST_NAME){0, 0};
}

void manager_file_moved(PFILE_OBJECT file)
{
    (void)file;
}
