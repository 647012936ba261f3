// SPDX-License-Identifier: MIT
//
// The sample driver controller: each drive keeps its own data, transfers never overlap, cancelled
// requests are completed once, CLEANUP gives up those of its file.

#include "ash_test.h"
#include "posix.h"

#include "controller.h"

#define REQUESTS 40

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT drives[DRIVES];

struct sent {
    PIRP irp;
    KEVENT event;
    UCHAR bytes[8];
    volatile LONG completions;
};

static void load(void)
{
    memset(&driver, 0, sizeof(driver));
    memset(&extension, 0, sizeof(extension));
    if (!NT_SUCCESS(posix_init_driver(&driver, &extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)))
        abort();
    for (PDEVICE_OBJECT at = driver.DeviceObject; at != NULL; at = at->NextDevice)
        drives[((PDRIVE)at->DeviceExtension)->Number] = at;
}

static NTSTATUS done(PDEVICE_OBJECT unused, PIRP irp, PVOID context)
{
    struct sent *sent = context;
    (void)unused, (void)irp;
    InterlockedIncrement(&sent->completions);
    KeSetEvent(&sent->event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send(struct sent *sent, ULONG drive, UCHAR major, LONGLONG offset, ULONG length,
                     PFILE_OBJECT file)
{
    sent->irp = IoAllocateIrp(drives[drive]->StackSize, FALSE);
    sent->completions = 0;
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp->AssociatedIrp.SystemBuffer = sent->bytes;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(sent->irp);
    next->MajorFunction = major;
    next->FileObject = file;
    next->Parameters.Read.Length = length;
    next->Parameters.Read.ByteOffset.QuadPart = offset;
    IoSetCompletionRoutine(sent->irp, done, sent, TRUE, TRUE, TRUE);
    return IoCallDriver(drives[drive], sent->irp);
}

static NTSTATUS finish(struct sent *sent)
{
    KeWaitForSingleObject(&sent->event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = sent->irp->IoStatus.Status;
    if (sent->completions != 1)
        status = STATUS_INTERNAL_ERROR;
    IoFreeIrp(sent->irp);
    return status;
}

static struct drive_statistics statistics(void)
{
    PDRIVE drive = drives[0]->DeviceExtension;
    return ((PSHARED)drive->Controller->ControllerExtension)->Statistics;
}

TEST(each_drive_keeps_its_own_and_they_take_turns)
{
    static struct sent all[REQUESTS];
    load();
    for (ULONG i = 0; i < REQUESTS; i++) {
        memset(all[i].bytes, (int)i + 1, sizeof(all[i].bytes));
        CHECK_EQ(send(&all[i], i % 2, IRP_MJ_WRITE, i / 2 * 8, 8, NULL), STATUS_PENDING);
    }
    for (ULONG i = 0; i < REQUESTS; i++)
        CHECK_EQ(finish(&all[i]), STATUS_SUCCESS);
    struct drive_statistics seen = statistics();
    CHECK_EQ(seen.Transfers[0], REQUESTS / 2);
    CHECK_EQ(seen.Transfers[1], REQUESTS / 2);
    CHECK_EQ(seen.Overlaps, 0);
    CHECK(seen.Switches > REQUESTS / 2);
    for (ULONG i = 0; i < REQUESTS; i++) {
        struct sent read = {0};
        CHECK_EQ(send(&read, i % 2, IRP_MJ_READ, i / 2 * 8, 8, NULL), STATUS_PENDING);
        CHECK_EQ(finish(&read), STATUS_SUCCESS);
        CHECK_EQ(read.bytes[7], i + 1);
    }
    driver.DriverUnload(&driver);
    CHECK(driver.DeviceObject == NULL);
}

TEST(what_lies_outside_of_the_drive_is_refused_at_once)
{
    struct sent one = {0};
    load();
    CHECK_EQ(send(&one, 0, IRP_MJ_READ, DRIVE_BYTES - 4, 8, NULL), STATUS_INVALID_PARAMETER);
    (void)finish(&one);
    CHECK_EQ(send(&one, 0, IRP_MJ_READ, -8, 8, NULL), STATUS_INVALID_PARAMETER);
    (void)finish(&one);
    CHECK_EQ(send(&one, 0, IRP_MJ_READ, DRIVE_BYTES, 0, NULL), STATUS_SUCCESS);
    (void)finish(&one);
    CHECK_EQ(statistics().Transfers[0], 0);
    driver.DriverUnload(&driver);
}

TEST(cancelled_requests_end_once_and_the_others_go_on)
{
    static struct sent all[REQUESTS];
    unsigned cancelled = 0;
    load();
    for (ULONG i = 0; i < REQUESTS; i++)
        CHECK_EQ(send(&all[i], i % 2, IRP_MJ_READ, 0, 8, NULL), STATUS_PENDING);
    for (ULONG i = REQUESTS; i-- > 0;)
        if (i % 3 == 0)
            (void)IoCancelIrp(all[i].irp);
    for (ULONG i = 0; i < REQUESTS; i++) {
        NTSTATUS status = finish(&all[i]);
        CHECK(status == STATUS_SUCCESS || (status == STATUS_CANCELLED && i % 3 == 0));
        cancelled += status == STATUS_CANCELLED;
    }
    CHECK(cancelled > 0);
    struct drive_statistics seen = statistics();
    CHECK_EQ(seen.Transfers[0] + seen.Transfers[1], REQUESTS - cancelled);
    CHECK_EQ(seen.Overlaps, 0);
    driver.DriverUnload(&driver);
}

TEST(cleanup_gives_up_what_its_file_waits_for)
{
    static FILE_OBJECT mine, other;
    static struct sent all[6];
    struct sent cleanup = {0};
    load();
    for (ULONG i = 0; i < 6; i++)
        CHECK_EQ(send(&all[i], 0, IRP_MJ_READ, 0, 8, i % 2 != 0 ? &mine : &other), STATUS_PENDING);
    CHECK_EQ(send(&cleanup, 0, IRP_MJ_CLEANUP, 0, 0, &mine), STATUS_SUCCESS);
    (void)finish(&cleanup);
    for (ULONG i = 0; i < 6; i++)
        CHECK_EQ(finish(&all[i]), i % 2 != 0 ? STATUS_CANCELLED : STATUS_SUCCESS);
    driver.DriverUnload(&driver);
}
