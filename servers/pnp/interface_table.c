// SPDX-License-Identifier: MIT
/* The table of device interfaces; see interface_table.h. Sorted by id, as they were registered. */
#include "interface_table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUID_TEXT 39u /* {8-4-4-4-12} and its end */

static struct pnp_interface *first;
static uint64_t last_id;

static char fold(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static bool same(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (fold(a[i]) != fold(b[i]))
            return false;
    return true;
}

bool pnp_interface_reference_good(const char *reference)
{
    return strpbrk(reference, "/\\") == NULL;
}

/* The first three parts of a GUID are numbers in the machine's order, the rest is bytes. */
static void guid_text(const uint8_t guid[PNP_GUID_BYTES], char text[GUID_TEXT])
{
    static const uint8_t order[PNP_GUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
    size_t at = 0;
    text[at++] = '{';
    for (unsigned i = 0; i < PNP_GUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        (void)snprintf(text + at, GUID_TEXT - at, "%02x", (unsigned)guid[order[i]]);
        at += 2;
    }
    text[at++] = '}';
    text[at] = '\0';
}

/* False: it does not fit. */
static bool make_name(struct pnp_interface *interface, const char *instance, const char *reference)
{
    char guid[GUID_TEXT];
    guid_text(interface->guid, guid);
    int link = snprintf(interface->name, sizeof(interface->name), "\\??\\%s#%s", instance, guid);
    if (link < 0 || (size_t)link >= sizeof(interface->name))
        return false;
    for (int i = 4; i < link; i++)
        if (interface->name[i] == '\\' || interface->name[i] == '/')
            interface->name[i] = '#';
    interface->link_length = (size_t)link;
    if (*reference == '\0')
        return true;
    size_t room = sizeof(interface->name) - (size_t)link;
    int rest = snprintf(interface->name + link, room, "\\%s", reference);
    return rest >= 0 && (size_t)rest < room;
}

struct pnp_interface *pnp_interface_find(const char *name)
{
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '\\')
        length--;
    for (struct pnp_interface *at = first; at != NULL; at = at->next)
        if (strlen(at->name) == length && same(at->name, name, length))
            return at;
    return NULL;
}

struct pnp_interface *pnp_interface_register(const uint8_t guid[PNP_GUID_BYTES],
                                             const char *instance, const char *reference,
                                             uint64_t device, bool *existed)
{
    struct pnp_interface *interface = calloc(1, sizeof(*interface));
    if (interface == NULL)
        return NULL;
    memcpy(interface->guid, guid, PNP_GUID_BYTES);
    bool fits = make_name(interface, instance, reference);
    struct pnp_interface *old = fits ? pnp_interface_find(interface->name) : NULL;
    *existed = old != NULL;
    if (!fits || old != NULL) {
        free(interface);
        interface = old;
    } else {
        struct pnp_interface **end = &first;
        while (*end != NULL)
            end = &(*end)->next;
        interface->id = ++last_id;
        *end = interface;
    }
    if (interface != NULL)
        interface->device = device;
    return interface;
}

struct pnp_interface *pnp_interface_after(uint64_t id)
{
    struct pnp_interface *at = first;
    while (at != NULL && at->id <= id)
        at = at->next;
    return at;
}

bool pnp_interface_link_shared(const struct pnp_interface *interface)
{
    for (const struct pnp_interface *at = first; at != NULL; at = at->next)
        if (at != interface && at->published && at->link_length == interface->link_length &&
            same(at->name, interface->name, at->link_length))
            return true;
    return false;
}

void pnp_interface_link(const struct pnp_interface *interface, char *to)
{
    memcpy(to, interface->name, interface->link_length);
    to[interface->link_length] = '\0';
}

void pnp_interface_clear(void)
{
    while (first != NULL) {
        struct pnp_interface *next = first->next;
        free(first);
        first = next;
    }
}
