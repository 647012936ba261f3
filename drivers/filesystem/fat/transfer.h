// SPDX-License-Identifier: MIT
//
// Shared by readwrite.c and transfer.c.
#ifndef FAT_TRANSFER_H
#define FAT_TRANSFER_H

#include "fatfs.h"

// Sends the caller's IRP down: span bytes (whole sectors) at device_offset, of which `bytes` are
// reported to the caller. The gate was entered and is left on completion. Returns STATUS_PENDING.
NTSTATUS FatForward(PFAT_FCB fcb, PIRP irp, uint64_t device_offset, ULONG span, ULONG bytes);

// The file position of a file object opened for synchronous I/O moves behind what was transferred.
// IRQL <= DISPATCH_LEVEL.
static inline VOID FatAdvance(PIO_STACK_LOCATION sp, NTSTATUS status, ULONG bytes)
{
    PFILE_OBJECT file = sp->FileObject;
    if (NT_SUCCESS(status) && (file->Flags & FO_SYNCHRONOUS_IO) != 0)
        file->CurrentByteOffset.QuadPart = sp->Parameters.Read.ByteOffset.QuadPart + bytes;
}

#endif
