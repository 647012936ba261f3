// SPDX-License-Identifier: MIT
//
// Power dispatch of the two device objects. PASSIVE_LEVEL (DO_POWER_PAGABLE); they complete the IRP
// or pass it down.
#pragma once

#include "blk.h"

NTSTATUS FdoPower(struct fdo_extension *blk, PIRP irp);
NTSTATUS DiskPower(PDEVICE_OBJECT disk, PIRP irp);
