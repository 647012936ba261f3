// SPDX-License-Identifier: MIT
//
// Sections of memory and their views. The section object has the first mapping of its pages, which
// nobody is given; each view is a further mapping of all of them, with rights of its own, and holds
// a reference to the section. Views are known by their addresses, in a list under `lock`.

#include "../ex/ex.h"
#include "../ob/ob.h"

#define TAG         'tceS'
#define GRANULARITY 0x10000u
#define MOST_BYTES  (1ull << 30)
#define PROTECTIONS (PAGE_NOCACHE - 1)

struct section {
    PVOID First;
    SIZE_T Pages;
    ULONG Protection;
};
struct view {
    LIST_ENTRY Entry;
    struct section *Section;
    PCHAR Mapping, Base; // of the whole section; of what was asked for
    SIZE_T Bytes;
};

static LIST_ENTRY views = {&views, &views};
static struct ki_lock lock;

static void delete_section(PVOID object)
{
    struct section *section = object;
    if (section->First != NULL)
        port_section_unmap(section->First, section->Pages);
}

static NTSTATUS check_creation(PLARGE_INTEGER size, ULONG protection, ULONG allocation, HANDLE file)
{
    const ULONG known = SEC_COMMIT | SEC_RESERVE | SEC_NOCACHE;
    if (protection != PAGE_READONLY && protection != PAGE_READWRITE)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (file != NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if ((allocation & (SEC_COMMIT | SEC_RESERVE)) == 0 || (allocation & ~known) != 0)
        return STATUS_INVALID_PARAMETER_6;
    if (size == NULL || size->QuadPart <= 0)
        return STATUS_INVALID_PARAMETER_4;
    return (ULONG64)size->QuadPart > MOST_BYTES ? STATUS_SECTION_TOO_BIG : STATUS_SUCCESS;
}

NTSTATUS ZwCreateSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                         PLARGE_INTEGER size, ULONG protection, ULONG allocation, HANDLE file)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwCreateSection above PASSIVE_LEVEL");
    NTSTATUS status = check_creation(size, protection, allocation, file);
    if (!NT_SUCCESS(status))
        return status;
    struct section *section = ob_allocate(sizeof(*section), ob_section_type, delete_section, TAG);
    if (section == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    section->Protection = protection;
    section->Pages = BYTES_TO_PAGES((ULONG64)size->QuadPart);
    section->First = port_section_alloc(section->Pages);
    if (section->First == NULL) {
        ObfDereferenceObject(section);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return ob_insert(section, attributes, access, handle);
}

NTSTATUS ZwOpenSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwOpenSection above PASSIVE_LEVEL");
    return ob_open_by_name(attributes, ob_section_type, access, handle);
}

