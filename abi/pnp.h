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
        2, /* interrupt_request, c0: Notification (write) -> interrupt_reply, c0: Irq, bound.
              vector is one of the translated interrupts of the PDO's resources; of MSI, which has
              one for all of its messages, that one or those of the others behind it */
    ASH_PNP_DISCONNECT_INTERRUPT = 3, /* interrupt_request: the Irq capability is revoked */
    ASH_PNP_STORM = 27, /* interrupt_request: the device does nothing but interrupt. It is cut off,
                           and its driver (the caller) ended, if others are connected to the line;
                           else STATUS_NOT_FOUND: holding it back hurts nobody else */
    ASH_PNP_PROPERTY = 4,           /* property_request -> property_reply: IoGetDeviceProperty */
    ASH_PNP_DEVICE_STATE = 5,       /* relations_request: IoInvalidateDeviceState */
    ASH_PNP_REGISTER_INTERFACE = 6, /* interface_request -> interface_reply. device: a PDO in
                                       whose stack the caller is, or is being added to.
                                       STATUS_OBJECT_NAME_EXISTS: it was registered before */
    ASH_PNP_SET_INTERFACE = 7,      /* set_interface_request: IoSetDeviceInterfaceState */
    ASH_PNP_NEXT_INTERFACE = 8,     /* next_interface_request -> interface_reply: the one after
                                       `after`, by id; STATUS_NO_MORE_ENTRIES */
    ASH_PNP_NEXT_EVENT = 9,         /* event_request -> event_reply: the event after `after`; waits
                                       for it. ~0: answers at once with the number of the last */

    ASH_PNP_WATCH_TARGET = 10,  /* watch_target_request -> watch_target_reply: the caller wants
                                   EVENT_QUERY_REMOVE of the stack's PDO, or no longer. Counted */
    ASH_PNP_ANSWER_EVENT = 11,  /* answer_event_request: to EVENT_QUERY_REMOVE */
    ASH_PNP_REPORT_CHANGE = 12, /* report_change_request: EVENT_CUSTOM. Of a stack that the caller
                                   is in */
    ASH_PNP_GET_PROPERTY_DATA = 13, /* property_data_request -> property_data_reply */
    ASH_PNP_SET_PROPERTY_DATA = 14, /* property_data_request */
    ASH_PNP_REQUEST_EJECT = 15,     /* relations_request (type ignored): returns at once */
    ASH_PNP_MESSAGE = 26,           /* message_request -> message_reply: the index-th message that
                                       the device was started with. STATUS_NOT_FOUND: it has none;
                                       STATUS_NO_MORE_ENTRIES */
    ASH_PNP_DMA_SETTINGS = 19,      /* dma_settings_request -> dma_settings_reply: what the driver
                                       package says of the DMA of a device whose stack the caller is
                                       in */

    /* Looking (any client). */
    ASH_PNP_NODE = 16,     /* node_request (index in tree order, depth first) -> node_reply */
    ASH_PNP_SETTLED = 17,  /* answers when no enumeration, load or start is under way */
    ASH_PNP_RESOURCE = 18, /* resource_request -> resource_reply */
    ASH_PNP_LOAD = 20,    /* load_request -> load_reply: loads drivers/NAME/NAME of the boot package
                             without a device (it makes its devices in DriverEntry). Answers when
                             DriverEntry has returned, with its status, or when the task has died.
                             Loads a new instance if the one before has died. Not for drivers */
    ASH_PNP_UNLOAD = 21,  /* load_request: unloads a driver that ASH_PNP_LOAD loaded. Answers when
                             its task has ended. OBJECT_NAME_NOT_FOUND: it is not loaded;
                             INVALID_DEVICE_REQUEST: it serves devices of the tree, or has no
                             DriverUnload; DEVICE_BUSY: a file of its devices is open, or another
                             driver is attached above them; DRIVER_PROCESS_TERMINATED: it died in
                             its DriverUnload. Not for drivers */
    ASH_PNP_RESTART = 28, /* restart_request -> restart_reply: a driver that is started again when
                             it dies is started again now, with `image` of the boot package unless
                             that is empty; it gets drain_ms to finish what it has taken. Answers
                             when it works; with DRIVER_UNABLE_TO_LOAD if the new image did not and
                             the one before is back, DEVICE_NOT_READY if its devices have failed.
                             OBJECT_NAME_NOT_FOUND: it is not loaded; OBJECT_PATH_NOT_FOUND: there
                             is no such image; INVALID_DEVICE_REQUEST: it would not be started
                             again; DEVICE_NOT_READY: it is just being. Not for drivers */
    ASH_PNP_OPERATE = 22, /* operate_request -> operate_reply. Answers when it is over; the result
                             is in the reply. Not for drivers */
    ASH_PNP_DMA = 23,     /* node_request (index among the devices that can do DMA; behind them one
                             for devices that no bus driver has found, if the IOMMU has refused any
                             something) -> dma_reply */
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
    ASH_PNP_DISABLED = 8,
    ASH_PNP_REMOVE_PENDING = 9,
    ASH_PNP_STOP_PENDING = 10,
    ASH_PNP_SURPRISE_REMOVED = 11, /* REMOVE waits for open files */
};

