// SPDX-License-Identifier: MIT
//
// The FDO of a PCI Express port with a hot-plug slot. Its PDO is this driver's own. The ISR takes
// what has happened from the slot's status; a work item does what follows, one at a time: it may
// wait for a second. What happens meanwhile has it go round again. A port that interrupts more than
// any card could move is silenced until the work item comes round.
//
// The slot's control register is written by the work item, by EJECT, and by START and STOP, which
// have the turn; and by the ISR to silence the port.
#include "pci.h"

#include "registers.h"

#define SETTLE_MS      100 // from power to the first look (section 6.6.1), and for contacts
#define ANSWER_MS      1000
#define COMMAND_MS     1000
#define COMMAND_STEP   10
#define INTERRUPT_MOST 64 // between two rounds

struct port_extension {
    struct extension common;
    PDEVICE_OBJECT self, lower, pdo;
    struct fdo_extension *bus;
    int index; // among the fabric's functions
    struct pci_slot slot;
    PVOID interrupt;
    ULONG version; // of the connection
    KEVENT turn;   // set: nobody has it
    KDPC dpc;
    PIO_WORKITEM work;
    LONG rounds; // that are still to be gone; 0: the work item is neither queued nor running
    LONG events, interrupts;
    BOOLEAN started, first;
};

static VOID pause(ULONG milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -10000ll * milliseconds};
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static VOID take_turn(struct port_extension *port)
{
    (VOID) KeWaitForSingleObject(&port->turn, Executive, KernelMode, FALSE, NULL);
}

static VOID end_turn(struct port_extension *port)
{
    (VOID) KeSetEvent(&port->turn, IO_NO_INCREMENT, FALSE);
}

// Until the slot has done the last command.
static VOID settle_command(struct port_extension *port)
{
    for (ULONG waited = 0; waited < COMMAND_MS; waited += COMMAND_STEP) {
        if (pci_slot_idle(&port->bus->fabric, &port->slot))
            return;
        pause(COMMAND_STEP);
    }
    DbgPrint("a slot does not complete its commands\n");
    port->slot.completes = false;
}

static VOID power(struct port_extension *port, BOOLEAN on)
{
    pci_slot_power(&port->bus->fabric, &port->slot, on);
    settle_command(port);
}

static VOID listen(struct port_extension *port, BOOLEAN on)
{
    pci_slot_listen(&port->bus->fabric, &port->slot, on);
    settle_command(port);
}

// --- Interrupt ----------------------------------------------------------------------------------

static VOID go_round(struct port_extension *port);

static VOID dpc_routine(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(first);
    UNREFERENCED_PARAMETER(second);
    go_round(context);
}

static BOOLEAN line_interrupt(PKINTERRUPT interrupt, PVOID context)
{
    struct port_extension *port = context;
    UNREFERENCED_PARAMETER(interrupt);
    LONG events = pci_slot_take(&port->bus->fabric, &port->slot) & SLOT_EVENTS;
    if (events == 0)
        return FALSE;
    (VOID) InterlockedOr(&port->events, events);
    if (InterlockedIncrement(&port->interrupts) == INTERRUPT_MOST)
        pci_slot_listen(&port->bus->fabric, &port->slot, false);
    (VOID) KeInsertQueueDpc(&port->dpc, NULL, NULL);
    return TRUE;
}

static BOOLEAN message_interrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(message);
    return line_interrupt(interrupt, context);
}

static NTSTATUS connect(struct port_extension *port)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {.PhysicalDeviceObject = port->pdo,
                         .ConnectionContext.Generic = &port->interrupt,
                         .MessageServiceRoutine = message_interrupt,
                         .ServiceContext = port,
                         .FallBackServiceRoutine = line_interrupt},
    };
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    port->version = parameters.Version;
    return status;
}

static VOID disconnect(struct port_extension *port)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {.Version = port->version,
                                                     .ConnectionContext.Generic = port->interrupt};
    if (port->interrupt)
        IoDisconnectInterruptEx(&parameters);
    port->interrupt = NULL;
}

// --- What follows -------------------------------------------------------------------------------

static uint16_t take(struct port_extension *port)
{
    uint16_t status = pci_slot_take(&port->bus->fabric, &port->slot);
    return (uint16_t)(status | InterlockedExchange(&port->events, 0));
}

static BOOLEAN answers(struct port_extension *port)
{
    struct fdo_extension *bus = port->bus;
    uint16_t bdf = (uint16_t)(bus->fabric.functions[port->index].secondary << 8);
    ExAcquireFastMutex(&bus->lock);
    uint32_t vendor = pci_read(&bus->fabric, bdf, REG_VENDOR, 2);
    ExReleaseFastMutex(&bus->lock);
    return vendor != 0 && vendor != MAXUSHORT;
}

static VOID fill(struct port_extension *port)
{
    power(port, TRUE);
    pause(SETTLE_MS);
    for (ULONG waited = 0; !answers(port) && waited < ANSWER_MS; waited += SETTLE_MS)
        pause(SETTLE_MS);
    uint16_t status = take(port);
    BOOLEAN moved = !(status & SLOT_PRESENT) || status & (SLOT_PRESENCE | SLOT_LATCH);
    ULONG found = moved ? 0 : HostFill(port->bus, port->index);
    pci_slot_filled(&port->slot, found > 0, moved);
    if (port->slot.state != PCI_SLOT_REFUSED)
        return;
    DbgPrint("%02x:%02x.%x: the card in the slot does not answer\n", pci_bus(port->slot.port),
             pci_device(port->slot.port), pci_func(port->slot.port));
    power(port, FALSE);
}

