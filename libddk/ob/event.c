// SPDX-License-Identifier: MIT
//
// Events by handle. The body of an event object is a KEVENT.

#include "ob.h"

#define TAG 'nevE'

static NTSTATUS create(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       EVENT_TYPE type, BOOLEAN state)
{
    if (type != NotificationEvent && type != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER;
    PKEVENT event = ob_allocate(sizeof(*event), ob_event_type, NULL, TAG);
    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(event, type, state);
    return ob_insert(event, attributes, access, handle);
}

NTSTATUS ZwCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       EVENT_TYPE type, BOOLEAN state)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwCreateEvent above PASSIVE_LEVEL");
    return create(handle, access, attributes, type, state);
}

NTSTATUS ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwOpenEvent above PASSIVE_LEVEL");
    return ob_open_by_name(attributes, ob_event_type, access, handle);
}

// By name: made signalled, or the one that is there. The handle keeps the event: the pointer is
// good until it is closed.
static PKEVENT named_event(PUNICODE_STRING name, PHANDLE handle, EVENT_TYPE type)
{
    OBJECT_ATTRIBUTES attributes;
    PVOID event;
    InitializeObjectAttributes(&attributes, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(create(handle, EVENT_ALL_ACCESS, &attributes, type, TRUE)))
        return NULL;
    if (!NT_SUCCESS(ObReferenceObjectByHandle(*handle, EVENT_ALL_ACCESS, ob_event_type, KernelMode,
                                              &event, NULL)))
        return NULL;
    ObfDereferenceObject(event);
    return event;
}

PKEVENT IoCreateNotificationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    ki_require_irql(PASSIVE_LEVEL, "IoCreateNotificationEvent above PASSIVE_LEVEL");
    return named_event(name, handle, NotificationEvent);
}

PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    ki_require_irql(PASSIVE_LEVEL, "IoCreateSynchronizationEvent above PASSIVE_LEVEL");
    return named_event(name, handle, SynchronizationEvent);
}

typedef LONG (*change)(PRKEVENT event);

static LONG set(PRKEVENT event)
{
    return KeSetEvent(event, EVENT_INCREMENT, FALSE);
}

static LONG clear(PRKEVENT event)
{
    return KeResetEvent(event);
}

static NTSTATUS apply(HANDLE handle, change change_it, PLONG previous)
{
    PVOID event;
    NTSTATUS status = ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, ob_event_type,
                                                KernelMode, &event, NULL);
    if (!NT_SUCCESS(status))
        return status;
    LONG old = change_it(event);
    if (previous != NULL)
        *previous = old;
    ObfDereferenceObject(event);
    return STATUS_SUCCESS;
}

NTSTATUS ZwSetEvent(HANDLE handle, PLONG previous)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwSetEvent above PASSIVE_LEVEL");
    return apply(handle, set, previous);
}

NTSTATUS ZwResetEvent(HANDLE handle, PLONG previous)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwResetEvent above PASSIVE_LEVEL");
    return apply(handle, clear, previous);
}

NTSTATUS ZwClearEvent(HANDLE handle)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwClearEvent above PASSIVE_LEVEL");
    return apply(handle, clear, NULL);
}

static bool waitable(PVOID object)
{
    POBJECT_TYPE type = ob_type(object);
    return type == ob_event_type || type == ob_thread_type || type == ob_process_type;
}

NTSTATUS ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PVOID object;
    ki_require_irql(PASSIVE_LEVEL, "ZwWaitForSingleObject above PASSIVE_LEVEL");
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = waitable(object)
                 ? KeWaitForSingleObject(object, UserRequest, KernelMode, alertable, timeout)
                 : STATUS_OBJECT_TYPE_MISMATCH;
    ObfDereferenceObject(object);
    return status;
}