/* What a person may ask for. */
enum ash_pnp_operation {
    ASH_PNP_OPERATION_REMOVE = 1,    /* QUERY_REMOVE, REMOVE. A device of no bus ends */
    ASH_PNP_OPERATION_DISABLE = 2,   /* the same; it is not started again until it is enabled */
    ASH_PNP_OPERATION_ENABLE = 3,    /* starts what is removed, disabled, failed */
    ASH_PNP_OPERATION_EJECT = 4,     /* QUERY_REMOVE, REMOVE, then EJECT to the PDO */
    ASH_PNP_OPERATION_REBALANCE = 5, /* QUERY_STOP, STOP, START */
    ASH_PNP_OPERATION_RESCAN = 6,    /* asks for its children again */
    ASH_PNP_OPERATION_ADD = 7,       /* makes a device of no bus: name is its hardware ID */
};

enum ash_pnp_dma {
    ASH_PNP_DMA_NONE = 0,         /* the device does none now */
    ASH_PNP_DMA_NOT_ENFORCED = 1, /* no IOMMU stands before it: it reaches all memory */
    ASH_PNP_DMA_ENFORCED = 2,     /* it reaches what its driver was granted */
    ASH_PNP_DMA_COPIED = 3,       /* as NOT_ENFORCED; the driver gives it copies of what it
                                     transfers: an honest driver's device sees nothing else */
};

/* Who said no (PNP_VETO_TYPE in the documentation of configuration manager). */
enum ash_pnp_veto {
    ASH_PNP_VETO_NONE = 0,
    ASH_PNP_VETO_OUTSTANDING_OPEN = 1, /* files are open */
    ASH_PNP_VETO_DRIVER = 2,           /* a driver of the stack refused, or did not answer */
    ASH_PNP_VETO_TARGET = 3,           /* a driver that has registered for the device refused */
    ASH_PNP_VETO_NON_DISABLEABLE = 4,  /* the device, or one below it */
    ASH_PNP_VETO_ILLEGAL = 5,          /* the device does not support it */
    ASH_PNP_VETO_MOUNTED = 6,          /* a file system that knows no QUERY_REMOVE has mounted it */
};

