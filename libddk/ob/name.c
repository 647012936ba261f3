// SPDX-License-Identifier: MIT
//
// Names of objects. A name lies in a directory object, to which it holds a reference; to its object
// it holds one only while the object is permanent. Everything here is under `lock`, a guarded wait
// of PASSIVE_LEVEL, but for deletions: a name that is taken out is freed by who took it out.
// So a temporary object that is found in the tree is alive: its last handle takes the name away
// before the reference of that handle goes.

#include "../ex/ex.h"
#include "../rtl/rtl.h"
#include "ob.h"

#define TAG       'manO'
#define MOST_HOPS 32u // symbolic links that one path leads over

struct ob_name {
    LIST_ENTRY Sibling;
    PVOID Directory; // that it lies in, referenced
    PVOID Object;
    USHORT Length; // bytes
    WCHAR Text[];
};

// A walk over a path. Path is the rest of it; the last component that was looked for is in Last.
struct walk {
    UNICODE_STRING Path, Last;
    bool IgnoreCase, OpenLink;
    ULONG Hops;
    PVOID Directory, Found; // of the last component; not referenced
    WCHAR Buffer[2][512];   // paths that links led to, used in turn
};

static FAST_MUTEX lock;
static PVOID root;

static struct ob_directory *body(PVOID directory)
{
    return directory;
}

static PVOID make_directory(void)
{
    struct ob_directory *directory = ob_allocate(sizeof(*directory), ob_directory_type, NULL, TAG);
    if (directory != NULL)
        InitializeListHead(&directory->Children);
    return directory;
}

static NTSTATUS add(PVOID directory, PCUNICODE_STRING text, PVOID object)
{
    struct ob_name *name = ex_pool_allocate(sizeof(*name) + text->Length, TAG);
    if (name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    name->Directory = directory;
    name->Object = object;
    name->Length = text->Length;
    memcpy(name->Text, text->Buffer, text->Length);
    ObfReferenceObject(directory);
    InsertTailList(&body(directory)->Children, &name->Sibling);
    ob_header(object)->Name = name;
    return STATUS_SUCCESS;
}

// What every system has at its root; permanent.
static void make_root(void)
{
    static const WCHAR *const names[] = {
        L"Device",        L"Driver",      L"FileSystem",       L"??",       L"Callback",
        L"KernelObjects", L"ObjectTypes", L"BaseNamedObjects", L"Security", L"GLOBAL??"};
    PVOID made = make_directory();
    for (ULONG i = 0; made != NULL && i < RTL_NUMBER_OF(names); i++) {
        UNICODE_STRING text;
        RtlInitUnicodeString(&text, names[i]);
        PVOID directory = make_directory();
        if (directory == NULL || !NT_SUCCESS(add(made, &text, directory)))
            ki_die(0, 0, 0, 0, 0, "no memory for the directories of objects");
        ob_header(directory)->Permanent = TRUE;
    }
    root = made;
}

static void acquire(void)
{
    static volatile LONG state; // 0 not initialised, 1 somebody is at it, 2 done
    if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2) {
        if (InterlockedCompareExchange(&state, 1, 0) == 0) {
            ExInitializeFastMutex(&lock);
            make_root();
            __atomic_store_n(&state, 2, __ATOMIC_RELEASE);
        }
        for (unsigned i = 0; __atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2; i++)
            port_relax(i);
    }
    ExAcquireFastMutex(&lock);
}

static void release(void)
{
    ExReleaseFastMutex(&lock);
}

// Takes the name out of the tree: the caller frees it without the lock.
static struct ob_name *take_out(struct object_header *header)
{
    struct ob_name *name = header->Name;
    header->Name = NULL;
    if (name != NULL)
        RemoveEntryList(&name->Sibling);
    return name;
}

static void free_name(struct ob_name *name)
{
    if (name == NULL)
        return;
    ObfDereferenceObject(name->Directory);
    ex_pool_free(name, TAG);
}

static PVOID child(PVOID directory, PCUNICODE_STRING text, bool ignore_case)
{
    PLIST_ENTRY head = &body(directory)->Children;
    for (PLIST_ENTRY at = head->Flink; at != head; at = at->Flink) {
        struct ob_name *name = CONTAINING_RECORD(at, struct ob_name, Sibling);
        if (rtl_compare(name->Text, name->Length / sizeof(WCHAR), text->Buffer,
                        text->Length / sizeof(WCHAR), (BOOLEAN)ignore_case) == 0)
            return name->Object;
    }
    return NULL;
}

