// SPDX-License-Identifier: MIT
//
// What a driver hands on to its next task. See <ddk/restart.h>.

#include "io.h"

NTSTATUS DdkKeepDeviceState(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited)
{
    ki_require_irql(PASSIVE_LEVEL, "DdkKeepDeviceState above PASSIVE_LEVEL");
    *state = NULL;
    *inherited = FALSE;
    return manager_keep_state(device, ROUND_TO_PAGES(bytes), state, inherited);
}

DDK_REQUEST_NAME DdkRequestName(PIRP irp)
{
    return manager_request_name(irp);
}

VOID DdkFileMoved(PFILE_OBJECT file)
{
    ki_require_irql(PASSIVE_LEVEL, "DdkFileMoved above PASSIVE_LEVEL");
    manager_file_moved(file);
}
