// SPDX-License-Identifier: MIT
//
// Reading directories: walking the slots, putting long names together, finding an entry.
//
// Invariants:
//  * A walk ends after 2 MiB of slots, so a chain that loops ends too.
//  * A long name counts only if its slots are in order, complete, carry the checksum of the 8.3
//    entry behind them and hold valid units; else the 8.3 name is used.
//  * first_cluster of an entry is *not* checked here: fat_file and the cursor check it on use, so
//    that one bad entry does not hide a directory's other entries.
#include <string.h>

#include "internal.h"

void fat_cursor_start(struct fat_cursor *cursor, struct fat_volume *volume, uint32_t directory,
                      uint32_t offset)
{
    *cursor = (struct fat_cursor){volume, directory, offset, directory, 0};
}

static enum fat_status locate_fixed(const struct fat_geometry *g, uint32_t slot, uint32_t *sector)
{
    *sector = g->root_start + (slot >> g->sector_shift);
    return *sector < g->data_start ? FAT_OK : FAT_END;
}

// Brings cursor->cluster to the cluster that holds cursor->offset.
static enum fat_status seek(struct fat_cursor *cursor)
{
    struct fat_volume *volume = cursor->volume;
    uint32_t wanted = cursor->offset >> volume->geometry.cluster_shift;
    if (!fat_cluster_valid(volume, cursor->directory))
        return fat_fault(volume, "directory: its first cluster is not one of the volume",
                         cursor->directory);
    if (wanted < cursor->index)
        fat_cursor_start(cursor, volume, cursor->directory, cursor->offset);
    while (cursor->index < wanted) {
        uint32_t next;
        FAT_TRY(fat_table_next(volume, cursor->cluster, &next));
        if (next == FAT_CHAIN_END)
            return FAT_END;
        cursor->cluster = next;
        cursor->index++;
    }
    if (cursor->offset >= FAT_DIRECTORY_MAX)
        return fat_fault(volume, "directory: longer than 2 MiB, or its chain loops",
                         cursor->directory);
    return FAT_OK;
}

enum fat_status fat_cursor_locate(struct fat_cursor *cursor, uint32_t *sector, uint32_t *offset)
{
    struct fat_volume *volume = cursor->volume;
    const struct fat_geometry *g = &volume->geometry;
    *offset = cursor->offset & ((1u << g->sector_shift) - 1);
    if (cursor->directory == 0 && g->kind != FAT_32)
        return locate_fixed(g, cursor->offset, sector);
    FAT_TRY(seek(cursor));
    uint32_t within = cursor->offset & ((1u << g->cluster_shift) - 1);
    *sector = fat_cluster_sector(volume, cursor->cluster) + (within >> g->sector_shift);
    return FAT_OK;
}

enum fat_status fat_cursor_slot(struct fat_cursor *cursor, const uint8_t **slot)
{
    uint32_t sector;
    uint32_t offset;
    FAT_TRY(fat_cursor_locate(cursor, &sector, &offset));
    FAT_TRY(fat_cache_read(cursor->volume, sector, slot));
    *slot += offset;
    return FAT_OK;
}

// ---- Long names ----

enum { UNITS_PER_SLOT = 13, LAST_LONG_SLOT = 0x40 };

struct long_name {
    bool active;
    uint8_t expected; // ordinal of the next slot; 0 when the name is complete
    uint8_t checksum;
    uint8_t slots;
    uint32_t offset; // of its first slot
};

static uint16_t long_unit(const uint8_t *slot, size_t i)
{
    static const uint8_t places[UNITS_PER_SLOT] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    return fat_le16(slot + places[i]);
}

static void long_units(const uint8_t *slot, uint32_t ordinal, uint16_t name[FAT_NAME_MAX])
{
    size_t at = (size_t)(ordinal - 1) * UNITS_PER_SLOT;
    for (size_t i = 0; i < UNITS_PER_SLOT && at + i < FAT_NAME_MAX; i++)
        name[at + i] = long_unit(slot, i);
}

static void long_feed(struct long_name *l, const uint8_t *slot, uint32_t offset,
                      uint16_t name[FAT_NAME_MAX])
{
    uint8_t ordinal = slot[0] & 0x3F;
    if ((slot[0] & LAST_LONG_SLOT) != 0) {
        *l = (struct long_name){ordinal >= 1 && ordinal <= 20, ordinal, slot[13], ordinal, offset};
    } else if (ordinal != l->expected || slot[13] != l->checksum) {
        l->active = false;
    }
    if (!l->active || ordinal == 0) {
        l->active = false;
        return;
    }
    long_units(slot, ordinal, name);
    l->expected--;
}

