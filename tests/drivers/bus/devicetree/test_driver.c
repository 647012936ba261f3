// SPDX-License-Identifier: MIT
//
// The device tree bus driver on the strict kit, with the tree of QEMU's virt machine: what it lists
// and what it says about each device.
#include "ash_test.h"
#include "strict_kit.h"

#include <drivers/devicetree.h>
#include <pdo.h>

#define TREE_ADDRESS 0x9fe00000ull

DRIVER_INITIALIZE DriverEntry;

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-conversion"
static alignas(8) UCHAR tree[] = {
#embed "virt.dtb"
};
#pragma clang diagnostic pop

static PDEVICE_OBJECT bottom;
static PDEVICE_RELATIONS children;

static NTSTATUS bottom_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS start(SIZE_T bytes)
{
    ULONG count;
    struct kit_irp irp;
    PCM_RESOURCE_LIST list = PdoNewResources(Internal, 0, 1);
    (void)PdoMemory(PdoDescriptors(list, &count), TREE_ADDRESS, bytes,
                    CM_RESOURCE_MEMORY_READ_ONLY);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_START_DEVICE);
    location->Parameters.StartDevice.AllocatedResources = list;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = list;
    NTSTATUS status = KitSend(bottom, &irp);
    ExFreePool(list);
    return status;
}

static PVOID ask(PDEVICE_OBJECT device, UCHAR minor, ULONG kind)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)kind;
    return NT_SUCCESS(KitSend(device, &irp)) ? (PVOID)irp.irp.IoStatus.Information : NULL;
}

static NTSTATUS bring_up(SIZE_T bytes)
{
    KitDeviceMemory(TREE_ADDRESS, tree, sizeof tree);
    bottom = KitBottom(bottom_dispatch);
    PDRIVER_OBJECT driver = KitLoad(DriverEntry);
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, bottom);
    status = NT_SUCCESS(status) ? start(bytes) : status;
    children = NT_SUCCESS(status) ? ask(bottom, IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations) : NULL;
    return status;
}

static ULONG tear_down(void)
{
    struct kit_irp irp;
    if (children)
        ExFreePool(children);
    KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE);
    (void)KitSend(bottom, &irp);
    KitFree(bottom);
    return KitLeaks();
}

// The child whose device ID this is.
static PDEVICE_OBJECT child(PCWSTR id)
{
    for (ULONG i = 0; children && i < children->Count; i++) {
        PWCHAR own = ask(children->Objects[i], IRP_MN_QUERY_ID, BusQueryDeviceID);
        unsigned k = 0;
        while (id[k] && own[k] == id[k])
            k++;
        BOOLEAN same = own[k] == id[k];
        ExFreePool(own);
        if (same)
            return children->Objects[i];
    }
    return NULL;
}

TEST(lists_the_platform_devices)
{
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    CHECK(children != NULL);
    CHECK_EQ(children->Count, 12u);
    CHECK(child(L"DT\\ns16550a") != NULL);
    CHECK(child(L"DT\\google,goldfish-rtc") != NULL);
    CHECK(child(L"DT\\riscv,plic0") == NULL);
    CHECK_EQ(tear_down(), 0u);
}

TEST(the_uart_says_who_it_is)
{
    ULONG count;
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    PDEVICE_OBJECT uart = child(L"DT\\ns16550a");
    PWCHAR text = ask(uart, IRP_MN_QUERY_ID, BusQueryInstanceID);
    CHECK_MEM(text, L"10000000", sizeof L"10000000");
    ExFreePool(text);
    text = ask(uart, IRP_MN_QUERY_ID, BusQueryHardwareIDs);
    CHECK_MEM(text, L"DT\\ns16550a\0", sizeof L"DT\\ns16550a\0");
    ExFreePool(text);
    PCM_RESOURCE_LIST list = ask(uart, IRP_MN_QUERY_RESOURCES, 0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR resource = PdoDescriptors(list, &count);
    CHECK_EQ(count, 2u);
    CHECK_EQ(resource[0].u.Memory.Start.QuadPart, 0x10000000);
    CHECK_EQ(resource[0].u.Memory.Length, 0x100u);
    CHECK_EQ(resource[1].u.Interrupt.Vector, 10u);
    CHECK_EQ(resource[1].ShareDisposition, CmResourceShareDeviceExclusive);
    ExFreePool(list);
    PIO_RESOURCE_REQUIREMENTS_LIST needs = ask(uart, IRP_MN_QUERY_RESOURCE_REQUIREMENTS, 0);
    CHECK_EQ(needs->List[0].Count, 2u);
    CHECK_EQ(needs->List[0].Descriptors[0].u.Memory.MaximumAddress.QuadPart, 0x100000ff);
    ExFreePool(needs);
    CHECK_EQ(tear_down(), 0u);
}

static NTSTATUS wait_wake(PDEVICE_OBJECT device, struct kit_irp *irp, SYSTEM_POWER_STATE deepest)
{
    PIO_STACK_LOCATION location = KitInitIrp(irp, IRP_MJ_POWER, IRP_MN_WAIT_WAKE);
    location->Parameters.WaitWake.PowerState = deepest;
    return KitSend(device, irp);
}

static NTSTATUS signal_wake(PDEVICE_OBJECT device, ULONG code)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_INTERNAL_DEVICE_CONTROL, 0);
    location->Parameters.DeviceIoControl.IoControlCode = code;
    return KitSend(device, &irp);
}

