// SPDX-License-Identifier: MIT
//
// Mounting, the ordered write-back, the dirty mark, and the report of broken rules.
//
// Invariant: whenever metadata of the volume differs on disk from a consistent state, the dirty
// mark is on disk: it is the first thing written and the last thing taken back.
#include <string.h>

#include "internal.h"

enum { FAT_REPORTS_MAX = 64, FAT_STATE_DIRTY = 0x01 };

enum fat_status fat_fault(struct fat_volume *volume, const char *rule, uint64_t value)
{
    if (volume->reports < FAT_REPORTS_MAX) {
        volume->reports++;
        volume->device.report(volume->device.context, rule, value);
    }
    return FAT_CORRUPT;
}

uint32_t fat_root(const struct fat_volume *volume)
{
    return volume->geometry.root_cluster;
}

static enum fat_status read_boot(struct fat_volume *volume, uint8_t *buffer)
{
    const struct fat_device *device = &volume->device;
    uint32_t bytes = device->sector_size < 512 ? 512 : device->sector_size;
    const char *rule;
    uint64_t value;
    if (bytes > FAT_CACHE_BLOCK_BYTES || bytes > device->size) {
        device->report(device->context, "the device is too small, or its sectors too large",
                       device->size);
        return FAT_UNRECOGNIZED;
    }
    FAT_TRY(device->read(device->context, 0, bytes, buffer));
    enum fat_status status = fat_geometry_parse(buffer, bytes, device->size, device->sector_size,
                                                &volume->geometry, &rule, &value);
    if (status != FAT_OK)
        device->report(device->context, rule, value);
    return status;
}

static void boot_label(struct fat_volume *volume, const uint8_t *boot)
{
    const uint8_t *extension = boot + (volume->geometry.kind == FAT_32 ? 66 : 38);
    memset(volume->label, ' ', sizeof volume->label);
    if (extension[0] == 0x29)
        memcpy(volume->label, extension + 5, sizeof volume->label);
    if (memcmp(volume->label, "NO NAME    ", sizeof volume->label) == 0)
        memset(volume->label, ' ', sizeof volume->label);
}

// The label entry of the root directory, if there is one, goes before that of the boot sector.
static enum fat_status root_label(struct fat_volume *volume)
{
    struct fat_cursor cursor;
    const uint8_t *slot;
    fat_cursor_start(&cursor, volume, fat_root(volume), 0);
    for (;;) {
        enum fat_status status = fat_cursor_slot(&cursor, &slot);
        if (status == FAT_END || (status == FAT_OK && slot[0] == 0))
            return FAT_OK;
        FAT_TRY(status);
        if (slot[0] != 0xE5 && (slot[11] & (FAT_LABEL | FAT_DIRECTORY)) == FAT_LABEL &&
            (slot[11] & FAT_LONG_NAME) != FAT_LONG_NAME) {
            memcpy(volume->label, slot, sizeof volume->label);
            return FAT_OK;
        }
        cursor.offset += FAT_ENTRY_BYTES;
    }
}

static enum fat_status load(struct fat_volume *volume)
{
    const struct fat_device *device = &volume->device;
    FAT_TRY(fat_cache_start(volume));
    FAT_TRY(read_boot(volume, volume->storage));
    boot_label(volume, volume->storage);
    uint8_t state = volume->storage[volume->geometry.state_offset];
    volume->was_dirty = (state & FAT_STATE_DIRTY) != 0;
    volume->bounce = device->allocate(device->context, FAT_BOUNCE_BYTES);
    if (volume->bounce == NULL)
        return FAT_NO_MEMORY;
    FAT_TRY(fat_fsinfo_load(volume));
    return root_label(volume);
}

enum fat_status fat_mount(struct fat_volume *volume, const struct fat_device *device)
{
    memset(volume, 0, sizeof *volume);
    volume->device = *device;
    enum fat_status status = load(volume);
    if (status != FAT_OK)
        fat_abandon(volume);
    return status;
}

