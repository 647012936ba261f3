// SPDX-License-Identifier: MIT
//
// Basic types of the driver interface for a 64-bit target whose C `long` is 64 bits wide: every
// Windows type keeps its documented width, so LONG and ULONG are built on int, LONGLONG and the
// pointer-sized types on long long. WCHAR is 16 bits (-fshort-wchar).
// Documentation: "Windows Data Types", ns-ntdef-* pages.

#ifndef DDK_NTDEF_H
#define DDK_NTDEF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ddk/sal.h>
#include <guiddef.h>

#ifndef _WIN64
#define _WIN64 1
#endif

#define VOID void
typedef void *PVOID;
typedef const void *PCVOID, *LPCVOID;
typedef PVOID *PPVOID;
typedef char CHAR, CCHAR;
typedef short SHORT, CSHORT;
typedef int LONG, INT;
typedef unsigned char UCHAR, BYTE, BOOLEAN;
typedef unsigned short USHORT, WORD;
typedef unsigned int ULONG, UINT, DWORD;
typedef long long LONGLONG, LONG64;
typedef unsigned long long ULONGLONG, ULONG64, DWORD64, DWORDLONG;
typedef signed char INT8;
typedef short INT16;
typedef int INT32, LONG32, BOOL;
typedef long long INT64, INT_PTR, LONG_PTR, SSIZE_T;
typedef unsigned char UINT8;
typedef unsigned short UINT16;
typedef unsigned int UINT32, ULONG32, DWORD32;
typedef long long PTRDIFF_T;
typedef unsigned long long UINT64, UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T;
typedef float FLOAT;
typedef double DOUBLE;
typedef wchar_t WCHAR;

typedef CHAR *PCHAR, *LPCH, *PCH, *PSTR, *LPSTR, *PSZ, *PCCHAR;
typedef const CHAR *LPCCH, *PCCH, *PCSTR, *LPCSTR, *PCSZ;
typedef SHORT *PSHORT;
typedef LONG *PLONG;
typedef INT *PINT;
typedef UCHAR *PUCHAR, *PBYTE, *PBOOLEAN, *LPBYTE;
typedef USHORT *PUSHORT, *PWORD;
typedef ULONG *PULONG, *PUINT, *PDWORD, *LPDWORD;
typedef LONGLONG *PLONGLONG, *PLONG64, *PINT64, *PLONG_PTR, *PINT_PTR;
typedef ULONGLONG *PULONGLONG, *PULONG64, *PDWORD64, *PUINT64;
typedef ULONG_PTR *PULONG_PTR, *PUINT_PTR, *PDWORD_PTR, *PSIZE_T;
typedef INT8 *PINT8;
typedef INT16 *PINT16;
typedef INT32 *PINT32, *PLONG32;
typedef UINT8 *PUINT8;
typedef UINT16 *PUINT16;
typedef UINT32 *PUINT32, *PULONG32;
typedef WCHAR *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR, *PZZWSTR;
typedef const WCHAR *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR, *PCZZWSTR;
typedef CSHORT *PCSHORT;

typedef PVOID HANDLE;
typedef HANDLE *PHANDLE;
typedef LONG NTSTATUS;
typedef NTSTATUS *PNTSTATUS;
typedef ULONG ACCESS_MASK;
typedef ACCESS_MASK *PACCESS_MASK;
typedef ULONG LCID, *PLCID;
typedef UCHAR KIRQL, *PKIRQL;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
typedef CCHAR KPROCESSOR_MODE;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;
typedef LONG KPRIORITY;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef PVOID PSID;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;
typedef ULONG EXECUTION_STATE, *PEXECUTION_STATE;
typedef ULONG LOGICAL, *PLOGICAL;

#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif
#define ANYSIZE_ARRAY 1
#define UNALIGNED
#define POINTER_ALIGNMENT           DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define MAXUCHAR                    0xff
#define MAXUSHORT                   0xffff
#define MAXULONG                    0xffffffffu
#define MAXLONG                     0x7fffffff
#define MINLONG                     ((LONG)0x80000000)
#define MAXLONGLONG                 0x7fffffffffffffffLL
#define MAXULONGLONG                0xffffffffffffffffULL
#define MAXULONG_PTR                (~(ULONG_PTR)0)
#define UNICODE_NULL                ((WCHAR)0)
#define ANSI_NULL                   ((CHAR)0)
#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define DUMMYSTRUCTNAME

