// SPDX-License-Identifier: MIT
//
// The FAT driver on the developer's machine, on the real driver kit (libddk's POSIX port): a volume
// device made of an image in memory below it, and requests as the I/O manager would send them
// above.
#ifndef FAT_KIT_H
#define FAT_KIT_H

#include <ntifs.h>

#include "image.h"

typedef struct _KIT_FILE {
    FILE_OBJECT Object;
    PDEVICE_OBJECT Device;
    UNICODE_STRING Name;
} KIT_FILE;

// Starts the driver (once) and mounts the image. The volume below answers from a thread of its own
// when asynchronous. NULL if the mount failed; *status tells.
PDEVICE_OBJECT kit_mount(struct image *image, bool asynchronous, NTSTATUS *status);
// Ends what kit_mount began. The volume must have been dismounted and closed.
void kit_unmount(void);
// Blocks of pool in use. The kit keeps some for later, so only repetitions of the same requests can
// be compared.
size_t kit_pool_blocks(void);
// Data requests that reached the volume device, and the most at the same time.
unsigned kit_transfers(void);
unsigned kit_most_in_flight(void);
// Bytes copied by the driver are not seen here; what is: transfers whose buffer is this range.
bool kit_saw_buffer(const void *buffer, size_t bytes);
// The volume device takes buffers at multiples of mask + 1, until the next kit_unmount.
void kit_align(ULONG mask);
// Makes transfers with a byte offset in this range fail.
void kit_fail_range(uint64_t from, uint64_t to);

NTSTATUS kit_create(PDEVICE_OBJECT volume, KIT_FILE *related, const char *path, ACCESS_MASK access,
                    ULONG share, ULONG disposition, ULONG options, ULONG attributes,
                    KIT_FILE **file, ULONG_PTR *information);
void kit_close(KIT_FILE *file);
NTSTATUS kit_transfer(KIT_FILE *file, UCHAR major, LONGLONG offset, void *buffer, ULONG length,
                      ULONG_PTR *information);
// Starts a transfer; kit_wait waits for it and frees it.
typedef struct _KIT_REQUEST KIT_REQUEST;
KIT_REQUEST *kit_start(KIT_FILE *file, UCHAR major, LONGLONG offset, void *buffer, ULONG length);
NTSTATUS kit_wait(KIT_REQUEST *request, ULONG_PTR *information);
NTSTATUS kit_query(KIT_FILE *file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length,
                   ULONG_PTR *information);
NTSTATUS kit_set(KIT_FILE *file, FILE_INFORMATION_CLASS class, const void *buffer, ULONG length);
NTSTATUS kit_rename(KIT_FILE *file, const char *name, bool replace);
NTSTATUS kit_query_volume(KIT_FILE *file, FS_INFORMATION_CLASS class, void *buffer, ULONG length,
                          ULONG_PTR *information);
NTSTATUS kit_list(KIT_FILE *file, FILE_INFORMATION_CLASS class, const char *pattern, UCHAR flags,
                  void *buffer, ULONG length, ULONG_PTR *information);
NTSTATUS kit_simple(PDEVICE_OBJECT volume, KIT_FILE *file, UCHAR major);
NTSTATUS kit_control(KIT_FILE *file, ULONG code);

#endif
