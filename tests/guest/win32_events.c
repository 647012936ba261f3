// SPDX-License-Identifier: MIT
// Events: of the program alone, and shared with the test driver `notify`.
#include "win32.h"

static BOOL notify(HANDLE device, DWORD code, HANDLE event, HANDLE first, DWORD milliseconds)
{
    struct notify_request request = {(ULONG_PTR)event, (ULONG_PTR)first, milliseconds, 0};
    DWORD done;
    return DeviceIoControl(device, code, &request, sizeof(request), NULL, 0, &done, NULL);
}

static void own_events(void)
{
    HANDLE automatic = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE manual = CreateEventA(NULL, TRUE, TRUE, NULL), both[2] = {automatic, manual};
    check(automatic != NULL && manual != NULL, "CreateEvent");
    check_value(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT, "not set");
    check_value(WaitForSingleObject(manual, 0), WAIT_OBJECT_0, "set at the start");
    check_value(WaitForSingleObject(manual, 0), WAIT_OBJECT_0, "stays set");
    check_value(WaitForMultipleObjects(2, both, FALSE, INFINITE), WAIT_OBJECT_0 + 1, "the second");
    check_value(WaitForMultipleObjects(2, both, TRUE, 20), WAIT_TIMEOUT, "not both");
    check(SetEvent(automatic), "SetEvent");
    check_value(WaitForMultipleObjects(2, both, TRUE, 0), WAIT_OBJECT_0, "both");
    check_value(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT, "it was taken");
    check(ResetEvent(manual), "ResetEvent");
    DWORD before = GetTickCount();
    check_value(WaitForSingleObject(manual, 30), WAIT_TIMEOUT, "a time-out");
    check(GetTickCount() - before >= 30, "takes its time");
    check(CloseHandle(manual), "CloseHandle");
    error_is(!SetEvent(manual), ERROR_INVALID_HANDLE, "a closed handle");
    error_is(WaitForSingleObject(manual, 0) == WAIT_FAILED, ERROR_INVALID_HANDLE, "waits neither");
    CloseHandle(automatic);
}

static void names(void)
{
    HANDLE first = CreateEventA(NULL, TRUE, FALSE, "TEST_EVENT");
    error_is(first != NULL, ERROR_SUCCESS, "an event with a name");
    HANDLE second = CreateEventW(NULL, FALSE, TRUE, L"Local\\TEST_EVENT");
    error_is(second != NULL, ERROR_ALREADY_EXISTS, "is found by it");
    check(second != first && SetEvent(second) && WaitForSingleObject(first, 0) == WAIT_OBJECT_0,
          "two handles of one event");
    CloseHandle(first);
    CloseHandle(second);
    error_is(OpenEventA(EVENT_ALL_ACCESS, FALSE, "TEST_EVENT") == NULL, ERROR_FILE_NOT_FOUND,
             "the name goes with the last handle");
}

static void driver_sets(HANDLE device)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    DWORD before = GetTickCount();
    check(notify(device, IOCTL_NOTIFY_SET, event, NULL, 20), "the driver takes an event");
    check_value(WaitForSingleObject(event, 5000), WAIT_OBJECT_0, "it sets it from a DPC");
    check(GetTickCount() - before >= 20, "when its time has come");
    check(ResetEvent(event), "the program resets it");
    check_value(WaitForSingleObject(event, 0), WAIT_TIMEOUT, "and sees that");
    check(notify(device, IOCTL_NOTIFY_SET, event, NULL, 0) &&
              notify(device, IOCTL_NOTIFY_SET, event, NULL, 1),
          "the same handle again, twice");
    check_value(WaitForSingleObject(event, 5000), WAIT_OBJECT_0, "it is set again");
    CloseHandle(event);
}

