// SPDX-License-Identifier: MIT
/*
 * The part of Win32 that test programs of drivers use, so that these compile as they are published.
 * Names, values, signatures and errors are those of Microsoft's documentation of the Windows API;
 * what is not here does not exist, rather than pretending. lib/win32/README.md says what differs.
 *
 * Kinds: `long` has 64 bits here, so LONG and DWORD are made of int; WCHAR has 16 bits. Without
 * UNICODE the names without suffix are the A functions; their strings are UTF-8.
 */
#ifndef WIN32_WINDOWS_H
#define WIN32_WINDOWS_H

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sal.h>
#include <winerror.h>

#define _WIN32 1
#define _WIN64 1
#define WIN32  1
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WINVER
#define WINVER 0x0A00
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- Calling conventions and types ------------------------------------------------------------ */

#define WINAPI
#define APIENTRY
#define WINAPIV
#define CALLBACK
#define NTAPI
#define WINBASEAPI
#define WINADVAPI
#ifndef __cdecl
#define __cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif
#define FAR
#define NEAR
#define CONST                          const
#define UNALIGNED                      __attribute__((packed, aligned(1)))
#define FORCEINLINE                    static inline __attribute__((always_inline))
#define DECLSPEC_NORETURN              __attribute__((noreturn))
#define DECLSPEC_ALIGN(x)              __attribute__((aligned(x)))
#define UNREFERENCED_PARAMETER(p)      ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)  ((void)(p))
#define UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))

#define VOID  void
#define FALSE 0
#define TRUE  1
#ifndef NULL
#define NULL ((void *)0)
#endif

typedef char CHAR, *PCHAR, *LPSTR, *PSTR, *NPSTR;
typedef const char *LPCSTR, *PCSTR, CCHAR;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, *LPBYTE, BOOLEAN, *PBOOLEAN;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD, *LPWORD;
typedef int INT, *PINT, *LPINT, LONG, *PLONG, *LPLONG, BOOL, *PBOOL, *LPBOOL, INT32, LONG32;
typedef unsigned int UINT, *PUINT, ULONG, *PULONG, DWORD, *PDWORD, *LPDWORD, UINT32, ULONG32,
    DWORD32;
typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64;
typedef unsigned long long ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, DWORD64, *PDWORD64,
    DWORDLONG, UINT64, *PUINT64;
typedef signed char INT8;
typedef unsigned char UINT8;
typedef short INT16;
typedef unsigned short UINT16;
typedef long long INT_PTR, LONG_PTR, SSIZE_T, *PINT_PTR, *PLONG_PTR;
typedef unsigned long long UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T, *PULONG_PTR, *PDWORD_PTR,
    *PSIZE_T;
typedef float FLOAT, *PFLOAT;
typedef double DOUBLE;
typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE, **LPHANDLE;
typedef const void *LPCVOID, *PCVOID;
typedef wchar_t WCHAR, *PWCHAR, *LPWSTR, *PWSTR;
typedef const wchar_t *LPCWSTR, *PCWSTR;
typedef int HRESULT;
typedef int NTSTATUS;
typedef HANDLE HINSTANCE, HMODULE, HWND, HKEY, HLOCAL, HGLOBAL;
typedef HANDLE SC_HANDLE;
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR, *LPTSTR, *PTSTR;
typedef LPCWSTR LPCTSTR, PCTSTR;
#define TEXT(quote) L##quote
#else
typedef CHAR TCHAR, *PTCHAR, *LPTSTR, *PTSTR;
typedef LPCSTR LPCTSTR, PCTSTR;
#define TEXT(quote) quote
#endif
#define __TEXT(quote) TEXT(quote)
_Static_assert(sizeof(WCHAR) == 2 && sizeof(DWORD) == 4 && sizeof(HANDLE) == 8, "LLP64 sizes");