// Those who have it open, or need it, may refuse; then it stays.
static VOID request_eject(struct port_extension *port)
{
    PDEVICE_OBJECT card = HostCard(port->bus, port->index);
    if (!card)
        return;
    IoRequestDeviceEject(card);
    ObDereferenceObject(card);
}

// False: there is nothing more to do.
static BOOLEAN act(struct port_extension *port)
{
    enum pci_slot_action action = pci_slot_next(&port->slot, take(port), port->first);
    port->first = action == PCI_SLOT_CHANGED;
    switch (action) {
    case PCI_SLOT_NOTHING:
        return FALSE;
    case PCI_SLOT_FILL:
        fill(port);
        return TRUE;
    case PCI_SLOT_FAULTED:
        DbgPrint("%02x:%02x.%x: a power fault at the slot\n", pci_bus(port->slot.port),
                 pci_device(port->slot.port), pci_func(port->slot.port));
        [[fallthrough]];
    case PCI_SLOT_EMPTY:
        power(port, FALSE);
        [[fallthrough]];
    case PCI_SLOT_CHANGED:
        HostEmpty(port->bus, port->index);
        return TRUE;
    case PCI_SLOT_EJECT:
        request_eject(port);
        return TRUE;
    }
    return FALSE;
}

static VOID work(PDEVICE_OBJECT device, PVOID context)
{
    struct port_extension *port = context;
    UNREFERENCED_PARAMETER(device);
    LONG rounds;
    do {
        rounds = InterlockedOr(&port->rounds, 0);
        take_turn(port);
        while (port->started && act(port))
            ;
        if (InterlockedExchange(&port->interrupts, 0) >= INTERRUPT_MOST && port->started)
            listen(port, TRUE);
        end_turn(port);
    } while (InterlockedAdd(&port->rounds, -rounds) != 0);
}

static VOID go_round(struct port_extension *port)
{
    if (InterlockedIncrement(&port->rounds) == 1)
        IoQueueWorkItem(port->work, work, DelayedWorkQueue, port);
}

VOID PortEject(struct port_extension *port)
{
    take_turn(port);
    if (port->started && port->slot.state == PCI_SLOT_ON) {
        port->slot.state = PCI_SLOT_OFF;
        power(port, FALSE);
        HostEmpty(port->bus, port->index);
    }
    end_turn(port);
}

// --- Life ---------------------------------------------------------------------------------------

static NTSTATUS begin(struct port_extension *port)
{
    const struct pci_function *function = &port->bus->fabric.functions[port->index];
    pci_slot_open(&port->bus->fabric, function, HostFilled(port->bus, port->index), &port->slot);
    port->events = port->interrupts = 0;
    NTSTATUS status = connect(port);
    if (!NT_SUCCESS(status))
        return status;
    take_turn(port);
    port->started = port->first = TRUE;
    listen(port, TRUE);
    end_turn(port);
    go_round(port);
    return STATUS_SUCCESS;
}

static VOID end(struct port_extension *port)
{
    take_turn(port);
    if (port->started)
        listen(port, FALSE);
    port->started = FALSE;
    end_turn(port);
    disconnect(port);
    KeFlushQueuedDpcs();
    while (InterlockedOr(&port->rounds, 0) != 0)
        pause(COMMAND_STEP);
}

static NTSTATUS start(struct port_extension *port, PIRP irp)
{
    if (!IoForwardIrpSynchronously(port->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    if (NT_SUCCESS(status) && !port->started)
        status = begin(port);
    return PdoComplete(irp, status);
}

static NTSTATUS remove(struct port_extension *port, PIRP irp)
{
    struct pdo_extension *pdo = port->pdo->DeviceExtension;
    end(port);
    pdo->port = NULL;
    IoFreeWorkItem(port->work);
    return FdoRemove(port->self, port->lower, irp);
}

NTSTATUS PortPnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct port_extension *port = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(port, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(port, irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        end(port);
        [[fallthrough]];
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return FdoPassDown(port->lower, irp);
    default:
        return FdoPassDown(port->lower, irp);
    }
}

PDEVICE_OBJECT PortLower(PDEVICE_OBJECT device)
{
    return ((struct port_extension *)device->DeviceExtension)->lower;
}

NTSTATUS PortAdd(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    struct pdo_extension *child = pdo->DeviceExtension;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct port_extension), NULL,
                                     FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct port_extension *port = self->DeviceExtension;
    port->common.kind = PCI_PORT;
    port->self = self;
    port->pdo = pdo;
    port->bus = child->bus;
    port->index = (int)(child->function - child->bus->fabric.functions);
    KeInitializeEvent(&port->turn, SynchronizationEvent, TRUE);
    KeInitializeDpc(&port->dpc, dpc_routine, port);
    port->work = IoAllocateWorkItem(self);
    port->lower = port->work ? IoAttachDeviceToDeviceStack(self, pdo) : NULL;
    if (!port->lower) {
        if (port->work)
            IoFreeWorkItem(port->work);
        IoDeleteDevice(self);
        return STATUS_NO_SUCH_DEVICE;
    }
    child->port = port;
    self->Flags |= port->lower->Flags & (DO_POWER_PAGABLE | DO_POWER_INRUSH);
    self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
