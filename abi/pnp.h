// SPDX-License-Identifier: MIT
/*
 * The plug-and-play manager: device nodes, matching hardware ids with the INF files of the boot
 * package, resources, start and removal. It alone holds IrqControl, and tells the memory manager
 * which device memory a driver task may map.
 *
 * A driver may ask only about devices in whose stack it has a device object (STATUS_ACCESS_DENIED).
 */
#ifndef ABI_PNP_H
#define ABI_PNP_H

#include "task.h"

enum ash_pnp_op {
    /* Drivers. */
    ASH_PNP_INVALIDATE_RELATIONS = 1, /* relations_request: returns at once */
    ASH_PNP_CONNECT_INTERRUPT =
        2, /* interrupt_request, c0: Notification (write) -> c0: Irq, bound.
              vector is one of the translated interrupts of the PDO's resources */
    ASH_PNP_DISCONNECT_INTERRUPT = 3, /* interrupt_request: the Irq capability is revoked */
    ASH_PNP_PROPERTY = 4,             /* property_request -> property_reply: IoGetDeviceProperty */
    ASH_PNP_DEVICE_STATE = 5,         /* relations_request: IoInvalidateDeviceState */
    ASH_PNP_REGISTER_INTERFACE = 6,   /* interface_request -> interface_reply. device: a PDO in
                                         whose stack the caller is, or is being added to.
                                         STATUS_OBJECT_NAME_EXISTS: it was registered before */
    ASH_PNP_SET_INTERFACE = 7,        /* set_interface_request: IoSetDeviceInterfaceState */
    ASH_PNP_NEXT_INTERFACE = 8,       /* next_interface_request -> interface_reply: the one after
                                         `after`, by id; STATUS_NO_MORE_ENTRIES */
    ASH_PNP_NEXT_EVENT = 9, /* event_request -> event_reply: the event after `after`; waits
                               for it. ~0: answers at once with the number of the last */

    /* Looking (any client). */
    ASH_PNP_NODE = 16,     /* node_request (index in tree order, depth first) -> node_reply */
    ASH_PNP_SETTLED = 17,  /* answers when no enumeration, load or start is under way */
    ASH_PNP_RESOURCE = 18, /* resource_request -> resource_reply */
    ASH_PNP_LOAD = 20,   /* load_request -> load_reply: loads drivers/NAME/NAME of the boot package
                            without a device (it makes its devices in DriverEntry). Answers when
                            DriverEntry has returned, with its status, or when the task has died.
                            Loads a new instance if the one before has died. Not for drivers */
    ASH_PNP_UNLOAD = 21, /* load_request: unloads a driver that ASH_PNP_LOAD loaded. Answers when
                            its task has ended. OBJECT_NAME_NOT_FOUND: it is not loaded;
                            INVALID_DEVICE_REQUEST: it serves devices of the tree, or has no
                            DriverUnload; DEVICE_BUSY: a file of its devices is open, or another
                            driver is attached above them; DRIVER_PROCESS_TERMINATED: it died in
                            its DriverUnload. Not for drivers */
    /* Power manager. */
    ASH_PNP_ORDER = 24, /* node_request: index in power-down order (children before parents)
                           -> node_reply */
};

enum ash_pnp_state {
    ASH_PNP_UNINITIALIZED = 0,
    ASH_PNP_NO_DRIVER = 1, /* no INF matches */
    ASH_PNP_DRIVER_LOADING = 2,
    ASH_PNP_DEVICE_ADDED = 3,
    ASH_PNP_STARTED = 4,
    ASH_PNP_STOPPED = 5,
    ASH_PNP_REMOVED = 6,
    ASH_PNP_FAILED = 7, /* status says why */
};

struct ash_pnp_relations_request {
    ash_word device, type;
};
struct ash_pnp_interrupt_request {
    ash_word device, vector;
};
struct ash_pnp_property_request {
    ash_word device, property;
}; /* DEVICE_REGISTRY_PROPERTY */
struct ash_pnp_property_reply {
    ash_word bytes;
    unsigned char data[480];
};
struct ash_pnp_interface_request {
    ash_word device;
    unsigned char guid[16]; /* as in memory */
    char reference[128];    /* UTF-8; may be empty */
};
struct ash_pnp_interface_reply {
    ash_word id;
    char name[192]; /* \??\... */
};
struct ash_pnp_set_interface_request {
    ash_word enable;
    char name[192];
};
struct ash_pnp_next_interface_request {
    ash_word after, device; /* device 0: of all */
    ash_word inactive;      /* 1: disabled ones too */
    unsigned char guid[16];
};
/* Events of the device tree. The last ASH_PNP_EVENTS_KEPT are kept; who is slower misses some. */
#define ASH_PNP_EVENTS_KEPT 64u
enum ash_pnp_event_kind {
    ASH_PNP_EVENT_NONE = 0,
    ASH_PNP_EVENT_ARRIVAL = 1, /* an interface was enabled and its device is started */
    ASH_PNP_EVENT_REMOVAL = 2, /* ... was disabled, or its device went */
    ASH_PNP_EVENT_REMOVED = 3, /* a PDO: its device was removed, expected or not */
};
struct ash_pnp_event_request {
    ash_word after;
};
struct ash_pnp_event_reply {
    ash_word sequence, kind, device;
    unsigned char guid[16];
    char name[192];
};
struct ash_pnp_node_request {
    ash_word index;
};
struct ash_pnp_node_reply {
    ash_word node, parent, depth, device, driver_task, state, status, resources, restarts;
    char instance[96]; /* e.g. PCI\VEN_1AF4&DEV_1042\00_01_0 */
    char description[64];
    char service[32];
};
struct ash_pnp_load_request {
    char name[32];
};
struct ash_pnp_load_reply {
    ash_word driver, task;
};
struct ash_pnp_resource_request {
    ash_word node, index;
};
struct ash_pnp_resource_reply {
    ash_word type, start, length, flags;
}; /* CmResourceType... */

#endif
