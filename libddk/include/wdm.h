// SPDX-License-Identifier: MIT
//
// The Windows Driver Model interface of the kit: one include for a driver. Each part has its own
// header under ddk/; they are meant to be read, not to be included one by one.
// Names, signatures, layouts and semantics follow the published Windows driver documentation
// (MicrosoftDocs/windows-driver-docs and windows-driver-docs-ddi); the head of each part names the
// pages, and of a routine the page is nf-wdm-<name in lower case>.

#ifndef DDK_WDM_H
#define DDK_WDM_H

#include <string.h>

#include <ntdef.h>
#include <ntstatus.h>

#define DEVICE_TYPE ULONG
#include <devioctl.h>

#include <ddk/file.h>
#include <ddk/interlocked.h>
#include <ddk/irql.h>
#include <ddk/list.h>

#include <ddk/dispatcher.h>
#include <ddk/dpc.h>
#include <ddk/spinlock.h>

#include <ddk/mdl.h>
#include <ddk/pool.h>
#include <ddk/resource.h>

#include <ddk/device.h>
#include <ddk/irp.h>
#include <ddk/pnp_types.h>

#include <ddk/iostack.h>

#include <ddk/csq.h>
#include <ddk/dma.h>
#include <ddk/interrupt.h>
#include <ddk/io.h>
#include <ddk/pnp.h>
#include <ddk/register.h>
#include <ddk/restart.h>

#include <ddk/debug.h>
#include <ddk/object.h>
#include <ddk/rtl.h>
#include <ddk/thread.h>
#include <ddk/zw.h>

#endif