typedef union _LARGE_INTEGER {
    struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
typedef union _ULARGE_INTEGER {
    struct {
        DWORD LowPart, HighPart;
    };
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;
typedef struct _FILETIME {
    DWORD dwLowDateTime, dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;
typedef struct _SYSTEMTIME {
    WORD wYear, wMonth, wDayOfWeek, wDay, wHour, wMinute, wSecond, wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;
#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2, Data3;
    unsigned char Data4[8];
} GUID, *LPGUID;
typedef const GUID *LPCGUID, *REFGUID;
#endif
typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;
typedef struct _OVERLAPPED {
    ULONG_PTR Internal;     /* the NTSTATUS; STATUS_PENDING while the request is out */
    ULONG_PTR InternalHigh; /* bytes transferred */
    union {
        struct {
            DWORD Offset, OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

#define MAKEWORD(a, b) ((WORD)(((BYTE)(a)) | ((WORD)((BYTE)(b))) << 8))
#define MAKELONG(a, b) ((LONG)(((WORD)(a)) | ((DWORD)((WORD)(b))) << 16))
#define LOWORD(l)      ((WORD)((DWORD_PTR)(l) & 0xffff))
#define HIWORD(l)      ((WORD)((DWORD_PTR)(l) >> 16 & 0xffff))
#define LOBYTE(w)      ((BYTE)((DWORD_PTR)(w) & 0xff))
#define HIBYTE(w)      ((BYTE)((DWORD_PTR)(w) >> 8 & 0xff))
#define ARRAYSIZE(a)   (sizeof(a) / sizeof((a)[0]))
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - offsetof(type, field)))
#define FIELD_OFFSET(type, field)               ((LONG)offsetof(type, field))
#define ZeroMemory(to, bytes)                   memset((to), 0, (bytes))
#define RtlZeroMemory                           ZeroMemory
#define FillMemory(to, bytes, byte)             memset((to), (byte), (bytes))
#define CopyMemory(to, from, bytes)             memcpy((to), (from), (bytes))
#define MoveMemory(to, from, bytes)             memmove((to), (from), (bytes))

#define MAX_PATH             260
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR) - 1)
#define INFINITE             0xffffffffu
#define MAXDWORD             0xffffffffu

/* --- Errors ----------------------------------------------------------------------------------- */

/* Of the calling thread. */
DWORD WINAPI GetLastError(VOID);
VOID WINAPI SetLastError(DWORD error);

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS  0x00000200
#define FORMAT_MESSAGE_FROM_STRING     0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE    0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM     0x00001000
#define LANG_NEUTRAL                   0
#define SUBLANG_DEFAULT                1
#define MAKELANGID(primary, sub)       ((WORD)((WORD)(sub) << 10 | (WORD)(primary)))
/* FROM_SYSTEM only, English; the text ends with CR LF. 0: ERROR_MR_MID_NOT_FOUND, ... */
DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD message, DWORD language,
                            LPSTR buffer, DWORD size, va_list *arguments);

/* --- Handles, files, devices ------------------------------------------------------------------ */

#define DELETE                     0x00010000
#define READ_CONTROL               0x00020000
#define WRITE_DAC                  0x00040000
#define WRITE_OWNER                0x00080000
#define SYNCHRONIZE                0x00100000
#define STANDARD_RIGHTS_REQUIRED   0x000F0000
#define GENERIC_READ               0x80000000u
#define GENERIC_WRITE              0x40000000u
#define GENERIC_EXECUTE            0x20000000u
#define GENERIC_ALL                0x10000000u
#define FILE_READ_DATA             0x0001
#define FILE_WRITE_DATA            0x0002
#define FILE_APPEND_DATA           0x0004
#define FILE_READ_ATTRIBUTES       0x0080
#define FILE_WRITE_ATTRIBUTES      0x0100
#define FILE_SHARE_READ            0x00000001
#define FILE_SHARE_WRITE           0x00000002
#define FILE_SHARE_DELETE          0x00000004
#define CREATE_NEW                 1
#define CREATE_ALWAYS              2
#define OPEN_EXISTING              3
#define OPEN_ALWAYS                4
#define TRUNCATE_EXISTING          5
#define FILE_ATTRIBUTE_READONLY    0x00000001
#define FILE_ATTRIBUTE_HIDDEN      0x00000002
#define FILE_ATTRIBUTE_SYSTEM      0x00000004
#define FILE_ATTRIBUTE_DIRECTORY   0x00000010
#define FILE_ATTRIBUTE_ARCHIVE     0x00000020
#define FILE_ATTRIBUTE_NORMAL      0x00000080
#define FILE_FLAG_WRITE_THROUGH    0x80000000u
#define FILE_FLAG_OVERLAPPED       0x40000000u
#define FILE_FLAG_NO_BUFFERING     0x20000000u
#define FILE_FLAG_RANDOM_ACCESS    0x10000000u
#define FILE_FLAG_SEQUENTIAL_SCAN  0x08000000u
#define FILE_FLAG_DELETE_ON_CLOSE  0x04000000u
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000u
#define INVALID_FILE_SIZE          0xffffffffu
#define FILE_BEGIN                 0
#define FILE_CURRENT               1
#define FILE_END                   2

typedef VOID(WINAPI *LPOVERLAPPED_COMPLETION_ROUTINE)(DWORD error, DWORD bytes,
                                                      LPOVERLAPPED overlapped);

/* \\.\X is \DosDevices\X; \\?\C:\x and C:\x are paths; others start in the current directory.
 * INVALID_HANDLE_VALUE with ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED, ... A
 * driver's file X.sys that is not there is the driver x of the boot package, for reading. */
HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                          DWORD disposition, DWORD flags, HANDLE template_file);
HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                          DWORD disposition, DWORD flags, HANDLE template_file);
/* A file's requests that are out are cancelled. ERROR_INVALID_HANDLE. */
BOOL WINAPI CloseHandle(HANDLE object);

