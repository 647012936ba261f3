// SPDX-License-Identifier: MIT
/*
 * Device interfaces that drivers registered: pure bookkeeping, which the driver kit's host tests
 * use too. A registration is never forgotten: it outlives its device and is found again when a
 * device with the same instance path comes back.
 *
 *   name of one:   \??\PCI#VEN_1AF4&DEV_1042#00_01_0#{class guid}          its link
 *   with a reference string:                                   ...}\REF    the link and a rest
 *
 * Names compare without regard to the case of ASCII letters.
 */
#ifndef PNP_INTERFACE_TABLE_H
#define PNP_INTERFACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNP_GUID_BYTES     16u
#define PNP_INTERFACE_NAME 192u

struct pnp_interface {
    struct pnp_interface *next;
    uint64_t id;     /* grows from one to the next, from 1 on */
    uint64_t device; /* the PDO that it belongs to now; 0: the device is not there */
    uint8_t guid[PNP_GUID_BYTES];
    bool enabled;       /* as its driver said last */
    bool published;     /* enabled, and its device is started: it has its link */
    size_t link_length; /* of the name: the part that is the symbolic link */
    char name[PNP_INTERFACE_NAME];
};

/* The reference string may be empty; it must have no separator. */
bool pnp_interface_reference_good(const char *reference);
/* The one that is there already (*existed), or a new one. Null: no memory, or the name is longer
 * than PNP_INTERFACE_NAME allows. */
struct pnp_interface *pnp_interface_register(const uint8_t guid[PNP_GUID_BYTES],
                                             const char *instance, const char *reference,
                                             uint64_t device, bool *existed);
/* By name, with or without its final separator; null: there is none. */
struct pnp_interface *pnp_interface_find(const char *name);
/* The first whose id is above `id`; null behind the last. */
struct pnp_interface *pnp_interface_after(uint64_t id);
/* Another published interface has the same link. */
bool pnp_interface_link_shared(const struct pnp_interface *interface);
/* The link's name, terminated; `to` has PNP_INTERFACE_NAME bytes. */
void pnp_interface_link(const struct pnp_interface *interface, char *to);
void pnp_interface_clear(void); /* forgets all */

#endif
