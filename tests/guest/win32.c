// SPDX-License-Identifier: MIT
/*
 * In-guest test of lib/win32: opening, control requests, overlapped requests in numbers, completion
 * routines, cancelling, closing, threads, waiting. The sample drivers ioctl and csq are loaded by
 * service calls. events.c, services.c and text.c beside this file have the rest.
 */
#include "win32.h"

#include <process.h>

#define READS 16

int tap_number, tap_failures;

static HANDLE open_device(LPCSTR name, DWORD flags)
{
    return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
}

static void opening(void)
{
    HANDLE device = open_device("\\\\.\\SampleTransfer", 0);
    check(device != INVALID_HANDLE_VALUE, "a device opens by its Win32 name");
    check(CloseHandle(device), "and closes");
    error_is(!CloseHandle(device), ERROR_INVALID_HANDLE, "a closed handle");
    error_is(open_device("\\\\.\\Nothing", 0) == INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND,
             "no such device");
    error_is(CreateFileA("C:\\no\\such", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) ==
                 INVALID_HANDLE_VALUE,
             ERROR_PATH_NOT_FOUND, "no such directory");
    error_is(CreateFileA("C:\\x", GENERIC_READ, 0, NULL, 77, 0, NULL) == INVALID_HANDLE_VALUE,
             ERROR_INVALID_PARAMETER, "no such disposition");
    HANDLE wide =
        CreateFileW(L"\\\\.\\SampleTransfer", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    check(wide != INVALID_HANDLE_VALUE && CloseHandle(wide), "by a wide name");
}

static void files(void)
{
    char text[64] = {0}, part[8] = {0};
    DWORD done = 0;
    HANDLE file = CreateFileA("C:\\win32.txt", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        printf("# no volume\n");
        return;
    }
    check(WriteFile(file, "hello, file", 11, &done, NULL) && done == 11, "WriteFile");
    check(SetFilePointer(file, 7, NULL, FILE_BEGIN) == 7, "SetFilePointer");
    check(ReadFile(file, text, sizeof(text), &done, NULL) && done == 4 && strcmp(text, "file") == 0,
          "ReadFile goes on from there");
    check(ReadFile(file, text, sizeof(text), &done, NULL) && done == 0, "at the end nothing");
    OVERLAPPED at = {.Offset = 0};
    check(ReadFile(file, part, 5, &done, &at) && done == 5 && strcmp(part, "hello") == 0,
          "an OVERLAPPED says where");
    check(GetFileSize(file, NULL) == 11, "GetFileSize");
    check(CloseHandle(file), "the file closes");
    file = CreateFileA("C:\\win32.txt", GENERIC_READ, 0, NULL, CREATE_NEW, 0, NULL);
    error_is(file == INVALID_HANDLE_VALUE, ERROR_FILE_EXISTS, "CREATE_NEW");
    file = CreateFileA("win32.txt", GENERIC_READ, 0, NULL, OPEN_ALWAYS, 0, NULL);
    error_is(file != INVALID_HANDLE_VALUE, ERROR_ALREADY_EXISTS, "OPEN_ALWAYS, relative name");
    CloseHandle(file);
    check(DeleteFileA("C:\\win32.txt"), "DeleteFile");
    error_is(!DeleteFileA("C:\\win32.txt"), ERROR_FILE_NOT_FOUND, "only once");
}

static void control(void)
{
    HANDLE device = open_device("\\\\.\\SampleTransfer", 0);
    char out[16] = "";
    DWORD done = 99;
    check(
        DeviceIoControl(device, IOCTL_TRANSFER_REVERSE, "abc", 3, out, sizeof(out), &done, NULL) &&
            done == 3 && memcmp(out, "cba", 3) == 0,
        "DeviceIoControl");
    error_is(!DeviceIoControl(device, IOCTL_TRANSFER_REVERSE, "abc", 3, out, 2, &done, NULL),
             ERROR_INSUFFICIENT_BUFFER, "STATUS_BUFFER_TOO_SMALL");
    check(done == 0, "an error brings no bytes");
    error_is(!DeviceIoControl(device, CTL_CODE(0x8001, 0x8fe, 0, 0), NULL, 0, NULL, 0, &done, NULL),
             ERROR_INVALID_FUNCTION, "STATUS_INVALID_DEVICE_REQUEST");
    error_is(!DeviceIoControl((HANDLE)4242, 0, NULL, 0, NULL, 0, &done, NULL), ERROR_INVALID_HANDLE,
             "no handle");
    error_is(!ReadFile(device, out, 1, &done, NULL), ERROR_INVALID_FUNCTION, "no READ");
    OVERLAPPED unused = {0};
    error_is(!ReadFileEx(device, out, 1, &unused, (LPOVERLAPPED_COMPLETION_ROUTINE)(void *)control),
             ERROR_INVALID_PARAMETER, "ReadFileEx of a handle that is not overlapped");
    CloseHandle(device);
    HANDLE reader =
        CreateFileA("\\\\.\\SampleTransfer", FILE_READ_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0, NULL);
    error_is(!DeviceIoControl(reader, IOCTL_TRANSFER_FILL, "a", 1, out, 1, &done, NULL),
             ERROR_ACCESS_DENIED, "the code asks for FILE_READ_ACCESS");
    CloseHandle(reader);
}

static ULONG values[READS];
static OVERLAPPED reads[READS];

static HANDLE start_reads(DWORD with_events)
{
    HANDLE device = open_device("\\\\.\\SampleQueue", FILE_FLAG_OVERLAPPED);
    unsigned pending = 0;
    for (DWORD i = 0; i < READS; i++) {
        reads[i] = (OVERLAPPED){0};
        values[i] = MAXDWORD;
        if (with_events)
            reads[i].hEvent = CreateEventA(NULL, TRUE, TRUE, NULL);
        pending += !ReadFile(device, &values[i], sizeof(ULONG), NULL, &reads[i]) &&
                   GetLastError() == ERROR_IO_PENDING;
    }
    check(pending == READS, "many reads are pending on one handle");
    return device;
}

static void end_reads(HANDLE device)
{
    CloseHandle(device);
    for (DWORD i = 0; i < READS; i++)
        if (reads[i].hEvent != NULL)
            CloseHandle(reads[i].hEvent);
}

static void overlapped(void)
{
    HANDLE device = start_reads(TRUE), events[READS];
    DWORD done, in_order = 0;
    for (DWORD i = 0; i < READS; i++)
        events[i] = reads[i].hEvent;
    error_is(!GetOverlappedResult(device, &reads[READS - 1], &done, FALSE), ERROR_IO_INCOMPLETE,
             "not done yet");
    check(!HasOverlappedIoCompleted(&reads[READS - 1]), "HasOverlappedIoCompleted");
    check_value(WaitForMultipleObjects(READS, events, TRUE, 5000), WAIT_OBJECT_0, "all of them");
    for (DWORD i = 0; i < READS; i++)
        in_order += GetOverlappedResult(device, &reads[i], &done, FALSE) && done == 4 &&
                    values[i] == values[0] + i;
    check_value(in_order, READS, "each has its own answer");
    end_reads(device);
    error_is(open_device("\\\\.\\SampleQueue", 0) == NULL ||
                 !ReadFile(device, values, 4, &done, NULL),
             ERROR_INVALID_HANDLE, "the handle is closed");
}

static void by_file(void)
{
    HANDLE device = open_device("\\\\.\\SampleQueue", FILE_FLAG_OVERLAPPED);
    DWORD done = 0;
    OVERLAPPED one = {0};
    error_is(!ReadFile(device, values, 4, &done, NULL), ERROR_INVALID_PARAMETER,
             "an overlapped handle wants an OVERLAPPED");
    error_is(!ReadFile(device, values, 4, NULL, &one), ERROR_IO_PENDING, "without an event");
    check(GetOverlappedResult(device, &one, &done, TRUE) && done == 4, "the file is waited for");
    error_is(!ReadFile(device, values, 2, NULL, &one), ERROR_IO_PENDING, "a bad length");
    error_is(!GetOverlappedResult(device, &one, &done, TRUE), ERROR_INSUFFICIENT_BUFFER,
             "is told by the result");
    one.hEvent = (HANDLE)0x1234;
    error_is(!ReadFile(device, values, 4, NULL, &one), ERROR_INVALID_HANDLE, "a bad event");
    CloseHandle(device);
}

static void cancelling(void)
{
    HANDLE device = start_reads(FALSE);
    DWORD done, cancelled = 0;
    check(CancelIoEx(device, &reads[READS - 1]), "CancelIoEx of one");
    error_is(!GetOverlappedResult(device, &reads[READS - 1], &done, TRUE), ERROR_OPERATION_ABORTED,
             "it is aborted");
    check(!HasOverlappedIoCompleted(&reads[READS - 2]), "another is not");
    OVERLAPPED other = {0};
    error_is(!CancelIoEx(device, &other), ERROR_NOT_FOUND, "a request that never was");
    check(CancelIo(device), "CancelIo of the thread's own");
    for (DWORD i = 0; i < READS; i++)
        cancelled += !GetOverlappedResult(device, &reads[i], &done, TRUE) &&
                     GetLastError() == ERROR_OPERATION_ABORTED;
    check(cancelled >= READS / 2, "what was not served is aborted");
    error_is(!CancelIoEx(device, NULL), ERROR_NOT_FOUND, "nothing is left");
    end_reads(device);
}

static void closing(void)
{
    HANDLE device = start_reads(FALSE);
    DWORD aborted = 0, pending = 0;
    check(CloseHandle(device), "closing with reads out");
    Sleep(20); /* the one that was being served */
    for (DWORD i = 0; i < READS; i++) {
        pending += !HasOverlappedIoCompleted(&reads[i]);
        aborted += (DWORD)reads[i].Internal == 0xC0000120;
    }
    check_value(pending, 0, "none is out any more");
    check(aborted >= READS / 2, "CLEANUP has given them up");
}

static DWORD routines, routine_errors, routine_thread;

static VOID CALLBACK routine(DWORD error, DWORD bytes, LPOVERLAPPED done)
{
    routines++;
    routine_errors += error != 0 || bytes != 4 || done->hEvent != (HANDLE)77;
    routine_thread = GetCurrentThreadId();
}

static void completion_routines(void)
{
    HANDLE device = open_device("\\\\.\\SampleQueue", FILE_FLAG_OVERLAPPED);
    OVERLAPPED one = {.hEvent = (HANDLE)77}, two = {.hEvent = (HANDLE)77};
    check(ReadFileEx(device, &values[0], 4, &one, routine) &&
              ReadFileEx(device, &values[1], 4, &two, routine),
          "ReadFileEx");
    Sleep(50);
    check_value(routines, 0, "no routine runs in a wait that is not alertable");
    while (routines < 2)
        check_value(SleepEx(INFINITE, TRUE), WAIT_IO_COMPLETION, "SleepEx");
    check(routine_errors == 0 && routine_thread == GetCurrentThreadId(),
          "they run in the thread that asked");
    check_value(SleepEx(10, TRUE), 0, "then it is just a sleep");
    CloseHandle(device);
}

static HANDLE shared;

static DWORD WINAPI leaves_requests(LPVOID argument)
{
    ReadFile(shared, &values[0], 4, NULL, argument);
    for (int i = 1; i < READS; i++)
        ReadFile(shared, &values[1], 4, NULL, &reads[i]);
    ExitThread(42);
}

static unsigned begun(void *argument)
{
    *(volatile LONG *)argument = 1;
    return 7;
}

static void threads(void)
{
    DWORD id = 0, code = 0;
    OVERLAPPED first = {0};
    volatile LONG ran = 0;
    memset(reads, 0, sizeof(reads));
    shared = open_device("\\\\.\\SampleQueue", FILE_FLAG_OVERLAPPED);
    HANDLE thread = CreateThread(NULL, 0, leaves_requests, &first, 0, &id);
    check(thread != NULL && id != 0 && id != GetCurrentThreadId(), "CreateThread");
    check_value(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0, "the thread ends");
    check(GetExitCodeThread(thread, &code) && code == 42, "with its code");
    check(HasOverlappedIoCompleted(&first) && (DWORD)reads[READS - 1].Internal == 0xC0000120,
          "and its requests are cancelled with it");
    CloseHandle(thread);
    CloseHandle(shared);
    uintptr_t other = _beginthreadex(NULL, 0, begun, (void *)(uintptr_t)&ran, 0, NULL);
    check(WaitForSingleObject((HANDLE)other, 5000) == WAIT_OBJECT_0 && ran == 1 &&
              GetExitCodeThread((HANDLE)other, &code) && code == 7,
          "_beginthreadex");
    CloseHandle((HANDLE)other);
    error_is(CreateThread(NULL, 0, leaves_requests, NULL, 4, NULL) == NULL, ERROR_NOT_SUPPORTED,
             "no suspended threads");
}

/* argv[1] "outlive": see events_outlive. */
int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "outlive") == 0) {
        events_outlive();
        return tap_end();
    }
    services_start();
    opening();
    files();
    control();
    overlapped();
    by_file();
    cancelling();
    closing();
    completion_routines();
    threads();
    events();
    services_end();
    text();
    return tap_end();
}
