// SPDX-License-Identifier: MIT
//
// Which kind of table a disk has, and what all kinds share.
#include "table.h"

#include <string.h>

enum { MBR_SIGNATURE = 510, MBR_DISK_SIGNATURE = 440, MBR_ENTRIES = 446, MBR_TYPE_GPT = 0xee };

uint16_t table_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t table_get32(const uint8_t *p)
{
    return (uint32_t)table_get16(p) | (uint32_t)table_get16(p + 2) << 16;
}

uint64_t table_get64(const uint8_t *p)
{
    return (uint64_t)table_get32(p) | (uint64_t)table_get32(p + 4) << 32;
}

struct mbr_entry table_mbr_entry(const uint8_t *sector, unsigned index)
{
    const uint8_t *p = sector + MBR_ENTRIES + 16 * index;
    return (struct mbr_entry){p[0], p[4], table_get32(p + 8), table_get32(p + 12)};
}

// Four bits a step: 16 words of table, and a usual entry array costs some 200,000 instructions.
uint32_t table_crc32(uint32_t crc, const uint8_t *bytes, size_t size)
{
    static const uint32_t steps[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ steps[crc & 15];
        crc = crc >> 4 ^ steps[crc & 15];
    }
    return ~crc;
}

enum table_status table_add(const struct table_disk *disk, struct table *table,
                            const struct table_partition *partition)
{
    if (partition->sectors == 0) {
        return TABLE_EMPTY_PARTITION;
    }
    if (partition->first >= disk->sectors ||
        partition->sectors > disk->sectors - partition->first) {
        return TABLE_OUT_OF_DISK;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        const struct table_partition *other = &table->partitions[i];
        if (partition->first < other->first + other->sectors &&
            other->first < partition->first + partition->sectors) {
            return TABLE_OVERLAP;
        }
    }
    if (table->count == TABLE_PARTITIONS_MAX) {
        return TABLE_TOO_MANY_PARTITIONS;
    }
    table->partitions[table->count] = *partition;
    table->partitions[table->count].number = table->count + 1;
    table->count++;
    return TABLE_OK;
}

// Is this sector the boot sector of a FAT volume? The tests are those that a master boot record
// never passes: jump, then a BIOS parameter block whose every field makes sense.
static int is_fat_boot_sector(const uint8_t *s)
{
    uint16_t sector_size = table_get16(s + 11);
    uint8_t cluster = s[13];
    int jump = (s[0] == 0xeb && s[2] == 0x90) || s[0] == 0xe9;
    int power = sector_size != 0 && (sector_size & (sector_size - 1)) == 0 && cluster != 0 &&
                (cluster & (cluster - 1)) == 0;
    int counts = table_get16(s + 14) != 0 && (s[16] == 1 || s[16] == 2);
    int media = s[21] == 0xf0 || s[21] >= 0xf8;
    return jump && power && sector_size >= TABLE_SECTOR_MIN && counts && media;
}

static enum table_status whole_disk(const struct table_disk *disk, struct table *table)
{
    struct table_partition all = {.first = 0, .sectors = disk->sectors};
    table->style = TABLE_STYLE_RAW;
    return table_add(disk, table, &all);
}

static int has_protective_entry(const uint8_t *sector)
{
    for (unsigned i = 0; i < 4; i++) {
        if (table_mbr_entry(sector, i).type == MBR_TYPE_GPT) {
            return 1;
        }
    }
    return 0;
}

// UEFI 5.2.3: the protective entry begins at sector 1.
static int protective_entry_valid(const uint8_t *sector)
{
    for (unsigned i = 0; i < 4; i++) {
        struct mbr_entry entry = table_mbr_entry(sector, i);
        if (entry.type == MBR_TYPE_GPT && entry.first == 1) {
            return 1;
        }
    }
    return 0;
}

// A FAT boot sector may stand where a partition table was made over an old file system, and its
// code may look like entries: the table counts when it is sound and names a partition. (mkfs.fat
// --mbr writes an entry that covers sector 0 itself: that is not sound, and the disk one volume.)
static enum table_status mbr_or_whole_disk(const struct table_disk *disk, uint8_t *sector, int fat,
                                           struct table *table)
{
    table->style = TABLE_STYLE_MBR;
    table->mbr_signature = table_get32(sector + MBR_DISK_SIGNATURE);
    enum table_status status = table_read_mbr(disk, sector, table);
    if (!fat || (status == TABLE_OK && table->count != 0)) {
        return status;
    }
    memset(table, 0, sizeof *table);
    return whole_disk(disk, table);
}