static void driver_waits(HANDLE device)
{
    HANDLE first = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE then = CreateEventA(NULL, FALSE, FALSE, NULL);
    DWORD before = GetTickCount();
    check(notify(device, IOCTL_NOTIFY_FOLLOW, then, first, 20) && GetTickCount() - before >= 20,
          "the driver waits in vain: STATUS_TIMEOUT is a success");
    check_value(WaitForSingleObject(then, 0), WAIT_TIMEOUT, "nothing was set");
    SetEvent(first);
    check(notify(device, IOCTL_NOTIFY_FOLLOW, then, first, 5000), "it is set before the wait");
    check_value(WaitForSingleObject(then, 5000), WAIT_OBJECT_0, "the driver has answered");
    check_value(WaitForSingleObject(first, 0), WAIT_TIMEOUT, "and taken what it waited for");
    CloseHandle(first);
    CloseHandle(then);
}

static HANDLE overlapped_device;

static void driver_waits_meanwhile(void)
{
    HANDLE first = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE then = CreateEventA(NULL, TRUE, FALSE, NULL);
    struct notify_request request = {(ULONG_PTR)then, (ULONG_PTR)first, 5000, 0};
    OVERLAPPED out = {0};
    DWORD done;
    error_is(!DeviceIoControl(overlapped_device, IOCTL_NOTIFY_FOLLOW, &request, sizeof(request),
                              NULL, 0, NULL, &out),
             ERROR_IO_PENDING, "the driver waits for the program");
    Sleep(20);
    check(SetEvent(first), "which sets its event");
    check_value(WaitForSingleObject(then, 5000), WAIT_OBJECT_0, "and gets the driver's");
    check(GetOverlappedResult(overlapped_device, &out, &done, TRUE), "the request is done");
    CloseHandle(first);
    CloseHandle(then);
}

static void hostile(HANDLE device)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), closed = CreateEventA(NULL, 1, 0, NULL);
    unsigned refused = 0;
    error_is(!notify(device, IOCTL_NOTIFY_SET, NULL, NULL, 0), ERROR_INVALID_HANDLE, "no handle");
    CloseHandle(closed);
    error_is(!notify(device, IOCTL_NOTIFY_SET, closed, NULL, 0), ERROR_INVALID_HANDLE,
             "a closed handle");
    error_is(!notify(device, IOCTL_NOTIFY_SET, device, NULL, 0), ERROR_INVALID_HANDLE,
             "a file's handle");
    for (ULONG_PTR forged = 4; forged < 4 * 300; forged += 4)
        refused += !notify(device, IOCTL_NOTIFY_SET, (HANDLE)forged, NULL, 0);
    check_value(refused, 299, "forged handles");
    error_is(!notify(device, IOCTL_NOTIFY_SET, (HANDLE)0xC0001004, NULL, 0), ERROR_INVALID_HANDLE,
             "a handle of the driver's own");
    error_is(!notify(device, IOCTL_NOTIFY_SET, (HANDLE) ~(ULONG_PTR)0, NULL, 0),
             ERROR_INVALID_HANDLE, "not the process either");
    check(notify(device, IOCTL_NOTIFY_SET, event, NULL, 10), "a good one");
    check(CloseHandle(event), "closed before the driver sets it");
    Sleep(30);
    check(notify(device, IOCTL_NOTIFY_PEND, NULL, NULL, 1), "the driver goes on");
}

static void pended(void)
{
    struct notify_request request = {0, 0, 60000, 0};
    OVERLAPPED out = {.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL)};
    DWORD done;
    error_is(!DeviceIoControl(overlapped_device, IOCTL_NOTIFY_PEND, &request, sizeof(request), NULL,
                              0, NULL, &out),
             ERROR_IO_PENDING, "a request that takes a minute");
    check_value(WaitForSingleObject(out.hEvent, 20), WAIT_TIMEOUT, "is out");
    check(CancelIoEx(overlapped_device, &out), "is cancelled");
    check_value(WaitForSingleObject(out.hEvent, 5000), WAIT_OBJECT_0, "its event is set");
    error_is(!GetOverlappedResult(overlapped_device, &out, &done, FALSE), ERROR_OPERATION_ABORTED,
             "and it is aborted");
    CloseHandle(out.hEvent);
}

