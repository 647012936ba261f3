// SPDX-License-Identifier: MIT
//
// What belongs to the driver object, IRPs in the driver's own memory, and the IRQL rules of
// cancelling and of the queue of a device.

#include "test_driver.h"

void io_run_reinitialize(PDRIVER_OBJECT object); // as the runtime does after DriverEntry

static int id, other_id;

DDI_TEST(IoAllocateDriverObjectExtension, RESULTS | ERRORS, one_extension_for_each_identification)
{
    DDI_SHOWS(IoGetDriverObjectExtension, RESULTS);
    PVOID space = NULL, again = NULL;
    fresh_driver(NULL);
    CHECK(IoGetDriverObjectExtension(&driver, &id) == NULL);
    CHECK_EQ(IoAllocateDriverObjectExtension(&driver, &id, 64, &space), STATUS_SUCCESS);
    CHECK_EQ(((PUCHAR)space)[63], 0);
    CHECK(IoGetDriverObjectExtension(&driver, &id) == space);
    CHECK_EQ(IoAllocateDriverObjectExtension(&driver, &id, 64, &again),
             STATUS_OBJECT_NAME_COLLISION);
    CHECK(again == NULL);
}
static PVOID space_of_other;
DDI_IRQL_MAX(IoAllocateDriverObjectExtension, DISPATCH_LEVEL,
             IoAllocateDriverObjectExtension(&driver, &other_id, 8, &space_of_other))
DDI_IRQL_MAX(IoGetDriverObjectExtension, DISPATCH_LEVEL,
             IoGetDriverObjectExtension(&driver, &other_id))

static ULONG calls;

static VOID reinitialise(PDRIVER_OBJECT object, PVOID context, ULONG count)
{
    calls++;
    if (context == (PVOID)object && count == calls && calls < 3)
        IoRegisterDriverReinitialization(object, reinitialise, object);
}

static void register_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        IoRegisterDriverReinitialization(&driver, reinitialise, &driver);
}

DDI_TEST(IoRegisterDriverReinitialization, RESULTS | ERRORS, a_routine_may_ask_to_be_called_again)
{
    calls = 0;
    IoRegisterDriverReinitialization(&driver, reinitialise, &driver);
    io_run_reinitialize(&driver);
    CHECK_EQ(calls, 3);
    CHECK(dies(register_many, NULL, "more routines than can be kept"));
    calls = 1000;
    io_run_reinitialize(&driver);
}
DDI_IRQL_MAX(IoRegisterDriverReinitialization, PASSIVE_LEVEL,
             IoRegisterDriverReinitialization(&driver, reinitialise, NULL))

// --- IRPs in the driver's own memory

static DECLSPEC_ALIGN(16) UCHAR memory[1024];

static void initialise_too_small(void *irp)
{
    IoInitializeIrp(irp, IoSizeOfIrp(2), 3);
}

DDI_TEST(IoInitializeIrp, RESULTS | ERRORS, an_irp_in_memory_of_ones_own)
{
    DDI_SHOWS_MACRO(IoSizeOfIrp, RESULTS);
    PIRP irp = (PIRP)(PVOID)memory;
    memset(memory, 0xee, sizeof(memory));
    CHECK_EQ(IoSizeOfIrp(3), sizeof(IRP) + 3 * sizeof(IO_STACK_LOCATION));
    IoInitializeIrp(irp, IoSizeOfIrp(3), 3);
    CHECK_EQ(irp->StackCount, 3);
    CHECK_EQ(irp->CurrentLocation, 4);
    CHECK_EQ(irp->Size, IoSizeOfIrp(3));
    CHECK_EQ(IoGetNextIrpStackLocation(irp)->MajorFunction, 0);
    CHECK_EQ(memory[IoSizeOfIrp(3)], 0xee);
    CHECK(dies(initialise_too_small, irp, "less memory than IoSizeOfIrp says"));
}
DDI_IRQL_MAX(IoInitializeIrp, DISPATCH_LEVEL,
             IoInitializeIrp((PIRP)(PVOID)memory, IoSizeOfIrp(1), 1))

// --- Small questions

DDI_TEST(IoIsErrorUserInduced, RESULTS, some_errors_are_the_users)
{
    CHECK(IoIsErrorUserInduced(STATUS_NO_MEDIA_IN_DEVICE));
    CHECK(IoIsErrorUserInduced(STATUS_VERIFY_REQUIRED));
    CHECK(!IoIsErrorUserInduced(STATUS_UNSUCCESSFUL));
}

// --- IRQL rules

static PIRP any;
static PIRP cancellable(void)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL)
        any = IoAllocateIrp(1, FALSE);
    return any;
}

static void cancel_freed(void *irp)
{
    IoFreeIrp(irp);
    (void)IoCancelIrp(irp);
}

DDI_TEST(IoCancelIrp, RESULTS | ERRORS, an_irp_without_a_cancel_routine_is_only_marked)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK(!IoCancelIrp(irp));
    CHECK(irp->Cancel);
    CHECK(dies(cancel_freed, irp, "that was freed"));
}
DDI_IRQL_MAX(IoCancelIrp, DISPATCH_LEVEL, IoCancelIrp(cancellable()))

static PDEVICE_OBJECT device;
static VOID nothing(PDEVICE_OBJECT d, PIRP irp)
{
    (void)d, (void)irp;
}
TEST(a_device_with_a_queue)
{
    fresh_driver(NULL);
    driver.DriverStartIo = nothing;
    CHECK((device = new_device(0)) != NULL);
}
DDI_IRQL_MAX(IoStartPacket, DISPATCH_LEVEL, IoStartPacket(device, cancellable(), NULL, NULL))
static PIRP built;
DDI_IRQL_MAX(IoBuildAsynchronousFsdRequest, APC_LEVEL,
             built = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL,
                                                   NULL))
