// SPDX-License-Identifier: MIT
/*
 * The I/O manager: driver, device and file objects, opening, access, routing, cancellation, the
 * ledger, mounting, drive letters. Everything here is control; data travels through links.
 *
 * Ids: devices, drivers and files have 64-bit ids that are not reused.
 *
 * A driver's life: ASH_IO_LOAD_DRIVER (by pnp) spawns its task; the task calls ASH_IO_REGISTER,
 * runs DriverEntry, reports ASH_IO_INITIALIZED. When it dies and is not kept (ASH_IO_KEEP_DRIVER),
 * every request it owed is completed with STATUS_DEVICE_REMOVED (kill, crash) or
 * STATUS_UNSUCCESSFUL where it broke the protocol, its devices are marked failed, opens of them
 * fail with STATUS_NO_SUCH_DEVICE, and pnp gets an event.
 *
 * Mounting: opening a path on a device of type FILE_DEVICE_DISK that has a VPB (volume), with a
 * rest of the path or for mounting, sends MOUNT_VOLUME to each registered file system in turn;
 * the first that succeeds gets the opens. Volumes get drive letters from C: when they mount.
 *
 * When a client dies its outstanding requests are cancelled, its files cleaned up and closed.
 *
 * Doorbells. The Notifications given to REGISTER and CLIENT must be unbadged. A doorbell of link L
 * signals bit L mod 32; bits 32 to 63 are never signalled by doorbells and are the task's own.
 *
 * A new link may be used as soon as the requester has it: the answerer, told by LINK_ADDED, looks
 * at the ring once when it accepts it. A FILE link's first request comes after its LINK_ADDED was
 * answered. Attaching (and opening links) is allowed only for devices in whose stack the caller has
 * or is just getting a device: io reads from the ledger that ADD_DEVICE or MOUNT_VOLUME is owed.
 *
 * When io ends a link (answerer dead, protocol broken) it stores the status in answers.ended,
 * answers what was owed, and rings the requester. The memory stays until the requester is gone or
 * has let go of it, so a requester may read it at any time.
 *
 * A control request that a driver does not answer within ASH_IO_DEADLINE_MS fails for the caller
 * with STATUS_IO_TIMEOUT; it stays in the ledger until the driver answers or dies.
 */
#ifndef ABI_IO_H
#define ABI_IO_H

#include "irp.h"

#define ASH_IO_DEADLINE_MS 20000u

/* A kept driver that owes an answer is asked whether its dispatch thread still comes round: by the
 * bit of its completions Notification, which no doorbell has, and `probe` of the control link,
 * which it copies to `probed`. It is ended when it has not done so twice in so long. */
#define ASH_IO_PROBE_MS 2000u
#define ASH_BIT_PROBE   60u

enum ash_io_op {
    /* Drivers. Every capability in a reply goes where the IPC buffer's receive path says. */
    ASH_IO_REGISTER = 1,       /* c0: Notification for completions (write right) -> link_reply: the
                                  control link + c0: doorbell of io, c1: Notification for requests,
                                  which outlives the task, so that the doorbells of those who wait for
                                  it stay good. Also by pnp (instead of CLIENT), which answers for the
                                  root device as driver PnpManager; it brings that Notification, c1 */
    ASH_IO_INITIALIZED = 2,    /* status_request: DriverEntry's result */
    ASH_IO_CREATE_DEVICE = 3,  /* create_device_request -> device_reply */
    ASH_IO_UPDATE_DEVICE = 4,  /* update_device_request: Flags etc. as they stand now */
    ASH_IO_DELETE_DEVICE = 5,  /* device_request */
    ASH_IO_ATTACH = 6,         /* attach_request -> attach_reply + c0: doorbell of the lower driver
                                  (no capability and link.link 0 if it is in the caller's own task) */
    ASH_IO_DETACH = 7,         /* device_request: what is attached above this device is detached */
    ASH_IO_CREATE_SYMLINK = 8, /* symlink_request: target must lie in \Device and be the caller's;
                                  pnp's links (device interfaces) may lead to anybody's device */
    ASH_IO_DELETE_SYMLINK = 9, /* symlink_request (target ignored). pnp's too */
    ASH_IO_REGISTER_FILE_SYSTEM = 10, /* device_request */
    ASH_IO_LINK_OPEN = 11, /* device_request -> attach_reply + c0. To a device the caller was asked
                              to mount, or was attached to */
    ASH_IO_LINK_ACCEPT = 12,     /* link_request -> c0: doorbell of the requester */
    ASH_IO_PROTOCOL_ERROR = 13,  /* link_request: the peer broke the rules of the link */
    ASH_IO_DEVICE_INFO = 14,     /* device_request -> device_info_reply */
    ASH_IO_INVALIDATE_FILE = 15, /* file_request: the caller's file, and all that were opened at its
                                    path or below, are there no more: the driver's next task is
                                    not to open them again */
    ASH_IO_REFERENCE_HANDLE = 16, /* reference_request -> ash_ob_duplicate_reply: what a handle of
                                     the requester is, as a handle of the caller. Only while the
                                     caller owes the answer for that slot of a FILE link; else
                                     STATUS_INVALID_HANDLE */

