// SPDX-License-Identifier: MIT
//
// toast: what a person does with toasters. `toast plug 1`, `toast make 1`, `toast eject 1`, ...
// Devices are found by their interface class, as every program should.
#include "toaster.h"

#include "ash/file.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "pnp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};
static const struct guid bus_class = TOASTER_BUS_CLASS, toaster_class = TOASTER_CLASS;

static ash_status next(const struct guid *class, uint64_t after,
                       struct ash_pnp_interface_reply *interface)
{
    struct ash_pnp_next_interface_request request = {.after = after};
    memcpy(request.guid, class, sizeof(request.guid));
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_NEXT_INTERFACE, &request, sizeof(request),
                                    interface, sizeof(*interface));
    interface->name[sizeof(interface->name) - 1] = '\0';
    return status;
}

/* The first interface of the class with `part` in its name. */
static ash_status open_class(const struct guid *class, const char *part, struct ash_file **file)
{
    struct ash_pnp_interface_reply interface = {0};
    ash_status status;
    while (ash_success(status = next(class, interface.id, &interface)) &&
           status != STATUS_NO_MORE_ENTRIES)
        if (strstr(interface.name, part) != nullptr)
            return ash_open(interface.name, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN,
                            0, file);
    return STATUS_NO_SUCH_DEVICE;
}

static ash_status open_toaster(unsigned slot, struct ash_file **file)
{
    char part[8];
    snprintf(part, sizeof(part), "#%02u#", slot);
    return open_class(&toaster_class, part, file);
}

static ash_status ask_bus(uint32_t code, unsigned slot)
{
    struct ash_file *bus;
    const TOASTER_SLOT input = {slot};
    size_t done;
    ash_status status = open_class(&bus_class, "", &bus);
    if (!ash_success(status))
        return status;
    status = ash_ioctl(bus, code, &input, sizeof(input), nullptr, 0, &done);
    ash_close(bus);
    return status;
}

/* Whatever is under way in the device tree comes to its end first. */
static void settle(void)
{
    (void)ash_request(ASH_SLOT_PNP, ASH_PNP_SETTLED, nullptr, 0, nullptr, 0);
}

static ash_status make(struct ash_file *toaster)
{
    unsigned slices = 0;
    size_t done;
    ash_status status =
        ash_ioctl(toaster, IOCTL_TOASTER_TOAST, nullptr, 0, &slices, sizeof(slices), &done);
    if (ash_success(status))
        printf("slice %u is done\n", slices);
    return status;
}

static ash_status plug(unsigned slot)
{
    ash_status status = ask_bus(IOCTL_TOASTER_PLUG_IN, slot);
    settle();
    return status;
}

static ash_status unplug(unsigned slot)
{
    ash_status status = ask_bus(IOCTL_TOASTER_UNPLUG, slot);
    settle();
    return status;
}

static ash_status eject(unsigned slot)
{
    ash_status status = ask_bus(IOCTL_TOASTER_EJECT, slot);
    settle();
    return status;
}

static ash_status make_one(unsigned slot)
{
    struct ash_file *toaster;
    ash_status status = open_toaster(slot, &toaster);
    if (!ash_success(status))
        return status;
    status = make(toaster);
    ash_close(toaster);
    return status;
}

/* With the toaster open: its button is pressed (it stays), then it is pulled out (it goes, and the
 * handle gets errors until it is closed). */
static ash_status surprise(unsigned slot)
{
    struct ash_file *toaster;
    ash_status status = open_toaster(slot, &toaster);
    if (ash_success(status))
        status = eject(slot);
    if (ash_success(status))
        status = make(toaster);
    if (ash_success(status))
        status = unplug(slot);
    if (!ash_success(status))
        return status;
    ash_status gone = make(toaster);
    printf("pulled out while open: 0x%08x\n", (unsigned)gone);
    ash_close(toaster);
    settle();
    return ash_success(gone) ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static ash_status list(unsigned)
{
    struct ash_pnp_interface_reply interface = {0};
    unsigned count = 0;
    settle();
    while (next(&toaster_class, interface.id, &interface) == STATUS_SUCCESS) {
        printf("%s\n", interface.name);
        count++;
    }
    printf("%u toasters\n", count);
    return STATUS_SUCCESS;
}

static bool listed(unsigned slot)
{
    struct ash_pnp_interface_reply interface = {0};
    char part[8];
    snprintf(part, sizeof(part), "#%02u#", slot);
    while (next(&toaster_class, interface.id, &interface) == STATUS_SUCCESS)
        if (strstr(interface.name, part) != nullptr)
            return true;
    return false;
}

/* Waits until there is no such toaster: when a driver dies that takes a moment. */
static ash_status gone(unsigned slot)
{
    for (unsigned i = 0; listed(slot); i++) {
        if (i == 100000)
            return STATUS_IO_TIMEOUT;
        ash_yield();
    }
    settle();
    return STATUS_SUCCESS;
}

static const struct {
    const char *name;
    ash_status (*run)(unsigned slot);
} verbs[] = {
    {"plug", plug},         {"unplug", unplug}, {"eject", eject}, {"make", make_one},
    {"surprise", surprise}, {"list", list},     {"gone", gone},
};

int main(int argc, char **argv)
{
    unsigned slot = argc > 2 ? (unsigned)strtoul(argv[2], nullptr, 10) : 0;
    for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        ash_status status = verbs[i].run(slot);
        if (!ash_success(status))
            printf("toast %s: 0x%08x\n", argv[1], (unsigned)status);
        return ash_success(status) ? 0 : 1;
    }
    printf("toast plug|unplug|eject|make|surprise|gone SLOT, toast list\n");
    return 1;
}
