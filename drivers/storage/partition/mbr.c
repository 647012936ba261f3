// SPDX-License-Identifier: MIT
//
// MBR partition tables. Primary entries count sectors from the start of the disk; in an extended
// boot record the partition counts from that record, the link from the extended partition.
// Invariant: at most TABLE_PARTITIONS_MAX boot records are read, each one once.
#include "table.h"

enum { SIGNATURE_OFFSET = 510 };

// The extended partition, and the boot records met in it.
struct chain {
    uint64_t first, sectors;
    uint32_t visited;
    uint64_t records[TABLE_PARTITIONS_MAX];
};

static int is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

static enum table_status add_entry(const struct table_disk *disk, struct table *table,
                                   const struct mbr_entry *entry, uint64_t base)
{
    struct table_partition partition = {.first = base + entry->first,
                                        .sectors = entry->sectors,
                                        .mbr_type = entry->type,
                                        .active = entry->indicator == 0x80};
    return table_add(disk, table, &partition);
}

static enum table_status check_indicators(const uint8_t *sector)
{
    for (unsigned i = 0; i < 4; i++) {
        struct mbr_entry entry = table_mbr_entry(sector, i);
        if (entry.type != 0 && entry.indicator != 0 && entry.indicator != 0x80) {
            return TABLE_BAD_BOOT_INDICATOR;
        }
    }
    return TABLE_OK;
}

static int inside(const struct chain *chain, uint64_t first, uint64_t sectors)
{
    return first >= chain->first && first - chain->first <= chain->sectors &&
           sectors <= chain->sectors - (first - chain->first);
}

// Notes the record, so that the chain cannot come back to it.
static enum table_status visit(struct chain *chain, uint64_t record)
{
    if (!inside(chain, record, 1)) {
        return TABLE_EBR_OUTSIDE;
    }
    if (chain->visited == TABLE_PARTITIONS_MAX) {
        return TABLE_EBR_LOOP;
    }
    for (uint32_t i = 0; i < chain->visited; i++) {
        if (chain->records[i] == record) {
            return TABLE_EBR_LOOP;
        }
    }
    chain->records[chain->visited++] = record;
    return TABLE_OK;
}

// Reads one boot record: adds its partition, sets *next to the following record or to 0.
static enum table_status read_record(const struct table_disk *disk, struct table *table,
                                     const struct chain *chain, uint64_t record, uint64_t *next)
{
    *next = 0;
    if (disk->read(disk->context, record, 1, disk->scratch) != 0) {
        return TABLE_READ_ERROR;
    }
    const uint8_t *sector = disk->scratch;
    if (table_get16(sector + SIGNATURE_OFFSET) != 0xaa55) {
        return TABLE_NO_EBR_SIGNATURE;
    }
    struct mbr_entry partition = table_mbr_entry(sector, 0);
    struct mbr_entry link = table_mbr_entry(sector, 1);
    if (table_mbr_entry(sector, 2).type != 0 || table_mbr_entry(sector, 3).type != 0 ||
        is_extended(partition.type) || (link.type != 0 && !is_extended(link.type))) {
        return TABLE_BAD_EBR;
    }
    enum table_status status = check_indicators(sector);
    if (status != TABLE_OK) {
        return status;
    }
    if (link.type != 0) {
        *next = chain->first + link.first;
    }
    if (partition.type == 0) {
        return TABLE_OK;
    }
    if (!inside(chain, record + partition.first, partition.sectors)) {
        return TABLE_EBR_OUTSIDE;
    }
    return partition.first == 0 ? TABLE_OVERLAP : add_entry(disk, table, &partition, record);
}

// Every partition was compared with every other; this compares them with the boot records.
static enum table_status check_records(const struct table *table, const struct chain *chain)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct table_partition *p = &table->partitions[i];
        for (uint32_t k = 0; k < chain->visited; k++) {
            if (chain->records[k] >= p->first && chain->records[k] - p->first < p->sectors) {
                return TABLE_OVERLAP;
            }
        }
    }
    return TABLE_OK;
}

static enum table_status read_chain(const struct table_disk *disk, struct table *table,
                                    const struct mbr_entry *extended)
{
    struct chain chain = {.first = extended->first, .sectors = extended->sectors};
    if (chain.first == 0 || chain.first >= disk->sectors ||
        chain.sectors > disk->sectors - chain.first) {
        return TABLE_OUT_OF_DISK;
    }
    if (chain.sectors == 0) {
        return TABLE_EMPTY_PARTITION;
    }
    // A primary partition may not reach into the extended one.
    for (uint32_t i = 0; i < table->count; i++) {
        const struct table_partition *p = &table->partitions[i];
        if (p->first < chain.first + chain.sectors && chain.first < p->first + p->sectors) {
            return TABLE_OVERLAP;
        }
    }
    uint64_t record = chain.first;
    do {
        uint64_t next;
        enum table_status status = visit(&chain, record);
        if (status == TABLE_OK) {
            status = read_record(disk, table, &chain, record, &next);
        }
        if (status != TABLE_OK) {
            return status;
        }
        record = next;
    } while (record != 0);
    return check_records(table, &chain);
}

enum table_status table_read_mbr(const struct table_disk *disk, const uint8_t *sector,
                                 struct table *table)
{
    struct mbr_entry extended = {0};
    enum table_status status = check_indicators(sector);
    for (unsigned i = 0; i < 4 && status == TABLE_OK; i++) {
        struct mbr_entry entry = table_mbr_entry(sector, i);
        if (is_extended(entry.type)) {
            status = extended.type != 0 ? TABLE_TWO_EXTENDED : TABLE_OK;
            extended = entry;
        } else if (entry.type != 0) {
            // Sector 0 is the table itself.
            status = entry.first == 0 ? TABLE_OVERLAP : add_entry(disk, table, &entry, 0);
        }
    }
    if (status != TABLE_OK || extended.type == 0) {
        return status;
    }
    return read_chain(disk, table, &extended);
}