    ASH_IO_EXHAUSTED = 17, /* by a driver: it got no more memory. A kept one that has used up all
                              but a sixteenth of its limit is ended with that reason */

    ASH_IO_KEEP_STATE = 18, /* keep_state_request -> keep_state_reply: memory of the caller's device
                               that its next task finds as this one leaves it. Zero at first, and
                               again if a task that had inherited it died before it was resumed.
                               Asked for again: the same. INVALID_PARAMETER: more than
                               ASH_IO_STATE_BYTES, or not whole pages */

    /* Clients (applications). */
    ASH_IO_CLIENT = 24, /* c0: Notification for completions (write right). Once, before the first
                            open; also by pnp and power before MANAGER_LINK */
    ASH_IO_OPEN = 25,   /* open_request -> open_reply (+ c0: doorbell of the driver if new_link) */
    ASH_IO_CLOSE = 26,  /* file_request: CLEANUP and CLOSE are sent; returns when both are done */
    ASH_IO_MOUNTS = 27, /* index_request -> mount_reply: drive letters and volumes. Answers when
                            no mount is under way */

    ASH_IO_OWED = 28, /* somebody who has submitted a request on a link that was `unwatched`
                         (abi/link.h) wants its answerer held to its time */

    /* Looking (any client). */
    ASH_IO_LEDGER = 32, /* index_request -> ledger_reply: one unanswered request; NO_MORE_ENTRIES */
    ASH_IO_DEVICES = 33, /* index_request -> device_state_reply */
    ASH_IO_DRIVERS = 34, /* index_request -> driver_state_reply */

    /* Verifying drivers. */
    ASH_IO_VERIFY = 40,   /* verify_request: from its next load the driver of that name is verified
                             with these options; none: no more. Not for drivers */
    ASH_IO_VERIFIED = 41, /* index_request -> verify_request: what is set; NO_MORE_ENTRIES */

    /* Plug and play, power. */
    ASH_IO_LOAD_DRIVER =
        48, /* load_driver_request -> driver_reply; the event tells when it is ready */
    ASH_IO_UNLOAD_DRIVER = 49, /* driver_request: the event tells when it is gone. DEVICE_BUSY: a
                                  file of its devices is open, or closed while it owes requests of
                                  it, or another driver is attached above them;
                                  INVALID_DEVICE_REQUEST: it has no DriverUnload */
    ASH_IO_MANAGER_LINK =
        50, /* manager_link_request -> attach_reply + c0: a PNP link for pnp, POWER for power */
    ASH_IO_STACK = 51, /* device_request -> stack_reply: the stack this device belongs to */
    ASH_IO_WATCH = 52, /* c0: Notification signalled when an event waits */
    ASH_IO_EVENT = 53, /* -> event_reply; STATUS_NO_MORE_ENTRIES */
    ASH_IO_VOLUME_ARRIVED =
        54, /* device_request: by pnp after a volume started: mount it, give it a letter */
    ASH_IO_FLUSH_ALL = 55, /* by power before shutdown: flush every mounted volume, SHUTDOWN IRPs */
    ASH_IO_FILES = 56,     /* device_request -> files_reply: how many files are open on the stack of
                              this device and on what is mounted there. If any: EVENT_FILES_CLOSED
                              comes when the last of them has been closed */
    ASH_IO_KEEP_DRIVER = 57, /* keep_request: when this driver dies, its devices, their names, files
                                and links wait for its next task, and so does what it owes, as
                                docs/restart-contract.md says; or (keep 0) no more. The next task
                                gets a device of the dead one by creating it again: of the same name
                                and type, or, unnamed, the next of that type. limit_ms: it may owe
                                what can be done twice for so long, a flush four times; 0: for
                                ever */
    ASH_IO_RESUME_DRIVER = 58,  /* driver_request: its new task has made them again and gets their
                                   files (CREATE), then their links. What it has not made fails */
    ASH_IO_GIVE_UP_DRIVER = 59, /* driver_request: there will be no such task: they fail now */
    ASH_IO_DRAIN_DRIVER = 60,   /* drain_request: its task takes no more requests and is ended when
                                   it owes none, or after limit_ms; returns at once. If it is kept
                                   what it has not taken stays owed, whatever it is */
    ASH_IO_RECOVER_DEVICE = 61, /* recover_device_request: says of a device of the dead task, and of
                                   its devices that stood on that one, whether the next task makes
                                   them now. Several devices of a driver do not get mixed up so */
};

enum ash_io_recover {
    ASH_IO_RECOVER_NOW = 0,   /* who creates such a device gets that one */
    ASH_IO_RECOVER_LATER = 1, /* not now */
    ASH_IO_RECOVER_NEVER = 2, /* it was made again, but something else is there: it fails at RESUME,
                                 and what is owed by it ends with STATUS_DEVICE_REMOVED */
};

