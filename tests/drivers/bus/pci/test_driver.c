// SPDX-License-Identifier: MIT
//
// The PCI bus driver on the strict kit. Configuration space is plain memory, so a base address
// register seems to decode 16 bytes (all ones written are read back); what is tested is the
// driver's face: resources in, devices, identifiers and resources out, and when decoding and
// mastering are on.
#include "ash_test.h"
#include "strict_kit.h"

#include <drivers/devicetree.h>
#include <drivers/message.h>
#include <drivers/quiesce.h>
#include <pdo.h>

#define ECAM_ADDRESS 0x30000000ull
#define ECAM_BYTES   (1u << 20)
#define DISK         (2u << 15)
#define COMMAND      (*(USHORT *)(ecam + DISK + 4))
#define OFF          0x400
#define ON           6

DRIVER_INITIALIZE DriverEntry;

static alignas(4096) UCHAR ecam[ECAM_BYTES];
static PDEVICE_OBJECT bottom, disk;

static NTSTATUS bottom_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void add_private(PCM_PARTIAL_RESOURCE_DESCRIPTOR to, ULONG a, ULONG b, ULONG c)
{
    to->Type = CmResourceTypeDevicePrivate;
    to->u.DevicePrivate.Data[0] = a;
    to->u.DevicePrivate.Data[1] = b;
    to->u.DevicePrivate.Data[2] = c;
}

static PCM_RESOURCE_LIST host_resources(void)
{
    ULONG count;
    PCM_RESOURCE_LIST list = PdoNewResources(Internal, 0, 5);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR r = PdoDescriptors(list, &count);
    (void)PdoMemory(&r[0], ECAM_ADDRESS, ECAM_BYTES, 0);
    r[1].Type = CmResourceTypeBusNumber;
    r[1].u.BusNumber.Length = 256; // more than the memory holds: the driver takes one
    (void)PdoMemory(&r[2], 0x40000000, 0x40000000, CM_RESOURCE_MEMORY_WINDOW_DECODE);
    add_private(&r[3], DEVICETREE_INTX_MASK | 0x1800, 7, 0);
    add_private(&r[4], DEVICETREE_INTX | 0x1000, 34 | 35 << 16, 32 | 33 << 16);
    return list;
}

static NTSTATUS start(PDEVICE_OBJECT device, PCM_RESOURCE_LIST list)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_START_DEVICE);
    location->Parameters.StartDevice.AllocatedResources = list;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = list;
    return KitSend(device, &irp);
}

static PVOID ask(PDEVICE_OBJECT device, UCHAR minor, ULONG kind)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)kind;
    return NT_SUCCESS(KitSend(device, &irp)) ? (PVOID)irp.irp.IoStatus.Information : NULL;
}

static void put_disk(void)
{
    static const UCHAR header[64] = {
        0xf4, 0x1a, 0x42,          0x10,          7,    0,    0,    0,          1, 0, 0, 1, 0, 0,
        0,    0,    [0x20] = 0x0c, [0x2c] = 0xf4, 0x1a, 0x00, 0x11, [0x3d] = 1,
    };
    memset(ecam, 0xff, sizeof ecam);
    memset(ecam + DISK, 0, PAGE_SIZE);
    memcpy(ecam + DISK, header, sizeof header);
}

static NTSTATUS bring_up_again(void)
{
    KitDeviceMemory(ECAM_ADDRESS, ecam, sizeof ecam);
    bottom = KitBottom(bottom_dispatch);
    PDRIVER_OBJECT driver = KitLoad(DriverEntry);
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, bottom);
    PCM_RESOURCE_LIST list = host_resources();
    status = NT_SUCCESS(status) ? start(bottom, list) : status;
    ExFreePool(list);
    PDEVICE_RELATIONS relations = ask(bottom, IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations);
    disk = relations && relations->Count == 1 ? relations->Objects[0] : NULL;
    if (relations)
        ExFreePool(relations);
    return status;
}

static NTSTATUS bring_up(void)
{
    put_disk();
    return bring_up_again();
}

