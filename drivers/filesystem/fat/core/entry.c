// SPDX-License-Identifier: MIT
//
// Changing directories: creating, updating, removing and renaming entries.
//
// Invariants:
//  * A long name's slots and its 8.3 slot are contiguous, and the 8.3 name is unique in its
//    directory.
//  * Clusters are linked in the FAT before an entry names them, and doomed (freed at a flush) only
//    after no entry names them: see fat_flush.
//  * A rename writes the new entry before it deletes the old one: a crash leaves two names rather
//    than none.
#include <string.h>

#include "internal.h"

enum { UNITS_PER_SLOT = 13, LAST_LONG_SLOT = 0x40, DELETED = 0xE5, ALIAS_ATTEMPTS = 4 + 9 * 32 };

static enum fat_status slot_modify(struct fat_cursor *cursor, uint8_t **slot)
{
    uint32_t sector;
    uint32_t offset;
    FAT_TRY(fat_cursor_locate(cursor, &sector, &offset));
    FAT_TRY(fat_cache_modify(cursor->volume, sector, slot));
    *slot += offset;
    return FAT_OK;
}

// ---- Room for new slots ----

struct room {
    uint32_t offset;  // where the new slots begin
    uint32_t free;    // how many slots from there on are free
    bool after_end;   // they lie behind the end mark, so a new end mark may be needed
    uint32_t reached; // offset where the directory's last cluster ends, when free does not suffice
};

// Looks for `need` contiguous free slots; stops at the end of the last cluster.
static enum fat_status find_room(struct fat_cursor *cursor, uint32_t need, struct room *room)
{
    bool ended = false;
    *room = (struct room){0};
    for (; room->free < need; cursor->offset += FAT_ENTRY_BYTES) {
        const uint8_t *slot;
        enum fat_status status = fat_cursor_slot(cursor, &slot);
        if (status == FAT_END)
            break;
        FAT_TRY(status);
        ended |= slot[0] == 0;
        if (!ended && slot[0] != DELETED) {
            room->free = 0;
            continue;
        }
        if (room->free++ == 0)
            room->offset = cursor->offset;
    }
    if (room->free == 0)
        room->offset = cursor->offset;
    room->after_end = ended;
    room->reached = cursor->offset;
    return FAT_OK;
}

static enum fat_status zero_cluster(struct fat_volume *volume, uint32_t cluster)
{
    const struct fat_geometry *g = &volume->geometry;
    fat_cache_discard(volume, fat_cluster_sector(volume, cluster),
                      1u << (g->cluster_shift - g->sector_shift));
    return fat_write_zeroes(volume, fat_cluster_offset(volume, cluster), fat_cluster_bytes(volume));
}

// Appends one zeroed cluster to a directory whose last cluster the cursor stands on.
static enum fat_status grow(struct fat_cursor *cursor)
{
    struct fat_volume *volume = cursor->volume;
    uint32_t cluster;
    uint32_t count;
    if (cursor->directory == 0)
        return FAT_NO_SPACE;
    if (cursor->offset >= FAT_DIRECTORY_MAX)
        return FAT_TOO_LARGE;
    uint32_t last = cursor->cluster;
    FAT_TRY(fat_table_allocate(volume, last + 1, 1, &cluster, &count));
    enum fat_status status = zero_cluster(volume, cluster);
    if (status == FAT_OK)
        status = fat_table_link(volume, last, cluster);
    if (status != FAT_OK)
        (void)!fat_table_doom(volume, cluster);
    return status;
}

static enum fat_status make_room(struct fat_cursor *cursor, uint32_t need, struct room *room)
{
    FAT_TRY(find_room(cursor, need, room));
    while (room->free < need) {
        cursor->offset = room->reached;
        FAT_TRY(grow(cursor));
        uint32_t bytes = fat_cluster_bytes(cursor->volume);
        room->free += bytes / FAT_ENTRY_BYTES;
        room->reached += bytes;
        if (room->free < need) { // the cursor must stand on the new last cluster
            const uint8_t *slot;
            FAT_TRY(fat_cursor_slot(cursor, &slot));
        }
    }
    return FAT_OK;
}

// ---- Choosing the 8.3 name ----

static enum fat_status alias_taken(struct fat_volume *volume, uint32_t directory,
                                   const uint8_t bytes[11], bool *taken)
{
    struct fat_cursor cursor;
    fat_cursor_start(&cursor, volume, directory, 0);
    *taken = false;
    for (;; cursor.offset += FAT_ENTRY_BYTES) {
        const uint8_t *slot;
        enum fat_status status = fat_cursor_slot(&cursor, &slot);
        if (status == FAT_END || (status == FAT_OK && slot[0] == 0))
            return FAT_OK;
        FAT_TRY(status);
        if ((slot[11] & FAT_LABEL) == 0 && memcmp(slot, bytes, 11) == 0) {
            *taken = true;
            return FAT_OK;
        }
    }
}