static int disk_valid(const struct table_disk *disk)
{
    uint32_t size = disk->sector_size;
    return size >= TABLE_SECTOR_MIN && size <= TABLE_SECTOR_MAX && (size & (size - 1)) == 0 &&
           disk->scratch_size >= size;
}

enum table_status table_read_disk(const struct table_disk *disk, struct table *table)
{
    memset(table, 0, sizeof *table);
    if (!disk_valid(disk)) {
        return TABLE_BAD_SECTOR_SIZE;
    }
    // Sector counts and byte offsets both have to fit 63 bits.
    if (disk->sectors < 1 || disk->sectors > INT64_MAX / disk->sector_size) {
        return TABLE_DISK_TOO_SMALL;
    }
    if (disk->read(disk->context, 0, 1, disk->scratch) != 0) {
        return TABLE_READ_ERROR;
    }
    uint8_t *sector = disk->scratch;
    if (table_get16(sector + MBR_SIGNATURE) != 0xaa55) {
        return TABLE_NONE;
    }
    int fat = is_fat_boot_sector(sector);
    if (!has_protective_entry(sector) || (fat && !protective_entry_valid(sector))) {
        return mbr_or_whole_disk(disk, sector, fat, table);
    }
    return protective_entry_valid(sector) ? table_read_gpt(disk, table) : TABLE_BAD_PROTECTIVE_MBR;
}

const char *table_status_text(enum table_status status)
{
    static const char *const texts[] = {
        [TABLE_OK] = "no error",
        [TABLE_NONE] = "no partition table and no file system",
        [TABLE_READ_ERROR] = "the disk could not be read",
        [TABLE_BAD_SECTOR_SIZE] = "sector size is not a power of two of 512 to 4096",
        [TABLE_DISK_TOO_SMALL] = "disk is too small for its partition table",
        [TABLE_TOO_MANY_PARTITIONS] = "more than 128 partitions",
        [TABLE_OVERLAP] = "two partitions overlap",
        [TABLE_OUT_OF_DISK] = "partition reaches behind the end of the disk",
        [TABLE_EMPTY_PARTITION] = "partition without sectors",
        [TABLE_BAD_BOOT_INDICATOR] = "boot indicator is neither 00 nor 80",
        [TABLE_TWO_EXTENDED] = "more than one extended partition",
        [TABLE_NO_EBR_SIGNATURE] = "extended boot record without 55 aa",
        [TABLE_EBR_LOOP] = "chain of extended boot records does not end",
        [TABLE_EBR_OUTSIDE] = "boot record or logical partition outside of the extended partition",
        [TABLE_BAD_EBR] = "extended boot record with other entries than a partition and a link",
        [TABLE_BAD_PROTECTIVE_MBR] = "protective MBR entry does not begin at sector 1",
        [TABLE_GPT_NO_SIGNATURE] = "GPT header does not begin with 'EFI PART'",
        [TABLE_GPT_BAD_REVISION] = "GPT revision is not 1.0",
        [TABLE_GPT_BAD_HEADER_SIZE] = "GPT header size is below 92 or above a sector",
        [TABLE_GPT_BAD_HEADER_CRC] = "GPT header's CRC32 does not fit",
        [TABLE_GPT_BAD_MY_LBA] = "GPT header does not name its own sector",
        [TABLE_GPT_BAD_USABLE_RANGE] = "GPT usable range is not inside the disk",
        [TABLE_GPT_BAD_ENTRY_SIZE] = "GPT entry size is not 128 times a power of two",
        [TABLE_GPT_TOO_MANY_ENTRIES] = "GPT entry array is larger than 1 MiB or empty",
        [TABLE_GPT_BAD_ENTRY_ARRAY] =
            "GPT entry array is outside of the disk or in the usable range",
        [TABLE_GPT_BAD_ENTRY_CRC] = "GPT entry array's CRC32 does not fit",
        [TABLE_GPT_OUT_OF_RANGE] = "GPT partition is outside of the usable range",
    };
    unsigned index = (unsigned)status;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown table status";
}
