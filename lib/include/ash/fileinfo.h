// SPDX-License-Identifier: MIT
/*
 * The information classes of files and volumes that are in use here, with the layout that the
 * documentation gives them (offsets are asserted). Times are 100 ns units since 1601-01-01 UTC,
 * names UTF-16LE without a final zero.
 */
#ifndef ASH_FILEINFO_H
#define ASH_FILEINFO_H

#include <stddef.h>
#include <stdint.h>

enum ash_file_class {
    ASH_FILE_DIRECTORY_INFORMATION = 1,
    ASH_FILE_BASIC_INFORMATION = 4,
    ASH_FILE_STANDARD_INFORMATION = 5,
    ASH_FILE_RENAME_INFORMATION = 10,
    ASH_FILE_DISPOSITION_INFORMATION = 13,
    ASH_FILE_END_OF_FILE_INFORMATION = 20,
};
enum ash_volume_class {
    ASH_FS_VOLUME_INFORMATION = 1,
    ASH_FS_SIZE_INFORMATION = 3,
    ASH_FS_ATTRIBUTE_INFORMATION = 5,
};
enum ash_file_attributes {
    ASH_ATTRIBUTE_READONLY = 0x1,
    ASH_ATTRIBUTE_HIDDEN = 0x2,
    ASH_ATTRIBUTE_SYSTEM = 0x4,
    ASH_ATTRIBUTE_DIRECTORY = 0x10,
    ASH_ATTRIBUTE_ARCHIVE = 0x20,
};

struct ash_directory_entry { /* the next one lies next_offset bytes behind this; 0: last */
    uint32_t next_offset, file_index;
    int64_t created, accessed, written, changed;
    int64_t size, allocated;
    uint32_t attributes, name_bytes;
    uint16_t name[];
};
static_assert(offsetof(struct ash_directory_entry, name) == 64);

struct ash_basic_information {
    int64_t created, accessed, written, changed;
    uint32_t attributes, padding;
};
static_assert(sizeof(struct ash_basic_information) == 40);

struct ash_standard_information {
    int64_t allocated, size;
    uint32_t links;
    uint8_t delete_pending, directory, padding[2];
};
static_assert(sizeof(struct ash_standard_information) == 24);

struct ash_rename_information {
    uint8_t replace, padding[7];
    uint64_t root_directory; /* 0 */
    uint32_t name_bytes;
    uint16_t name[];
};
static_assert(offsetof(struct ash_rename_information, name) == 20);

struct ash_fs_size_information {
    int64_t units, free_units;
    uint32_t sectors_per_unit, bytes_per_sector;
};
static_assert(sizeof(struct ash_fs_size_information) == 24);

struct ash_fs_volume_information {
    int64_t created;
    uint32_t serial, label_bytes;
    uint8_t supports_objects, padding;
    uint16_t label[];
};
static_assert(offsetof(struct ash_fs_volume_information, label) == 18);

struct ash_fs_attribute_information {
    uint32_t attributes;
    int32_t component_length;
    uint32_t name_bytes;
    uint16_t name[];
};
static_assert(offsetof(struct ash_fs_attribute_information, name) == 12);

#endif
