// SPDX-License-Identifier: MIT
/*
 * A tree for tests of operations: the root, a bus, and up to four devices with a stack of up to
 * three drivers, whose answers a test chooses by minor code. The trace has TASK:MINOR of what a
 * stack was sent first.
 */
#ifndef PNP_DEVICES_H
#define PNP_DEVICES_H

#include "machine.h"

enum { BUS = 20, FUNC = 21, LOW = 22, UP = 23, OTHER = 24, SELF = 6 };

extern ash_word root_pdo, children[4];
extern unsigned child_count;
extern struct pnp_node *root, *device; /* device: the first child */
extern bool with_filters, with_restarts;
struct behaviour {
    ash_status status;
    bool hangs;
};
extern struct behaviour behaviour[256]; /* of the function driver, by minor code */
extern ash_status eject_status;
extern uint8_t capabilities;  /* second byte of the flags of a child's DEVICE_CAPABILITIES */
extern bool with_iommu;       /* the last child is the IOMMU, the others are PCI functions */
extern bool deaf;             /* the bus knows no PNP_MN_QUIESCE_DEVICE */
extern uint8_t lying_address; /* not 0: the function driver puts that into its device's Address */
extern ash_word related, state_flags;

void clear(void);
void boot(unsigned count);
void start(unsigned count); /* clear, defaults, boot */
void start_with_filters(void);
void add_inf(const char *path, const char *service, const char *hardware, const char *more);
/* Asks for an operation with cookie 7, with a fresh trace. */
void operate(enum ash_pnp_operation kind, struct pnp_node *node);

#endif
