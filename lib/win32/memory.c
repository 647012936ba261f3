// SPDX-License-Identifier: MIT
// Heap, virtual memory, time.
#include "ash/memory.h"
#include "ash/log.h"
#include "internal.h"
#include <stdlib.h>

static char heap; /* there is one; its handle is an address */

HANDLE WINAPI GetProcessHeap(VOID)
{
    return &heap;
}

static LPVOID allocated(LPVOID memory)
{
    if (memory == NULL)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return memory;
}

LPVOID WINAPI HeapAlloc(HANDLE from, DWORD flags, SIZE_T bytes)
{
    (void)from;
    size_t size = bytes != 0 ? (size_t)bytes : 1;
    return allocated((flags & HEAP_ZERO_MEMORY) != 0 ? calloc(1, size) : malloc(size));
}

LPVOID WINAPI HeapReAlloc(HANDLE from, DWORD flags, LPVOID memory, SIZE_T bytes)
{
    (void)from;
    if ((flags & HEAP_ZERO_MEMORY) != 0) { /* how much there was is not known here */
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    return allocated(realloc(memory, bytes != 0 ? (size_t)bytes : 1));
}

BOOL WINAPI HeapFree(HANDLE from, DWORD flags, LPVOID memory)
{
    (void)from, (void)flags;
    free(memory);
    return TRUE;
}

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T bytes)
{
    return HeapAlloc(&heap, (flags & LMEM_ZEROINIT) != 0 ? HEAP_ZERO_MEMORY : 0, bytes);
}

HLOCAL WINAPI LocalFree(HLOCAL memory)
{
    free(memory);
    return NULL;
}

HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T bytes)
{
    return LocalAlloc(flags, bytes);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL memory)
{
    return LocalFree(memory);
}

LPVOID WINAPI VirtualAlloc(LPVOID address, SIZE_T bytes, DWORD type, DWORD protect)
{
    void *memory;
    if (address != NULL || bytes == 0 || (type & MEM_COMMIT) == 0 || protect != PAGE_READWRITE) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    ash_status status = ash_map((size_t)bytes, &memory);
    if (ash_success(status))
        return memory;
    (void)w32_fail(status);
    return NULL;
}

BOOL WINAPI VirtualFree(LPVOID address, SIZE_T bytes, DWORD type)
{
    if (type != MEM_RELEASE || bytes != 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    return w32_result(ash_unmap(address));
}

ULONGLONG WINAPI GetTickCount64(VOID)
{
    return ash_time() / (ash_timebase() / 1000);
}

DWORD WINAPI GetTickCount(VOID)
{
    return (DWORD)GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count)
{
    count->QuadPart = (LONGLONG)ash_time();
    return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = (LONGLONG)ash_timebase();
    return TRUE;
}

/* 0 until the clock's driver has told the time. */
VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME time)
{
    struct ash_proc_time_reply reply = {0};
    ULARGE_INTEGER now = {.QuadPart = 0};
    if (ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_TIME, NULL, 0, &reply, sizeof(reply))) &&
        reply.epoch != 0)
        now.QuadPart = reply.epoch + ash_time() * 10000 / (ash_timebase() / 1000);
    *time = (FILETIME){now.LowPart, now.HighPart};
}

VOID WINAPI OutputDebugStringA(LPCSTR text)
{
    ash_log("%s", text);
}