void fat_abandon(struct fat_volume *volume)
{
    const struct fat_device *device = &volume->device;
    if (volume->storage != NULL)
        device->release(device->context, volume->storage);
    if (volume->bounce != NULL)
        device->release(device->context, volume->bounce);
    volume->storage = NULL;
    volume->bounce = NULL;
}

enum fat_status fat_unmount(struct fat_volume *volume)
{
    enum fat_status status = fat_flush(volume, true, true);
    fat_abandon(volume);
    return status;
}

static enum fat_status barrier(struct fat_volume *volume, bool durable)
{
    return durable ? volume->device.flush(volume->device.context) : FAT_OK;
}

// Through the bounce buffer, not the cache: the cache itself calls this before it evicts.
static enum fat_status write_mark(struct fat_volume *volume, bool dirty)
{
    const struct fat_device *device = &volume->device;
    uint32_t bytes = 1u << volume->geometry.sector_shift;
    FAT_TRY(device->read(device->context, 0, bytes, volume->bounce));
    uint8_t *state = &volume->bounce[volume->geometry.state_offset];
    *state = (uint8_t)((*state & ~FAT_STATE_DIRTY) | (dirty ? FAT_STATE_DIRTY : 0));
    FAT_TRY(device->write(device->context, 0, bytes, volume->bounce));
    volume->marked_dirty = dirty;
    return FAT_OK;
}

// A volume that was dirty when it was mounted stays so: nobody has checked it since.
static enum fat_status mark(struct fat_volume *volume, bool dirty)
{
    if (volume->marked_dirty == dirty || volume->was_dirty)
        return FAT_OK;
    return write_mark(volume, dirty);
}

enum fat_status fat_mark_dirty(struct fat_volume *volume)
{
    return mark(volume, true);
}

enum fat_status fat_write_entries(struct fat_volume *volume)
{
    FAT_TRY(mark(volume, true));
    FAT_TRY(fat_cache_write_region(volume, FAT_REGION_TABLE));
    return fat_cache_write_region(volume, FAT_REGION_DIRECTORY);
}

static enum fat_status write_back(struct fat_volume *volume, bool durable)
{
    FAT_TRY(mark(volume, true));
    FAT_TRY(fat_cache_write_region(volume, FAT_REGION_TABLE));
    FAT_TRY(barrier(volume, durable));
    FAT_TRY(fat_cache_write_region(volume, FAT_REGION_DIRECTORY));
    FAT_TRY(barrier(volume, durable));
    FAT_TRY(fat_table_reap(volume));
    FAT_TRY(fat_cache_write_region(volume, FAT_REGION_TABLE));
    if (volume->fsinfo_stale)
        FAT_TRY(fat_fsinfo_store(volume));
    FAT_TRY(fat_cache_write_region(volume, FAT_REGION_BOOT));
    return barrier(volume, durable);
}

enum fat_status fat_flush(struct fat_volume *volume, bool durable, bool clean)
{
    if (volume->doomed_count != 0 || volume->fsinfo_stale || fat_cache_changed(volume))
        FAT_TRY(write_back(volume, durable));
    else
        FAT_TRY(barrier(volume, durable));
    if (!clean || !volume->marked_dirty)
        return FAT_OK;
    FAT_TRY(mark(volume, false));
    return barrier(volume, durable);
}

enum fat_status fat_write_zeroes(struct fat_volume *volume, uint64_t offset, uint64_t length)
{
    const struct fat_device *device = &volume->device;
    memset(volume->bounce, 0, length < FAT_BOUNCE_BYTES ? (size_t)length : FAT_BOUNCE_BYTES);
    while (length != 0) {
        uint32_t piece = length < FAT_BOUNCE_BYTES ? (uint32_t)length : FAT_BOUNCE_BYTES;
        FAT_TRY(device->write(device->context, offset, piece, volume->bounce));
        offset += piece;
        length -= piece;
    }
    return FAT_OK;
}
