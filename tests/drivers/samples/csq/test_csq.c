// SPDX-License-Identifier: MIT
//
// The sample driver csq: reads are served in order, cancelled ones are completed once, CLEANUP
// gives up those of its file, Unload ends the thread.

#include "ash_test.h"
#include "posix.h"

#include "csq.h"

#define READS 200

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT device;

struct sent {
    PIRP irp;
    KEVENT event;
    ULONG value;
    volatile LONG completions;
};

static void load(void)
{
    if (!NT_SUCCESS(posix_init_driver(&driver, &extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)))
        abort();
    device = driver.DeviceObject;
}

static NTSTATUS done(PDEVICE_OBJECT unused, PIRP irp, PVOID context)
{
    struct sent *sent = context;
    (void)unused, (void)irp;
    InterlockedIncrement(&sent->completions);
    KeSetEvent(&sent->event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS start(struct sent *sent, UCHAR major, PFILE_OBJECT file, ULONG length)
{
    *sent = (struct sent){.irp = IoAllocateIrp(device->StackSize, FALSE)};
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp->AssociatedIrp.SystemBuffer = &sent->value;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(sent->irp);
    next->MajorFunction = major;
    next->FileObject = file;
    next->Parameters.Read.Length = length;
    IoSetCompletionRoutine(sent->irp, done, sent, TRUE, TRUE, TRUE);
    return IoCallDriver(device, sent->irp);
}

static NTSTATUS finish(struct sent *sent)
{
    KeWaitForSingleObject(&sent->event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = sent->irp->IoStatus.Status;
    IoFreeIrp(sent->irp);
    return status;
}

TEST(reads_are_served_in_order)
{
    struct sent reads[5];
    load();
    for (ULONG i = 0; i < 5; i++)
        CHECK_EQ(start(&reads[i], IRP_MJ_READ, NULL, sizeof(ULONG)), STATUS_PENDING);
    for (ULONG i = 0; i < 5; i++) {
        CHECK_EQ(finish(&reads[i]), STATUS_SUCCESS);
        CHECK_EQ(reads[i].value, i);
    }
    CHECK_EQ(start(&reads[0], IRP_MJ_READ, NULL, 2), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(finish(&reads[0]), STATUS_BUFFER_TOO_SMALL);
    driver.DriverUnload(&driver);
}

TEST(each_read_is_completed_once_though_half_are_cancelled)
{
    static struct sent reads[READS];
    ULONG cancelled = 0, served = 0;
    load();
    for (ULONG i = 0; i < READS; i++)
        CHECK_EQ(start(&reads[i], IRP_MJ_READ, NULL, sizeof(ULONG)), STATUS_PENDING);
    for (ULONG i = 0; i < READS; i += 2)
        (void)IoCancelIrp(reads[READS - 1 - i].irp); // from the end, towards the thread
    for (ULONG i = 0; i < READS; i++) {
        NTSTATUS status = finish(&reads[i]);
        cancelled += status == STATUS_CANCELLED;
        served += status == STATUS_SUCCESS;
        CHECK_EQ(reads[i].completions, 1);
    }
    CHECK_EQ(cancelled + served, READS);
    CHECK(cancelled >= READS / 4);
    driver.DriverUnload(&driver);
}

TEST(cleanup_gives_up_the_reads_of_its_file_only)
{
    FILE_OBJECT mine = {0}, other = {0};
    struct sent first, reads[3], cleanup;
    load();
    (void)start(&first, IRP_MJ_READ, &other, sizeof(ULONG)); // keeps the thread busy
    (void)start(&reads[0], IRP_MJ_READ, &mine, sizeof(ULONG));
    (void)start(&reads[1], IRP_MJ_READ, &other, sizeof(ULONG));
    (void)start(&reads[2], IRP_MJ_READ, &mine, sizeof(ULONG));
    CHECK_EQ(start(&cleanup, IRP_MJ_CLEANUP, &mine, 0), STATUS_SUCCESS);
    CHECK_EQ(finish(&cleanup), STATUS_SUCCESS);
    CHECK_EQ(finish(&reads[2]), STATUS_CANCELLED);
    CHECK_EQ(finish(&reads[1]), STATUS_SUCCESS);
    CHECK_EQ(finish(&first), STATUS_SUCCESS);
    (void)finish(&reads[0]); // may have been served before
    driver.DriverUnload(&driver);
}