static ULONG tear_down(void)
{
    struct kit_irp irp;
    KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE);
    (void)KitSend(bottom, &irp);
    KitFree(bottom);
    return KitLeaks();
}

static NTSTATUS start_disk(void)
{
    PCM_RESOURCE_LIST list = ask(disk, IRP_MN_QUERY_RESOURCES, 0);
    NTSTATUS status = start(disk, list);
    ExFreePool(list);
    return status;
}

static NTSTATUS config(UCHAR minor, ULONG offset, PVOID buffer, ULONG bytes)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.ReadWriteConfig.WhichSpace = PCI_WHICHSPACE_CONFIG;
    location->Parameters.ReadWriteConfig.Buffer = buffer;
    location->Parameters.ReadWriteConfig.Offset = offset;
    location->Parameters.ReadWriteConfig.Length = bytes;
    return KitSend(disk, &irp);
}

TEST(finds_the_disk_and_switches_it_off)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK(disk != NULL);
    CHECK_EQ(COMMAND, OFF);
    CHECK_EQ(tear_down(), 0u);
}

TEST(identifiers)
{
    static const WCHAR hardware[] = L"PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01\0"
                                    L"PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4\0"
                                    L"PCI\\VEN_1AF4&DEV_1042&REV_01\0"
                                    L"PCI\\VEN_1AF4&DEV_1042\0"
                                    L"PCI\\VEN_1AF4&DEV_1042&CC_010000\0"
                                    L"PCI\\VEN_1AF4&DEV_1042&CC_0100\0";
    static const WCHAR compatible[] = L"PCI\\VEN_1AF4&DEV_1042&REV_01\0PCI\\VEN_1AF4&DEV_1042\0"
                                      L"PCI\\VEN_1AF4&CC_010000\0PCI\\VEN_1AF4&CC_0100\0"
                                      L"PCI\\VEN_1AF4\0PCI\\CC_010000\0PCI\\CC_0100\0";
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    PWCHAR text = ask(disk, IRP_MN_QUERY_ID, BusQueryHardwareIDs);
    CHECK_MEM(text, hardware, sizeof hardware);
    ExFreePool(text);
    text = ask(disk, IRP_MN_QUERY_ID, BusQueryCompatibleIDs);
    CHECK_MEM(text, compatible, sizeof compatible);
    ExFreePool(text);
    text = ask(disk, IRP_MN_QUERY_ID, BusQueryInstanceID);
    CHECK_MEM(text, L"00:02.0", sizeof L"00:02.0");
    ExFreePool(text);
    text = ask(disk, IRP_MN_QUERY_DEVICE_TEXT, DeviceTextLocationInformation);
    CHECK_MEM(text, L"PCI bus 0, device 2, function 0", sizeof L"PCI bus 0, device 2, function 0");
    ExFreePool(text);
    CHECK(ask(disk, IRP_MN_QUERY_ID, BusQueryContainerID) == NULL);
    CHECK_EQ(tear_down(), 0u);
}