static enum fat_status choose_alias(struct fat_volume *volume, uint32_t directory,
                                    const uint16_t *name, size_t length, uint8_t bytes[11])
{
    for (uint32_t attempt = 1; attempt <= ALIAS_ATTEMPTS; attempt++) {
        bool taken;
        fat_short_candidate(name, length, attempt, bytes);
        FAT_TRY(alias_taken(volume, directory, bytes, &taken));
        if (!taken)
            return FAT_OK;
    }
    return FAT_NO_SPACE;
}

// ---- Writing slots ----

static void encode_fields(const struct fat_volume *volume, const struct fat_entry *entry,
                          uint8_t *slot)
{
    uint16_t date;
    uint16_t time;
    uint8_t tenths;
    slot[11] = entry->attributes & FAT_ATTRIBUTE_MASK;
    fat_time_encode(entry->created, &date, &time, &tenths);
    slot[13] = tenths;
    fat_put16(slot + 14, time);
    fat_put16(slot + 16, date);
    fat_time_encode(entry->accessed, &date, &time, &tenths);
    fat_put16(slot + 18, date);
    fat_time_encode(entry->written, &date, &time, &tenths);
    fat_put16(slot + 22, time);
    fat_put16(slot + 24, date);
    fat_put16(slot + 26, entry->first_cluster);
    if (volume->geometry.kind == FAT_32)
        fat_put16(slot + 20, entry->first_cluster >> 16);
    fat_put32(slot + 28, (entry->attributes & FAT_DIRECTORY) != 0 ? 0 : entry->size);
}

static void encode_long(const uint16_t *name, size_t length, uint32_t ordinal, uint32_t slots,
                        uint8_t checksum, uint8_t *slot)
{
    static const uint8_t places[UNITS_PER_SLOT] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    memset(slot, 0, FAT_ENTRY_BYTES);
    slot[0] = (uint8_t)(ordinal | (ordinal == slots ? LAST_LONG_SLOT : 0));
    slot[11] = FAT_LONG_NAME;
    slot[13] = checksum;
    for (size_t i = 0; i < UNITS_PER_SLOT; i++) {
        size_t at = (size_t)(ordinal - 1) * UNITS_PER_SLOT + i;
        uint32_t unit = at < length ? name[at] : at == length ? 0 : 0xFFFF;
        fat_put16(slot + places[i], unit);
    }
}

static enum fat_status write_slots(struct fat_cursor *cursor, const uint16_t *name, size_t length,
                                   uint32_t long_slots, const struct fat_short_name *alias,
                                   const struct fat_entry *entry)
{
    uint8_t checksum = fat_short_checksum(alias->bytes);
    uint8_t *slot;
    for (uint32_t ordinal = long_slots; ordinal > 0; ordinal--) {
        FAT_TRY(slot_modify(cursor, &slot));
        encode_long(name, length, ordinal, long_slots, checksum, slot);
        cursor->offset += FAT_ENTRY_BYTES;
    }
    FAT_TRY(slot_modify(cursor, &slot));
    memset(slot, 0, FAT_ENTRY_BYTES);
    memcpy(slot, alias->bytes, sizeof alias->bytes);
    slot[12] = alias->case_flags;
    encode_fields(cursor->volume, entry, slot);
    cursor->offset += FAT_ENTRY_BYTES;
    return FAT_OK;
}

// What lies behind the old end mark is not defined: give it a new one.
static enum fat_status write_end_mark(struct fat_cursor *cursor)
{
    uint8_t *slot;
    enum fat_status status = slot_modify(cursor, &slot);
    if (status == FAT_OK)
        slot[0] = 0;
    return status == FAT_END ? FAT_OK : status;
}

// Adds slots without looking whether the name is taken; fills in entry's names and place.
static enum fat_status insert(struct fat_volume *volume, uint32_t directory, const uint16_t *name,
                              size_t length, struct fat_entry *entry)
{
    struct fat_cursor cursor;
    struct fat_short_name alias;
    struct room room;
    uint32_t long_slots = 0;
    if (!fat_short_exact(name, length, &alias)) {
        long_slots = (uint32_t)((length + UNITS_PER_SLOT - 1) / UNITS_PER_SLOT);
        alias.case_flags = 0;
        FAT_TRY(choose_alias(volume, directory, name, length, alias.bytes));
    }
    fat_cursor_start(&cursor, volume, directory, 0);
    FAT_TRY(make_room(&cursor, long_slots + 1, &room));
    fat_cursor_start(&cursor, volume, directory, room.offset);
    FAT_TRY(write_slots(&cursor, name, length, long_slots, &alias, entry));
    if (room.after_end)
        FAT_TRY(write_end_mark(&cursor));
    memmove(entry->name, name, length * sizeof name[0]);
    entry->name_length = (uint16_t)length;
    entry->alias_length = long_slots == 0 ? 0 : fat_short_display(alias.bytes, 0, entry->alias);
    entry->directory = directory;
    entry->first_offset = room.offset;
    entry->offset = room.offset + long_slots * FAT_ENTRY_BYTES;
    fat_cursor_start(&cursor, volume, directory, entry->offset);
    return fat_cursor_locate(&cursor, &entry->sector, &entry->sector_offset);
}