TEST(wait_wake_ends_when_its_device_wakes_the_system)
{
    struct kit_irp first, second;
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    PDEVICE_OBJECT uart = child(L"DT\\ns16550a");
    ULONG wakes = kit_wakes;
    CHECK_EQ(signal_wake(uart, DEVICETREE_IOCTL_WAKE), STATUS_NOT_FOUND);
    CHECK_EQ(signal_wake(uart, DEVICETREE_IOCTL_WAKE + 4), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(wait_wake(uart, &first, PowerSystemHibernate), STATUS_INVALID_DEVICE_STATE);
    CHECK_EQ(wait_wake(uart, &first, PowerSystemSleeping3), STATUS_PENDING);
    CHECK_EQ(wait_wake(uart, &second, PowerSystemSleeping3), STATUS_DEVICE_BUSY);
    CHECK(!first.done);
    CHECK_EQ(signal_wake(uart, DEVICETREE_IOCTL_WAKE), STATUS_SUCCESS);
    CHECK(first.done);
    CHECK_EQ(first.irp.IoStatus.Status, STATUS_SUCCESS);
    CHECK_EQ(kit_wakes, wakes + 1);
    CHECK_EQ(wait_wake(uart, &first, PowerSystemSleeping3), STATUS_PENDING);
    CHECK(KitCancel(&first));
    CHECK_EQ(first.irp.IoStatus.Status, STATUS_CANCELLED);
    CHECK_EQ(wait_wake(uart, &first, PowerSystemSleeping3), STATUS_PENDING);
    KitInitIrp(&second, IRP_MJ_PNP, IRP_MN_SURPRISE_REMOVAL);
    CHECK_EQ(KitSend(uart, &second), STATUS_SUCCESS);
    CHECK_EQ(first.irp.IoStatus.Status, STATUS_CANCELLED);
    CHECK_EQ(kit_wakes, wakes + 1);
    CHECK_EQ(tear_down(), 0u);
}

TEST(capabilities_say_what_a_device_keeps_and_what_it_wakes_from)
{
    struct kit_irp irp;
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof capabilities, .Version = 1};
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
    location->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    CHECK_EQ(KitSend(child(L"DT\\ns16550a"), &irp), STATUS_SUCCESS);
    CHECK_EQ(capabilities.DeviceState[PowerSystemWorking], PowerDeviceD0);
    CHECK_EQ(capabilities.DeviceState[PowerSystemSleeping3], PowerDeviceD0);
    CHECK_EQ(capabilities.DeviceState[PowerSystemShutdown], PowerDeviceD3);
    CHECK_EQ(capabilities.SystemWake, PowerSystemSleeping3);
    CHECK_EQ(capabilities.DeviceWake, PowerDeviceD3);
    CHECK_EQ(tear_down(), 0u);
}

static ULONG count_type(PCM_PARTIAL_RESOURCE_DESCRIPTOR all, ULONG count, UCHAR type)
{
    ULONG found = 0;
    for (ULONG i = 0; i < count; i++)
        found += all[i].Type == type;
    return found;
}

TEST(the_host_bridge_gets_windows_and_interrupt_map)
{
    ULONG count;
    ULONGLONG start;
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    PCM_RESOURCE_LIST list = ask(child(L"DT\\pci-host-ecam-generic"), IRP_MN_QUERY_RESOURCES, 0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR r = PdoDescriptors(list, &count);
    CHECK_EQ(count, 17u);
    CHECK_EQ(PdoRange(&r[0], &start), 0x10000000u);
    CHECK_EQ(start, 0x30000000u);
    CHECK_EQ(r[1].u.BusNumber.Length, 256u);
    CHECK_EQ(r[2].Type, CmResourceTypePort);
    CHECK_EQ(r[2].u.Port.Length, 0x10000u);
    CHECK_EQ(r[4].Type, CmResourceTypeMemoryLarge);
    CHECK_EQ(PdoRange(&r[4], &start), 0x400000000u);
    CHECK_EQ(count_type(r, count, CmResourceTypeInterrupt), 4u);
    CHECK_EQ(r[9].u.DevicePrivate.Data[0], DEVICETREE_WINDOW);
    CHECK_EQ(r[9].u.DevicePrivate.Data[1], 0x3000000u);
    CHECK_EQ(r[12].u.DevicePrivate.Data[0], DEVICETREE_INTX_MASK | 0x1800u);
    CHECK_EQ(r[14].u.DevicePrivate.Data[0], DEVICETREE_INTX | 0x800u);
    CHECK_EQ(r[14].u.DevicePrivate.Data[1], 33u | 34u << 16);
    CHECK_EQ(r[14].u.DevicePrivate.Data[2], 35u | 32u << 16);
    ExFreePool(list);
    CHECK_EQ(tear_down(), 0u);
}

TEST(properties_can_be_read)
{
    struct kit_irp irp;
    ULONG words[64] = {};
    CHECK_EQ(bring_up(sizeof tree), STATUS_SUCCESS);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_READ_CONFIG);
    location->Parameters.ReadWriteConfig.WhichSpace = DEVICETREE_WHICHSPACE_PROPERTIES;
    location->Parameters.ReadWriteConfig.Buffer = words;
    location->Parameters.ReadWriteConfig.Length = sizeof words;
    CHECK_EQ(KitSend(child(L"DT\\ns16550a"), &irp), STATUS_SUCCESS);
    CHECK_EQ(irp.irp.IoStatus.Information, words[0]);
    location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_READ_CONFIG);
    location->Parameters.ReadWriteConfig.WhichSpace = 0;
    CHECK_EQ(KitSend(child(L"DT\\ns16550a"), &irp), STATUS_NOT_SUPPORTED);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_damaged_tree_does_not_start)
{
    CHECK_EQ(bring_up(sizeof tree - 8), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK_EQ(tear_down(), 0u);
    tree[0] ^= 1;
    CHECK_EQ(bring_up(sizeof tree), STATUS_DEVICE_CONFIGURATION_ERROR);
    tree[0] ^= 1;
    CHECK_EQ(tear_down(), 0u);
}