/* With an overlapped handle the calls return FALSE with ERROR_IO_PENDING when the request is out;
 * whatever becomes of it is told by the OVERLAPPED. Without one they wait. */
BOOL WINAPI ReadFile(HANDLE file, LPVOID buffer, DWORD bytes, LPDWORD done,
                     LPOVERLAPPED overlapped);
BOOL WINAPI WriteFile(HANDLE file, LPCVOID buffer, DWORD bytes, LPDWORD done,
                      LPOVERLAPPED overlapped);
BOOL WINAPI DeviceIoControl(HANDLE device, DWORD code, LPVOID in, DWORD in_bytes, LPVOID out,
                            DWORD out_bytes, LPDWORD done, LPOVERLAPPED overlapped);
/* The routine runs in the calling thread, when that waits alertably (SleepEx, Wait...Ex). */
BOOL WINAPI ReadFileEx(HANDLE file, LPVOID buffer, DWORD bytes, LPOVERLAPPED overlapped,
                       LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WINAPI WriteFileEx(HANDLE file, LPCVOID buffer, DWORD bytes, LPOVERLAPPED overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD done, BOOL wait);
#define HasOverlappedIoCompleted(overlapped)                                                       \
    (*(volatile ULONG_PTR *)&(overlapped)->Internal != 0x103)
BOOL WINAPI CancelIo(HANDLE file); /* requests of the calling thread */
/* ERROR_NOT_FOUND: there is no such request. overlapped NULL: all of the file. */
BOOL WINAPI CancelIoEx(HANDLE file, LPOVERLAPPED overlapped);
BOOL WINAPI FlushFileBuffers(HANDLE file);
DWORD WINAPI GetFileSize(HANDLE file, LPDWORD high);
BOOL WINAPI GetFileSizeEx(HANDLE file, PLARGE_INTEGER size);
BOOL WINAPI SetFilePointerEx(HANDLE file, LARGE_INTEGER distance, PLARGE_INTEGER position,
                             DWORD method);
DWORD WINAPI SetFilePointer(HANDLE file, LONG distance, PLONG distance_high, DWORD method);
BOOL WINAPI DeleteFileA(LPCSTR name);
DWORD WINAPI GetFileAttributesA(LPCSTR name);
#define INVALID_FILE_ATTRIBUTES 0xffffffffu

DWORD WINAPI GetCurrentDirectoryA(DWORD size, LPSTR buffer);
BOOL WINAPI SetCurrentDirectoryA(LPCSTR name);
DWORD WINAPI GetFullPathNameA(LPCSTR name, DWORD size, LPSTR buffer, LPSTR *file_part);
/* path NULL: the current directory. */
DWORD WINAPI SearchPathA(LPCSTR path, LPCSTR file, LPCSTR extension, DWORD size, LPSTR buffer,
                         LPSTR *file_part);
DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR buffer, DWORD size); /* module NULL */

#define STD_INPUT_HANDLE  ((DWORD) - 10)
#define STD_OUTPUT_HANDLE ((DWORD) - 11)
#define STD_ERROR_HANDLE  ((DWORD) - 12)
HANDLE WINAPI GetStdHandle(DWORD which); /* for WriteFile and ReadFile */

/* --- Events, waiting -------------------------------------------------------------------------- */

#define EVENT_MODIFY_STATE   0x0002
#define EVENT_ALL_ACCESS     0x1F0003
#define STATUS_WAIT_0        ((DWORD)0)
#define WAIT_OBJECT_0        ((DWORD)0)
#define WAIT_ABANDONED_0     ((DWORD)0x80)
#define WAIT_IO_COMPLETION   ((DWORD)0xC0)
#define WAIT_TIMEOUT         258u
#define WAIT_FAILED          0xffffffffu
#define MAXIMUM_WAIT_OBJECTS 64
#ifndef STATUS_PENDING
#define STATUS_PENDING ((DWORD)0x103)
#endif
#define STILL_ACTIVE ((DWORD)0x103)

