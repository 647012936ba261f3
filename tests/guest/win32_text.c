// SPDX-License-Identifier: MIT
// What of the text functions needs the system: messages, memory, paths. Formats have a host test.
#include "win32.h"

void text(void)
{
    char buffer[MAX_PATH], *message = NULL, *part = NULL;
    check(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_FILE_NOT_FOUND, 0, buffer,
                         sizeof(buffer), NULL) > 2 &&
              strstr(buffer, "\r\n") != NULL,
          "FormatMessage");
    error_is(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 54321, 0, buffer, sizeof(buffer),
                            NULL) == 0,
             ERROR_MR_MID_NOT_FOUND, "no such message");
    error_is(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 2, 0, buffer, 4, NULL) == 0,
             ERROR_INSUFFICIENT_BUFFER, "no room for it");
    check(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 2, 0,
                         (LPSTR)&message, 0, NULL) != 0 &&
              LocalFree(message) == NULL,
          "in memory of its own");
    check_value(GetFullPathNameA("a.txt", sizeof(buffer), buffer, &part), 8, "GetFullPathName");
    check(strcmp(buffer, "C:\\a.txt") == 0 && strcmp(part, "a.txt") == 0, "in the directory");
    check_value(GetCurrentDirectoryA(2, buffer), 4, "the size that is needed");
    error_is(SearchPathA(NULL, "nothing", ".sys", sizeof(buffer), buffer, NULL) == 0,
             ERROR_FILE_NOT_FOUND, "SearchPath in vain");
    check(SearchPathA(NULL, "csq", ".sys", sizeof(buffer), buffer, &part) != 0 &&
              strcmp(part, "csq.sys") == 0,
          "SearchPath");
    char *memory = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 100);
    check(memory != NULL && memory[99] == 0 && HeapFree(GetProcessHeap(), 0, memory), "HeapAlloc");
    char *pages = VirtualAlloc(NULL, 10000, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    check(pages != NULL && pages[9999] == 0 && VirtualFree(pages, 0, MEM_RELEASE), "VirtualAlloc");
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    check(TryEnterCriticalSection(&section), "a critical section is entered twice");
    LeaveCriticalSection(&section);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
}
