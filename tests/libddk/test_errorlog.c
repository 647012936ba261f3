// SPDX-License-Identifier: MIT
//
// The error log, access checks of control requests, the limits of the stack.

#include "test_driver.h"

static PDEVICE_OBJECT device;
static PIO_ERROR_LOG_PACKET entry;

static void write_entry(void *e)
{
    IoWriteErrorLogEntry(e);
}

static void free_entry(void *e)
{
    IoFreeErrorLogEntry(e);
}

static PIO_ERROR_LOG_PACKET fresh_entry(void)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL)
        entry = IoAllocateErrorLogEntry(device, sizeof(*entry) + 32);
    return entry;
}

DDI_TEST(IoAllocateErrorLogEntry, RESULTS | ERRORS, an_error_log_entry_is_written_or_freed_once)
{
    DDI_SHOWS(IoWriteErrorLogEntry, RESULTS | ERRORS);
    DDI_SHOWS(IoFreeErrorLogEntry, RESULTS | ERRORS);
    static const WCHAR text[] = L"cable";
    static struct {
        ULONG64 Before[4];
        IO_ERROR_LOG_PACKET Packet;
    } foreign;
    size_t bytes, before, after;
    fresh_driver(NULL);
    device = new_device(0);
    CHECK(IoAllocateErrorLogEntry(device, ERROR_LOG_MAXIMUM_SIZE + 1) == NULL);
    CHECK(IoAllocateErrorLogEntry(device, 4) == NULL);
    posix_pool_usage(&bytes, &before);
    entry = fresh_entry();
    CHECK_EQ(entry->ErrorCode, 0);
    entry->ErrorCode = STATUS_DEVICE_NOT_CONNECTED;
    entry->DumpDataSize = sizeof(ULONG);
    entry->DumpData[0] = 0x12345678;
    entry->NumberOfStrings = 1;
    entry->StringOffset = sizeof(*entry);
    memcpy(entry + 1, text, sizeof(text));
    IoWriteErrorLogEntry(entry);
    IoFreeErrorLogEntry(fresh_entry());
    posix_pool_usage(&bytes, &after);
    CHECK_EQ(after, before);
    CHECK(dies(write_entry, &foreign.Packet, "that was written or freed"));
    CHECK(dies(free_entry, &foreign.Packet, "that was written or freed"));
}
DDI_IRQL_MAX(IoAllocateErrorLogEntry, DISPATCH_LEVEL,
             fresh_entry() != NULL &&
                 IoAllocateErrorLogEntry(device, sizeof(IO_ERROR_LOG_PACKET)) != NULL)
DDI_IRQL_MAX(IoWriteErrorLogEntry, DISPATCH_LEVEL, IoWriteErrorLogEntry(fresh_entry()))

DDI_TEST(IoValidateDeviceIoControlAccess, RESULTS | ERRORS, the_sender_needs_the_access)
{
    FILE_OBJECT file = {.ReadAccess = TRUE};
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    location->MajorFunction = IRP_MJ_READ;
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_INVALID_PARAMETER);
    location->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, 0x100), STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_SUCCESS); // kernel
    irp->RequestorMode = UserMode;
    location->FileObject = &file;
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_SUCCESS);
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
    CHECK_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS | FILE_WRITE_ACCESS),
             STATUS_ACCESS_DENIED);
    IoFreeIrp(irp);
}

DDI_TEST(IoGetRemainingStackSize, RESULTS, the_stack_has_limits)
{
    DDI_SHOWS(IoGetStackLimits, RESULTS);
    DDI_SHOWS(IoGetInitialStack, RESULTS);
    ULONG_PTR low, high;
    IoGetStackLimits(&low, &high);
    ULONG_PTR here = (ULONG_PTR)__builtin_frame_address(0);
    CHECK(low < here && here < high);
    CHECK((ULONG_PTR)IoGetInitialStack() == high);
    CHECK(IoGetRemainingStackSize() <= here - low && IoGetRemainingStackSize() > 4096);
}
DDI_IRQL_MAX(IoGetInitialStack, APC_LEVEL, IoGetInitialStack())