#define C_ASSERT(e)                           _Static_assert(e, #e)
#define FIELD_OFFSET(type, field)             ((LONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field)           (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)(void *)((char *)(address) - offsetof(type, field)))
#define ARRAYSIZE(a)                       (sizeof(a) / sizeof((a)[0]))
#define RTL_NUMBER_OF(a)                   ARRAYSIZE(a)
#define UNREFERENCED_PARAMETER(p)          ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)      ((void)(p))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))
#define ARGUMENT_PRESENT(p)                ((p) != NULL)
#define FlagOn(flags, bit)                 ((flags) & (bit))
#define BooleanFlagOn(flags, bit)          ((BOOLEAN)(((flags) & (bit)) != 0))
#define SetFlag(flags, bit)                ((flags) |= (bit))
#define ClearFlag(flags, bit)              ((flags) &= ~(bit))

// Severity lives in the two top bits: 0 success, 1 informational, 2 warning, 3 error.
#define NT_SUCCESS(status)     ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status)) >> 30 == 1)
#define NT_WARNING(status)     (((ULONG)(status)) >> 30 == 2)
#define NT_ERROR(status)       (((ULONG)(status)) >> 30 == 3)

#ifndef NOMINMAX
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#endif

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;
typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

// Counted strings: Length and MaximumLength count bytes, without a terminator.
typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#define RTL_CONSTANT_STRING(s) {sizeof(s) - sizeof((s)[0]), sizeof(s), (void *)(s)}
#define DECLARE_CONST_UNICODE_STRING(name, text)                                                   \
    static const WCHAR name##_buffer[] = text;                                                     \
    static const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text),                \
                                        (PWCH)(ULONG_PTR)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, chars)                                                   \
    WCHAR name##_buffer[chars];                                                                    \
    UNICODE_STRING name = {0, (chars) * sizeof(WCHAR), name##_buffer}
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT            0x00000002
#define OBJ_PERMANENT          0x00000010
#define OBJ_EXCLUSIVE          0x00000020
#define OBJ_CASE_INSENSITIVE   0x00000040
#define OBJ_OPENIF             0x00000080
#define OBJ_OPENLINK           0x00000100
#define OBJ_KERNEL_HANDLE      0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400

#define InitializeObjectAttributes(p, name, attributes, root, sd)                                  \
    ((p)->Length = sizeof(OBJECT_ATTRIBUTES), (p)->RootDirectory = (root),                         \
     (p)->Attributes = (attributes), (p)->ObjectName = (name), (p)->SecurityDescriptor = (sd),     \
     (p)->SecurityQualityOfService = NULL)

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny } WAIT_TYPE;

#define HandleToULong(h)    ((ULONG)(ULONG_PTR)(h))
#define PtrToUlong(p)       ((ULONG)(ULONG_PTR)(p))
#define PtrToULong(p)       PtrToUlong(p)
#define PtrToLong(p)        ((LONG)(LONG_PTR)(p))
#define ULongToPtr(u)       ((PVOID)(ULONG_PTR)(ULONG)(u))
#define UlongToPtr(u)       ULongToPtr(u)
#define LongToPtr(l)        ((PVOID)(LONG_PTR)(LONG)(l))
#define ULongToHandle(u)    ((HANDLE)ULongToPtr(u))
#define Int32x32To64(a, b)  ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b) ((ULONGLONG)(ULONG)(a) * (ULONGLONG)(ULONG)(b))

C_ASSERT((CHAR)-1 < 0); // -fsigned-char: plain char is unsigned on RISC-V
C_ASSERT(sizeof(LONG) == 4);
C_ASSERT(sizeof(LONGLONG) == 8);
C_ASSERT(sizeof(ULONG_PTR) == sizeof(PVOID));
C_ASSERT(sizeof(WCHAR) == 2);
C_ASSERT(sizeof(LIST_ENTRY) == 16);
C_ASSERT(sizeof(UNICODE_STRING) == 16);
C_ASSERT(sizeof(OBJECT_ATTRIBUTES) == 48);
C_ASSERT(sizeof(GUID) == 16);

#endif
