// SPDX-License-Identifier: MIT
//
// Partition tables: GPT (UEFI specification 2.10, chapter 5), MBR with extended partitions, and
// disks that hold one file system without a table. Pure: it knows a disk only by a read callback.
//
// Guarantees
// - Reads whole sectors inside of [0, sectors) only, into the caller's scratch memory; allocates
//   nothing; takes a bounded number of reads whatever the disk says.
// - An accepted table has partitions that lie inside the disk, do not overlap each other, the GPT's
//   own structures or an extended boot record, and are not empty.
// - A table that breaks a rule is refused as a whole, with the rule's name.
#ifndef PARTITION_TABLE_H
#define PARTITION_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_PARTITIONS_MAX 128
#define TABLE_SECTOR_MIN     512u
#define TABLE_SECTOR_MAX     4096u
#define TABLE_NAME_UNITS     36

enum [[nodiscard]] table_status {
    TABLE_OK,
    TABLE_NONE, // no partition table and no file system known here: a blank disk
    TABLE_READ_ERROR,
    TABLE_BAD_SECTOR_SIZE, // not a power of two of 512 .. 4096, or scratch below one sector
    TABLE_DISK_TOO_SMALL,  // no room for the structures the table needs
    TABLE_TOO_MANY_PARTITIONS,
    TABLE_OVERLAP,            // two partitions, or a partition and a boot record, share a sector
    TABLE_OUT_OF_DISK,        // a partition reaches behind the last sector
    TABLE_EMPTY_PARTITION,    // used, with zero sectors
    TABLE_BAD_BOOT_INDICATOR, // neither 00 nor 80
    TABLE_TWO_EXTENDED,       // more than one extended partition in the MBR
    TABLE_NO_EBR_SIGNATURE,
    TABLE_EBR_LOOP,           // the chain of extended boot records comes back or never ends
    TABLE_EBR_OUTSIDE,        // a boot record or logical partition outside of the extended one
    TABLE_BAD_EBR,            // entries 3 and 4 used, or a link that is not an extended type
    TABLE_BAD_PROTECTIVE_MBR, // GPT without a protective entry that begins at sector 1
    TABLE_GPT_NO_SIGNATURE,
    TABLE_GPT_BAD_REVISION,
    TABLE_GPT_BAD_HEADER_SIZE,
    TABLE_GPT_BAD_HEADER_CRC,
    TABLE_GPT_BAD_MY_LBA,
    TABLE_GPT_BAD_USABLE_RANGE,
    TABLE_GPT_BAD_ENTRY_SIZE, // not 128 * 2^n, or above a sector's worth of sense
    TABLE_GPT_TOO_MANY_ENTRIES,
    TABLE_GPT_BAD_ENTRY_ARRAY, // the array lies outside of the disk or in the usable range
    TABLE_GPT_BAD_ENTRY_CRC,
    TABLE_GPT_OUT_OF_RANGE, // a partition outside of the usable range, or end before start
};

enum table_style {
    TABLE_STYLE_RAW, // the whole disk is one volume
    TABLE_STYLE_MBR,
    TABLE_STYLE_GPT,
};

// A GUID as it stands on disk (first three fields little-endian), which is how GUID is in memory.
struct table_guid {
    uint8_t bytes[16];
};

struct table_partition {
    uint64_t first;             // first sector
    uint64_t sectors;           // > 0
    uint32_t number;            // from 1, in the order of the table, unused entries not counted
    uint8_t mbr_type;           // MBR only
    uint8_t active;             // MBR only
    struct table_guid type, id; // GPT only
    uint64_t attributes;        // GPT only
    uint16_t name[TABLE_NAME_UNITS]; // GPT only; UTF-16, not always terminated
};

struct table {
    enum table_style style;
    uint32_t mbr_signature;    // MBR: disk signature at offset 440
    struct table_guid disk_id; // GPT
    uint32_t count;
    // GPT: what is wrong with the copy that is not in use (TABLE_OK: nothing).
    enum table_status primary, backup;
    struct table_partition partitions[TABLE_PARTITIONS_MAX];
};

// Reads `count` sectors from `first` into `buffer`. Zero for success.
typedef int table_read(void *context, uint64_t first, uint32_t count, void *buffer);

struct table_disk {
    table_read *read;
    void *context;
    uint32_t sector_size;
    uint64_t sectors;
    uint8_t *scratch; // at least one sector; 16 KiB reads a usual GPT's entries at once
    uint32_t scratch_size;
};

// Reads the table of a disk. On an error *table holds nothing usable. Blocks as long as read does.
enum table_status table_read_disk(const struct table_disk *disk, struct table *table);

// A static sentence that names the rule broken; never NULL.
const char *table_status_text(enum table_status status);

// ---- between table.c, mbr.c and gpt.c ----

struct mbr_entry {
    uint8_t indicator, type;
    uint32_t first, sectors;
};

uint16_t table_get16(const uint8_t *p);
uint32_t table_get32(const uint8_t *p);
uint64_t table_get64(const uint8_t *p);
struct mbr_entry table_mbr_entry(const uint8_t *sector, unsigned index);

// The CRC32 of the UEFI specification (reflected 04c11db7). Start with 0.
uint32_t table_crc32(uint32_t crc, const uint8_t *bytes, size_t size);

// Appends a partition after checking it against the disk and all before it.
enum table_status table_add(const struct table_disk *disk, struct table *table,
                            const struct table_partition *partition);

enum table_status table_read_mbr(const struct table_disk *disk, const uint8_t *sector,
                                 struct table *table);
enum table_status table_read_gpt(const struct table_disk *disk, struct table *table);

#endif
