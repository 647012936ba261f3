// SPDX-License-Identifier: MIT
//
// The sample driver ioctl, asked by a caller in the same process.

#include "ash_test.h"
#include "posix.h"
#include <ntddk.h>

#include "transfer.h"

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT device;
static PFILE_OBJECT file;

static void load(void)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(TRANSFER_LINK_NAME);
    if (!NT_SUCCESS(posix_init_driver(&driver, &extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)) ||
        !NT_SUCCESS(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &device)))
        abort();
}

static void unload(void)
{
    ObDereferenceObject(file);
    driver.DriverUnload(&driver);
}

static NTSTATUS ask(ULONG code, PVOID in, ULONG inLength, PVOID out, ULONG outLength,
                    PULONG_PTR information)
{
    IO_STATUS_BLOCK iosb = {0};
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(code, device, in, inLength, out, outLength, FALSE,
                                             &event, &iosb);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    *information = iosb.Information;
    return status == STATUS_PENDING ? iosb.Status : status;
}

TEST(buffered_bytes_come_back_reversed)
{
    char in[] = "stressed", out[16] = "";
    ULONG_PTR n;
    load();
    CHECK_EQ(ask(IOCTL_TRANSFER_REVERSE, in, 8, out, sizeof(out), &n), STATUS_SUCCESS);
    CHECK_EQ(n, 8);
    CHECK_STR(out, "desserts");
    CHECK_EQ(ask(IOCTL_TRANSFER_REVERSE, in, 8, out, 4, &n), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(n, 0);
    unload();
}

TEST(direct_data_is_read_in_place)
{
    char wanted = 'a', data[] = "banana";
    ULONG_PTR n;
    load();
    CHECK_EQ(ask(IOCTL_TRANSFER_COUNT, &wanted, 1, data, 6, &n), STATUS_SUCCESS);
    CHECK_EQ(n, 3);
    CHECK_EQ(ask(IOCTL_TRANSFER_COUNT, &wanted, 1, NULL, 0, &n), STATUS_SUCCESS);
    CHECK_EQ(n, 0);
    CHECK_EQ(ask(IOCTL_TRANSFER_COUNT, data, 2, data, 6, &n), STATUS_INVALID_PARAMETER);
    unload();
}

TEST(direct_data_is_written_in_place)
{
    UCHAR byte = 0x5a, data[5000] = {0};
    ULONG_PTR n;
    load();
    CHECK_EQ(ask(IOCTL_TRANSFER_FILL, &byte, 1, data, sizeof(data) - 1, &n), STATUS_SUCCESS);
    CHECK_EQ(n, sizeof(data) - 1);
    CHECK(data[0] == 0x5a && data[4998] == 0x5a && data[4999] == 0);
    CHECK_EQ(ask(IOCTL_TRANSFER_FILL, NULL, 0, data, 1, &n), STATUS_INVALID_PARAMETER);
    unload();
}

TEST(neither_uses_the_addresses_of_the_caller)
{
    char in[] = "Loud & clear", out[16] = "";
    ULONG_PTR n;
    load();
    CHECK_EQ(ask(IOCTL_TRANSFER_UPPER, in, 12, out, sizeof(out), &n), STATUS_SUCCESS);
    CHECK_EQ(n, 12);
    CHECK_STR(out, "LOUD & CLEAR");
    CHECK_EQ(ask(IOCTL_TRANSFER_UPPER, in, 12, out, 4, &n), STATUS_SUCCESS);
    CHECK_EQ(n, 4);
    unload();
}

TEST(what_it_does_not_know_it_refuses)
{
    ULONG_PTR n;
    load();
    CHECK_EQ(ask(CTL_CODE(FILE_DEVICE_TRANSFER, 0x8ff, METHOD_BUFFERED, 0), NULL, 0, NULL, 0, &n),
             STATUS_INVALID_DEVICE_REQUEST);
    unload();
}
