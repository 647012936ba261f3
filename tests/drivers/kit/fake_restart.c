// SPDX-License-Identifier: MIT
//
// A driver's death, as far as the driver's next task can tell: what it wanted kept is there.
#include "fake_internal.h"
#include "fake_kit.h"

static ULONG64 kept[65536 / sizeof(ULONG64)]; // one device's
static SIZE_T kept_bytes;
static bool kept_inherited;
static PDEVICE_OBJECT keeper;

void kit_die(void)
{
    static ULONG64 copy[65536 / sizeof(ULONG64)];
    SIZE_T bytes = kept_bytes;
    memcpy(copy, kept, sizeof copy);
    kit_reset();
    memcpy(kept, copy, sizeof copy);
    kept_bytes = bytes;
    kept_inherited = true;
}

void fake_reset_restart(void)
{
    memset(kept, 0, sizeof kept);
    kept_bytes = 0;
    kept_inherited = false;
    keeper = NULL;
}

void *kit_kept(void)
{
    return kept;
}

NTSTATUS DdkKeepDeviceState(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited)
{
    fake_want_passive("DdkKeepDeviceState");
    if (bytes == 0 || bytes > sizeof kept || (keeper != NULL && keeper != device)) {
        kit_fail("the fake keeps the state of one device, up to 64 KiB");
    }
    if (kept_bytes != bytes) {
        fake_reset_restart();
    }
    keeper = device;
    kept_bytes = bytes;
    *state = kept;
    *inherited = kept_inherited;
    return STATUS_SUCCESS;
}

DDK_REQUEST_NAME DdkRequestName(PIRP irp)
{
    const struct kit_request *request = irp->Overlay.AsynchronousParameters.UserApcContext;
    return (DDK_REQUEST_NAME){request != NULL && request->name != 0, request->name};
}
