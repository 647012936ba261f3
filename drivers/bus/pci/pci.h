// SPDX-License-Identifier: MIT
//
// The PCI bus driver's device objects. The FDO sits on DT\pci-host-ecam-generic and owns the
// fabric: every function below the host bridge, bridges included, and the mapped parts of
// configuration space. Each function that is no bridge, and each port with a hot-plug slot, is a
// PDO. The fabric's records live as long as the FDO is started, and so do the PDOs that point to
// them, but for those of cards that have left: they go with REMOVE. On the PDO of a port there is a
// second kind of FDO (hotplug.c).
#pragma once

#include "fabric.h"
#include "slot.h"

#include <drivers/message.h>
#include <pdo.h>

#define PCI_TAG            0x49435020u // ' PCI'
#define PCI_FUNCTIONS_MOST 128u
#define PCI_BUSES          256u

enum kind { PCI_HOST, PCI_FUNCTION, PCI_PORT };

struct extension {
    enum kind kind;
};

struct fdo_extension {
    struct extension common;
    PDEVICE_OBJECT self, lower, pdo;
    FAST_MUTEX lock; // serialises configuration space, `started` of the PDOs, and `children`
    struct pci_fabric fabric;
    ULONGLONG ecam_start, ecam_bytes; // where configuration space lies for the harts
    PVOID ecam[PCI_BUSES];            // mapped buses, 1 MiB each, counted from bus_first
    ULONG child_count;
    PDEVICE_OBJECT children[PCI_FUNCTIONS_MOST];
};

struct port_extension;

struct pdo_extension {
    struct extension common;
    BOOLEAN started;
    BOOLEAN listed;              // among the children
    BOOLEAN reported;            // the PnP manager knows it: it ends with REMOVE
    struct port_extension *port; // of a port: its FDO
    PDEVICE_OBJECT self;
    struct fdo_extension *bus;
    struct pci_function *function;
    ULONGLONG table; // of MSI-X, as the hart sees it
    ULONG message_count;
    struct pci_message messages[MESSAGES_MOST]; // that it was started with
};

// Takes the host bridge's resources, enumerates, assigns, and makes the PDOs. On failure nothing is
// left behind. Called again after STOP it only checks that it has been done. PASSIVE_LEVEL, as all
// below.
NTSTATUS HostStart(struct fdo_extension *bus, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated);

// Switches every function off, deletes the PDOs and ends the mappings.
VOID HostRemove(struct fdo_extension *bus);

// --- children.c ---------------------------------------------------------------------------------

// A PDO, if the function is to have one.
NTSTATUS ChildMake(struct fdo_extension *bus, struct pci_function *function);
// Deletes the PDO, which is not listed any more.
VOID ChildGone(struct pdo_extension *child);

// QUERY_DEVICE_RELATIONS.
NTSTATUS HostRelations(struct fdo_extension *bus, PIRP irp);

// What a slot holds, or no longer holds, becomes known to the PnP manager. `port` is an index into
// the fabric's functions. HostFill returns the number of functions that were found.
ULONG HostFill(struct fdo_extension *bus, int port);
VOID HostEmpty(struct fdo_extension *bus, int port);

// Whether a function behind the port is known; the first one's PDO, referenced; NULL: none.
BOOLEAN HostFilled(struct fdo_extension *bus, int port);
PDEVICE_OBJECT HostCard(struct fdo_extension *bus, int port);

// The PDO of a function, or NULL. With the lock held.
struct pdo_extension *HostChild(struct fdo_extension *bus, const struct pci_function *function);

// --- hotplug.c: the FDO of a port with a slot ---------------------------------------------------

NTSTATUS PortAdd(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);
NTSTATUS PortPnp(PDEVICE_OBJECT device, PIRP irp);
PDEVICE_OBJECT PortLower(PDEVICE_OBJECT device);

// EJECT of a function behind the port: its card gets no power any more.
VOID PortEject(struct port_extension *port);

// --- warm.c: what is left to the driver's next task when this one dies --------------------------

VOID WarmKeep(struct fdo_extension *bus);
VOID WarmKeepOne(struct fdo_extension *bus, struct pci_function *function);
VOID WarmForget(struct fdo_extension *bus);
// Takes up the bus that the last task of the driver has left. FALSE: there was none.
BOOLEAN WarmRecall(struct fdo_extension *bus);

// PNP and POWER dispatch of a PDO: complete the IRP.
NTSTATUS DevicePnp(PDEVICE_OBJECT pdo, PIRP irp);
NTSTATUS DevicePower(PDEVICE_OBJECT pdo, PIRP irp);

// --- resource.c: answers that go into the IRP, which the caller completes -----------------------

NTSTATUS ResourcesAnswer(const struct pci_function *function, PIRP irp);
NTSTATUS RequirementsAnswer(const struct pci_function *function, PIRP irp);

// Checks what START_DEVICE gives the function and remembers its messages.
NTSTATUS ResourcesTake(struct pdo_extension *extension, PCM_RESOURCE_LIST raw,
                       PCM_RESOURCE_LIST translated);

// Writes the MSI-X table, if the function has one; it must decode its memory.
BOOLEAN MessagesWrite(const struct pdo_extension *extension);
