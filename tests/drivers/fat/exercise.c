// SPDX-License-Identifier: MIT
//
// See exercise.h. A budget bounds the walk: a damaged tree may name the same directory for ever.
#include "exercise.h"

#include <stdlib.h>
#include <string.h>

struct budget {
    struct fat_volume *volume;
    unsigned entries;
};

static void read_file(struct fat_volume *v, const struct fat_entry *entry)
{
    static uint8_t data[20000];
    struct fat_file file;
    uint32_t done;
    fat_file_open(&file, v, entry->first_cluster, entry->size);
    (void)!fat_file_read(&file, 0, sizeof data, data, &done);
    if (entry->size > sizeof data)
        (void)!fat_file_read(&file, entry->size - 100, 100, data, &done);
    fat_file_close(&file);
}

static void walk(struct budget *budget, uint32_t directory, unsigned depth)
{
    struct fat_cursor cursor;
    struct fat_entry *entry = malloc(sizeof *entry);
    fat_cursor_start(&cursor, budget->volume, directory, 0);
    while (budget->entries > 0 && fat_cursor_next(&cursor, entry) == FAT_OK) {
        budget->entries--;
        if ((entry->attributes & FAT_DIRECTORY) == 0)
            read_file(budget->volume, entry);
        else if (depth < 4)
            walk(budget, entry->first_cluster, depth + 1);
    }
    free(entry);
}

// Writes to, renames and removes the first entries of a directory.
static void change(struct fat_volume *v, uint32_t directory)
{
    static const uint16_t name[] = {'A', ' ', 'n', 'e', 'w', ' ', 'n', 'a', 'm', 'e', 0x416};
    static const uint8_t data[3000] = {1, 2, 3};
    struct fat_cursor cursor;
    struct fat_entry entry;
    struct fat_file file;
    uint32_t done;
    fat_cursor_start(&cursor, v, directory, 0);
    for (unsigned i = 0; i < 3 && fat_cursor_next(&cursor, &entry) == FAT_OK; i++) {
        if ((entry.attributes & FAT_DIRECTORY) == 0) {
            fat_file_open(&file, v, entry.first_cluster, entry.size);
            (void)!fat_file_write(&file, entry.size > 5000 ? 5000 : entry.size, sizeof data, data,
                                  &done);
            (void)!fat_file_resize(&file, 700);
            entry.first_cluster = file.first_cluster;
            entry.size = file.size;
            (void)!fat_update(v, &entry);
            fat_file_close(&file);
        }
        if (fat_rename(v, &entry, directory, name, 11) == FAT_OK)
            (void)!fat_remove(v, &entry);
    }
}

static void add(struct fat_volume *v, uint32_t directory)
{
    static const uint16_t name[] = {'s', 'u', 'b', '-', 'D', 'i', 'r',
                                    'e', 'c', 't', 'o', 'r', 'y'};
    static const uint16_t file_name[] = {'s', 'u', 'b', '-', 'F', 'i', 'l', 'e'};
    struct fat_entry entry = {.created = 133500000000000000};
    if (fat_make_directory(v, directory, name, 13, &entry) != FAT_OK)
        return;
    struct fat_entry file = {.attributes = FAT_ARCHIVE};
    (void)!fat_create(v, entry.first_cluster, file_name, 8, &file);
    (void)!fat_rename(v, &file, directory, file_name, 8);
    (void)!fat_rename(v, &entry, entry.first_cluster, name, 3);
}

void exercise(struct image *image)
{
    struct fat_volume v;
    struct fat_device device = image_device(image);
    uint32_t count;
    if (fat_mount(&v, &device) != FAT_OK)
        return;
    struct budget budget = {&v, 500};
    walk(&budget, fat_root(&v), 0);
    (void)!fat_free_clusters(&v, &count);
    add(&v, fat_root(&v));
    change(&v, fat_root(&v));
    (void)!fat_flush(&v, true, false);
    budget.entries = 100;
    walk(&budget, fat_root(&v), 0);
    (void)!fat_unmount(&v);
}
