// SPDX-License-Identifier: MIT
//
// GUID partition tables (UEFI specification 2.10, section 5.3). Both copies are read; the primary
// one counts when it is sound, else the backup at the last sector.
// Invariant: a header's fields are used only after its CRC and its bounds were checked.
#include "table.h"

#include <string.h>

enum {
    HEADER_MIN = 92,
    ENTRY_MIN = 128,
    ENTRY_MAX = 4096,
    ARRAY_MAX = 1024 * 1024,
};

struct gpt_header {
    uint32_t size, crc;
    uint64_t my_lba, first_usable, last_usable, array;
    struct table_guid disk_id;
    uint32_t entries, entry_size, array_crc;
};

static int is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

static enum table_status check_crc(const struct table_disk *disk, uint8_t *sector)
{
    uint32_t size = table_get32(sector + 12);
    uint32_t crc = table_get32(sector + 16);
    if (memcmp(sector, "EFI PART", 8) != 0) {
        return TABLE_GPT_NO_SIGNATURE;
    }
    if (table_get32(sector + 8) != 0x00010000) {
        return TABLE_GPT_BAD_REVISION;
    }
    if (size < HEADER_MIN || size > disk->sector_size) {
        return TABLE_GPT_BAD_HEADER_SIZE;
    }
    memset(sector + 16, 0, 4);
    return table_crc32(0, sector, size) == crc ? TABLE_OK : TABLE_GPT_BAD_HEADER_CRC;
}

static void take_fields(const uint8_t *sector, struct gpt_header *header)
{
    header->my_lba = table_get64(sector + 24);
    header->first_usable = table_get64(sector + 40);
    header->last_usable = table_get64(sector + 48);
    memcpy(header->disk_id.bytes, sector + 56, sizeof header->disk_id);
    header->array = table_get64(sector + 72);
    header->entries = table_get32(sector + 80);
    header->entry_size = table_get32(sector + 84);
    header->array_crc = table_get32(sector + 88);
}

static uint64_t array_sectors(const struct table_disk *disk, const struct gpt_header *header)
{
    uint64_t bytes = (uint64_t)header->entries * header->entry_size;
    return (bytes + disk->sector_size - 1) / disk->sector_size;
}

static enum table_status check_array(const struct table_disk *disk, const struct gpt_header *header)
{
    uint32_t size = header->entry_size;
    if (size < ENTRY_MIN || size > ENTRY_MAX || (size & (size - 1)) != 0) {
        return TABLE_GPT_BAD_ENTRY_SIZE;
    }
    if (header->entries == 0 || header->entries > ARRAY_MAX / size) {
        return TABLE_GPT_TOO_MANY_ENTRIES;
    }
    uint64_t length = array_sectors(disk, header);
    if (header->array < 2 || header->array >= disk->sectors ||
        length > disk->sectors - header->array) {
        return TABLE_GPT_BAD_ENTRY_ARRAY;
    }
    int before = header->array + length <= header->first_usable;
    int behind = header->array > header->last_usable;
    return before || behind ? TABLE_OK : TABLE_GPT_BAD_ENTRY_ARRAY;
}

static enum table_status read_header(const struct table_disk *disk, uint64_t lba,
                                     struct gpt_header *header)
{
    if (disk->read(disk->context, lba, 1, disk->scratch) != 0) {
        return TABLE_READ_ERROR;
    }
    enum table_status status = check_crc(disk, disk->scratch);
    if (status != TABLE_OK) {
        return status;
    }
    take_fields(disk->scratch, header);
    if (header->my_lba != lba) {
        return TABLE_GPT_BAD_MY_LBA;
    }
    if (header->first_usable < 3 || header->first_usable > header->last_usable ||
        header->last_usable >= disk->sectors - 1) {
        return TABLE_GPT_BAD_USABLE_RANGE;
    }
    return check_array(disk, header);
}

static enum table_status add_entry(const struct table_disk *disk, struct table *table,
                                   const struct gpt_header *header, const uint8_t *entry)
{
    if (is_zero(entry, 16)) {
        return TABLE_OK;
    }
    uint64_t first = table_get64(entry + 32);
    uint64_t last = table_get64(entry + 40);
    if (first < header->first_usable || last > header->last_usable || last < first) {
        return TABLE_GPT_OUT_OF_RANGE;
    }
    struct table_partition partition = {
        .first = first, .sectors = last - first + 1, .attributes = table_get64(entry + 48)};
    memcpy(partition.type.bytes, entry, 16);
    memcpy(partition.id.bytes, entry + 16, 16);
    for (unsigned i = 0; i < TABLE_NAME_UNITS; i++) {
        partition.name[i] = table_get16(entry + 56 + 2 * i);
    }
    return table_add(disk, table, &partition);
}

// Reads the array in pieces of the scratch memory. Entries are 128 * 2^n bytes, sectors 2^m, so a
// piece of whole sectors, rounded to whole entries, holds whole entries. A wrong CRC is told rather
// than what a damaged entry happens to break.
static enum table_status read_array(const struct table_disk *disk, const struct gpt_header *header,
                                    struct table *table)
{
    uint32_t unit = header->entry_size > disk->sector_size ? header->entry_size : disk->sector_size;
    uint32_t piece = disk->scratch_size / unit * unit;
    uint64_t left = (uint64_t)header->entries * header->entry_size;
    uint64_t lba = header->array;
    uint32_t crc = 0;
    enum table_status fault = TABLE_OK;
    if (piece == 0) {
        return TABLE_GPT_BAD_ENTRY_SIZE;
    }
    while (left != 0) {
        uint32_t bytes = left < piece ? (uint32_t)left : piece;
        uint32_t sectors = (bytes + disk->sector_size - 1) / disk->sector_size;
        if (disk->read(disk->context, lba, sectors, disk->scratch) != 0) {
            return TABLE_READ_ERROR;
        }
        crc = table_crc32(crc, disk->scratch, bytes);
        for (uint32_t at = 0; at < bytes && fault == TABLE_OK; at += header->entry_size) {
            fault = add_entry(disk, table, header, disk->scratch + at);
        }
        lba += sectors;
        left -= bytes;
    }
    return crc == header->array_crc ? fault : TABLE_GPT_BAD_ENTRY_CRC;
}

static enum table_status read_copy(const struct table_disk *disk, uint64_t lba, struct table *table)
{
    struct gpt_header header = {0};
    enum table_status status = read_header(disk, lba, &header);
    if (status == TABLE_OK) {
        table->count = 0;
        table->disk_id = header.disk_id;
        status = read_array(disk, &header, table);
    }
    return status;
}

enum table_status table_read_gpt(const struct table_disk *disk, struct table *table)
{
    // MBR, two headers, two arrays of at least a sector, a usable sector.
    if (disk->sectors < 6) {
        return TABLE_DISK_TOO_SMALL;
    }
    table->style = TABLE_STYLE_GPT;
    uint64_t last = disk->sectors - 1;
    table->primary = read_copy(disk, 1, table);
    if (table->primary == TABLE_OK) {
        // Its header is checked so that a damaged backup is told while the primary still works.
        struct gpt_header backup;
        table->backup = read_header(disk, last, &backup);
        return TABLE_OK;
    }
    table->backup = read_copy(disk, last, table);
    return table->backup == TABLE_OK ? TABLE_OK : table->primary;
}
