// SPDX-License-Identifier: MIT
//
// toastbus: the bus driver. A slot's PDO lives from the moment a toaster is plugged in until it is
// gone *and* the PnP manager has been told so *and* has removed it: only then is it deleted.
#ifndef SAMPLE_TOASTER_BUS_H
#define SAMPLE_TOASTER_BUS_H

#include "../toaster.h"
#include "pdo.h"

// Both kinds of device object begin with what tells them apart.
typedef struct _COMMON_EXTENSION {
    PDEVICE_OBJECT Self;
    BOOLEAN IsBus;
} COMMON_EXTENSION;

typedef struct _BUS_EXTENSION {
    COMMON_EXTENSION Common;
    PDEVICE_OBJECT Lower;
    PDEVICE_OBJECT Physical;
    IO_REMOVE_LOCK RemoveLock;
    UNICODE_STRING Interface;
    BOOLEAN Started;
    FAST_MUTEX Mutex;                   // guards what follows
    PDEVICE_OBJECT Slot[TOASTER_SLOTS]; // a PDO, or NULL
} BUS_EXTENSION, *PBUS_EXTENSION;

typedef struct _SLOT_EXTENSION {
    COMMON_EXTENSION Common;
    PBUS_EXTENSION Bus;
    ULONG Number;    // of the slot, from 1 on
    BOOLEAN Present; // the toaster is in the slot
    BOOLEAN Missing; // the PnP manager has been told that it is not
} SLOT_EXTENSION, *PSLOT_EXTENSION;

// slot.c
NTSTATUS SlotPlugIn(PBUS_EXTENSION bus, ULONG number);
NTSTATUS SlotUnplug(PBUS_EXTENSION bus, ULONG number);
NTSTATUS SlotEject(PBUS_EXTENSION bus, ULONG number);
VOID SlotDeleteAll(PBUS_EXTENSION bus);
// Adds the toasters that are there to the relations; notes which the PnP manager will miss.
NTSTATUS SlotRelations(PBUS_EXTENSION bus, PIRP irp);

// slot_pnp.c: IRP_MJ_PNP of a slot's PDO
NTSTATUS SlotPnp(PDEVICE_OBJECT device, PIRP irp);

// bus_pnp.c: IRP_MJ_PNP of the bus
NTSTATUS BusPnp(PDEVICE_OBJECT device, PIRP irp);

#endif