enum ash_io_event_kind {
    ASH_IO_EVENT_DRIVER_READY = 1, /* status: DriverEntry's */
    ASH_IO_EVENT_DRIVER_DIED = 2,  /* status: why; devices of it are failed */
    ASH_IO_EVENT_DRIVER_UNLOADED = 3,
    ASH_IO_EVENT_FILES_CLOSED = 4, /* driver: the id of the device that ASH_IO_FILES asked about */
};

struct ash_io_status_request {
    ash_word status, has_add_device, has_unload;
};
struct ash_io_create_device_request {
    ash_word device_type, characteristics, flags, exclusive,
        physical;   /* physical: a PDO of a bus */
    char name[128]; /* full path, or empty */
};
struct ash_io_device_reply {
    ash_word device;
};
struct ash_io_device_request {
    ash_word device;
};
struct ash_io_update_device_request {
    ash_word device, flags, alignment, stack_size, sector_size, characteristics, has_vpb;
};
#define ASH_IO_STATE_BYTES 65536u
struct ash_io_keep_state_request {
    ash_word device, bytes;
};
struct ash_io_keep_state_reply {
    ash_word address, inherited; /* inherited: a task before this one had it, with as many bytes */
};
struct ash_io_attach_request {
    ash_word source, target;
};
struct ash_io_attach_reply {
    struct ash_device_info lower;
    struct ash_link_info link;
};
struct ash_io_link_reply {
    struct ash_link_info link;
};
struct ash_io_device_info_reply {
    struct ash_device_info info;
};
struct ash_io_link_request {
    ash_word link;
};
struct ash_io_reference_request {
    ash_word link, slot, handle;
};
struct ash_io_symlink_request {
    char name[192];
    char target[128];
};

/* In options, with a path that names a device and nothing behind it: the file is the device's own,
 * as with IoCreateFileSpecifyDeviceObjectHint. Requests do not pass what is attached above it, and
 * no volume is mounted. */
#define ASH_IO_OPEN_UNATTACHED 0x20000000u
struct ash_io_open_request {
    ash_word access, share, disposition, options, attributes; /* as ZwCreateFile */
    char path[ASH_STRING]; /* C:\dir\file, \Device\X\file, \DosDevices\... */
};
struct ash_io_open_reply {
    ash_word file;
    ash_word information; /* FILE_OPENED, FILE_CREATED, ... */
    ash_word new_link;    /* 1: link is new to the caller and a doorbell came along */
    struct ash_link_info link;
    struct ash_device_info device; /* the top of the stack that answers */
};
static_assert(sizeof(struct ash_io_open_reply) <= 64 * 8);
struct ash_io_file_request {
    ash_word file;
};

struct ash_io_index_request {
    ash_word index;
};
struct ash_io_mount_reply {
    ash_word letter, volume, mounted;
    char volume_name[64], file_system[64];
};
struct ash_io_ledger_reply {
    ash_word link, slot, requester, answerer, device, file, major, minor, length, offset;
    ash_word submitted; /* `rdtime` */
    char device_name[64], requester_name[32], answerer_name[32];
};
struct ash_io_device_state_reply {
    struct ash_device_info info;
    ash_word attached_above, attached_below, physical, failed, files;
};
struct ash_io_driver_state_reply {
    ash_word driver, task, state, devices,
        status; /* state: 0 loading 1 ready 2 failed 3 unloaded */
    char name[32], image[64];
};

#define ASH_IO_CODES 32u
struct ash_io_keep_request {
    ash_word driver, keep, limit_ms, codes; /* `codes` control codes may be done twice */
    uint32_t code[ASH_IO_CODES];
};
static_assert(sizeof(struct ash_io_keep_request) == 160);
struct ash_io_drain_request {
    ash_word driver, limit_ms;
};
struct ash_io_recover_device_request {
    ash_word driver, device, when; /* enum ash_io_recover */
};
struct ash_io_load_driver_request {
    ash_word priority, quota_pages;
    char name[32];
    char image[64];
};
/* Options as libddk/vf/vf.h has them, zero-terminated; the driver gets them as its first argument,
 * "verify=OPTIONS". The kernel command line may have them for all drivers from the start:
 * ashlar.verify="NAME OPTIONS;NAME OPTIONS". */
#define ASH_IO_VERIFY_OPTIONS 96u
struct ash_io_verify_request {
    char name[32];
    char options[ASH_IO_VERIFY_OPTIONS];
};
struct ash_io_driver_reply {
    ash_word driver, task;
};
struct ash_io_driver_request {
    ash_word driver;
};
struct ash_io_manager_link_request {
    ash_word driver;
};
#define ASH_IO_STACK_MAX 8u
struct ash_io_stack_reply { /* top first */
    ash_word count;
    struct {
        ash_word device, driver, flags;
    } entry[ASH_IO_STACK_MAX];
};
struct ash_io_files_reply {
    ash_word count;
    ash_word mounted; /* 1: a file system has mounted a device of the stack */
};
struct ash_io_event_reply {
    ash_word kind, driver, task, status;
    char name[32];
};

#endif
