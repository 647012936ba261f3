// SPDX-License-Identifier: MIT
//
// What the files of the FAT core share among themselves.
#pragma once

#include "fat.h"

enum fat_region { FAT_REGION_BOOT, FAT_REGION_TABLE, FAT_REGION_DIRECTORY };

#define FAT_TRY(expression)                                                                        \
    do {                                                                                           \
        enum fat_status try_status = (expression);                                                 \
        if (try_status != FAT_OK)                                                                  \
            return try_status;                                                                     \
    } while (0)

static inline uint16_t fat_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t fat_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void fat_put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void fat_put32(uint8_t *p, uint32_t value)
{
    fat_put16(p, value);
    fat_put16(p + 2, value >> 16);
}

static inline bool fat_cluster_valid(const struct fat_volume *volume, uint32_t cluster)
{
    return cluster - FAT_FIRST_CLUSTER < volume->geometry.cluster_count;
}

static inline uint32_t fat_cluster_sector(const struct fat_volume *volume, uint32_t cluster)
{
    const struct fat_geometry *g = &volume->geometry;
    return g->data_start + ((cluster - FAT_FIRST_CLUSTER) << (g->cluster_shift - g->sector_shift));
}

// Names a broken rule and returns FAT_CORRUPT.
enum fat_status fat_fault(struct fat_volume *volume, const char *rule, uint64_t value);

// ---- cache.c: the pointer is valid until the next call of any cache function ----
enum fat_status fat_cache_start(struct fat_volume *volume);
// The bytes of one sector of the boot, FAT (active copy) or directory area.
enum fat_status fat_cache_read(struct fat_volume *volume, uint32_t sector, const uint8_t **data);
// The same for changing them: the block is written back later.
enum fat_status fat_cache_modify(struct fat_volume *volume, uint32_t sector, uint8_t **data);
// Forgets blocks in a range of sectors, changed or not.
void fat_cache_discard(struct fat_volume *volume, uint32_t sector, uint32_t sectors);
// Writes the changed blocks of one region.
enum fat_status fat_cache_write_region(struct fat_volume *volume, enum fat_region region);
bool fat_cache_changed(const struct fat_volume *volume);

// ---- volume.c: the bounce buffer is overwritten ----
// Puts the dirty mark on disk if it is not there.
enum fat_status fat_mark_dirty(struct fat_volume *volume);
// Writes FAT and directory blocks, in this order; frees nothing.
enum fat_status fat_write_entries(struct fat_volume *volume);

// ---- table.c ----
enum { FAT_CHAIN_END = 0 };
// Successor of a cluster: another valid cluster, or FAT_CHAIN_END. A free, bad or reserved
// successor breaks a rule.
enum fat_status fat_table_next(struct fat_volume *volume, uint32_t cluster, uint32_t *next);
// Follows a chain while it is contiguous, at most `limit` clusters: *count of them from `cluster`
// on, and the *next after those.
enum fat_status fat_table_run(struct fat_volume *volume, uint32_t cluster, uint32_t limit,
                              uint32_t *count, uint32_t *next);
enum fat_status fat_table_link(struct fat_volume *volume, uint32_t cluster, uint32_t next);
// Finds up to `want` contiguous free clusters, at or near `hint`, links them to a chain that ends,
// and returns it. The caller links the chain into a file.
enum fat_status fat_table_allocate(struct fat_volume *volume, uint32_t hint, uint32_t want,
                                   uint32_t *first, uint32_t *count);
// Frees a chain at the next flush.
enum fat_status fat_table_doom(struct fat_volume *volume, uint32_t first);
// Frees the doomed chains now.
enum fat_status fat_table_reap(struct fat_volume *volume);
enum fat_status fat_fsinfo_load(struct fat_volume *volume);
enum fat_status fat_fsinfo_store(struct fat_volume *volume);

// Writes zeroes over whole sectors, around the cache.
enum fat_status fat_write_zeroes(struct fat_volume *volume, uint64_t offset, uint64_t length);

// ---- name.c ----
struct fat_short_name {
    uint8_t bytes[11];
    uint8_t case_flags; // 0x08 lower-case base, 0x10 lower-case extension
};
uint8_t fat_short_checksum(const uint8_t bytes[11]);
// Whether the name is stored exactly by an 8.3 entry alone.
bool fat_short_exact(const uint16_t *name, size_t length, struct fat_short_name *out);
// Candidate number `attempt` (1..) for an alias of a long name.
void fat_short_candidate(const uint16_t *name, size_t length, uint32_t attempt, uint8_t out[11]);
uint16_t fat_short_display(const uint8_t bytes[11], uint8_t case_flags,
                           uint16_t out[FAT_ALIAS_MAX]);
bool fat_long_unit_valid(uint16_t unit);

// ---- directory.c ----
// The slot at cursor->offset, not advanced; FAT_END behind the last cluster or the size limit. The
// pointer is a cache pointer.
enum fat_status fat_cursor_slot(struct fat_cursor *cursor, const uint8_t **slot);
// The same, with where it lies.
enum fat_status fat_cursor_locate(struct fat_cursor *cursor, uint32_t *sector, uint32_t *offset);
