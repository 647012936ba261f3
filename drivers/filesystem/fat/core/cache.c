// SPDX-License-Identifier: MIT
//
// The metadata cache: FAT_CACHE_BLOCKS blocks of up to 4 KiB, least recently used, write-back.
//
// Invariants:
//  * A block lies in one region and, in the data area, in one cluster. A cluster belongs to one
//    directory or one file, so no block holds file data.
//  * FAT blocks are those of the active copy; writing one writes every mirrored copy.
//  * A changed directory block is never written while a FAT block is changed: what an entry names
//    is allocated on disk first.
//  * A block may be newer than the disk, so read-ahead never replaces a block that is there.
#include <string.h>

#include "internal.h"

static uint64_t sector_offset(const struct fat_volume *volume, uint32_t sector)
{
    return (uint64_t)sector << volume->geometry.sector_shift;
}

static uint32_t active_fat(const struct fat_geometry *g)
{
    return g->fat_start + g->fat_active * g->fat_sectors;
}

struct place {
    uint32_t start;
    uint32_t sectors;
    enum fat_region region;
};

// The aligned piece of a region that holds the sector, `begin` and `length` being the region's.
static struct place piece_of(uint32_t sector, uint32_t begin, uint32_t length, uint32_t piece,
                             enum fat_region region)
{
    uint32_t start = sector - (sector - begin) % piece;
    uint32_t left = length - (start - begin);
    return (struct place){start, left < piece ? left : piece, region};
}

static struct place place_of(const struct fat_geometry *g, uint32_t sector)
{
    uint32_t piece = FAT_CACHE_BLOCK_BYTES >> g->sector_shift;
    uint32_t cluster = 1u << (g->cluster_shift - g->sector_shift);
    if (sector < g->fat_start)
        return (struct place){sector, 1, FAT_REGION_BOOT};
    if (sector < g->root_start)
        return piece_of(sector, active_fat(g), g->fat_sectors, piece, FAT_REGION_TABLE);
    if (sector < g->data_start)
        return piece_of(sector, g->root_start, g->root_sectors, piece, FAT_REGION_DIRECTORY);
    uint32_t begin = sector - (sector - g->data_start) % cluster;
    return piece_of(sector, begin, cluster, piece, FAT_REGION_DIRECTORY);
}

enum fat_status fat_cache_start(struct fat_volume *volume)
{
    const struct fat_device *device = &volume->device;
    volume->storage =
        device->allocate(device->context, (size_t)FAT_CACHE_BLOCKS * FAT_CACHE_BLOCK_BYTES);
    if (volume->storage == NULL)
        return FAT_NO_MEMORY;
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        struct fat_block *block = &volume->blocks[i];
        *block = (struct fat_block){.data = volume->storage + i * FAT_CACHE_BLOCK_BYTES};
    }
    volume->recent = &volume->blocks[0];
    return FAT_OK;
}

static bool block_holds(const struct fat_block *block, uint32_t sector)
{
    return block->valid && sector - block->sector < block->sectors;
}

static uint32_t block_bytes(const struct fat_volume *volume, const struct fat_block *block)
{
    return (uint32_t)block->sectors << volume->geometry.sector_shift;
}

static enum fat_status write_at(struct fat_volume *volume, const struct fat_block *block,
                                uint32_t sector)
{
    const struct fat_device *device = &volume->device;
    return device->write(device->context, sector_offset(volume, sector), block_bytes(volume, block),
                         block->data);
}

// Writes the active copy first: it is the one that is read.
static enum fat_status write_block(struct fat_volume *volume, struct fat_block *block)
{
    const struct fat_geometry *g = &volume->geometry;
    FAT_TRY(write_at(volume, block, block->sector));
    if (block->region == FAT_REGION_TABLE && g->fat_mirrored) {
        uint32_t offset = block->sector - active_fat(g);
        for (uint32_t copy = 0; copy < g->fat_count; copy++) {
            if (copy != g->fat_active)
                FAT_TRY(write_at(volume, block, g->fat_start + copy * g->fat_sectors + offset));
        }
    }
    block->dirty = false;
    return FAT_OK;
}

// Descending order of sectors: chains mostly run upwards, so what a link leads to is on disk first.
static struct fat_block *highest_changed(struct fat_volume *volume, enum fat_region region)
{
    struct fat_block *best = NULL;
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        struct fat_block *block = &volume->blocks[i];
        if (block->valid && block->dirty && block->region == region &&
            (best == NULL || block->sector > best->sector))
            best = block;
    }
    return best;
}

enum fat_status fat_cache_write_region(struct fat_volume *volume, enum fat_region region)
{
    struct fat_block *block;
    while ((block = highest_changed(volume, region)) != NULL)
        FAT_TRY(write_block(volume, block));
    return FAT_OK;
}

bool fat_cache_changed(const struct fat_volume *volume)
{
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        if (volume->blocks[i].valid && volume->blocks[i].dirty)
            return true;
    }
    return false;
}

static struct fat_block *oldest(struct fat_volume *volume)
{
    struct fat_block *best = &volume->blocks[0];
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        struct fat_block *block = &volume->blocks[i];
        if (!block->valid)
            return block;
        if (block->used < best->used)
            best = block;
    }
    return best;
}

static enum fat_status evict(struct fat_volume *volume, struct fat_block *block)
{
    if (block->valid && block->dirty) {
        FAT_TRY(fat_mark_dirty(volume));
        if (block->region == FAT_REGION_DIRECTORY)
            FAT_TRY(fat_cache_write_region(volume, FAT_REGION_TABLE));
        FAT_TRY(write_block(volume, block));
    }
    block->valid = false;
    return FAT_OK;
}

