// SPDX-License-Identifier: MIT
//
// What the parts of the strict kit share.
#pragma once

#include <wdm.h>

struct kit_state {
    KIRQL irql;
    unsigned locks_held, dpc_count;
    LONG pool_blocks, mappings, lists, buffers, adapters;
};
extern struct kit_state kit;

// Ends the process with the rule's name unless it holds.
VOID KitRule(BOOLEAN holds, const char *name);

// Forget the devices, the interrupt, the mappable ranges; each returns how many there were.
ULONG KitForgetDevices(VOID);
ULONG KitForgetInterrupt(VOID);
ULONG KitForgetMemory(VOID);

// What was queued at a raised IRQL.
VOID KitRunWork(VOID);
