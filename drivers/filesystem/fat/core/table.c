// SPDX-License-Identifier: MIT
//
// The file allocation table: reading and writing entries of 12, 16 and 28 bits, following chains,
// finding free clusters, freeing chains, and the FSInfo sector of FAT32.
//
// Invariants:
//  * No function is called with a cluster that is not of the volume.
//  * A doomed chain stays allocated in the FAT until fat_table_reap, so nothing else is stored in
//    its clusters while an entry on disk may still name them.
#include <string.h>

#include "internal.h"

static uint32_t table_sector(const struct fat_geometry *g)
{
    return g->fat_start + g->fat_active * g->fat_sectors;
}

static enum fat_status byte_get(struct fat_volume *volume, uint32_t offset, uint8_t *value)
{
    const struct fat_geometry *g = &volume->geometry;
    const uint8_t *data;
    FAT_TRY(fat_cache_read(volume, table_sector(g) + (offset >> g->sector_shift), &data));
    *value = data[offset & ((1u << g->sector_shift) - 1)];
    return FAT_OK;
}

static enum fat_status byte_put(struct fat_volume *volume, uint32_t offset, uint8_t mask,
                                uint8_t value)
{
    const struct fat_geometry *g = &volume->geometry;
    uint8_t *data;
    FAT_TRY(fat_cache_modify(volume, table_sector(g) + (offset >> g->sector_shift), &data));
    uint8_t *p = &data[offset & ((1u << g->sector_shift) - 1)];
    *p = (uint8_t)((*p & ~mask) | (value & mask));
    return FAT_OK;
}

// A 12-bit entry may lie across two sectors: byte by byte.
static enum fat_status get12(struct fat_volume *volume, uint32_t cluster, uint32_t *value)
{
    uint32_t offset = cluster + cluster / 2;
    uint8_t low;
    uint8_t high;
    FAT_TRY(byte_get(volume, offset, &low));
    FAT_TRY(byte_get(volume, offset + 1, &high));
    uint32_t pair = (uint32_t)low | (uint32_t)high << 8;
    *value = (cluster & 1) != 0 ? pair >> 4 : pair & 0xFFF;
    return FAT_OK;
}

static enum fat_status put12(struct fat_volume *volume, uint32_t cluster, uint32_t value)
{
    uint32_t offset = cluster + cluster / 2;
    bool odd = (cluster & 1) != 0;
    uint32_t pair = odd ? value << 4 : value;
    FAT_TRY(byte_put(volume, offset, odd ? 0xF0 : 0xFF, (uint8_t)pair));
    return byte_put(volume, offset + 1, odd ? 0xFF : 0x0F, (uint8_t)(pair >> 8));
}

// The end-of-chain marks of FAT12 and FAT16 are widened to those of FAT32.
static uint32_t widen(uint32_t value, uint32_t reserved)
{
    return value >= reserved ? value + (0x0FFFFFF0u - reserved) : value;
}

static enum fat_status entry_get(struct fat_volume *volume, uint32_t cluster, uint32_t *value)
{
    const struct fat_geometry *g = &volume->geometry;
    if (g->kind == FAT_12) {
        FAT_TRY(get12(volume, cluster, value));
        *value = widen(*value, 0xFF0);
        return FAT_OK;
    }
    uint32_t width_shift = g->kind == FAT_16 ? 1 : 2;
    uint64_t offset = (uint64_t)cluster << width_shift;
    const uint8_t *data;
    FAT_TRY(fat_cache_read(volume, table_sector(g) + (uint32_t)(offset >> g->sector_shift), &data));
    data += offset & ((1u << g->sector_shift) - 1);
    *value = g->kind == FAT_16 ? widen(fat_le16(data), 0xFFF0) : fat_le32(data) & 0x0FFFFFFF;
    return FAT_OK;
}

static enum fat_status entry_put(struct fat_volume *volume, uint32_t cluster, uint32_t value)
{
    const struct fat_geometry *g = &volume->geometry;
    if (g->kind == FAT_12)
        return put12(volume, cluster, value & 0xFFF);
    uint32_t width_shift = g->kind == FAT_16 ? 1 : 2;
    uint64_t offset = (uint64_t)cluster << width_shift;
    uint8_t *data;
    FAT_TRY(
        fat_cache_modify(volume, table_sector(g) + (uint32_t)(offset >> g->sector_shift), &data));
    data += offset & ((1u << g->sector_shift) - 1);
    if (g->kind == FAT_16)
        fat_put16(data, value);
    else // the top four bits are reserved and kept
        fat_put32(data, (fat_le32(data) & 0xF0000000) | value);
    return FAT_OK;
}

enum {
    ENTRY_FREE = 0,
    ENTRY_BAD = 0x0FFFFFF7,
    ENTRY_END_FIRST = 0x0FFFFFF8,
    ENTRY_END = 0x0FFFFFFF
};

