// SPDX-License-Identifier: MIT
//
// What the tests of the I/O part share: one driver object, devices, expected bug checks.

#ifndef TEST_DRIVER_H
#define TEST_DRIVER_H

#include "ddi_test.h"
#include <ntifs.h>

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;

static inline void fresh_driver(PDRIVER_DISPATCH dispatch)
{
    posix_init_driver(&driver, &extension, NULL);
    for (int i = 0; dispatch != NULL && i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver.MajorFunction[i] = dispatch;
}

static inline PDEVICE_OBJECT new_device(ULONG extension_size)
{
    PDEVICE_OBJECT device = NULL;
    if (!NT_SUCCESS(
            IoCreateDevice(&driver, extension_size, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device)))
        abort();
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

static inline NTSTATUS complete_with(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

#endif