/* The driver is unloaded with a timer on its way, which it waits for. */
static void event_outlives_the_driver(HANDLE device)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    check(notify(device, IOCTL_NOTIFY_SET, event, NULL, 50), "a last event");
    CloseHandle(device);
    CloseHandle(overlapped_device);
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(manager, "notify", SERVICE_ALL_ACCESS);
    SERVICE_STATUS status;
    check(ControlService(service, SERVICE_CONTROL_STOP, &status), "the driver is unloaded");
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    check_value(WaitForSingleObject(event, 0), WAIT_OBJECT_0, "it has set the event before");
    check(SetEvent(event) && WaitForSingleObject(event, 0) == WAIT_OBJECT_0,
          "and the event goes on without it");
    CloseHandle(event);
}

void events(void)
{
    own_events();
    names();
    HANDLE device = CreateFileA("\\\\.\\TestNotify", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    overlapped_device = CreateFileA("\\\\.\\TestNotify", GENERIC_READ, 0, NULL, OPEN_EXISTING,
                                    FILE_FLAG_OVERLAPPED, NULL);
    check(device != INVALID_HANDLE_VALUE && overlapped_device != INVALID_HANDLE_VALUE,
          "the driver of events opens");
    driver_sets(device);
    driver_waits(device);
    driver_waits_meanwhile();
    hostile(device);
    pended();
    event_outlives_the_driver(device);
}

/* The driver is killed meanwhile: with a timer that would set an event, a work item that waits for
 * another, and a request that pends. */
void events_outlive(void)
{
    HANDLE device = CreateFileA("\\\\.\\TestNotify", GENERIC_READ, 0, NULL, OPEN_EXISTING,
                                FILE_FLAG_OVERLAPPED, NULL);
    HANDLE set = CreateEventA(NULL, FALSE, FALSE, NULL), first = CreateEventA(NULL, 0, 0, NULL);
    struct notify_request late = {(ULONG_PTR)set, 0, 60000, 0};
    struct notify_request follow = {(ULONG_PTR)set, (ULONG_PTR)first, 60000, 0};
    OVERLAPPED out[3] = {0};
    DWORD done;
    for (unsigned i = 0; i < 3; i++)
        out[i].hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    check(!DeviceIoControl(device, IOCTL_NOTIFY_SET, &late, sizeof(late), NULL, 0, NULL, &out[0]) &&
              GetOverlappedResult(device, &out[0], &done, TRUE),
          "the driver has an event");
    check(!DeviceIoControl(device, IOCTL_NOTIFY_FOLLOW, &follow, sizeof(follow), NULL, 0, NULL,
                           &out[1]) &&
              !DeviceIoControl(device, IOCTL_NOTIFY_PEND, &late, sizeof(late), NULL, 0, NULL,
                               &out[2]),
          "two requests are out");
    printf("the driver may die\n");
    check_value(WaitForSingleObject(out[2].hEvent, 20000), WAIT_OBJECT_0, "it died");
    error_is(!GetOverlappedResult(device, &out[2], &done, TRUE), ERROR_DEVICE_REMOVED,
             "the request that pended");
    error_is(!GetOverlappedResult(device, &out[1], &done, TRUE), ERROR_DEVICE_REMOVED,
             "the request that waited");
    check_value(WaitForSingleObject(set, 20), WAIT_TIMEOUT, "nobody has set the event");
    check(SetEvent(set) && WaitForSingleObject(set, 0) == WAIT_OBJECT_0, "it goes on");
    check(SetEvent(first) && WaitForSingleObject(first, 0) == WAIT_OBJECT_0,
          "and the dead driver takes nothing");
    error_is(
        !DeviceIoControl(device, IOCTL_NOTIFY_PEND, &late, sizeof(late), NULL, 0, NULL, &out[2]),
        ERROR_DEVICE_REMOVED, "a new request is refused");
    check(CloseHandle(device), "the handle closes");
}
