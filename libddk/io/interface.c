// SPDX-License-Identifier: MIT
//
// Device interfaces: what a driver offers to those who know a class GUID and not its name. The
// plug-and-play manager keeps them (servers/pnp/interface.c); here are the arguments' rules and the
// strings. A name is opaque to drivers, but for IoGetDeviceInterfaceAlias: that one knows that the
// class GUID stands in braces in it.

#include "interface.h"
#include "../rtl/rtl.h"

#define TAG       'fIpP'
#define GUID_TEXT 38u // with its braces

NTSTATUS io_interface_string(const char *name, PUNICODE_STRING string)
{
    ULONG bytes = 0, length = (ULONG)strlen(name);
    NTSTATUS status = rtl_allocate_unicode(string, length * sizeof(WCHAR));
    if (!NT_SUCCESS(status))
        return status;
    status = rtl_from_utf8(string->Buffer, length * sizeof(WCHAR), &bytes, name, length);
    string->Length = (USHORT)bytes;
    string->Buffer[bytes / sizeof(WCHAR)] = 0;
    if (status != STATUS_SUCCESS)
        RtlFreeUnicodeString(string);
    return status;
}

// False: it is longer than any name there can be, or not well-formed.
static bool to_name(PCUNICODE_STRING string, char *name, ULONG room)
{
    ULONG n = 0;
    NTSTATUS status = rtl_to_utf8(name, room - 1, &n, string->Buffer, string->Length);
    name[status == STATUS_SUCCESS ? n : 0] = 0;
    return status == STATUS_SUCCESS;
}

static bool has_separator(PCUNICODE_STRING string)
{
    for (ULONG i = 0; i < string->Length / sizeof(WCHAR); i++)
        if (string->Buffer[i] == L'\\' || string->Buffer[i] == L'/')
            return true;
    return false;
}

NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT pdo, const GUID *class, PUNICODE_STRING reference,
                                   PUNICODE_STRING link)
{
    char name[IO_INTERFACE_NAME], text[128] = "";
    ki_require_irql(PASSIVE_LEVEL, "IoRegisterDeviceInterface above PASSIVE_LEVEL");
    *link = (UNICODE_STRING){0};
    if (pdo == NULL || (reference != NULL &&
                        (has_separator(reference) || !to_name(reference, text, sizeof(text)))))
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = manager_register_interface(pdo, class, text, name);
    if (!NT_SUCCESS(status))
        return status;
    NTSTATUS copied = io_interface_string(name, link);
    return NT_SUCCESS(copied) ? status : copied;
}

NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING link, BOOLEAN enable)
{
    char name[IO_INTERFACE_NAME];
    ki_require_irql(PASSIVE_LEVEL, "IoSetDeviceInterfaceState above PASSIVE_LEVEL");
    if (!to_name(link, name, sizeof(name)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return manager_set_interface(name, enable);
}

// The list grows by one string and keeps room for the zero that ends it.
static NTSTATUS append(PWSTR *list, ULONG *used, const char *name)
{
    ULONG length = (ULONG)strlen(name), bytes = 0;
    PWSTR grown = ExAllocatePool2(POOL_FLAG_PAGED, (*used + length + 2) * sizeof(WCHAR), TAG);
    if (grown == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(grown, *list, *used * sizeof(WCHAR));
    NTSTATUS status = rtl_from_utf8(grown + *used, length * sizeof(WCHAR), &bytes, name, length);
    ExFreePool(*list);
    *list = grown;
    if (status == STATUS_SUCCESS)
        *used += bytes / sizeof(WCHAR) + 1;
    grown[*used] = 0;
    return status;
}

NTSTATUS IoGetDeviceInterfaces(const GUID *class, PDEVICE_OBJECT pdo, ULONG flags, PWSTR *list)
{
    char name[IO_INTERFACE_NAME];
    ULONG used = 0;
    ULONG64 cursor = 0;
    ki_require_irql(PASSIVE_LEVEL, "IoGetDeviceInterfaces above PASSIVE_LEVEL");
    *list = NULL;
    PWSTR names = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(WCHAR), TAG);
    NTSTATUS status = names != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    while (NT_SUCCESS(status)) {
        status = manager_next_interface(
            class, pdo, (flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0, &cursor, name);
        if (NT_SUCCESS(status))
            status = append(&names, &used, name);
    }
    if (status == STATUS_NO_MORE_ENTRIES) {
        *list = names;
        return STATUS_SUCCESS;
    }
    if (names != NULL)
        ExFreePool(names);
    return status;
}

static void guid_text(const GUID *guid, char text[GUID_TEXT])
{
    UNICODE_STRING string;
    ULONG n;
    memset(text, 0, GUID_TEXT);
    if (!NT_SUCCESS(RtlStringFromGUID(guid, &string)))
        return;
    (void)rtl_to_utf8(text, GUID_TEXT, &n, string.Buffer, string.Length);
    RtlFreeUnicodeString(&string);
}

static bool same_name(const char *a, const char *b)
{
    for (; *a != 0 || *b != 0; a++, b++)
        if (rtl_upcase((UCHAR)*a) != rtl_upcase((UCHAR)*b))
            return false;
    return true;
}

// Where the class GUID stands: behind a '#', and its closing brace ends the name or its first part.
static char *class_in(char *name)
{
    for (char *at = strstr(name, "#{"); at != NULL; at = strstr(at + 1, "#{"))
        if (strlen(at) > GUID_TEXT && at[GUID_TEXT] == '}' &&
            (at[GUID_TEXT + 1] == 0 || at[GUID_TEXT + 1] == '\\'))
            return at + 1;
    return NULL;
}

NTSTATUS IoGetDeviceInterfaceAlias(PUNICODE_STRING link, const GUID *class, PUNICODE_STRING alias)
{
    char wanted[IO_INTERFACE_NAME], name[IO_INTERFACE_NAME];
    ULONG64 cursor = 0;
    ki_require_irql(PASSIVE_LEVEL, "IoGetDeviceInterfaceAlias above PASSIVE_LEVEL");
    *alias = (UNICODE_STRING){0};
    char *own = to_name(link, wanted, sizeof(wanted)) ? class_in(wanted) : NULL;
    if (own == NULL)
        return STATUS_INVALID_HANDLE;
    guid_text(class, own);
    while (NT_SUCCESS(manager_next_interface(class, NULL, TRUE, &cursor, name)))
        if (same_name(name, wanted))
            return io_interface_string(name, alias);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}
