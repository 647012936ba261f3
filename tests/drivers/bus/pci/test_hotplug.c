// SPDX-License-Identifier: MIT
//
// The driver with a slot, on the strict kit: host.c is replaced, so that configuration space is the
// simulated one. Time passes only where the driver waits; then the slot does what the test has
// planned for it.
#include "ash_test.h"
#include "simulated.h"
#include "strict_kit.h"

#include <drivers/quiesce.h>
#include <pci.h>
#include <pdo.h>

#define USUAL  (SLOT_HAS_BUTTON | SLOT_HAS_POWER | SLOT_HAS_INDICATOR)
#define BUTTON (SLOT_PRESENT | SLOT_BUTTON)
#define COMES  (SLOT_PRESENT | SLOT_PRESENCE | SLOT_BUTTON)
#define GOES   SLOT_PRESENCE

DRIVER_INITIALIZE DriverEntry;

static struct sim sim;
static struct pci_function functions[PCI_FUNCTIONS_MOST];
static int port;
static PDEVICE_OBJECT bottom, port_pdo;
static PDRIVER_OBJECT driver;
static BOOLEAN completes, contact; // commands end; the card's contacts are good
static ULONG waited, answers_after;

NTSTATUS HostStart(struct fdo_extension *bus, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    UNREFERENCED_PARAMETER(raw);
    UNREFERENCED_PARAMETER(translated);
    bus->fabric = (struct pci_fabric){
        .access = {&sim, sim_read, sim_write},
        .bus_count = 8,
        .window_count = 1,
        .windows = {{.space = PCI_MEMORY32, .base = 0x40000000, .size = 0x40000000}},
        .unit_mask = 0x1800,
        .pin_mask = 7,
        .route_count = 1,
        .routes = {{.unit = 1 << 11, .pin = 1, .source = 33}},
        .functions = functions,
        .capacity = PCI_FUNCTIONS_MOST,
    };
    (void)pci_scan(&bus->fabric);
    pci_assign(&bus->fabric);
    NTSTATUS made = STATUS_SUCCESS;
    for (unsigned i = 0; i < bus->fabric.count && NT_SUCCESS(made); i++)
        made = ChildMake(bus, &functions[i]);
    return made;
}

VOID HostRemove(struct fdo_extension *bus)
{
    for (ULONG i = 0; i < bus->child_count; i++)
        IoDeleteDevice(bus->children[i]);
    bus->child_count = 0;
}

static NTSTATUS bottom_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static uint32_t status(void)
{
    return sim_get(&sim.functions[port], SIM_SLOT_STATUS, 2);
}

static uint32_t control(void)
{
    return sim_get(&sim.functions[port], SIM_SLOT_CONTROL, 2);
}

static void pass(ULONG milliseconds)
{
    waited += milliseconds;
    if (completes)
        sim_slot_says(&sim, port, status() | SLOT_COMPLETED);
    if (!contact)
        sim_slot_says(&sim, port, status() | SLOT_PRESENCE);
    if (waited >= answers_after)
        for (unsigned i = 1; i < sim.count; i++)
            sim.functions[i].present = true;
}

static NTSTATUS send(PDEVICE_OBJECT device, UCHAR minor)
{
    struct kit_irp irp;
    (void)KitInitIrp(&irp, IRP_MJ_PNP, minor);
    return KitSend(device, &irp);
}

static PVOID ask(PDEVICE_OBJECT device, UCHAR minor, ULONG kind)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.QueryDeviceRelations.Type = (DEVICE_RELATION_TYPE)kind;
    return NT_SUCCESS(KitSend(device, &irp)) ? (PVOID)irp.irp.IoStatus.Information : NULL;
}

// The n-th child of the bus; NULL: there are fewer.
static PDEVICE_OBJECT child(ULONG n)
{
    PDEVICE_RELATIONS relations = ask(bottom, IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations);
    PDEVICE_OBJECT found = relations && relations->Count > n ? relations->Objects[n] : NULL;
    for (ULONG i = 0; relations && i < relations->Count; i++)
        relations->Objects[i]->ReferenceCount--;
    if (relations)
        ExFreePool(relations);
    return found;
}

static NTSTATUS start(PDEVICE_OBJECT device)
{
    struct kit_irp irp;
    PCM_RESOURCE_LIST list = ask(device, IRP_MN_QUERY_RESOURCES, 0);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_START_DEVICE);
    location->Parameters.StartDevice.AllocatedResources = list;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = list;
    NTSTATUS result = KitSend(device, &irp);
    ExFreePool(list);
    return result;
}