TEST(resources_are_the_assigned_ones)
{
    ULONG count;
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    PCM_RESOURCE_LIST list = ask(disk, IRP_MN_QUERY_RESOURCES, 0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR r = PdoDescriptors(list, &count);
    CHECK(count > 1);
    CHECK_EQ(r[count - 1].Type, CmResourceTypeInterrupt);
    CHECK_EQ(r[count - 1].u.Interrupt.Vector, 34u);
    CHECK_EQ(r[count - 1].ShareDisposition, CmResourceShareShared);
    CHECK(r[0].u.Memory.Start.QuadPart >= 0x40000000);
    ExFreePool(list);
    CHECK_EQ(tear_down(), 0u);
}

TEST(on_from_start_to_stop)
{
    struct kit_irp irp;
    static const UCHAR ends[] = {IRP_MN_STOP_DEVICE, IRP_MN_SURPRISE_REMOVAL, IRP_MN_REMOVE_DEVICE,
                                 PNP_MN_QUIESCE_DEVICE};
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    for (unsigned i = 0; i < ARRAYSIZE(ends); i++) {
        CHECK_EQ(start_disk(), STATUS_SUCCESS);
        CHECK_EQ(COMMAND, ON);
        KitInitIrp(&irp, IRP_MJ_PNP, ends[i]);
        CHECK_EQ(KitSend(disk, &irp), STATUS_SUCCESS);
        CHECK_EQ(COMMAND, OFF);
    }
    CHECK_EQ(tear_down(), 0u);
}

TEST(d3_ends_dma)
{
    struct kit_irp irp;
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(start_disk(), STATUS_SUCCESS);
    static const DEVICE_POWER_STATE states[] = {PowerDeviceD3, PowerDeviceD0};
    for (unsigned i = 0; i < ARRAYSIZE(states); i++) {
        DEVICE_POWER_STATE state = states[i];
        PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
        location->Parameters.Power.Type = DevicePowerState;
        location->Parameters.Power.State.DeviceState = state;
        CHECK_EQ(KitSend(disk, &irp), STATUS_SUCCESS);
        CHECK_EQ(COMMAND, state == PowerDeviceD0 ? ON : OFF);
    }
    CHECK_EQ(tear_down(), 0u);
}

TEST(start_elsewhere_is_refused)
{
    ULONG count;
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    PCM_RESOURCE_LIST list = ask(disk, IRP_MN_QUERY_RESOURCES, 0);
    PdoDescriptors(list, &count)[0].u.Memory.Start.QuadPart += 0x1000;
    CHECK_EQ(start(disk, list), STATUS_CONFLICTING_ADDRESSES);
    list->List[0].PartialResourceList.Count--;
    CHECK_EQ(start(disk, list), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK_EQ(start(disk, NULL), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK_EQ(COMMAND, OFF);
    ExFreePool(list);
    CHECK_EQ(tear_down(), 0u);
}

TEST(configuration_space_through_irps)
{
    ULONG value = 0;
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(config(IRP_MN_READ_CONFIG, 0, &value, 4), STATUS_SUCCESS);
    CHECK_EQ(value, 0x10421af4u);
    CHECK_EQ(config(IRP_MN_READ_CONFIG, 4094, &value, 4), STATUS_INVALID_PARAMETER);
    value = ON;
    CHECK_EQ(config(IRP_MN_WRITE_CONFIG, 4, &value, 2), STATUS_SUCCESS);
    CHECK_EQ(COMMAND & 7, 0); // mastering is not the driver's
    CHECK_EQ(config(IRP_MN_WRITE_CONFIG, 0x20, &value, 4), STATUS_ACCESS_DENIED);
    CHECK_EQ(tear_down(), 0u);
}

// --- Messages -----------------------------------------------------------------------------------

#define MSIX          0x40
#define TABLE_ADDRESS 0x40000000ull

// MSI-X of one entry: a register seems to decode 16 bytes here.
static void bring_up_with_messages(void)
{
    static const UCHAR capability[] = {0x11, 0, 0, 0, 0, 0, 0, 0};
    put_disk();
    ecam[DISK + 6] = 0x10;
    ecam[DISK + 0x34] = MSIX;
    memcpy(ecam + DISK + MSIX, capability, sizeof capability);
    CHECK_EQ(bring_up_again(), STATUS_SUCCESS);
}

static PCM_RESOURCE_LIST with_message(PCM_RESOURCE_LIST from, ULONGLONG address, USHORT data)
{
    ULONG count, all;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR old = PdoDescriptors(from, &count);
    PCM_RESOURCE_LIST list = PdoNewResources(PCIBus, 0, count + 1);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR r = PdoDescriptors(list, &all);
    memcpy(r, old, (count - 1) * sizeof *r); // all but the line, which is the last
    r[count - 1].Type = CmResourceTypeInterrupt;
    r[count - 1].Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    r[count - 1].u.MessageInterrupt.Raw.MessageCount = 1;
    add_private(&r[count], MESSAGE_PRIVATE << 16 | data, (ULONG)address, (ULONG)(address >> 32));
    return list;
}

TEST(requirements_offer_messages_before_the_line)
{
    bring_up_with_messages();
    PIO_RESOURCE_REQUIREMENTS_LIST all = ask(disk, IRP_MN_QUERY_RESOURCE_REQUIREMENTS, 0);
    CHECK_EQ(all->AlternativeLists, 2u);
    PIO_RESOURCE_DESCRIPTOR last = &all->List[0].Descriptors[all->List[0].Count - 1];
    CHECK_EQ(last->Type, CmResourceTypeInterrupt);
    CHECK_EQ(last->Flags, CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE);
    CHECK_EQ(last->u.Interrupt.MinimumVector, CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN);
    CHECK_EQ(last->u.Interrupt.MaximumVector, CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN);
    PIO_RESOURCE_LIST second = (PVOID)(last + 1);
    CHECK_EQ(second->Count, all->List[0].Count);
    CHECK_EQ(second->Descriptors[second->Count - 1].u.Interrupt.MinimumVector, 34u);
    CHECK_EQ((PUCHAR)&second->Descriptors[second->Count] - (PUCHAR)all, (LONG)all->ListSize);
    ExFreePool(all);
    CHECK_EQ(tear_down(), 0u);
}

TEST(start_with_messages_writes_the_table)
{
    static alignas(4096) ULONG table[1024];
    struct kit_irp irp;
    bring_up_with_messages();
    KitDeviceMemory(TABLE_ADDRESS, table, sizeof table);
    PCM_RESOURCE_LIST own = ask(disk, IRP_MN_QUERY_RESOURCES, 0);
    PCM_RESOURCE_LIST list = with_message(own, 0x1fffff000, 7);
    CHECK_EQ(start(disk, list), STATUS_SUCCESS);
    CHECK_EQ(table[0], 0xfffff000u);
    CHECK_EQ(table[1], 1u);
    CHECK_EQ(table[2], 7u);
    CHECK_EQ(table[3], 0u); // not masked
    CHECK_EQ(*(USHORT *)(ecam + DISK + MSIX + 2), 0x8000);
    CHECK_EQ(COMMAND, ON | OFF); // and no line
    memset(table, 0, sizeof table);
    static const DEVICE_POWER_STATE states[] = {PowerDeviceD3, PowerDeviceD0};
    for (unsigned i = 0; i < ARRAYSIZE(states); i++) {
        PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
        location->Parameters.Power.Type = DevicePowerState;
        location->Parameters.Power.State.DeviceState = states[i];
        CHECK_EQ(KitSend(disk, &irp), STATUS_SUCCESS);
        CHECK_EQ(*(USHORT *)(ecam + DISK + MSIX + 2), i == 0 ? 0x4000 : 0x8000);
    }
    CHECK_EQ(table[2], 7u); // it may have forgotten them in D3
    ExFreePool(own);
    ExFreePool(list);
    CHECK_EQ(tear_down(), 0u);
}

TEST(more_messages_than_the_function_has_are_refused)
{
    bring_up_with_messages();
    PCM_RESOURCE_LIST own = ask(disk, IRP_MN_QUERY_RESOURCES, 0);
    PCM_RESOURCE_LIST one = with_message(own, 0xfffff000, 7);
    PCM_RESOURCE_LIST two = with_message(one, 0xfffff000, 8); // behind the private one of the first
    ULONG count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR r = PdoDescriptors(two, &count);
    r[count - 2] = r[count - 1];
    static alignas(4096) ULONG table[1024];
    KitDeviceMemory(TABLE_ADDRESS, table, sizeof table);
    CHECK(!NT_SUCCESS(start(disk, two)));
    CHECK_EQ(COMMAND, OFF);
    ExFreePool(own);
    ExFreePool(one);
    ExFreePool(two);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_host_bridge_without_configuration_space)
{
    ULONG count;
    bottom = KitBottom(bottom_dispatch);
    PDRIVER_OBJECT driver = KitLoad(DriverEntry);
    CHECK_EQ(driver->DriverExtension->AddDevice(driver, bottom), STATUS_SUCCESS);
    PCM_RESOURCE_LIST list = host_resources();
    PdoDescriptors(list, &count)->Type = CmResourceTypeNull;
    CHECK_EQ(start(bottom, list), STATUS_DEVICE_CONFIGURATION_ERROR);
    ExFreePool(list);
    CHECK_EQ(tear_down(), 0u);
}
