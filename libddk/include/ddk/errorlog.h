// SPDX-License-Identifier: MIT
//
// Entries of the error log.
// Documentation: nf-wdm-ioallocateerrorlogentry, ns-wdm-_io_error_log_packet, "Logging Errors".

#ifndef DDK_ERRORLOG_H
#define DDK_ERRORLOG_H

#define ERROR_LOG_MAXIMUM_SIZE 240

typedef struct _IO_ERROR_LOG_PACKET {
    UCHAR MajorFunctionCode;
    UCHAR RetryCount;
    USHORT DumpDataSize;
    USHORT NumberOfStrings;
    USHORT StringOffset;
    USHORT EventCategory;
    NTSTATUS ErrorCode;
    ULONG UniqueErrorValue;
    NTSTATUS FinalStatus;
    ULONG SequenceNumber;
    ULONG IoControlCode;
    LARGE_INTEGER DeviceOffset;
    ULONG DumpData[1];
} IO_ERROR_LOG_PACKET, *PIO_ERROR_LOG_PACKET;
C_ASSERT(sizeof(IO_ERROR_LOG_PACKET) == 0x30);

// A zeroed packet of size bytes for an error of a device or driver object, or NULL: without memory,
// or for a size below the packet's or above ERROR_LOG_MAXIMUM_SIZE. IRQL <= DISPATCH_LEVEL.
PVOID IoAllocateErrorLogEntry(PVOID io_object, UCHAR size);
// Writes the entry to the system's log and frees it. IRQL <= DISPATCH_LEVEL.
VOID IoWriteErrorLogEntry(PVOID entry);
// Frees an entry that is not written.
VOID IoFreeErrorLogEntry(PVOID entry);

#endif
