// SPDX-License-Identifier: MIT
//
// A volume for host tests: the bytes of an image in memory, served as a fat_device, with the
// accounting that tests need (rules reported, failures injected, the log of writes).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fat.h"

struct image_write {
    uint64_t offset;
    uint32_t length;
    uint8_t *data;
};

struct image {
    uint8_t *bytes;
    uint64_t size;
    uint32_t sector_size;
    unsigned reports;      // rules reported since image_open
    const char *last_rule; // the latest
    bool quiet;            // do not print rules
    bool logging;          // keep every write
    struct image_write *log;
    size_t log_count;
    size_t log_capacity;
    long fail_after; // transfers until all fail; negative: never
    long allocations;
};

// malloc that does not fail.
void *image_memory(uint64_t bytes);

// Makes a volume with mkfs.vfat: kilobytes in size, further options as given ("-F 16 -s 4").
// False if mkfs.vfat failed.
bool image_make(struct image *image, unsigned kilobytes, unsigned sector_size, const char *options);
// A copy of bytes, for damaging.
void image_wrap(struct image *image, const uint8_t *bytes, uint64_t size, uint32_t sector_size);
void image_free(struct image *image);
struct fat_device image_device(struct image *image);

// Writes the image to a temporary file, whose path is returned (static buffer).
const char *image_store(const struct image *image);
// Replaces the bytes by those of the temporary file.
bool image_reload(struct image *image);
// Runs fsck.fat -n; true if it finds nothing. Its output is printed otherwise.
bool image_fsck(const struct image *image);
// Runs a shell command in which $IMAGE is the stored image; true if it exits with 0.
bool image_run(const struct image *image, const char *command);
void image_log_clear(struct image *image);