// FAT_OK if a new entry may have the name. `self`, if not NULL, is an entry that may have it.
static enum fat_status check_name(struct fat_volume *volume, uint32_t directory,
                                  const uint16_t *name, size_t length, const struct fat_entry *self)
{
    struct fat_entry other;
    if (!fat_name_valid(name, length))
        return FAT_BAD_NAME;
    enum fat_status status = fat_lookup(volume, directory, name, length, &other);
    if (status == FAT_NOT_FOUND)
        return FAT_OK;
    FAT_TRY(status);
    bool same =
        self != NULL && self->sector == other.sector && self->sector_offset == other.sector_offset;
    return same ? FAT_OK : FAT_EXISTS;
}

enum fat_status fat_create(struct fat_volume *volume, uint32_t directory, const uint16_t *name,
                           size_t length, struct fat_entry *entry)
{
    FAT_TRY(check_name(volume, directory, name, length, NULL));
    return insert(volume, directory, name, length, entry);
}

// ---- Directories ----

static uint32_t stored_parent(const struct fat_volume *volume, uint32_t directory)
{
    return directory == fat_root(volume) ? 0 : directory; // ".." of the root's children is 0
}

static enum fat_status write_dots(struct fat_volume *volume, const struct fat_entry *entry,
                                  uint32_t parent)
{
    struct fat_entry dots = *entry;
    uint8_t *sector;
    FAT_TRY(fat_cache_modify(volume, fat_cluster_sector(volume, entry->first_cluster), &sector));
    memset(sector, ' ', 11);
    sector[0] = '.';
    encode_fields(volume, &dots, sector);
    sector += FAT_ENTRY_BYTES;
    memset(sector, ' ', 11);
    sector[0] = sector[1] = '.';
    dots.first_cluster = stored_parent(volume, parent);
    encode_fields(volume, &dots, sector);
    return FAT_OK;
}

static enum fat_status build_directory(struct fat_volume *volume, uint32_t directory,
                                       const uint16_t *name, size_t length, struct fat_entry *entry)
{
    FAT_TRY(zero_cluster(volume, entry->first_cluster));
    FAT_TRY(write_dots(volume, entry, directory));
    return insert(volume, directory, name, length, entry);
}

enum fat_status fat_make_directory(struct fat_volume *volume, uint32_t directory,
                                   const uint16_t *name, size_t length, struct fat_entry *entry)
{
    uint32_t count;
    FAT_TRY(check_name(volume, directory, name, length, NULL));
    FAT_TRY(fat_table_allocate(volume, 0, 1, &entry->first_cluster, &count));
    entry->attributes |= FAT_DIRECTORY;
    entry->size = 0;
    enum fat_status status = build_directory(volume, directory, name, length, entry);
    if (status != FAT_OK) {
        fat_cache_discard(volume, fat_cluster_sector(volume, entry->first_cluster), 1);
        (void)!fat_table_doom(volume, entry->first_cluster);
    }
    return status;
}

static enum fat_status check_empty(struct fat_volume *volume, uint32_t directory)
{
    struct fat_cursor cursor;
    struct fat_entry entry;
    fat_cursor_start(&cursor, volume, directory, 0);
    for (;;) {
        enum fat_status status = fat_cursor_next(&cursor, &entry);
        if (status != FAT_OK)
            return status == FAT_END ? FAT_OK : status;
        bool dots = entry.name[0] == '.' &&
                    (entry.name_length == 1 || (entry.name_length == 2 && entry.name[1] == '.'));
        if (!dots)
            return FAT_NOT_EMPTY;
    }
}

// The clusters will hold something else: nothing of them may be written back later.
static enum fat_status forget_directory(struct fat_volume *volume, uint32_t cluster)
{
    const struct fat_geometry *g = &volume->geometry;
    uint32_t limit = FAT_DIRECTORY_MAX >> g->cluster_shift;
    for (uint32_t i = 0; cluster != FAT_CHAIN_END && i <= limit; i++) {
        fat_cache_discard(volume, fat_cluster_sector(volume, cluster),
                          1u << (g->cluster_shift - g->sector_shift));
        FAT_TRY(fat_table_next(volume, cluster, &cluster));
    }
    return FAT_OK;
}

