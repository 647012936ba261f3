// SPDX-License-Identifier: MIT
//
// A mounted volume for tests of the driver. Include after ash_test.h.
#pragma once

#include "kit.h"

enum {
    READ_WRITE = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE,
    SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
    PLAIN = FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
};

struct scene {
    struct image image;
    PDEVICE_OBJECT volume;
    long live;
};

static inline bool scene_begin(struct scene *s, unsigned kilobytes, const char *options,
                               bool asynchronous)
{
    NTSTATUS status;
    if (!image_make(&s->image, kilobytes, 512, options))
        return false;
    s->volume = kit_mount(&s->image, asynchronous, &status);
    return s->volume != NULL;
}

static inline void dismount(struct scene *s)
{
    KIT_FILE *file;
    CHECK_EQ(
        kit_create(s->volume, NULL, "", FILE_GENERIC_READ, SHARE_ALL, FILE_OPEN, 0, 0, &file, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(kit_control(file, FSCTL_DISMOUNT_VOLUME), STATUS_SUCCESS);
    kit_close(file);
    kit_unmount();
}

// Dismounts; what is left must be a sound volume.
static inline void scene_end(struct scene *s)
{
    dismount(s);
    CHECK(!ash_test_failed());
    CHECK(image_fsck(&s->image));
    image_free(&s->image);
}

static inline NTSTATUS open_file(struct scene *s, const char *path, ULONG disposition,
                                 KIT_FILE **file)
{
    return kit_create(s->volume, NULL, path, READ_WRITE, SHARE_ALL, disposition, PLAIN, 0, file,
                      NULL);
}

static inline NTSTATUS open_directory(struct scene *s, const char *path, ULONG disposition,
                                      KIT_FILE **file)
{
    return kit_create(s->volume, NULL, path, READ_WRITE, SHARE_ALL, disposition,
                      FILE_DIRECTORY_FILE, 0, file, NULL);
}

// Four page-aligned buffers of 512 KiB.
static _Alignas(4096) uint8_t scene_memory[4][512 << 10];

static inline uint8_t *pattern(uint32_t length, uint32_t seed)
{
    uint8_t *data = scene_memory[seed % 4];
    for (uint32_t i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        data[i] = (uint8_t)(seed >> 16);
    }
    return data;
}
