// SPDX-License-Identifier: MIT
//
// What a driver tells of its device: events of its own, and that somebody wants it ejected. The
// event reaches those who registered in this task first, then those in others.

#include "../ob/ob.h"
#include "interface.h"

#define INITGUID
#include <guiddef.h>
#include <wdmguid.h>

#define TAG 'nPnP'

static bool is_custom(const TARGET_DEVICE_CUSTOM_NOTIFICATION *event)
{
    return event->FileObject == NULL &&
           event->Size >= FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE);
}

struct report {
    WORK_QUEUE_ITEM Item;
    PDEVICE_OBJECT Pdo; // referenced
    PDEVICE_CHANGE_COMPLETE_CALLBACK Callback;
    PVOID Context;
    DECLSPEC_ALIGN(8) UCHAR Event[];
};

static VOID run_report(PVOID parameter)
{
    struct report *report = parameter;
    io_custom_event(io_device(report->Pdo)->Id, (PVOID)report->Event);
    (void)manager_report_change(report->Pdo, (PVOID)report->Event);
    if (report->Callback != NULL)
        report->Callback(report->Context);
    ObfDereferenceObject(report->Pdo);
    ExFreePoolWithTag(report, TAG);
}

static NTSTATUS make_report(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event,
                            struct report **report)
{
    if (pdo == NULL || !is_custom(event))
        return STATUS_INVALID_DEVICE_REQUEST;
    *report = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(**report) + event->Size, TAG);
    if (*report == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObfReferenceObject(pdo);
    (*report)->Pdo = pdo;
    memcpy((*report)->Event, event, event->Size);
    return STATUS_SUCCESS;
}

NTSTATUS IoReportTargetDeviceChange(PDEVICE_OBJECT pdo, PVOID notification)
{
    struct report *report;
    ki_require_irql(PASSIVE_LEVEL, "IoReportTargetDeviceChange above PASSIVE_LEVEL");
    NTSTATUS status = make_report(pdo, notification, &report);
    if (NT_SUCCESS(status))
        run_report(report);
    return status;
}

NTSTATUS IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT pdo, PVOID notification,
                                                PDEVICE_CHANGE_COMPLETE_CALLBACK callback,
                                                PVOID context)
{
    struct report *report;
    ki_require_irql(DISPATCH_LEVEL, "IoReportTargetDeviceChangeAsynchronous above DISPATCH_LEVEL");
    NTSTATUS status = make_report(pdo, notification, &report);
    if (!NT_SUCCESS(status))
        return status;
    report->Callback = callback;
    report->Context = context;
    ExInitializeWorkItem(&report->Item, run_report, report);
    ExQueueWorkItem(&report->Item, DelayedWorkQueue);
    return STATUS_PENDING;
}

VOID IoRequestDeviceEject(PDEVICE_OBJECT pdo)
{
    ki_require_irql(DISPATCH_LEVEL, "IoRequestDeviceEject above DISPATCH_LEVEL");
    manager_request_eject(pdo);
}
