// SPDX-License-Identifier: MIT
//
// Sections: creating, opening, mapping views with rights of their own, unmapping; the routines of
// the kit by name.

#include "ddi_test.h"

#define NAME(text) &(UNICODE_STRING)RTL_CONSTANT_STRING(text)
#define SIZE       (5 * PAGE_SIZE + 0x20000)

static NTSTATUS create(PHANDLE handle, ACCESS_MASK access, LONGLONG size, ULONG protection,
                       ULONG allocation)
{
    LARGE_INTEGER bytes = {.QuadPart = size};
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateSection(handle, access, &a, &bytes, protection, allocation, NULL);
}

static NTSTATUS map(HANDLE section, PVOID *base, LONGLONG offset, SIZE_T bytes, ULONG protection)
{
    LARGE_INTEGER at = {.QuadPart = offset};
    *base = NULL;
    return ZwMapViewOfSection(section, ZwCurrentProcess(), base, 0, 0, &at, &bytes, ViewUnmap, 0,
                              protection);
}

DDI_TEST(ZwCreateSection, RESULTS | ERRORS, a_section_is_of_memory_with_a_size)
{
    HANDLE section, file = (HANDLE)(ULONG_PTR)0x40000004;
    LARGE_INTEGER bytes = {.QuadPart = 1};
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE, PAGE_READWRITE, SEC_COMMIT),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(section), STATUS_SUCCESS);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE, PAGE_EXECUTE, SEC_COMMIT),
             STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE, PAGE_WRITECOPY, SEC_COMMIT),
             STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE, PAGE_READWRITE, 0),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE, PAGE_READWRITE, SEC_COMMIT | SEC_IMAGE),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, 0, PAGE_READWRITE, SEC_COMMIT),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, 1ll << 40, PAGE_READWRITE, SEC_COMMIT),
             STATUS_SECTION_TOO_BIG);
    CHECK_EQ(ZwCreateSection(&section, SECTION_ALL_ACCESS, NULL, &bytes, PAGE_READWRITE, SEC_COMMIT,
                             file),
             STATUS_INVALID_FILE_FOR_SECTION);
}

DDI_TEST(ZwOpenSection, RESULTS | ERRORS, a_named_section_is_opened)
{
    HANDLE first, second;
    PVOID a, b;
    LARGE_INTEGER bytes = {.QuadPart = PAGE_SIZE};
    OBJECT_ATTRIBUTES name;
    InitializeObjectAttributes(&name, NAME(L"\\BaseNamedObjects\\Shared"), 0, NULL, NULL);
    CHECK_EQ(ZwOpenSection(&second, SECTION_MAP_READ, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwCreateSection(&first, SECTION_ALL_ACCESS, &name, &bytes, PAGE_READWRITE, SEC_COMMIT,
                             NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ZwOpenSection(&second, SECTION_MAP_READ, &name), STATUS_SUCCESS);
    CHECK_EQ(map(first, &a, 0, 0, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(map(second, &b, 0, 0, PAGE_READONLY), STATUS_SUCCESS);
    CHECK(a != b);
    ((volatile char *)a)[5] = 42;
    CHECK_EQ(((volatile char *)b)[5], 42); // one memory, two views
    CHECK_EQ(map(second, &b, 0, 0, PAGE_READWRITE), STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), a), STATUS_SUCCESS);
    CHECK_EQ(map(second, &a, 0, 0, PAGE_READONLY), STATUS_SUCCESS);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), a), STATUS_SUCCESS);
    ZwClose(first);
    ZwClose(second);
}

DDI_TEST(ZwMapViewOfSection, RESULTS, views_are_rounded_and_outlive_the_handle)
{
    DDI_SHOWS(ZwUnmapViewOfSection, RESULTS | ERRORS);
    HANDLE section;
    PVOID whole, part = NULL;
    LARGE_INTEGER offset = {.QuadPart = 0x10000 + 77};
    SIZE_T bytes = 100;
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, SIZE - 1, PAGE_READWRITE, SEC_COMMIT),
             STATUS_SUCCESS);
    CHECK_EQ(map(section, &whole, 0, 0, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &part, 0, 0, &offset, &bytes,
                                ViewUnmap, 0, PAGE_READONLY),
             STATUS_SUCCESS);
    CHECK_EQ(offset.QuadPart, 0x10000);
    CHECK_EQ(bytes, PAGE_SIZE);
    ZwClose(section);
    CHECK_EQ(((volatile char *)whole)[SIZE - 1], 0); // zeroed to its rounded end
    ((volatile char *)whole)[0x10003] = 9;
    CHECK_EQ(((volatile char *)part)[3], 9);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), (PCHAR)part + 50), STATUS_SUCCESS);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), part), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), &section), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(ZwUnmapViewOfSection(NULL, whole), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), whole), STATUS_SUCCESS);
}

