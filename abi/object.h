// SPDX-License-Identifier: MIT
/*
 * The object manager: the NT namespace. Directories, symbolic links and typed named objects whose
 * body belongs to the manager that inserted them (it is known by `owner` and a 64-bit `cookie`).
 * Names are case-insensitive, components are separated by '\'; '/' is accepted as '\'. `\??` is
 * `\DosDevices`. At start the directories \, \Device, \Driver, \FileSystem, \DosDevices,
 * \Callback, \KernelObjects, \ObjectTypes exist, and \BaseNamedObjects for events of applications.
 *
 * Life cycle as documented (life-cycle-of-an-object): a temporary object's name vanishes with its
 * last handle; OBJ_PERMANENT keeps it. Device objects are inserted permanent and removed by io.
 * Errors: STATUS_OBJECT_NAME_NOT_FOUND (last component), STATUS_OBJECT_PATH_NOT_FOUND (an earlier
 * one), STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_TYPE_MISMATCH,
 * STATUS_REPARSE_POINT_NOT_RESOLVED (over 32 symbolic links), STATUS_ACCESS_DENIED.
 */
#ifndef ABI_OBJECT_H
#define ABI_OBJECT_H

#include "task.h"

enum ash_ob_op {
    ASH_OB_INSERT = 1, /* insert_request -> id_reply. io, pnp, power, security, ... */
    ASH_OB_REMOVE = 2, /* id_request: by the owner; the name goes at once */
    ASH_OB_LOOKUP = 3, /* path_request -> lookup_reply: symbolic links are followed; stops at
                          the first object that is not a directory, the rest is `rest` */
    ASH_OB_SYMLINK =
        4, /* symlink_request: creates \DosDevices\X -> target (io on behalf of drivers) */
    ASH_OB_UNLINK = 5,         /* path_request: removes a symbolic link */
    ASH_OB_QUERY_LINK = 6,     /* path_request -> string_reply */
    ASH_OB_ENUMERATE = 7,      /* enumerate_request -> entry_reply; STATUS_NO_MORE_ENTRIES */
    ASH_OB_MAKE_DIRECTORY = 8, /* path_request -> id_reply */
    ASH_OB_REFERENCE = 9,      /* id_request: handle count + 1 (by the owner) */
    ASH_OB_DEREFERENCE = 10,   /* id_request: handle count - 1 -> count_reply */

    /* Events and handles (of any task; a handle means something in its own task only, and is told
     * from other handles of the system by being a multiple of 4 below 2^29). */
    ASH_OB_EVENT_CREATE = 32, /* event_create_request -> event_create_reply. With a path the event
                                 of that name, if there is one: STATUS_OBJECT_NAME_EXISTS */
    ASH_OB_EVENT_SET = 33,    /* handle_request -> event_state_reply: as it was before */
    ASH_OB_EVENT_RESET = 34,  /* handle_request -> event_state_reply: as it was before */
    ASH_OB_EVENT_READ = 35,   /* handle_request -> event_state_reply */
    ASH_OB_EVENT_TAKE = 36,   /* event_take_request -> event_take_reply: if one (all) of the events
                                 is set, takes it (them): an event that is not manual is reset.
                                 STATUS_TIMEOUT: not so; the notification of CLIENT is signalled
                                 when one of them is set, once */
    ASH_OB_CLOSE = 37,        /* handle_request */
    ASH_OB_CLIENT = 38,       /* c0: Notification (write right), replaces an earlier one */
    ASH_OB_DUPLICATE = 39,    /* duplicate_request -> duplicate_reply: io only, which knows that
                                 `to` handles a request of `from` now */
};

enum ash_ob_event_access {
    ASH_OB_EVENT_QUERY_STATE = 0x1,
    ASH_OB_EVENT_MODIFY_STATE = 0x2,
    ASH_OB_EVENT_SYNCHRONIZE = 0x100000,
    ASH_OB_EVENT_ALL = 0x1f0003,
};

enum ash_ob_type {
    ASH_OB_TYPE_DIRECTORY = 1,
    ASH_OB_TYPE_SYMLINK = 2,
    ASH_OB_TYPE_DEVICE = 3,
    ASH_OB_TYPE_DRIVER = 4,
    ASH_OB_TYPE_EVENT = 5,
    ASH_OB_TYPE_CALLBACK = 6,
    ASH_OB_TYPE_SECTION = 7,
    ASH_OB_TYPE_KEY = 8,
};

struct ash_ob_insert_request {
    ash_word type, cookie, permanent;
    char path[ASH_STRING];
};
struct ash_ob_id_reply {
    ash_word id;
};
struct ash_ob_id_request {
    ash_word id;
};
struct ash_ob_path_request {
    char path[ASH_STRING];
};
struct ash_ob_lookup_reply {
    ash_word id, type, owner, cookie;
    char rest[ASH_STRING];
};
struct ash_ob_symlink_request {
    char path[192];
    char target[ASH_STRING];
};
struct ash_ob_string_reply {
    char string[ASH_STRING];
};
struct ash_ob_enumerate_request {
    ash_word index;
    char path[ASH_STRING];
};
struct ash_ob_entry_reply {
    ash_word id, type, references;
    char name[128];
    char target[ASH_STRING];
};
struct ash_ob_count_reply {
    ash_word count;
};

struct ash_ob_event_create_request {
    ash_word manual, set;
    ash_word open_only;    /* do not make it */
    char path[ASH_STRING]; /* full, or empty */
};
struct ash_ob_event_create_reply {
    ash_word handle;
};
struct ash_ob_handle_request {
    ash_word handle;
};
struct ash_ob_event_state_reply {
    ash_word set, manual, access;
};
#define ASH_OB_TAKE_MAX 56u
struct ash_ob_event_take_request {
    ash_word count, all;
    ash_word handle[ASH_OB_TAKE_MAX];
};
static_assert(sizeof(struct ash_ob_event_take_request) <= 64 * 8);
struct ash_ob_event_take_reply {
    ash_word index; /* of the first that was set */
};
struct ash_ob_duplicate_request {
    ash_word from, handle, to;
};
struct ash_ob_duplicate_reply {
    ash_word handle, access, manual;
};

#endif
