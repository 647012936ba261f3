// SPDX-License-Identifier: MIT
//
// Objects inside of this task: a body behind a header with a reference count, and handles to them.
// (Names live in the object manager, see io.) Count 0 deletes; taking a reference of an object
// whose count is 0 is a bug check.

#ifndef DDK_OB_H
#define DDK_OB_H

#include <wdm.h>

struct _OBJECT_TYPE {
    const char *Name;
};
extern POBJECT_TYPE ob_thread_type, ob_device_type, ob_file_type, ob_event_type, ob_process_type;

typedef void (*ob_delete)(PVOID object);

// Zeroed body with one reference, or NULL. delete_routine may be NULL.
PVOID ob_allocate(SIZE_T bytes, POBJECT_TYPE type, ob_delete delete_routine, ULONG tag);
POBJECT_TYPE ob_type(PVOID object);

// A handle holds one reference. STATUS_INSUFFICIENT_RESOURCES when the table is full.
NTSTATUS ob_open_handle(PVOID object, ACCESS_MASK access, PHANDLE handle);

#endif
