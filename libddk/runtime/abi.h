// SPDX-License-Identifier: MIT
//
// The ABI headers inside of the kit. abi/status.h defines the same status names as ntstatus.h (with
// the same values), so its place is taken here.

#ifndef DDK_RUNTIME_ABI_H
#define DDK_RUNTIME_ABI_H

#include <ntdef.h>
#include <ntstatus.h>

#define ABI_STATUS_H
typedef int32_t ash_status;
static inline bool ash_success(ash_status status)
{
    return status >= 0;
}
#define ASH_STATUS(value) ((ash_status)(value))

#include "io.h"
#include "irp.h"
#include "link.h"
#include "memory.h"
#include "object.h"
#include "pnp.h"
#include "power.h"
#include "process.h"

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/thread.h"

#endif
