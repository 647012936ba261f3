// SPDX-License-Identifier: MIT
//
// Objects inside of this task: a body behind a header with two counts, handles to them, and names.
// References counts pointers and handles, count 0 deletes; Handles counts handles alone, and with
// the last one the name of a temporary object goes. Taking a reference of an object whose count is
// 0 is a bug check.
// The names are those of this task: a driver task has no authority over the system's namespace but
// for its devices and their symbolic links, which go through the I/O manager (see io).

#ifndef DDK_OB_H
#define DDK_OB_H

#include "../ke/ki.h"
#include <ntddk.h>

struct _OBJECT_TYPE {
    const char *Name;
    GENERIC_MAPPING Mapping;                     // GenericAll: all rights that there are
    BOOLEAN Watched;                             // ObRegisterCallbacks takes it
    void (*Closed)(PVOID object, ULONG handles); // a handle was closed, so many are left
};
extern POBJECT_TYPE ob_thread_type, ob_device_type, ob_file_type, ob_event_type, ob_process_type,
    ob_directory_type, ob_link_type, ob_section_type;

// --- Objects (object.c).
#define OBJECT_MAGIC 0x4a424f00u
struct ob_name;
struct DECLSPEC_ALIGN(16) object_header {
    volatile LONG64 References;
    POBJECT_TYPE Type;
    ob_delete Delete;
    struct ob_name *Name;       // NULL: none, or gone (names' lock)
    struct object_header *Next; // to be deleted (deferred)
    volatile LONG Handles;
    BOOLEAN Permanent; // the name holds a reference
    BOOLEAN Exclusive; // its one handle admits no other
    ULONG Magic;
};
struct object_header *ob_header(PVOID object); // a bug check if it is no object
// References of the kit's own: the object is one and lives, so neither that nor the IRQL is
// checked.
void ob_delete_object(PVOID object); // its last reference went
FORCEINLINE void ob_hold(PVOID object)
{
    (void)InterlockedIncrement64(&((struct object_header *)object - 1)->References);
}
// True: it was the last, and ob_delete_object is the caller's to call.
FORCEINLINE bool ob_let_go(PVOID object)
{
    return InterlockedDecrement64(&((struct object_header *)object - 1)->References) == 0;
}
FORCEINLINE void ob_drop(PVOID object)
{
    if (ob_let_go(object))
        ob_delete_object(object);
}
POBJECT_TYPE ob_type(PVOID object);

// --- Handles (handle.c). PASSIVE_LEVEL.
#define OB_HANDLE_ATTRIBUTES                                                                       \
    (OBJ_INHERIT | OBJ_EXCLUSIVE | OBJ_KERNEL_HANDLE | OBJ_FORCE_ACCESS_CHECK |                    \
     OBJ_CASE_INSENSITIVE | OBJ_PERMANENT | OBJ_OPENIF | OBJ_OPENLINK)

// A handle holds a reference. The access is mapped from generic rights; for processes and threads
// the registered callbacks are asked. A kernel handle, or one of the process in whose context the
// thread is. STATUS_INSUFFICIENT_RESOURCES when the table is full, STATUS_ACCESS_DENIED for rights
// that the type does not have, and for exclusive objects.
NTSTATUS ob_open_handle(PVOID object, ULONG attributes, ACCESS_MASK access, KPROCESSOR_MODE mode,
                        PHANDLE handle);
// Leak report: handles that are open.
ULONG ob_open_handles(void);

// What an application's own handle means to this driver: a referenced object of the kit, and the
// access the application has to it. STATUS_INVALID_HANDLE: nothing.
NTSTATUS manager_user_handle(ULONG process, HANDLE handle, POBJECT_TYPE type, PVOID *object,
                             ACCESS_MASK *granted);

// --- Callbacks of handle operations (watch.c).
#define OB_REGISTRATIONS 16u
struct ob_registration;
struct ob_operation {
    OB_OPERATION Operation;
    PVOID Object;
    bool KernelHandle, Ignore; // Ignore: what they take away is granted all the same
    ACCESS_MASK Desired;       // in: what is asked for; out: what is left of it
    // Who was asked: the same are told afterwards, whoever came or went meanwhile.
    ULONG Count;
    struct {
        struct ob_registration *Registration;
        const OB_OPERATION_REGISTRATION *Operation;
        PVOID Context; // the driver's, from the first routine to the second
    } Asked[OB_REGISTRATIONS];
};
// Before and after a handle is made; the second with what became of it.
void ob_before_handle(struct ob_operation *operation);
void ob_after_handle(struct ob_operation *operation, NTSTATUS status, ACCESS_MASK granted);

// --- Names (name.c). PASSIVE_LEVEL.
// Gives a new object its name, if the attributes have one, and a handle; takes the creator's
// reference in any case. With OBJ_OPENIF an object of that name is opened instead:
// STATUS_OBJECT_NAME_EXISTS.
NTSTATUS ob_insert(PVOID object, POBJECT_ATTRIBUTES attributes, ACCESS_MASK access, PHANDLE handle);
// Opens by name; type NULL: any.
NTSTATUS ob_open_by_name(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type, ACCESS_MASK access,
                         PHANDLE handle);
void ob_last_handle_closed(PVOID object);
void ob_make_temporary(PVOID object);

// The bodies that the walk over a path looks into.
struct ob_directory {
    LIST_ENTRY Children; // struct ob_name
};
struct ob_link {
    UNICODE_STRING Target;
};
void ob_delete_link(PVOID object);

#endif