// Length of an assembled name, 0 if it is not valid.
static uint16_t long_length(const struct long_name *l, const uint16_t name[FAT_NAME_MAX])
{
    size_t room = (size_t)l->slots * UNITS_PER_SLOT;
    size_t length = 0;
    room = room > FAT_NAME_MAX ? FAT_NAME_MAX : room;
    while (length < room && name[length] != 0) {
        if (!fat_long_unit_valid(name[length]))
            return 0;
        length++;
    }
    return (uint16_t)length;
}

// ---- Entries ----

static bool is_dots(const uint8_t *slot)
{
    return memcmp(slot, ".          ", 11) == 0 || memcmp(slot, "..         ", 11) == 0;
}

static void take_names(struct fat_entry *entry, const uint8_t *slot, const struct long_name *l)
{
    uint16_t length = 0;
    if (l->active && l->expected == 0 && l->checksum == fat_short_checksum(slot))
        length = long_length(l, entry->name);
    if (length != 0) {
        entry->name_length = length;
        entry->alias_length = fat_short_display(slot, 0, entry->alias);
        entry->first_offset = l->offset;
        return;
    }
    entry->alias_length = 0;
    entry->first_offset = entry->offset;
    if (is_dots(slot)) {
        entry->name[0] = entry->name[1] = '.';
        entry->name_length = slot[1] == '.' ? 2 : 1;
        return;
    }
    entry->name_length = fat_short_display(slot, slot[12], entry->name);
}

static void take_fields(const struct fat_volume *volume, struct fat_entry *entry,
                        const uint8_t *slot)
{
    uint32_t high = volume->geometry.kind == FAT_32 ? fat_le16(slot + 20) : 0u;
    bool directory = (slot[11] & FAT_DIRECTORY) != 0;
    entry->attributes = slot[11] & FAT_ATTRIBUTE_MASK;
    entry->first_cluster = high << 16 | fat_le16(slot + 26);
    if (directory && entry->first_cluster == 0 && memcmp(slot, "..", 2) == 0)
        entry->first_cluster = fat_root(volume);
    entry->size = directory ? 0 : fat_le32(slot + 28);
    entry->created = fat_time_decode(fat_le16(slot + 16), fat_le16(slot + 14), slot[13]);
    entry->accessed = fat_time_decode(fat_le16(slot + 18), 0, 0);
    entry->written = fat_time_decode(fat_le16(slot + 24), fat_le16(slot + 22), 0);
}

// Advances over the next entry and takes its names; *slot is its 8.3 slot (a cache pointer).
static enum fat_status next_named(struct fat_cursor *cursor, struct fat_entry *entry,
                                  const uint8_t **slot)
{
    struct long_name name = {0};
    for (;; cursor->offset += FAT_ENTRY_BYTES) {
        uint32_t sector;
        uint32_t at;
        FAT_TRY(fat_cursor_locate(cursor, &sector, &at));
        FAT_TRY(fat_cache_read(cursor->volume, sector, slot));
        *slot += at;
        const uint8_t *s = *slot;
        if (s[0] == 0)
            return FAT_END;
        if (s[0] != 0xE5 && (s[11] & FAT_ATTRIBUTE_MASK) == FAT_LONG_NAME) {
            long_feed(&name, s, cursor->offset, entry->name);
            continue;
        }
        if (s[0] == 0xE5 || (s[11] & FAT_LABEL) != 0) {
            name.active = false;
            continue;
        }
        entry->directory = cursor->directory;
        entry->offset = cursor->offset;
        entry->sector = sector;
        entry->sector_offset = at;
        take_names(entry, s, &name);
        cursor->offset += FAT_ENTRY_BYTES;
        return FAT_OK;
    }
}

enum fat_status fat_cursor_next(struct fat_cursor *cursor, struct fat_entry *entry)
{
    const uint8_t *slot;
    FAT_TRY(next_named(cursor, entry, &slot));
    take_fields(cursor->volume, entry, slot);
    return FAT_OK;
}

enum fat_status fat_lookup(struct fat_volume *volume, uint32_t directory, const uint16_t *name,
                           size_t length, struct fat_entry *entry)
{
    struct fat_cursor cursor;
    const uint8_t *slot;
    fat_cursor_start(&cursor, volume, directory, 0);
    for (;;) {
        enum fat_status status = next_named(&cursor, entry, &slot);
        if (status != FAT_OK)
            return status == FAT_END ? FAT_NOT_FOUND : status;
        if (fat_names_equal(entry->name, entry->name_length, name, length) ||
            fat_names_equal(entry->alias, entry->alias_length, name, length)) {
            take_fields(volume, entry, slot);
            return FAT_OK;
        }
    }
}
