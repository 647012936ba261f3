// SPDX-License-Identifier: MIT
//
// Sections and views. A section is memory of the system that a driver maps into its own task, as
// often as it likes; its name is seen in this task. There are no sections of files yet, none that
// an application maps, and no executable or copy-on-write ones.
// Documentation: "Section Objects and Views", nf-wdm-zwcreatesection, nf-wdm-zwmapviewofsection.

#ifndef DDK_SECTION_H
#define DDK_SECTION_H

#define SECTION_QUERY       0x0001
#define SECTION_MAP_WRITE   0x0002
#define SECTION_MAP_READ    0x0004
#define SECTION_MAP_EXECUTE 0x0008
#define SECTION_EXTEND_SIZE 0x0010
#define SECTION_ALL_ACCESS  0x000F001F

#define PAGE_NOACCESS          0x01
#define PAGE_READONLY          0x02
#define PAGE_READWRITE         0x04
#define PAGE_WRITECOPY         0x08
#define PAGE_EXECUTE           0x10
#define PAGE_EXECUTE_READ      0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define PAGE_GUARD             0x100
#define PAGE_NOCACHE           0x200
#define PAGE_WRITECOMBINE      0x400

#define SEC_FILE        0x00800000
#define SEC_IMAGE       0x01000000
#define SEC_RESERVE     0x04000000
#define SEC_COMMIT      0x08000000
#define SEC_NOCACHE     0x10000000
#define SEC_LARGE_PAGES 0x80000000
#define MEM_COMMIT      0x00001000
#define MEM_RESERVE     0x00002000
#define MEM_TOP_DOWN    0x00100000
#define MEM_LARGE_PAGES 0x20000000

typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

// A section of zeroed memory, size rounded up to pages. protection: PAGE_READONLY or
// PAGE_READWRITE; allocation: SEC_COMMIT (SEC_RESERVE commits as well).
// STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_PARAMETER_4 (no size), STATUS_INVALID_PARAMETER_6
// (allocation), STATUS_SECTION_TOO_BIG, STATUS_INVALID_FILE_FOR_SECTION (any file),
// STATUS_INSUFFICIENT_RESOURCES; those of names. PASSIVE_LEVEL.
NTSTATUS ZwCreateSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                         PLARGE_INTEGER size, ULONG protection, ULONG allocation, HANDLE file);
NTSTATUS ZwOpenSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);

// A view of [*offset, *offset + *bytes), offset rounded down to 64 KiB, bytes up to pages; *bytes
// 0: to the end of the section. *base must be NULL: the system chooses. The view outlives the
// handle. process: ZwCurrentProcess() or a handle of it. STATUS_INVALID_HANDLE,
// STATUS_ACCESS_DENIED (a view for writing with a handle that is not),
// STATUS_INVALID_PAGE_PROTECTION, STATUS_SECTION_PROTECTION (a writable view of a PAGE_READONLY
// section), STATUS_INVALID_VIEW_SIZE, STATUS_CONFLICTING_ADDRESSES (*base),
// STATUS_INVALID_PARAMETER_8 (inherit), STATUS_INVALID_PARAMETER_9 (type), STATUS_NOT_SUPPORTED
// (another process), STATUS_NO_MEMORY. PASSIVE_LEVEL.
NTSTATUS ZwMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                            SIZE_T commit, PLARGE_INTEGER offset, PSIZE_T bytes,
                            SECTION_INHERIT inherit, ULONG type, ULONG protection);
// base: any address of the view. STATUS_NOT_MAPPED_VIEW. PASSIVE_LEVEL.
NTSTATUS ZwUnmapViewOfSection(HANDLE process, PVOID base);

#endif