DDI_TEST(ZwMapViewOfSection, ERRORS, a_view_that_cannot_be_is_refused)
{
    HANDLE section, event;
    PVOID base;
    SIZE_T bytes = 0;
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(create(&section, SECTION_ALL_ACCESS, PAGE_SIZE, PAGE_READONLY, SEC_COMMIT),
             STATUS_SUCCESS);
    CHECK_EQ(map(section, &base, 0, 0, PAGE_READWRITE), STATUS_SECTION_PROTECTION);
    CHECK_EQ(map(section, &base, 0, 0, PAGE_EXECUTE_READ), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(map(section, &base, 0, PAGE_SIZE + 1, PAGE_READONLY), STATUS_INVALID_VIEW_SIZE);
    CHECK_EQ(map(section, &base, 0x10000, 0, PAGE_READONLY), STATUS_INVALID_VIEW_SIZE);
    CHECK_EQ(map(NULL, &base, 0, 0, PAGE_READONLY), STATUS_INVALID_HANDLE);
    base = &base;
    CHECK_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &base, 0, 0, NULL, &bytes, ViewUnmap,
                                0, PAGE_READONLY),
             STATUS_CONFLICTING_ADDRESSES);
    base = NULL;
    CHECK_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &base, 0, 0, NULL, &bytes,
                                (SECTION_INHERIT)3, 0, PAGE_READONLY),
             STATUS_INVALID_PARAMETER_8);
    CHECK_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &base, 0, 0, NULL, &bytes, ViewUnmap,
                                MEM_COMMIT, PAGE_READONLY),
             STATUS_INVALID_PARAMETER_9);
    CHECK_EQ(ZwMapViewOfSection(section, section, &base, 0, 0, NULL, &bytes, ViewUnmap, 0,
                                PAGE_READONLY),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &a, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(map(event, &base, 0, 0, PAGE_READONLY), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(event);
    ZwClose(section);
}

static HANDLE limit;
static OBJECT_ATTRIBUTES none = {.Length = sizeof(none)};
static LARGE_INTEGER no_size;
static PVOID no_base;
static SIZE_T no_bytes;
DDI_IRQL_MAX(ZwCreateSection, PASSIVE_LEVEL,
             ZwCreateSection(&limit, 0, &none, &no_size, PAGE_READWRITE, SEC_COMMIT, NULL))
DDI_IRQL_MAX(ZwOpenSection, PASSIVE_LEVEL, ZwOpenSection(&limit, 0, &none))
DDI_IRQL_MAX(ZwMapViewOfSection, PASSIVE_LEVEL,
             ZwMapViewOfSection(NULL, ZwCurrentProcess(), &no_base, 0, 0, NULL, &no_bytes,
                                ViewUnmap, 0, PAGE_READONLY))
DDI_IRQL_MAX(ZwUnmapViewOfSection, PASSIVE_LEVEL, ZwUnmapViewOfSection(ZwCurrentProcess(), NULL))

// --- Routines by name

DDI_TEST(MmGetSystemRoutineAddress, RESULTS | ERRORS, routines_are_found_by_their_names)
{
    NTSTATUS (*close)(HANDLE) =
        (NTSTATUS(*)(HANDLE))(ULONG_PTR)MmGetSystemRoutineAddress(NAME(L"ZwClose"));
    CHECK(close == ZwClose);
    CHECK_EQ(close(NULL), STATUS_INVALID_HANDLE); // it can be called
    CHECK(MmGetSystemRoutineAddress(NAME(L"IoAllocateMdl")) == (PVOID)(ULONG_PTR)IoAllocateMdl);
    CHECK(MmGetSystemRoutineAddress(NAME(L"DbgBreakPoint")) == (PVOID)(ULONG_PTR)DbgBreakPoint);
    CHECK(MmGetSystemRoutineAddress(NAME(L"zwclose")) == NULL);
    CHECK(MmGetSystemRoutineAddress(NAME(L"ZwClos")) == NULL);
    CHECK(MmGetSystemRoutineAddress(NAME(L"ZwCloseX")) == NULL);
    CHECK(MmGetSystemRoutineAddress(NAME(L"IoCreateUnicorn")) == NULL);
    CHECK(MmGetSystemRoutineAddress(NAME(L"")) == NULL);
}

static UNICODE_STRING empty;
DDI_IRQL_MAX(MmGetSystemRoutineAddress, PASSIVE_LEVEL, MmGetSystemRoutineAddress(&empty))
