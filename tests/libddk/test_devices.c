// SPDX-License-Identifier: MIT
//
// Device objects, names, attaching; remove locks; the device's timer; what a device's extension may
// do with them.

#include "test_driver.h"

static PDEVICE_OBJECT device;
static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Secure");
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Secure");
static UNICODE_STRING sddl = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)");

static NTSTATUS create_secure(PUNICODE_STRING named, PUNICODE_STRING security)
{
    return IoCreateDeviceSecure(&driver, 0, named, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                FALSE, security, NULL, &device);
}

DDI_TEST(IoCreateDeviceSecure, RESULTS | ERRORS, secure_devices_have_a_name_and_a_descriptor)
{
    fresh_driver(NULL);
    CHECK_EQ(create_secure(&name, &sddl), STATUS_SUCCESS);
    CHECK((device->Characteristics & FILE_DEVICE_SECURE_OPEN) != 0);
    CHECK_EQ(create_secure(&name, &sddl), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(create_secure(NULL, &sddl), STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_secure(&name, NULL), STATUS_INVALID_PARAMETER);
}

DDI_TEST(IoCreateSymbolicLink, RESULTS | ERRORS, a_link_is_made_once)
{
    CHECK_EQ(IoCreateSymbolicLink(&link_name, &name), STATUS_SUCCESS);
    CHECK_EQ(IoCreateSymbolicLink(&link_name, &name), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
}

DDI_TEST(IoGetDeviceObjectPointer, RESULTS | ERRORS, a_name_without_a_device_is_not_found)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT found;
    UNICODE_STRING nobody = RTL_CONSTANT_STRING(L"\\Device\\Nobody");
    CHECK_EQ(IoGetDeviceObjectPointer(&nobody, FILE_READ_DATA, &file, &found),
             STATUS_OBJECT_NAME_NOT_FOUND);
}

static void delete_it(void *d)
{
    IoDeleteDevice(d);
}

static void detach_it(void *d)
{
    IoDetachDevice(d);
}

DDI_TEST(IoDetachDevice, RESULTS | ERRORS, stacks_are_taken_apart_from_above)
{
    DDI_SHOWS(IoDeleteDevice, ERRORS);
    DDI_SHOWS(IoAttachDeviceToDeviceStack, RESULTS | ERRORS);
    fresh_driver(NULL);
    PDEVICE_OBJECT below = new_device(0), above = new_device(0), late = new_device(0);
    CHECK(dies(detach_it, below, "nothing is attached to"));
    CHECK(IoAttachDeviceToDeviceStack(above, below) == below);
    CHECK(dies(delete_it, above, "another device beneath it"));
    CHECK(dies(delete_it, below, "attached to it"));
    IoDetachDevice(below);
    CHECK(below->AttachedDevice == NULL);
    IoDeleteDevice(above);
    ObReferenceObject(below);
    IoDeleteDevice(below);
    CHECK(IoAttachDeviceToDeviceStack(late, below) == NULL); // it is being deleted
    CHECK(dies(delete_it, below, "called twice"));
    ObDereferenceObject(below);
    IoDeleteDevice(late);
}

static UNICODE_STRING none = RTL_CONSTANT_STRING(L"\\??\\None");
static PDEVICE_OBJECT made;
static PDEVICE_OBJECT fresh_device(void)
{
    if (KeGetCurrentIrql() <= APC_LEVEL)
        made = new_device(0);
    return made;
}
static PDEVICE_OBJECT pair[2], loose[2];
static PDEVICE_OBJECT attached_pair(void)
{
    if (KeGetCurrentIrql() == PASSIVE_LEVEL) {
        pair[0] = new_device(0);
        pair[1] = new_device(0);
        (void)IoAttachDeviceToDeviceStack(pair[1], pair[0]);
    }
    return pair[0];
}
TEST(two_devices_for_the_irql_rules)
{
    for (int i = 0; i < 2; i++)
        CHECK((loose[i] = new_device(0)) != NULL);
}
DDI_IRQL_MAX(IoCreateDevice, APC_LEVEL,
             IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device))
DDI_IRQL_MAX(IoCreateDeviceSecure, PASSIVE_LEVEL, create_secure(NULL, &sddl))
DDI_IRQL_MAX(IoDeleteDevice, APC_LEVEL, IoDeleteDevice(fresh_device()))
DDI_IRQL_MAX(IoAttachDeviceToDeviceStack, DISPATCH_LEVEL,
             IoAttachDeviceToDeviceStack(loose[0], loose[1]))
DDI_IRQL_MAX(IoDetachDevice, PASSIVE_LEVEL, IoDetachDevice(attached_pair()))
DDI_IRQL_MAX(IoCreateSymbolicLink, PASSIVE_LEVEL, IoCreateSymbolicLink(&none, &name))
DDI_IRQL_MAX(IoDeleteSymbolicLink, PASSIVE_LEVEL, IoDeleteSymbolicLink(&none))
static PFILE_OBJECT opened;
DDI_IRQL_MAX(IoGetDeviceObjectPointer, PASSIVE_LEVEL,
             IoGetDeviceObjectPointer(&none, FILE_READ_DATA, &opened, &device))

// --- Remove locks