static void plug(void)
{
    sim.count = (unsigned)port + 1;
    struct sim_function *card = sim_add(&sim, port, 0, 0x1af4, 0x1042, 0);
    sim_bar32(card, 0, 0x1000, 0);
    card->present = answers_after == 0;
    waited = 0;
}

static void begin(uint32_t capabilities, BOOLEAN card)
{
    memset(&sim, 0, sizeof sim);
    completes = contact = TRUE;
    answers_after = 0;
    KitTime(pass);
    port = sim_add_port(&sim, -1, 1 << 3);
    sim_add_slot(&sim, port, capabilities);
    sim_set(&sim.functions[port], REG_INTERRUPT_PIN, 1, 1);
    if (card) {
        plug();
        sim_slot_says(&sim, port, SLOT_PRESENT);
    }
    bottom = KitBottom(bottom_dispatch);
    driver = KitLoad(DriverEntry);
    CHECK_EQ(driver->DriverExtension->AddDevice(driver, bottom), STATUS_SUCCESS);
    CHECK_EQ(send(bottom, IRP_MN_START_DEVICE), STATUS_SUCCESS);
    port_pdo = child(0);
    CHECK_EQ(driver->DriverExtension->AddDevice(driver, port_pdo), STATUS_SUCCESS);
    CHECK_EQ(start(port_pdo), STATUS_SUCCESS);
}

