// SPDX-License-Identifier: MIT
/*
 * What a Frame or PageTable capability records about its one mapping, and the two halves of mapping
 * a Frame. data = address | mapped bit, extra = number and generation of the VSpace or IoSpace
 * (vspace.h). The record may be older than the tables: the mapping is there if the entry still
 * leads to the capability's memory.
 */
#ifndef KERNEL_OBJECT_MAPPING_H
#define KERNEL_OBJECT_MAPPING_H

#include "object/vspace.h"

struct invocation;

void mapping_record(struct capability *cap, const struct vspace *vspace, uint64_t address);
bool mapping_present(const struct capability *cap);
uint64_t mapping_address(const struct capability *cap);
/* The VSpace or IoSpace it was mapped in, or null if that is gone. */
struct vspace *mapping_vspace(const struct capability *cap);

/* The VSpace or IoSpace that is capability argument 0, or null; then the detail of SOURCE is set.
 */
struct vspace *mapping_target(struct invocation *call);

/* Maps a Frame: ASH_OK, or why not. */
unsigned mapping_make(struct capability *cap, struct invocation *call, struct vspace *vspace,
                      uint64_t address, uint64_t rights);
/* The same in two halves, for many at once. May this Frame be mapped so? ASH_OK and the entry, or
 * why not. Changes nothing. */
unsigned mapping_decode(const struct capability *cap, struct invocation *call,
                        struct vspace *vspace, uint64_t address, uint64_t rights, pte **entry);
/* Maps it. */
void mapping_commit(struct capability *cap, struct vspace *vspace, uint64_t address,
                    uint64_t rights, pte *entry);
/* Clears the entry of a recorded mapping; false if it was gone. Translations of it may live on. */
bool mapping_clear(const struct capability *cap);
/* The capability has no mapping any more. */
void mapping_forget(struct capability *cap);

#endif