// A FAT that cannot be read is replaced by a mirror that can.
static enum fat_status read_mirror(struct fat_volume *volume, const struct place *place,
                                   uint8_t *data)
{
    const struct fat_geometry *g = &volume->geometry;
    const struct fat_device *device = &volume->device;
    uint32_t bytes = place->sectors << g->sector_shift;
    if (place->region != FAT_REGION_TABLE || !g->fat_mirrored)
        return FAT_IO_ERROR;
    for (uint32_t copy = 1; copy < g->fat_count; copy++) {
        uint64_t sector = (uint64_t)place->start + (uint64_t)copy * g->fat_sectors;
        if (device->read(device->context, sector << g->sector_shift, bytes, data) == FAT_OK)
            return FAT_OK;
    }
    return FAT_IO_ERROR;
}

static struct fat_block *find(struct fat_volume *volume, uint32_t sector)
{
    if (block_holds(volume->recent, sector))
        return volume->recent;
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        if (block_holds(&volume->blocks[i], sector))
            return &volume->blocks[i];
    }
    return NULL;
}

static void settle(struct fat_block *block, const struct place *place)
{
    block->sector = place->start;
    block->sectors = (uint16_t)place->sectors;
    block->region = (uint8_t)place->region;
    block->dirty = false;
    block->valid = true;
}

static enum fat_status fill(struct fat_volume *volume, struct fat_block *block,
                            const struct place *place)
{
    const struct fat_device *device = &volume->device;
    uint32_t bytes = place->sectors << volume->geometry.sector_shift;
    enum fat_status status =
        device->read(device->context, sector_offset(volume, place->start), bytes, block->data);
    if (status != FAT_OK)
        status = read_mirror(volume, place, block->data);
    if (status == FAT_OK)
        settle(block, place);
    return status;
}

// Gives pieces behind the one that was asked for, which lie in the bounce buffer, to blocks that
// cost nothing: unused or unchanged ones.
static void keep_ahead(struct fat_volume *volume, uint32_t first, uint32_t sectors)
{
    const struct fat_geometry *g = &volume->geometry;
    uint32_t at = first;
    while (at - first < sectors) {
        struct place place = place_of(g, at);
        struct fat_block *block = find(volume, at) == NULL ? oldest(volume) : NULL;
        if (block != NULL && block->valid && block->dirty)
            return;
        if (block != NULL) {
            memcpy(block->data, volume->bounce + ((size_t)(at - first) << g->sector_shift),
                   (size_t)place.sectors << g->sector_shift);
            settle(block, &place);
            block->used = ++volume->stamp;
        }
        at = place.start + place.sectors;
    }
}

// Of a FAT that is read from front to back (a long chain, the count of free clusters) several
// blocks come at once. FAT_END: they do not; the block is to be filled alone.
static enum fat_status fill_ahead(struct fat_volume *volume, struct fat_block *block,
                                  const struct place *place)
{
    const struct fat_geometry *g = &volume->geometry;
    const struct fat_device *device = &volume->device;
    uint32_t end = active_fat(g) + g->fat_sectors;
    uint32_t want = FAT_READ_AHEAD_BYTES >> g->sector_shift;
    bool sequential = place->region == FAT_REGION_TABLE && place->start == volume->ahead;
    if (place->region == FAT_REGION_TABLE)
        volume->ahead = place->start + place->sectors;
    if (!sequential || volume->bounce == NULL)
        return FAT_END;
    uint32_t sectors = want < end - place->start ? want : end - place->start;
    if (device->read(device->context, sector_offset(volume, place->start),
                     sectors << g->sector_shift, volume->bounce) != FAT_OK)
        return FAT_END;
    memcpy(block->data, volume->bounce, (size_t)place->sectors << g->sector_shift);
    settle(block, place);
    block->used = ++volume->stamp;
    keep_ahead(volume, place->start, sectors);
    volume->ahead = place->start + sectors;
    return FAT_OK;
}

static enum fat_status load(struct fat_volume *volume, struct fat_block *block,
                            const struct place *place)
{
    FAT_TRY(evict(volume, block));
    enum fat_status status = fill_ahead(volume, block, place);
    return status == FAT_END ? fill(volume, block, place) : status;
}

static enum fat_status obtain(struct fat_volume *volume, uint32_t sector, struct fat_block **out)
{
    struct fat_block *block = find(volume, sector);
    if (block == NULL) {
        struct place place = place_of(&volume->geometry, sector);
        block = oldest(volume);
        FAT_TRY(load(volume, block, &place));
    }
    if (block != volume->recent || block->used == 0) {
        volume->recent = block;
        block->used = ++volume->stamp;
    }
    *out = block;
    return FAT_OK;
}

static uint8_t *bytes_of(const struct fat_volume *volume, struct fat_block *block, uint32_t sector)
{
    return block->data + ((size_t)(sector - block->sector) << volume->geometry.sector_shift);
}

enum fat_status fat_cache_read(struct fat_volume *volume, uint32_t sector, const uint8_t **data)
{
    struct fat_block *block;
    FAT_TRY(obtain(volume, sector, &block));
    *data = bytes_of(volume, block, sector);
    return FAT_OK;
}

enum fat_status fat_cache_modify(struct fat_volume *volume, uint32_t sector, uint8_t **data)
{
    struct fat_block *block;
    FAT_TRY(obtain(volume, sector, &block));
    block->dirty = true;
    *data = bytes_of(volume, block, sector);
    return FAT_OK;
}

void fat_cache_discard(struct fat_volume *volume, uint32_t sector, uint32_t sectors)
{
    for (size_t i = 0; i < FAT_CACHE_BLOCKS; i++) {
        struct fat_block *block = &volume->blocks[i];
        if (block->valid && block->sector - sector < sectors)
            block->valid = false;
    }
}