/* The handle means the same event to a driver that gets it in a request. A name is one of
 * \BaseNamedObjects; if it exists, ERROR_ALREADY_EXISTS. */
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name);
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name);
HANDLE WINAPI OpenEventA(DWORD access, BOOL inherit, LPCSTR name);
BOOL WINAPI SetEvent(HANDLE event);
BOOL WINAPI ResetEvent(HANDLE event);
/* For events, threads and files. At most 56 events at once. */
DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD milliseconds);
DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all,
                                    DWORD milliseconds);
DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all,
                                      DWORD milliseconds, BOOL alertable);
VOID WINAPI Sleep(DWORD milliseconds);
DWORD WINAPI SleepEx(DWORD milliseconds, BOOL alertable);

/* --- Threads, processes ----------------------------------------------------------------------- */

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID argument);
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                           LPTHREAD_START_ROUTINE routine, LPVOID argument, DWORD flags,
                           LPDWORD id); /* flags must be 0 */
/* Cancels what the thread has started and waits for its end. */
DECLSPEC_NORETURN VOID WINAPI ExitThread(DWORD code);
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code);
DWORD WINAPI GetCurrentThreadId(VOID);
DWORD WINAPI GetCurrentProcessId(VOID);
HANDLE WINAPI GetCurrentProcess(VOID);
HANDLE WINAPI GetCurrentThread(VOID);
DECLSPEC_NORETURN VOID WINAPI ExitProcess(UINT code);

typedef struct _CRITICAL_SECTION {
    ULONG_PTR Lock;
    ULONG_PTR Owner;
    LONG Depth;
} CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;
VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section);
VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section);
VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section);
VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section);

#define InterlockedIncrement(p)             __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrement(p)             __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedExchange(p, v)           __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAdd(p, v)        __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedCompareExchange(p, v, c) __sync_val_compare_and_swap((p), (c), (v))

/* --- Memory, time ----------------------------------------------------------------------------- */

#define HEAP_ZERO_MEMORY 0x00000008
#define LMEM_FIXED       0x0000
#define LMEM_ZEROINIT    0x0040
#define LPTR             (LMEM_FIXED | LMEM_ZEROINIT)
#define GMEM_FIXED       LMEM_FIXED
#define GMEM_ZEROINIT    LMEM_ZEROINIT
#define GPTR             LPTR
#define MEM_COMMIT       0x00001000
#define MEM_RESERVE      0x00002000
#define MEM_RELEASE      0x00008000
#define PAGE_READWRITE   0x04
HANDLE WINAPI GetProcessHeap(VOID);
LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T bytes);
LPVOID WINAPI HeapReAlloc(HANDLE heap, DWORD flags, LPVOID memory, SIZE_T bytes);
BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID memory);
HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T bytes);
HLOCAL WINAPI LocalFree(HLOCAL memory); /* NULL: done */
HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T bytes);
HGLOBAL WINAPI GlobalFree(HGLOBAL memory);
/* Committed at once, readable and writable; released as a whole. */
LPVOID WINAPI VirtualAlloc(LPVOID address, SIZE_T bytes, DWORD type, DWORD protect);
BOOL WINAPI VirtualFree(LPVOID address, SIZE_T bytes, DWORD type);
DWORD WINAPI GetTickCount(VOID);
ULONGLONG WINAPI GetTickCount64(VOID);
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency);
VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME time);
VOID WINAPI OutputDebugStringA(LPCSTR text);

#ifdef UNICODE
#define CreateFile  CreateFileW
#define CreateEvent CreateEventW
#else
#define CreateFile          CreateFileA
#define CreateEvent         CreateEventA
#define OpenEvent           OpenEventA
#define DeleteFile          DeleteFileA
#define GetFileAttributes   GetFileAttributesA
#define GetCurrentDirectory GetCurrentDirectoryA
#define SetCurrentDirectory SetCurrentDirectoryA
#define GetFullPathName     GetFullPathNameA
#define SearchPath          SearchPathA
#define GetModuleFileName   GetModuleFileNameA
#define FormatMessage       FormatMessageA
#define OutputDebugString   OutputDebugStringA
#endif

#ifdef __cplusplus
}
#endif

#include <winsvc.h>

/* Programs declare main with ULONG and without a result, too: the library has the real one. */
#define main w32_main

#endif