// ---- Update, remove, rename ----

enum fat_status fat_update(struct fat_volume *volume, const struct fat_entry *entry)
{
    uint8_t *sector;
    FAT_TRY(fat_cache_modify(volume, entry->sector, &sector));
    encode_fields(volume, entry, sector + entry->sector_offset);
    return FAT_OK;
}

static enum fat_status delete_slots(struct fat_volume *volume, const struct fat_entry *entry)
{
    struct fat_cursor cursor;
    fat_cursor_start(&cursor, volume, entry->directory, entry->first_offset);
    for (; cursor.offset <= entry->offset; cursor.offset += FAT_ENTRY_BYTES) {
        uint8_t *slot;
        FAT_TRY(slot_modify(&cursor, &slot));
        slot[0] = DELETED;
    }
    return FAT_OK;
}

enum fat_status fat_remove(struct fat_volume *volume, const struct fat_entry *entry)
{
    bool directory = (entry->attributes & FAT_DIRECTORY) != 0;
    if (directory)
        FAT_TRY(check_empty(volume, entry->first_cluster));
    FAT_TRY(delete_slots(volume, entry));
    if (!fat_cluster_valid(volume, entry->first_cluster))
        return FAT_OK;
    if (directory)
        FAT_TRY(forget_directory(volume, entry->first_cluster));
    return fat_table_doom(volume, entry->first_cluster);
}

// The ".." slot of a directory.
static enum fat_status parent_slot(struct fat_volume *volume, uint32_t directory, uint32_t *sector,
                                   const uint8_t **slot)
{
    struct fat_cursor cursor;
    uint32_t offset;
    fat_cursor_start(&cursor, volume, directory, FAT_ENTRY_BYTES);
    FAT_TRY(fat_cursor_locate(&cursor, sector, &offset));
    FAT_TRY(fat_cache_read(volume, *sector, slot));
    *slot += FAT_ENTRY_BYTES;
    if (memcmp(*slot, "..         ", 11) != 0 || ((*slot)[11] & FAT_DIRECTORY) == 0)
        return fat_fault(volume, "directory: its second entry is not \"..\"", directory);
    return FAT_OK;
}

// FAT_BAD_NAME if `directory` is `moved` or lies below it.
static enum fat_status check_not_below(struct fat_volume *volume, uint32_t directory,
                                       uint32_t moved)
{
    enum { DEPTH_MAX = 4096 };
    for (uint32_t depth = 0; depth < DEPTH_MAX; depth++) {
        const uint8_t *slot;
        uint32_t sector;
        if (directory == moved)
            return FAT_BAD_NAME;
        if (directory == fat_root(volume))
            return FAT_OK;
        FAT_TRY(parent_slot(volume, directory, &sector, &slot));
        uint32_t high = volume->geometry.kind == FAT_32 ? fat_le16(slot + 20) : 0u;
        directory = high << 16 | fat_le16(slot + 26);
        if (directory == 0)
            directory = fat_root(volume);
    }
    return fat_fault(volume, "directory: the \"..\" entries do not lead to the root", directory);
}

static enum fat_status adopt(struct fat_volume *volume, uint32_t directory, uint32_t parent)
{
    const uint8_t *seen;
    uint8_t *slot;
    uint32_t sector;
    FAT_TRY(parent_slot(volume, directory, &sector, &seen));
    FAT_TRY(fat_cache_modify(volume, sector, &slot));
    slot += FAT_ENTRY_BYTES;
    uint32_t cluster = stored_parent(volume, parent);
    fat_put16(slot + 26, cluster);
    if (volume->geometry.kind == FAT_32)
        fat_put16(slot + 20, cluster >> 16);
    return FAT_OK;
}

enum fat_status fat_rename(struct fat_volume *volume, struct fat_entry *entry, uint32_t directory,
                           const uint16_t *name, size_t length)
{
    bool moves = directory != entry->directory;
    bool is_directory = (entry->attributes & FAT_DIRECTORY) != 0;
    struct fat_entry old = *entry;
    FAT_TRY(check_name(volume, directory, name, length, entry));
    if (is_directory && moves)
        FAT_TRY(check_not_below(volume, directory, entry->first_cluster));
    FAT_TRY(insert(volume, directory, name, length, entry));
    if (entry->sector != old.sector)
        FAT_TRY(fat_write_entries(volume));
    enum fat_status status = delete_slots(volume, &old);
    if (status == FAT_OK && is_directory && moves)
        status = adopt(volume, entry->first_cluster, directory);
    return status;
}
