// SPDX-License-Identifier: MIT
//
// Sections, handles, routines by name, and the memory that a request of METHOD_NEITHER brings.

#include "driver.h"

#include <usermode_accessors.h>

#define SIZE (3 * PAGE_SIZE)

static NTSTATUS WriteFault(volatile CHAR *at)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    __try {
        *at = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

ULONG TestSections(VOID)
{
    HANDLE section;
    LARGE_INTEGER size = {.QuadPart = SIZE};
    OBJECT_ATTRIBUTES attributes;
    PVOID write = NULL, read = NULL;
    SIZE_T bytes = 0;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    HOLDS(NT_SUCCESS(ZwCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size,
                                     PAGE_READWRITE, SEC_COMMIT, NULL)));
    HOLDS(NT_SUCCESS(ZwMapViewOfSection(section, ZwCurrentProcess(), &write, 0, 0, NULL, &bytes,
                                        ViewUnmap, 0, PAGE_READWRITE)));
    HOLDS(bytes == SIZE);
    bytes = 0;
    HOLDS(NT_SUCCESS(ZwMapViewOfSection(section, ZwCurrentProcess(), &read, 0, 0, NULL, &bytes,
                                        ViewUnmap, 0, PAGE_READONLY)));
    ZwClose(section);
    HOLDS(write != read && ((volatile CHAR *)read)[SIZE - 1] == 0);
    HOLDS(WriteFault((PCHAR)write + SIZE - 1) == STATUS_SUCCESS);
    HOLDS(((volatile CHAR *)read)[SIZE - 1] == 1);
    HOLDS(WriteFault(read) == STATUS_ACCESS_VIOLATION);
    HOLDS(NT_SUCCESS(ZwUnmapViewOfSection(ZwCurrentProcess(), write)));
    HOLDS(((volatile CHAR *)read)[SIZE - 1] == 1);
    HOLDS(NT_SUCCESS(ZwUnmapViewOfSection(ZwCurrentProcess(), read)));
    HOLDS(WriteFault(read) == STATUS_ACCESS_VIOLATION);
    return 0;
}

ULONG TestRoutines(VOID)
{
    UNICODE_STRING known = RTL_CONSTANT_STRING(L"ZwClose"), unknown = RTL_CONSTANT_STRING(L"ZwOpn");
    NTSTATUS (*close)(HANDLE) = (NTSTATUS(*)(HANDLE))(ULONG_PTR)MmGetSystemRoutineAddress(&known);
    HOLDS(close == ZwClose && close(NULL) == STATUS_INVALID_HANDLE);
    HOLDS(MmGetSystemRoutineAddress(&unknown) == NULL);
    return 0;
}

// In the context of the application.
ULONG TestHandles(VOID)
{
    HANDLE kernel, mine;
    PVOID object;
    PEPROCESS process;
    OBJECT_ATTRIBUTES attributes;
    HOLDS(ExGetPreviousMode() == UserMode && PsGetCurrentProcessId() != ULongToHandle(4));
    HOLDS(PsGetProcessId(PsGetCurrentProcess()) == PsGetCurrentProcessId());
    HOLDS(NT_SUCCESS(PsLookupProcessByProcessId(PsGetCurrentProcessId(), &process)));
    HOLDS(process == PsGetCurrentProcess());
    ObDereferenceObject(process);
    HOLDS(PsLookupProcessByProcessId(ULongToHandle(0x7fffffff), &process) == STATUS_INVALID_CID);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    HOLDS(NT_SUCCESS(
        ZwCreateEvent(&kernel, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)));
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    HOLDS(NT_SUCCESS(ZwCreateEvent(&mine, SYNCHRONIZE, &attributes, NotificationEvent, FALSE)));
    HOLDS(ObReferenceObjectByHandle(kernel, 0, NULL, UserMode, &object, NULL) ==
          STATUS_INVALID_HANDLE);
    HOLDS(ObReferenceObjectByHandle(mine, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode, &object,
                                    NULL) == STATUS_ACCESS_DENIED);
    HOLDS(NT_SUCCESS(ZwClose(kernel)) && NT_SUCCESS(ZwClose(mine)));
    return 0;
}

// The input is copied to the output, and what the request has not brought is not touched.
static ULONG CheckNeither(const UCHAR *input, ULONG inputLength, PUCHAR output, ULONG outputLength)
{
    static UCHAR own[16];
    volatile ULONG failed = 0;
    __try {
        CopyFromUser(own, input, inputLength < sizeof(own) ? inputLength : sizeof(own));
        CopyToUserFromUser(output, input, inputLength < outputLength ? inputLength : outputLength);
        ProbeForRead(input, inputLength, 1);
        ProbeForWrite(output, outputLength, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        failed = __LINE__;
    }
    __try {
        ProbeForRead(input, inputLength + PAGE_SIZE, 1);
        failed = __LINE__;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        failed = GetExceptionCode() == STATUS_ACCESS_VIOLATION ? failed : __LINE__;
    }
    __try {
        (VOID) ReadUCharFromUser(own);
        failed = __LINE__;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        failed = GetExceptionCode() == STATUS_ACCESS_VIOLATION ? failed : __LINE__;
    }
    return failed;
}

static ULONG CheckLock(PUCHAR output, ULONG outputLength)
{
    volatile ULONG failed = 0;
    PMDL mdl = IoAllocateMdl(output, outputLength, FALSE, FALSE, NULL);
    PMDL longer = IoAllocateMdl(output, outputLength + PAGE_SIZE, FALSE, FALSE, NULL);
    HOLDS(mdl != NULL && longer != NULL);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        failed = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL ? __LINE__ : 0;
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        failed = __LINE__;
    }
    __try {
        MmProbeAndLockPages(longer, UserMode, IoWriteAccess);
        failed = __LINE__;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        failed = GetExceptionCode() == STATUS_ACCESS_VIOLATION ? failed : __LINE__;
    }
    IoFreeMdl(mdl);
    IoFreeMdl(longer);
    return failed;
}

NTSTATUS TestNeither(PIRP irp, PIO_STACK_LOCATION location)
{
    ULONG outputLength = location->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG failed = CheckNeither(location->Parameters.DeviceIoControl.Type3InputBuffer,
                                location->Parameters.DeviceIoControl.InputBufferLength,
                                irp->UserBuffer, outputLength);
    if (failed == 0)
        failed = CheckLock(irp->UserBuffer, outputLength);
    irp->IoStatus.Information = failed != 0 ? failed : outputLength;
    return failed != 0 ? STATUS_DATA_ERROR : STATUS_SUCCESS;
}
