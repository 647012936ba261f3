// SPDX-License-Identifier: MIT
//
// The run-time library, a header a noun. Stateless.

#ifndef DDK_RTL_H
#define DDK_RTL_H

#include <ddk/bitmap.h>
#include <ddk/crt.h>
#include <ddk/generic_table.h>
#include <ddk/memory.h>
#include <ddk/number.h>
#include <ddk/run_once.h>
#include <ddk/seh.h>
#include <ddk/splay.h>
#include <ddk/strings.h>
#include <ddk/time.h>
#include <ddk/version.h>

// Return addresses of the callers, nearest first, without the first `skip`. *hash: their sum, or
// NULL. Returns how many were stored.
USHORT RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID *frames, PULONG hash);

#include <ddk/registry.h>
#include <ddk/wmi.h>

#endif
