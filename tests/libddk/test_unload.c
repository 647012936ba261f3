// SPDX-License-Identifier: MIT
//
// What a driver leaves behind when its DriverUnload returns.
#include "../../libddk/io/io.h"
#include "test_driver.h"
#include "verify.h"

static void unload(void *driver_object)
{
    vf_check_unload(driver_object);
}

static bool leaves(const char *what)
{
    return ends_with(unload, &driver, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x62, what);
}

TEST(a_clean_driver)
{
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    IoDeleteDevice(device);
    vf_check_unload(&driver);
}

TEST(pool_by_tag)
{
    PVOID one[3];
    fresh_driver(NULL);
    vf_check_unload(&driver);
    for (ULONG i = 0; i < 3; i++)
        one[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'aaaa');
    CHECK(leaves("without first freeing its pool allocations: tag aaaa 3 blocks 300 bytes"));
    CHECK_EQ(parameters[3], 3);
    PVOID large = ExAllocatePoolWithTag(PagedPool, 10000, 'bbbb');
    CHECK(leaves("bbbb 1 blocks 10000 bytes"));
    PVOID aligned = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 64, 'cccc');
    CHECK(leaves("tag cccc 1 blocks"));
    CHECK_EQ(parameters[3], 5);
    ExFreePool(aligned);
    ExFreePool(large);
    for (ULONG i = 0; i < 3; i++)
        ExFreePool(one[i]);
    CHECK(posix_verify("special"));
    PVOID special = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'dddd');
    CHECK(leaves("tag dddd 1 blocks 100 bytes"));
    ExFreePool(special);
    CHECK(posix_verify(""));
    vf_check_unload(&driver);
}

TEST(objects)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Left"), target = RTL_CONSTANT_STRING(L"\\X");
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    CHECK(leaves("leaves 1 device objects"));
    CHECK_EQ(parameters[1], (ULONG_PTR)device);
    IoDeleteDevice(device);
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK(leaves("leaves 1 IRPs"));
    IoFreeIrp(irp);
    CHECK_EQ(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    CHECK(leaves("leaves 1 symbolic links"));
    CHECK_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    DEVICE_DESCRIPTION description = {
        .Master = TRUE, .ScatterGather = TRUE, .Dma64BitAddresses = TRUE};
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, NULL);
    CHECK(leaves("leaves 1 DMA adapters"));
    adapter->DmaOperations->PutDmaAdapter(adapter);
    vf_check_unload(&driver);
}

TEST(locks_and_lists)
{
    static IO_REMOVE_LOCK lock;
    static ERESOURCE resource;
    fresh_driver(NULL);
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    CHECK_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    CHECK(leaves("leaves 1 held remove lock"));
    CHECK_EQ(parameters[1], (ULONG_PTR)&lock);
    IoReleaseRemoveLock(&lock, &lock);
    ExInitializeResourceLite(&resource);
    CHECK(leaves("ERESOURCE that was not deleted"));
    vf_check_unload(&driver);
}

static VOID nothing(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc, (void)context, (void)argument1, (void)argument2;
}

static void acquire_once_more(void *lock)
{
    (void)IoAcquireRemoveLock((PIO_REMOVE_LOCK)lock, NULL);
}

DDI_TEST_MACRO(IoInitializeRemoveLock, ERRORS, high_watermark)
{
    static IO_REMOVE_LOCK lock, free_lock;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 2);
    IoInitializeRemoveLock(&free_lock, 'kcoL', 0, 0);
    for (ULONG round = 0; round < 3; round++) {
        CHECK_EQ(IoAcquireRemoveLock(&lock, NULL), STATUS_SUCCESS);
        CHECK_EQ(IoAcquireRemoveLock(&lock, NULL), STATUS_SUCCESS);
        IoReleaseRemoveLock(&lock, NULL);
        IoReleaseRemoveLock(&lock, NULL);
    }
    for (ULONG i = 0; i < 5; i++)
        CHECK_EQ(IoAcquireRemoveLock(&free_lock, NULL), STATUS_SUCCESS);
    for (ULONG i = 0; i < 5; i++)
        IoReleaseRemoveLock(&free_lock, NULL);
    CHECK_EQ(IoAcquireRemoveLock(&lock, NULL), STATUS_SUCCESS);
    CHECK_EQ(IoAcquireRemoveLock(&lock, NULL), STATUS_SUCCESS);
    CHECK(ends_with(acquire_once_more, &lock, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x200,
                    "more often than its HighWatermark"));
    IoReleaseRemoveLock(&lock, NULL);
    IoReleaseRemoveLock(&lock, NULL);
}

TEST(a_timer_that_is_set)
{
    static KTIMER timer;
    static KDPC dpc;
    fresh_driver(NULL);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, nothing, NULL);
    KeSetTimer(&timer, ms(60000), &dpc);
    CHECK(ends_with(unload, &driver, TIMER_OR_DPC_INVALID, 0, "with a timer that is set"));
    CHECK_EQ(parameters[1], (ULONG_PTR)&timer);
    KeCancelTimer(&timer);
    vf_check_unload(&driver);
}

static VOID wait_for(PVOID event)
{
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

TEST(a_thread_that_runs)
{
    HANDLE handle;
    PVOID thread;
    KEVENT event;
    fresh_driver(NULL);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, wait_for, &event), STATUS_SUCCESS);
    CHECK(NT_SUCCESS(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL)));
    ZwClose(handle);
    CHECK(ends_with(unload, &driver, DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, 1,
                    "a system thread that has not ended"));
    KeSetEvent(&event, 0, FALSE);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    vf_check_unload(&driver);
}