static enum fat_status classify(struct fat_volume *volume, uint32_t cluster, uint32_t value,
                                uint32_t *next)
{
    *next = value;
    if (fat_cluster_valid(volume, value))
        return FAT_OK;
    *next = FAT_CHAIN_END;
    if (value >= ENTRY_END_FIRST)
        return FAT_OK;
    if (value == ENTRY_FREE)
        return fat_fault(volume, "FAT: a chain runs into a free cluster", cluster);
    if (value == ENTRY_BAD)
        return fat_fault(volume, "FAT: a chain runs into a bad cluster", cluster);
    return fat_fault(volume, "FAT: an entry names a cluster that the volume does not have", value);
}

enum fat_status fat_table_next(struct fat_volume *volume, uint32_t cluster, uint32_t *next)
{
    uint32_t value;
    FAT_TRY(entry_get(volume, cluster, &value));
    return classify(volume, cluster, value, next);
}

// Follows a chain inside one sector of a 16- or 32-bit FAT as long as each entry names its
// neighbour: *count grows by at least one, *value is the entry at which it stopped. Most of the
// time that a large file takes to open is spent here.
static enum fat_status run_in_sector(struct fat_volume *volume, uint32_t cluster, uint32_t limit,
                                     uint32_t *count, uint32_t *value)
{
    const struct fat_geometry *g = &volume->geometry;
    bool wide = g->kind == FAT_32;
    uint32_t entries_shift = g->sector_shift - (wide ? 2 : 1);
    uint32_t at = cluster + *count;
    uint32_t index = at & ((1u << entries_shift) - 1);
    uint32_t end = (1u << entries_shift) - index;
    const uint8_t *data;
    FAT_TRY(fat_cache_read(volume, table_sector(g) + (at >> entries_shift), &data));
    end = end < limit - *count ? end : limit - *count;
    for (uint32_t i = 0; i < end; i++, at++) {
        const uint8_t *entry = data + ((size_t)(index + i) << (wide ? 2 : 1));
        *value = wide ? fat_le32(entry) & 0x0FFFFFFF : widen(fat_le16(entry), 0xFFF0);
        ++*count;
        if (*value != at + 1 || !fat_cluster_valid(volume, at + 1))
            break;
    }
    return FAT_OK;
}

enum fat_status fat_table_run(struct fat_volume *volume, uint32_t cluster, uint32_t limit,
                              uint32_t *count, uint32_t *next)
{
    uint32_t value = 0;
    *count = 0;
    do {
        if (volume->geometry.kind == FAT_12) {
            FAT_TRY(entry_get(volume, cluster + *count, &value));
            ++*count;
        } else {
            FAT_TRY(run_in_sector(volume, cluster, limit, count, &value));
        }
    } while (*count < limit && value == cluster + *count && fat_cluster_valid(volume, value));
    return classify(volume, cluster + *count - 1, value, next);
}

enum fat_status fat_table_link(struct fat_volume *volume, uint32_t cluster, uint32_t next)
{
    return entry_put(volume, cluster, next == FAT_CHAIN_END ? ENTRY_END : next);
}

static void account(struct fat_volume *volume, bool freed)
{
    if (volume->free_known && freed && volume->free_count < volume->geometry.cluster_count)
        volume->free_count++;
    if (volume->free_known && !freed && volume->free_count > 0)
        volume->free_count--;
    volume->fsinfo_stale = true;
}

// First free cluster at or after `from`, below `end`; 0 if there is none.
static enum fat_status find_free(struct fat_volume *volume, uint32_t from, uint32_t end,
                                 uint32_t *found)
{
    *found = 0;
    for (uint32_t cluster = from; cluster < end; cluster++) {
        uint32_t value;
        FAT_TRY(entry_get(volume, cluster, &value));
        if (value == ENTRY_FREE) {
            *found = cluster;
            return FAT_OK;
        }
    }
    return FAT_OK;
}

static enum fat_status search(struct fat_volume *volume, uint32_t hint, uint32_t *found)
{
    uint32_t end = volume->geometry.cluster_count + FAT_FIRST_CLUSTER;
    if (!fat_cluster_valid(volume, hint))
        hint = FAT_FIRST_CLUSTER;
    FAT_TRY(find_free(volume, hint, end, found));
    if (*found == 0)
        FAT_TRY(find_free(volume, FAT_FIRST_CLUSTER, hint, found));
    return FAT_OK;
}

// Takes `first` and the free clusters that follow it.
static enum fat_status take(struct fat_volume *volume, uint32_t first, uint32_t want,
                            uint32_t *count)
{
    FAT_TRY(fat_table_link(volume, first, FAT_CHAIN_END));
    account(volume, false);
    for (*count = 1; *count < want; ++*count) {
        uint32_t cluster = first + *count;
        uint32_t value;
        if (!fat_cluster_valid(volume, cluster))
            break;
        FAT_TRY(entry_get(volume, cluster, &value));
        if (value != ENTRY_FREE)
            break;
        FAT_TRY(fat_table_link(volume, cluster, FAT_CHAIN_END));
        FAT_TRY(fat_table_link(volume, cluster - 1, cluster));
        account(volume, false);
    }
    volume->next_free = first + *count;
    return FAT_OK;
}

