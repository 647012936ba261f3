// SPDX-License-Identifier: MIT
//
// The error log: a line on the system's console for each entry, with the driver's strings and dump
// data. An entry in use has a header in front that says whose it is; Mark is 0 once it is gone.

#include "../vf/vf.h"
#include "io.h"

#define TAG  'rrEI'
#define MARK 0x45727245u

struct entry {
    PVOID Object;
    ULONG Size;
    ULONG Mark;
    IO_ERROR_LOG_PACKET Packet;
};

static struct entry *entry_of(PVOID packet, const char *rule)
{
    struct entry *entry = CONTAINING_RECORD(packet, struct entry, Packet);
    if (entry->Mark != MARK)
        ki_violation(BAD_POOL_CALLER, rule, (ULONG_PTR)packet, 0);
    return entry;
}

PVOID IoAllocateErrorLogEntry(PVOID io_object, UCHAR size)
{
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateErrorLogEntry above DISPATCH_LEVEL");
    SIZE_T least = offsetof(IO_ERROR_LOG_PACKET, DumpData);
    if (vf_fail() || io_object == NULL || size < least || size > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    struct entry *entry = ExAllocatePool2(
        POOL_FLAG_NON_PAGED, offsetof(struct entry, Packet) + sizeof(entry->Packet) + size, TAG);
    if (entry == NULL)
        return NULL;
    entry->Object = io_object;
    entry->Size = size;
    entry->Mark = MARK;
    return &entry->Packet;
}

static void give_back(struct entry *entry)
{
    entry->Mark = 0;
    ExFreePoolWithTag(entry, TAG);
}

VOID IoFreeErrorLogEntry(PVOID packet)
{
    give_back(entry_of(packet, "IoFreeErrorLogEntry of an entry that was written or freed"));
}

// The insertion strings that lie, with their terminators, inside of the entry.
static void print_strings(const struct entry *entry)
{
    const IO_ERROR_LOG_PACKET *packet = &entry->Packet;
    ULONG at = packet->StringOffset;
    for (USHORT i = 0; i < packet->NumberOfStrings && at >= offsetof(IO_ERROR_LOG_PACKET, DumpData);
         i++) {
        const WCHAR *text = (const WCHAR *)(PVOID)((PUCHAR)packet + at);
        ULONG n = 0, room = at < entry->Size ? (entry->Size - at) / sizeof(WCHAR) : 0;
        while (n < room && text[n] != 0)
            n++;
        if (n == room)
            return;
        DbgPrint("error log:   \"%.*ls\"\n", (int)n, text);
        at += (n + 1) * (ULONG)sizeof(WCHAR);
    }
}

static void print_dump(const struct entry *entry)
{
    const IO_ERROR_LOG_PACKET *packet = &entry->Packet;
    ULONG room = entry->Size - (ULONG)offsetof(IO_ERROR_LOG_PACKET, DumpData);
    ULONG bytes = packet->DumpDataSize < room ? packet->DumpDataSize : room;
    for (ULONG i = 0; i < bytes / sizeof(ULONG); i++)
        DbgPrint("error log:   data[%u] 0x%08x\n", i, packet->DumpData[i]);
}

VOID IoWriteErrorLogEntry(PVOID element)
{
    ki_require_irql(DISPATCH_LEVEL, "IoWriteErrorLogEntry above DISPATCH_LEVEL");
    struct entry *entry = entry_of(element, "IoWriteErrorLogEntry of an entry that was written or "
                                            "freed");
    const IO_ERROR_LOG_PACKET *packet = &entry->Packet;
    DbgPrint("error log: code 0x%08x, status 0x%08x, %s %p, major 0x%02x, unique %u, retry %u, "
             "offset 0x%llx, ioctl 0x%x, sequence %u\n",
             (ULONG)packet->ErrorCode, (ULONG)packet->FinalStatus,
             ((PDEVICE_OBJECT)entry->Object)->Type == IO_TYPE_DEVICE ? "device" : "driver",
             entry->Object, packet->MajorFunctionCode, packet->UniqueErrorValue, packet->RetryCount,
             (unsigned long long)packet->DeviceOffset.QuadPart, packet->IoControlCode,
             packet->SequenceNumber);
    print_strings(entry);
    print_dump(entry);
    give_back(entry);
}