static void advance(PUNICODE_STRING path, USHORT bytes)
{
    path->Buffer += bytes / sizeof(WCHAR);
    path->Length = (USHORT)(path->Length - bytes);
}

// Takes the next component off. False: it is empty.
static bool next_component(PUNICODE_STRING path, PUNICODE_STRING component)
{
    USHORT n = 0;
    while (n < path->Length && path->Buffer[n / sizeof(WCHAR)] != L'\\')
        n = (USHORT)(n + sizeof(WCHAR));
    *component = (UNICODE_STRING){n, n, path->Buffer};
    advance(path, n);
    return n != 0;
}

// \DosDevices is the older name of \??.
static void old_name(PUNICODE_STRING component, PVOID directory)
{
    static WCHAR older[] = L"DosDevices", newer[] = L"??";
    if (directory == root && rtl_compare(component->Buffer, component->Length / sizeof(WCHAR),
                                         older, ARRAYSIZE(older) - 1, TRUE) == 0)
        *component = (UNICODE_STRING){sizeof(newer) - sizeof(WCHAR), sizeof(newer), newer};
}

// The path goes on at the link's target.
static NTSTATUS follow(struct walk *walk, const struct ob_link *link)
{
    PWCHAR buffer = walk->Buffer[walk->Hops % 2];
    SIZE_T bytes = (SIZE_T)link->Target.Length + walk->Path.Length;
    if (++walk->Hops > MOST_HOPS || bytes > sizeof(walk->Buffer[0]))
        return STATUS_NAME_TOO_LONG;
    memcpy(buffer, link->Target.Buffer, link->Target.Length);
    memcpy((PCHAR)buffer + link->Target.Length, walk->Path.Buffer, walk->Path.Length);
    walk->Path = (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, buffer};
    if (bytes == 0 || buffer[0] != L'\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    advance(&walk->Path, sizeof(WCHAR));
    walk->Directory = root;
    return STATUS_SUCCESS;
}

// One component. STATUS_PENDING: there are more.
static NTSTATUS step(struct walk *walk)
{
    if (!next_component(&walk->Path, &walk->Last))
        return STATUS_OBJECT_NAME_INVALID;
    old_name(&walk->Last, walk->Directory);
    bool last = walk->Path.Length == 0;
    walk->Found = child(walk->Directory, &walk->Last, walk->IgnoreCase);
    if (walk->Found == NULL)
        return last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
    if (ob_type(walk->Found) == ob_link_type && !(last && walk->OpenLink)) {
        NTSTATUS status = follow(walk, walk->Found);
        return NT_SUCCESS(status) ? STATUS_PENDING : status;
    }
    if (last)
        return STATUS_SUCCESS;
    if (ob_type(walk->Found) != ob_directory_type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    advance(&walk->Path, sizeof(WCHAR)); // the separator
    walk->Directory = walk->Found;
    return STATUS_PENDING;
}

// Lock held. STATUS_OBJECT_NAME_NOT_FOUND leaves Directory and Last: where it would lie.
static NTSTATUS walk_path(struct walk *walk, const OBJECT_ATTRIBUTES *attributes, PVOID from)
{
    NTSTATUS status = STATUS_PENDING;
    PCUNICODE_STRING name = attributes->ObjectName;
    walk->Path = *name;
    walk->IgnoreCase = (attributes->Attributes & OBJ_CASE_INSENSITIVE) != 0;
    walk->Hops = 0;
    walk->Directory = from != NULL ? from : root;
    walk->Found = NULL;
    bool absolute = name->Length != 0 && name->Buffer[0] == L'\\';
    if (absolute != (from == NULL) || name->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (absolute)
        advance(&walk->Path, sizeof(WCHAR));
    if (walk->Path.Length == 0) {
        walk->Found = walk->Directory; // the root itself
        return STATUS_SUCCESS;
    }
    while (status == STATUS_PENDING)
        status = step(walk);
    return status;
}

static bool has_name(const OBJECT_ATTRIBUTES *attributes)
{
    return attributes != NULL && attributes->ObjectName != NULL &&
           (attributes->ObjectName->Length != 0 || attributes->RootDirectory == NULL);
}

// The directory that the name is relative to, referenced; NULL: none.
static NTSTATUS start_of(const OBJECT_ATTRIBUTES *attributes, PVOID *from)
{
    *from = NULL;
    if (attributes->RootDirectory == NULL)
        return STATUS_SUCCESS;
    return ObReferenceObjectByHandle(attributes->RootDirectory, DIRECTORY_TRAVERSE,
                                     ob_directory_type, KernelMode, from, NULL);
}

// Lock held: what there is under that name already, referenced, or NULL and the object has it now.
static NTSTATUS take_place(struct walk *walk, const OBJECT_ATTRIBUTES *attributes, PVOID from,
                           PVOID object, PVOID *existing)
{
    walk->OpenLink = ob_type(object) == ob_link_type;
    NTSTATUS status = walk_path(walk, attributes, from);
    *existing = NULL;
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        status = add(walk->Directory, &walk->Last, object);
        bool permanent = NT_SUCCESS(status) && (attributes->Attributes & OBJ_PERMANENT) != 0;
        ob_header(object)->Permanent = permanent;
        if (permanent)
            ObfReferenceObject(object);
        return status;
    }
    if (!NT_SUCCESS(status))
        return status;
    if ((attributes->Attributes & OBJ_OPENIF) == 0)
        return STATUS_OBJECT_NAME_COLLISION;
    if (ob_type(walk->Found) != ob_type(object))
        return STATUS_OBJECT_TYPE_MISMATCH;
    *existing = walk->Found;
    ObfReferenceObject(*existing);
    return STATUS_OBJECT_NAME_EXISTS;
}

static NTSTATUS place(const OBJECT_ATTRIBUTES *attributes, PVOID object, PVOID *existing)
{
    PVOID from;
    struct walk *walk = ex_pool_allocate(sizeof(*walk), TAG);
    NTSTATUS status = walk != NULL ? start_of(attributes, &from) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        acquire();
        status = take_place(walk, attributes, from, object, existing);
        release();
        if (from != NULL)
            ObfDereferenceObject(from);
    }
    if (walk != NULL)
        ex_pool_free(walk, TAG);
    return status;
}

NTSTATUS ob_insert(PVOID object, POBJECT_ATTRIBUTES attributes, ACCESS_MASK access, PHANDLE handle)
{
    ULONG flags = attributes != NULL ? attributes->Attributes : 0;
    PVOID existing = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if ((flags & ~(ULONG)OB_HANDLE_ATTRIBUTES) != 0)
        status = STATUS_INVALID_PARAMETER;
    else if (has_name(attributes))
        status = place(attributes, object, &existing);
    if (NT_SUCCESS(status)) {
        PVOID opened = existing != NULL ? existing : object;
        NTSTATUS result = ob_open_handle(opened, flags, access, KernelMode, handle);
        if (!NT_SUCCESS(result)) {
            status = result;
            if (existing == NULL)
                ob_make_temporary(object);
        }
    }
    if (existing != NULL)
        ObfDereferenceObject(existing);
    ObfDereferenceObject(object);
    return status;
}

NTSTATUS ob_open_by_name(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type, ACCESS_MASK access,
                         PHANDLE handle)
{
    PVOID from, object = NULL;
    if (attributes == NULL || !has_name(attributes) ||
        (attributes->Attributes & ~(ULONG)OB_HANDLE_ATTRIBUTES) != 0)
        return STATUS_INVALID_PARAMETER;
    struct walk *walk = ex_pool_allocate(sizeof(*walk), TAG);
    NTSTATUS status = walk != NULL ? start_of(attributes, &from) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        walk->OpenLink = type == ob_link_type;
        acquire();
        status = walk_path(walk, attributes, from);
        if (NT_SUCCESS(status))
            ObfReferenceObject(object = walk->Found);
        release();
        if (from != NULL)
            ObfDereferenceObject(from);
    }
    if (walk != NULL)
        ex_pool_free(walk, TAG);
    if (!NT_SUCCESS(status))
        return status;
    if (type != NULL && ob_type(object) != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else
        status = ob_open_handle(object, attributes->Attributes, access, KernelMode, handle);
    ObfDereferenceObject(object);
    return status;
}

void ob_last_handle_closed(PVOID object)
{
    struct object_header *header = ob_header(object);
    struct ob_name *name = NULL;
    if (header->Name == NULL)
        return;
    acquire();
    if (header->Handles == 0 && !header->Permanent)
        name = take_out(header);
    release();
    free_name(name);
}

void ob_make_temporary(PVOID object)
{
    struct object_header *header = ob_header(object);
    struct ob_name *name = NULL;
    acquire();
    bool permanent = header->Permanent;
    header->Permanent = FALSE;
    if (header->Handles == 0)
        name = take_out(header);
    release();
    free_name(name);
    if (permanent)
        ObfDereferenceObject(object);
}