enum fat_status fat_table_allocate(struct fat_volume *volume, uint32_t hint, uint32_t want,
                                   uint32_t *first, uint32_t *count)
{
    FAT_TRY(search(volume, hint != 0 ? hint : volume->next_free, first));
    if (*first == 0 && volume->doomed_count != 0) {
        FAT_TRY(fat_flush(volume, false, false));
        FAT_TRY(search(volume, hint, first));
    }
    if (*first == 0)
        return FAT_NO_SPACE;
    return take(volume, *first, want, count);
}

enum fat_status fat_table_doom(struct fat_volume *volume, uint32_t first)
{
    if (volume->doomed_count == FAT_DOOMED_MAX)
        FAT_TRY(fat_flush(volume, false, false));
    volume->doomed[volume->doomed_count++] = first;
    return FAT_OK;
}

// Stops at the first rule broken: what lies behind may belong to somebody else.
static enum fat_status free_chain(struct fat_volume *volume, uint32_t cluster)
{
    while (cluster != FAT_CHAIN_END) {
        uint32_t next;
        FAT_TRY(fat_table_next(volume, cluster, &next));
        FAT_TRY(entry_put(volume, cluster, ENTRY_FREE));
        account(volume, true);
        if (cluster < volume->next_free)
            volume->next_free = cluster;
        cluster = next;
    }
    return FAT_OK;
}

enum fat_status fat_table_reap(struct fat_volume *volume)
{
    while (volume->doomed_count != 0) {
        uint32_t first = volume->doomed[--volume->doomed_count];
        enum fat_status status = free_chain(volume, first);
        if (status != FAT_OK && status != FAT_CORRUPT)
            return status;
    }
    return FAT_OK;
}

// ---- Counting and FSInfo ----

static enum fat_status count_free(struct fat_volume *volume, uint32_t *count)
{
    uint32_t end = volume->geometry.cluster_count + FAT_FIRST_CLUSTER;
    *count = 0;
    for (uint32_t cluster = FAT_FIRST_CLUSTER; cluster < end; cluster++) {
        uint32_t value;
        FAT_TRY(entry_get(volume, cluster, &value));
        *count += value == ENTRY_FREE;
    }
    return FAT_OK;
}

enum fat_status fat_free_clusters(struct fat_volume *volume, uint32_t *count)
{
    if (!volume->free_known) {
        FAT_TRY(count_free(volume, &volume->free_count));
        volume->free_known = true;
        volume->fsinfo_stale = true;
    }
    *count = volume->free_count;
    return FAT_OK;
}

static bool fsinfo_signed(const uint8_t *data)
{
    return fat_le32(data) == 0x41615252 && fat_le32(data + 484) == 0x61417272 &&
           fat_le32(data + 508) == 0xAA550000;
}

// FSInfo is advice. It is believed only if the volume was left clean and the numbers can be.
enum fat_status fat_fsinfo_load(struct fat_volume *volume)
{
    const struct fat_geometry *g = &volume->geometry;
    const uint8_t *data;
    volume->next_free = FAT_FIRST_CLUSTER;
    if (g->fsinfo_sector == 0)
        return FAT_OK;
    FAT_TRY(fat_cache_read(volume, g->fsinfo_sector, &data));
    if (!fsinfo_signed(data))
        return FAT_OK;
    uint32_t next = fat_le32(data + 492);
    if (fat_cluster_valid(volume, next))
        volume->next_free = next;
    volume->free_count = fat_le32(data + 488);
    volume->free_known = !volume->was_dirty && volume->free_count < g->cluster_count;
    return FAT_OK;
}

enum fat_status fat_fsinfo_store(struct fat_volume *volume)
{
    const struct fat_geometry *g = &volume->geometry;
    uint8_t *data;
    const uint8_t *seen;
    volume->fsinfo_stale = false;
    if (g->fsinfo_sector == 0)
        return FAT_OK;
    FAT_TRY(fat_cache_read(volume, g->fsinfo_sector, &seen));
    if (!fsinfo_signed(seen))
        return FAT_OK;
    FAT_TRY(fat_cache_modify(volume, g->fsinfo_sector, &data));
    fat_put32(data + 488, volume->free_known ? volume->free_count : 0xFFFFFFFF);
    bool usable = fat_cluster_valid(volume, volume->next_free);
    fat_put32(data + 492, usable ? volume->next_free : FAT_FIRST_CLUSTER);
    return FAT_OK;
}