static void end(void)
{
    CHECK_EQ(send(port_pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control() & CONTROL_INTERRUPT, 0u);
    (void)send(bottom, IRP_MN_REMOVE_DEVICE);
    KitFree(bottom);
    CHECK_EQ(KitLeaks(), 0u);
}

static BOOLEAN says(uint32_t value)
{
    sim_slot_says(&sim, port, value);
    return KitInterrupt();
}

static ULONG invalidations(void)
{
    ULONG count;
    (void)KitRelationsInvalidated(&count);
    return count;
}

static void remove_and_forget(PDEVICE_OBJECT card)
{
    CHECK(child(1) != card);
    CHECK_EQ(send(card, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(send(card, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS); // it is no more
}

TEST(a_card_comes)
{
    begin(USUAL, FALSE);
    CHECK(child(1) == NULL);
    CHECK_EQ(control() & (CONTROL_INTERRUPT | CONTROL_EVENTS),
             (uint32_t)(CONTROL_INTERRUPT | CONTROL_EVENTS));
    CHECK(!KitInterrupt()); // another device's
    plug();
    CHECK(says(COMES));
    CHECK(waited >= 100);
    CHECK_EQ(invalidations(), 1u);
    CHECK_EQ(control() & CONTROL_POWER_OFF, 0u);
    PDEVICE_OBJECT card = child(1);
    CHECK(card != NULL);
    CHECK_EQ(start(card), STATUS_SUCCESS);
    remove_and_forget(((void)says(GOES), card));
    CHECK_EQ(invalidations(), 2u);
    CHECK_EQ(control() & CONTROL_POWER_OFF, (uint32_t)CONTROL_POWER_OFF);
    end();
}

TEST(a_card_that_was_there_is_left_alone)
{
    begin(USUAL, TRUE);
    PDEVICE_OBJECT card = child(1);
    CHECK(card != NULL);
    CHECK_EQ(invalidations(), 0u);
    CHECK(says(COMES)); // another one is in its place
    CHECK_EQ(invalidations(), 2u);
    CHECK(child(1) != NULL);
    remove_and_forget(card);
    end();
}

TEST(a_card_of_two_functions_is_ejected)
{
    begin(USUAL, FALSE);
    plug();
    sim_set(&sim.functions[1], REG_HEADER_TYPE, 1, HEADER_MULTIFUNCTION);
    (void)sim_add(&sim, port, 1, 0x1af4, 0x1041, 0);
    CHECK(says(COMES));
    PDEVICE_OBJECT first = child(1), second = child(2);
    PDEVICE_RELATIONS others = ask(first, IRP_MN_QUERY_DEVICE_RELATIONS, EjectionRelations);
    CHECK(others && others->Count == 1 && others->Objects[0] == second);
    second->ReferenceCount--;
    ExFreePool(others);
    ULONG count;
    CHECK(says(BUTTON));
    CHECK(KitEjectRequested(&count) == first && count == 1);
    CHECK_EQ(first->ReferenceCount, 0);
    CHECK(child(2) == second); // somebody may refuse
    CHECK_EQ(send(first, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(send(second, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(child(1) == first);
    CHECK_EQ(send(first, IRP_MN_EJECT), STATUS_SUCCESS);
    CHECK(child(1) == NULL);
    CHECK_EQ(control() & CONTROL_POWER_OFF, (uint32_t)CONTROL_POWER_OFF);
    CHECK_EQ(send(first, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(send(second, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    end();
}

TEST(capabilities_of_a_card)
{
    struct kit_irp irp;
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof capabilities, .Version = 1};
    begin(USUAL, TRUE);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
    location->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    CHECK_EQ(KitSend(child(1), &irp), STATUS_SUCCESS);
    CHECK(capabilities.Removable && capabilities.EjectSupported && capabilities.SurpriseRemovalOK);
    capabilities = (DEVICE_CAPABILITIES){.Size = sizeof capabilities, .Version = 1};
    location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
    location->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    CHECK_EQ(KitSend(port_pdo, &irp), STATUS_SUCCESS);
    CHECK(!capabilities.Removable && !capabilities.EjectSupported);
    CHECK_EQ(send(port_pdo, IRP_MN_EJECT), STATUS_NOT_SUPPORTED);
    end();
}

TEST(nothing_is_written_to_a_function_that_has_left)
{
    begin(USUAL, TRUE);
    PDEVICE_OBJECT card = child(1);
    CHECK_EQ(start(card), STATUS_SUCCESS);
    static UCHAR before[PCI_CONFIG_SIZE];
    CHECK(says(COMES)); // exchanged: the same number is another card's now
    memcpy(before, sim.functions[1].bytes, sizeof before);
    CHECK_EQ(send(card, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(send(card, PNP_MN_QUIESCE_DEVICE), STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(send(card, IRP_MN_START_DEVICE)));
    ULONG value = 0;
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_READ_CONFIG);
    location->Parameters.ReadWriteConfig.WhichSpace = PCI_WHICHSPACE_CONFIG;
    location->Parameters.ReadWriteConfig.Buffer = &value;
    location->Parameters.ReadWriteConfig.Length = 4;
    CHECK_EQ(KitSend(card, &irp), STATUS_SUCCESS);
    CHECK_EQ(value, MAXULONG);
    CHECK_EQ(send(card, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_MEM(before, sim.functions[1].bytes, sizeof before);
    end();
}

TEST(a_card_that_takes_its_time)
{
    begin(USUAL, FALSE);
    answers_after = 900;
    plug();
    CHECK(says(COMES));
    CHECK(waited >= 900 && waited < 1200);
    CHECK(child(1) != NULL);
    end();
}

TEST(a_card_that_never_answers)
{
    begin(USUAL, FALSE);
    answers_after = MAXULONG;
    plug();
    CHECK(says(COMES));
    CHECK(waited >= 8 * 1000 && waited < 8 * 1200 + 100);
    CHECK_EQ(control() & CONTROL_POWER_OFF, (uint32_t)CONTROL_POWER_OFF);
    CHECK(child(1) == NULL);
    answers_after = 0;
    plug();
    CHECK(says(BUTTON));
    CHECK(child(1) != NULL);
    end();
}

TEST(a_contact_that_is_never_at_rest)
{
    begin(USUAL, FALSE);
    contact = FALSE;
    plug();
    CHECK(says(COMES)); // comes back
    CHECK(child(1) == NULL);
    end();
}

TEST(a_slot_that_completes_no_command)
{
    begin(USUAL, FALSE);
    completes = FALSE;
    plug();
    CHECK(says(COMES));
    CHECK(waited < 2000);
    CHECK(child(1) != NULL);
    end();
}

TEST(a_power_fault)
{
    begin(USUAL, TRUE);
    PDEVICE_OBJECT card = child(1);
    CHECK(says(SLOT_PRESENT | SLOT_FAULT));
    CHECK(child(1) == NULL);
    remove_and_forget(card);
    CHECK_EQ(control() & CONTROL_POWER_OFF, (uint32_t)CONTROL_POWER_OFF);
    end();
}

TEST(an_event_that_cannot_be_cleared_does_not_keep_us)
{
    begin(USUAL, TRUE);
    sim.functions[port].clears[SIM_SLOT_STATUS] = SLOT_COMPLETED;
    answers_after = MAXULONG;
    sim.functions[1].present = false;
    PDEVICE_OBJECT card = child(1);
    CHECK(says(GOES)); // gone, and says so again and again
    remove_and_forget(card);
    CHECK(child(1) == NULL);
    for (unsigned i = 0; i < 200; i++)
        CHECK(KitInterrupt());
    end();
}
