// SPDX-License-Identifier: MIT
//
// Callback objects: a named point that notifies the routines registered with it, in the order of
// registration, at the IRQL of the notifier. The names are those of this driver's task.
// Documentation: "Callback Objects", nf-wdm-ex*callback*.

#ifndef DDK_CALLBACK_H
#define DDK_CALLBACK_H

typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;
typedef VOID CALLBACK_FUNCTION(PVOID context, PVOID argument1, PVOID argument2);
typedef CALLBACK_FUNCTION *PCALLBACK_FUNCTION;

// Opens or creates; a reference that ObDereferenceObject gives back. Without OBJ_PERMANENT the name
// goes as soon as the object is made, so that nobody else can open it. STATUS_UNSUCCESSFUL without
// a name; STATUS_OBJECT_NAME_NOT_FOUND with create FALSE; STATUS_INSUFFICIENT_RESOURCES.
// IRQL <= APC_LEVEL.
NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *object, POBJECT_ATTRIBUTES attributes, BOOLEAN create,
                          BOOLEAN allow_multiple);

// A registration, or NULL: no memory, or the object has one already and allows no more.
// IRQL <= APC_LEVEL.
PVOID ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context);

// Returns when the routine neither runs nor will run again; so not from the routine itself.
// IRQL <= APC_LEVEL.
VOID ExUnregisterCallback(PVOID registration);

// IRQL <= DISPATCH_LEVEL. Not for the objects that the system defines.
VOID ExNotifyCallback(PVOID object, PVOID argument1, PVOID argument2);

#endif