static IO_REMOVE_LOCK lock;

static void release_other_tag(void *tag)
{
    IoReleaseRemoveLock(&lock, tag);
}

static void acquire_it(void *l)
{
    (void)IoAcquireRemoveLock((PIO_REMOVE_LOCK)l, NULL);
}

static void wait_it(void *tag)
{
    IoReleaseRemoveLockAndWait(&lock, tag);
}

static void initialise_it(void *l)
{
    IoInitializeRemoveLock((PIO_REMOVE_LOCK)l, 'tseT', 0, 0);
}

TEST(remove_locks_know_their_tags)
{
    DDI_SHOWS_MACRO(IoReleaseRemoveLock, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(IoAcquireRemoveLock, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(IoReleaseRemoveLockAndWait, RESULTS | ERRORS);
    IO_REMOVE_LOCK raw = {0};
    IoInitializeRemoveLock(&lock, 'tseT', 0, 0);
    CHECK(dies(acquire_it, &raw, "before it was initialised"));
    CHECK_EQ(IoAcquireRemoveLock(&lock, &raw), STATUS_SUCCESS);
    CHECK_EQ(IoAcquireRemoveLock(&lock, &raw), STATUS_SUCCESS);
    CHECK(dies(release_other_tag, &lock, "with a tag that it was not acquired with"));
    IoReleaseRemoveLock(&lock, &raw);
    CHECK(dies(wait_it, NULL, "with a tag that it was not acquired with"));
    IoReleaseRemoveLockAndWait(&lock, &raw);
    CHECK_EQ(lock.Common.IoCount, 0);
    CHECK_EQ(IoAcquireRemoveLock(&lock, NULL), STATUS_DELETE_PENDING);
    CHECK(dies(wait_it, &raw, "called twice"));
    CHECK(dies(release_other_tag, &raw, "once too often"));
}

TEST(a_remove_lock_of_a_device_is_initialised_once)
{
    DDI_SHOWS_MACRO(IoInitializeRemoveLock, RESULTS | ERRORS);
    fresh_driver(NULL);
    PDEVICE_OBJECT owner = new_device(sizeof(IO_REMOVE_LOCK));
    PIO_REMOVE_LOCK own = owner->DeviceExtension;
    IoInitializeRemoveLock(own, 'tseT', 0, 0);
    CHECK_EQ(own->Common.IoCount, 1);
    CHECK(dies(initialise_it, own, "was initialised before"));
    IoDeleteDevice(owner);
}

static IO_REMOVE_LOCK other;
TEST(a_remove_lock_for_the_irql_rules)
{
    IoInitializeRemoveLock(&lock, 'tseT', 0, 0);
    CHECK_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
}
DDI_IRQL_MAX_MACRO(IoInitializeRemoveLock, PASSIVE_LEVEL,
                   IoInitializeRemoveLock(&other, 'tseT', 0, 0))
DDI_IRQL_MAX_MACRO(IoAcquireRemoveLock, DISPATCH_LEVEL, IoAcquireRemoveLock(&lock, NULL))
DDI_IRQL_MAX_MACRO(IoReleaseRemoveLock, DISPATCH_LEVEL, IoReleaseRemoveLock(&lock, NULL))
DDI_IRQL_MAX_MACRO(IoReleaseRemoveLockAndWait, PASSIVE_LEVEL,
                   IoReleaseRemoveLockAndWait(&lock, &lock))

// --- The timer of a device

static volatile LONG ticks;

static VOID tick(PDEVICE_OBJECT d, PVOID context)
{
    if (KeGetCurrentIrql() == DISPATCH_LEVEL && context == (PVOID)d)
        InterlockedIncrement(&ticks);
}

static void start_timer(void *d)
{
    IoStartTimer(d);
}

static void stop_timer(void *d)
{
    IoStopTimer(d);
}

static void initialise_timer(void *d)
{
    (void)IoInitializeTimer(d, tick, d);
}

DDI_TEST(IoInitializeTimer, RESULTS | ERRORS, the_timer_of_a_device_runs_once_a_second)
{
    DDI_SHOWS(IoStartTimer, RESULTS);
    DDI_SHOWS(IoStopTimer, RESULTS);
    LARGE_INTEGER wait = ms(1300);
    fresh_driver(NULL);
    device = new_device(0);
    CHECK(dies(start_timer, device, "without IoInitializeTimer"));
    CHECK(dies(stop_timer, device, "without IoInitializeTimer"));
    CHECK_EQ(IoInitializeTimer(device, tick, device), STATUS_SUCCESS);
    CHECK(dies(initialise_timer, device, "already-initialized timer"));
    ticks = 0;
    IoStartTimer(device);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    IoStopTimer(device);
    LONG count = ticks;
    CHECK(count >= 1);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK_EQ(ticks, count);
}
DDI_IRQL_MAX(IoStartTimer, DISPATCH_LEVEL, IoStartTimer(device))
DDI_IRQL_MAX(IoStopTimer, DISPATCH_LEVEL, IoStopTimer(device))
DDI_IRQL_MAX(IoInitializeTimer, PASSIVE_LEVEL, IoInitializeTimer(fresh_device(), tick, NULL))