// The task is the only process that a view can be mapped into.
static NTSTATUS check_process(HANDLE process)
{
    PVOID object;
    NTSTATUS status = ObReferenceObjectByHandle(process, PROCESS_VM_OPERATION, ob_process_type,
                                                KernelMode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    bool own = object == PsGetCurrentProcess();
    ObfDereferenceObject(object);
    return own ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static NTSTATUS check_view(PVOID base, SECTION_INHERIT inherit, ULONG type, ULONG protection)
{
    if (inherit != ViewShare && inherit != ViewUnmap)
        return STATUS_INVALID_PARAMETER_8;
    if ((type & ~(ULONG)(MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES)) != 0)
        return STATUS_INVALID_PARAMETER_9;
    if ((protection & PROTECTIONS) != PAGE_READONLY && (protection & PROTECTIONS) != PAGE_READWRITE)
        return STATUS_INVALID_PAGE_PROTECTION;
    return base != NULL ? STATUS_CONFLICTING_ADDRESSES : STATUS_SUCCESS;
}

// *offset and *bytes as they will be.
static NTSTATUS place_view(const struct section *section, ULONG64 *offset, SIZE_T *bytes)
{
    ULONG64 size = (ULONG64)section->Pages * PAGE_SIZE;
    *offset &= ~(ULONG64)(GRANULARITY - 1);
    if (*offset >= size || *bytes > size - *offset)
        return STATUS_INVALID_VIEW_SIZE;
    *bytes = *bytes == 0 ? (SIZE_T)(size - *offset) : ROUND_TO_PAGES(*bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS map_view(struct section *section, ULONG64 offset, SIZE_T bytes, bool write,
                         PVOID *base)
{
    struct view *view = ex_pool_allocate(sizeof(*view), TAG);
    if (view == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    view->Mapping = port_section_map(section->First, section->Pages, write);
    if (view->Mapping == NULL) {
        ex_pool_free(view, TAG);
        return STATUS_NO_MEMORY;
    }
    view->Section = section;
    view->Base = view->Mapping + offset;
    view->Bytes = bytes;
    ObfReferenceObject(section);
    ki_acquire(&lock);
    InsertTailList(&views, &view->Entry);
    ki_release(&lock);
    *base = view->Base;
    return STATUS_SUCCESS;
}

static NTSTATUS map_section(struct section *section, PVOID *base, PLARGE_INTEGER offset,
                            PSIZE_T bytes, bool write)
{
    ULONG64 at = offset != NULL ? (ULONG64)offset->QuadPart : 0;
    SIZE_T size = *bytes;
    if (write && section->Protection == PAGE_READONLY)
        return STATUS_SECTION_PROTECTION;
    NTSTATUS status = place_view(section, &at, &size);
    if (NT_SUCCESS(status))
        status = map_view(section, at, size, write, base);
    if (!NT_SUCCESS(status))
        return status;
    *bytes = size;
    if (offset != NULL)
        offset->QuadPart = (LONGLONG)at;
    return STATUS_SUCCESS;
}

NTSTATUS ZwMapViewOfSection(HANDLE handle, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                            SIZE_T commit, PLARGE_INTEGER offset, PSIZE_T bytes,
                            SECTION_INHERIT inherit, ULONG type, ULONG protection)
{
    PVOID section;
    (void)zero_bits, (void)commit;
    ki_require_irql(PASSIVE_LEVEL, "ZwMapViewOfSection above PASSIVE_LEVEL");
    NTSTATUS status = check_view(*base, inherit, type, protection);
    if (NT_SUCCESS(status))
        status = check_process(process);
    if (!NT_SUCCESS(status))
        return status;
    // The handle's rights count, whoever asks: as on Windows for a Zw routine with a handle that
    // was opened for less.
    bool write = (protection & PROTECTIONS) == PAGE_READWRITE;
    OBJECT_HANDLE_INFORMATION granted;
    status = ObReferenceObjectByHandle(handle, 0, ob_section_type, KernelMode, &section, &granted);
    if (!NT_SUCCESS(status))
        return status;
    ACCESS_MASK wanted = write ? SECTION_MAP_WRITE : SECTION_MAP_READ;
    status = (granted.GrantedAccess & wanted) != 0
                 ? map_section(section, base, offset, bytes, write)
                 : STATUS_ACCESS_DENIED;
    ObfDereferenceObject(section);
    return status;
}

static struct view *take_view(PVOID address)
{
    struct view *found = NULL;
    ki_acquire(&lock);
    for (PLIST_ENTRY at = views.Flink; at != &views && found == NULL; at = at->Flink) {
        struct view *view = CONTAINING_RECORD(at, struct view, Entry);
        if ((ULONG_PTR)address - (ULONG_PTR)view->Base < view->Bytes)
            found = view;
    }
    if (found != NULL)
        RemoveEntryList(&found->Entry);
    ki_release(&lock);
    return found;
}

NTSTATUS ZwUnmapViewOfSection(HANDLE process, PVOID base)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwUnmapViewOfSection above PASSIVE_LEVEL");
    NTSTATUS status = check_process(process);
    if (!NT_SUCCESS(status))
        return status;
    struct view *view = take_view(base);
    if (view == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    port_section_unmap(view->Mapping, view->Section->Pages);
    ObfDereferenceObject(view->Section);
    ex_pool_free(view, TAG);
    return STATUS_SUCCESS;
}
