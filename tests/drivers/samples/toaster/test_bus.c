// SPDX-License-Identifier: MIT
//
// The toaster's bus: PDOs come, are reported, and are deleted only when they are missing and
// removed.

#include "stack.h"
#include "toaster.h"

static PDEVICE_OBJECT found[TOASTER_SLOTS];

static NTSTATUS slot_request(ULONG code, ULONG number)
{
    struct sent sent = {.value = number};
    (void)control(&sent, code, sizeof(ULONG), 0);
    return finish(&sent);
}

static ULONG relations(PDEVICE_OBJECT device, DEVICE_RELATION_TYPE type, NTSTATUS *status)
{
    struct sent sent;
    ULONG count = 0;
    PIO_STACK_LOCATION next = prepare(&sent, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS);
    next->Parameters.QueryDeviceRelations.Type = type;
    IoSetCompletionRoutine(sent.irp, done, &sent, TRUE, TRUE, TRUE);
    (void)IoCallDriver(device, sent.irp);
    PDEVICE_RELATIONS list = (PDEVICE_RELATIONS)sent.irp->IoStatus.Information;
    *status = finish(&sent);
    for (; NT_SUCCESS(*status) && list != NULL && count < list->Count; count++) {
        found[count] = list->Objects[count];
        ObDereferenceObject(list->Objects[count]);
    }
    if (list != NULL)
        ExFreePool(list);
    return count;
}

static ULONG bus_relations(void)
{
    NTSTATUS status;
    ULONG count = relations(IoGetAttachedDevice(pdo), BusRelations, &status);
    return NT_SUCCESS(status) ? count : MAXULONG;
}

static NTSTATUS slot_pnp(PDEVICE_OBJECT device, UCHAR minor, ULONG parameter, PVOID *answer)
{
    struct sent sent;
    PIO_STACK_LOCATION next = prepare(&sent, IRP_MJ_PNP, minor);
    next->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)parameter;
    IoSetCompletionRoutine(sent.irp, done, &sent, TRUE, TRUE, TRUE);
    (void)IoCallDriver(device, sent.irp);
    if (answer != NULL)
        *answer = (PVOID)sent.irp->IoStatus.Information;
    return finish(&sent);
}

static void start(void)
{
    load();
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 1), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
}

static void stop_test(void)
{
    CHECK_EQ(pnp(IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(driver.DeviceObject == NULL); // nothing is left, slots included
    IoDeleteDevice(pdo);
}

TEST(a_toaster_is_reported_while_it_is_there)
{
    unsigned told = posix_invalidations();
    start();
    CHECK_EQ(bus_relations(), 0);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, TOASTER_SLOTS + 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 3), STATUS_SUCCESS);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 3), STATUS_DEVICE_BUSY);
    CHECK_EQ(posix_invalidations(), told + 1);
    CHECK_EQ(bus_relations(), 1);
    CHECK_EQ(slot_request(IOCTL_TOASTER_UNPLUG, 4), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(slot_request(IOCTL_TOASTER_UNPLUG, 3), STATUS_SUCCESS);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 3), STATUS_DEVICE_BUSY); // its PDO is still there
    PDEVICE_OBJECT slot = found[0];
    CHECK_EQ(bus_relations(), 0); // from now on it is missing
    CHECK_EQ(slot_pnp(slot, IRP_MN_SURPRISE_REMOVAL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(slot_pnp(slot, IRP_MN_REMOVE_DEVICE, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 3), STATUS_SUCCESS);
    stop_test();
}

TEST(a_toaster_that_stays_keeps_its_pdo)
{
    start();
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 1), STATUS_SUCCESS);
    CHECK_EQ(bus_relations(), 1);
    PDEVICE_OBJECT slot = found[0];
    CHECK_EQ(slot_pnp(slot, IRP_MN_REMOVE_DEVICE, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(bus_relations(), 1);
    CHECK(found[0] == slot);
    stop_test();
}

TEST(a_button_only_asks)
{
    start();
    CHECK_EQ(slot_request(IOCTL_TOASTER_EJECT, 2), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 2), STATUS_SUCCESS);
    CHECK_EQ(bus_relations(), 1);
    PDEVICE_OBJECT slot = found[0];
    posix_set_instance(slot, "SAMPLE\\Toaster\\02");
    unsigned asked = posix_ejections();
    CHECK_EQ(slot_request(IOCTL_TOASTER_EJECT, 2), STATUS_SUCCESS);
    CHECK_EQ(posix_ejections(), asked + 1);
    CHECK_EQ(bus_relations(), 1); // it is still in its slot
    CHECK_EQ(slot_pnp(slot, IRP_MN_EJECT, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(bus_relations(), 0);
    CHECK_EQ(slot_pnp(slot, IRP_MN_REMOVE_DEVICE, 0, NULL), STATUS_SUCCESS);
    stop_test();
}

TEST(a_pdo_answers_what_it_knows_and_leaves_the_rest)
{
    PWCHAR id;
    NTSTATUS status;
    start();
    CHECK_EQ(slot_request(IOCTL_TOASTER_PLUG_IN, 12), STATUS_SUCCESS);
    CHECK_EQ(bus_relations(), 1);
    PDEVICE_OBJECT slot = found[0];
    CHECK_EQ(slot_pnp(slot, IRP_MN_QUERY_ID, BusQueryInstanceID, (PVOID *)&id), STATUS_SUCCESS);
    CHECK(id[0] == '1' && id[1] == '2' && id[2] == 0);
    ExFreePool(id);
    CHECK_EQ(slot_pnp(slot, IRP_MN_QUERY_ID, BusQueryCompatibleIDs, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(slot_pnp(slot, IRP_MN_QUERY_RESOURCES, 0, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(relations(slot, TargetDeviceRelation, &status), 1);
    CHECK(found[0] == slot);
    CHECK_EQ(relations(slot, BusRelations, &status), 0);
    CHECK_EQ(status, STATUS_NOT_SUPPORTED);
    stop_test();
}