struct ash_pnp_restart_request {
    char name[32], image[64];
    ash_word drain_ms;
};
struct ash_pnp_restart_reply {
    ash_word task;
};
struct ash_pnp_relations_request {
    ash_word device, type;
};
struct ash_pnp_interrupt_request {
    ash_word device, vector;
};
/* shared: others have the same line; the capability is this manager's, not the kernel's Irq. */
struct ash_pnp_interrupt_reply {
    ash_word shared;
};
/* ASH_IRQ_ACK at the capability of a shared interrupt: whether it was the caller's device's. */
struct ash_pnp_ack_request {
    ash_word claimed;
};
struct ash_pnp_message_request {
    ash_word device, index;
};
/* vector: for CONNECT_INTERRUPT. The device writes data (32 bits) at address to raise it. */
struct ash_pnp_message_reply {
    ash_word count, vector, address, data, affinity;
};
#define ASH_PNP_DEVICE_IRQL 8u /* DIRQL of every device, in translated resources */
struct ash_pnp_dma_settings_request {
    ash_word device;
};
/* copying: the copying pool, where nothing confines the device. map_registers 0: as needed. */
struct ash_pnp_dma_settings_reply {
    ash_word copying, map_registers;
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
    ASH_PNP_EVENT_ARRIVAL = 1,      /* an interface was enabled and its device is started */
    ASH_PNP_EVENT_REMOVAL = 2,      /* ... was disabled, or its device went */
    ASH_PNP_EVENT_REMOVED = 3,      /* a PDO: its device was removed, expected or not */
    ASH_PNP_EVENT_QUERY_REMOVE = 4, /* a PDO, to those who watch it: ANSWER_EVENT, soon */
    ASH_PNP_EVENT_REMOVE_CANCELLED = 5,
    ASH_PNP_EVENT_CUSTOM = 6, /* a PDO, guid, data: of a driver in its stack (task) */
};
struct ash_pnp_event_request {
    ash_word after;
};
#define ASH_PNP_CUSTOM_DATA 192u
struct ash_pnp_event_reply {
    ash_word sequence, kind, device, task;
    unsigned char guid[16];
    union {
        char name[192];
        struct {
            uint32_t name_offset, bytes; /* name_offset ~0: no name in it */
            unsigned char data[ASH_PNP_CUSTOM_DATA];
        } custom;
    };
};
struct ash_pnp_watch_target_request {
    ash_word device, add;
};
struct ash_pnp_watch_target_reply {
    ash_word physical; /* the PDO */
};
struct ash_pnp_answer_event_request {
    ash_word sequence, status;
};
struct ash_pnp_report_change_request {
    ash_word device;
    unsigned char guid[16];
    uint32_t name_offset, bytes;
    unsigned char data[ASH_PNP_CUSTOM_DATA];
};
#define ASH_PNP_PROPERTY_DATA 384u
struct ash_pnp_property_data_request {
    ash_word device;
    unsigned char category[16]; /* DEVPROPKEY */
    uint32_t id, locale;
    uint32_t type, bytes, remove, flags; /* SET; remove: the property is deleted */
    unsigned char data[ASH_PNP_PROPERTY_DATA];
};
struct ash_pnp_property_data_reply {
    uint32_t type, bytes;
    unsigned char data[ASH_PNP_PROPERTY_DATA];
};
struct ash_pnp_operate_request {
    ash_word operation, node; /* node 0: by name */
    char name[96];            /* the instance path, or its beginning or end if that is unique */
};
struct ash_pnp_operate_reply {
    ash_word status, veto, task; /* task: who refused, if known */
    char instance[96];           /* the device that refused */
    char driver[32];
};
struct ash_pnp_node_request {
    ash_word index;
};
struct ash_pnp_node_reply {
    ash_word node, parent, depth, device, driver_task, state, status, resources, restarts;
    ash_word dma;      /* enum ash_pnp_dma */
    char instance[96]; /* e.g. PCI\VEN_1AF4&DEV_1042\00_01_0 */
    char description[64];
    char service[32];
};
/* device: its ID at the IOMMU. faults: how often the IOMMU refused its DMA; address, cause, kind,
 * reason: the last time. lost: how often the IOMMU had no room for a record, of any device.
 * cut_off: refused so often that its bus turned off its DMA, and its driver was ended. */
struct ash_pnp_dma_reply {
    ash_word node, device, state, faults, lost, address, cause, cut_off;
    char instance[96];
    char service[32];
    char location[48];
    char kind[24];
    char reason[64];
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
