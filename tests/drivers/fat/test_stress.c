// SPDX-License-Identifier: MIT
//
// Random operations against a model in memory, checked with fsck.fat; and power cuts: the volume as
// it would be after each of its writes must hold no file whose clusters are free or shared.
#include "ash_test.h"

#include "image.h"
#include "internal.h"

enum { FILES = 40, BYTES_MAX = 40000, DIRECTORIES = 4 };

struct model_file {
    bool exists;
    unsigned directory;
    uint16_t name[80];
    size_t name_length;
    uint32_t size;
    uint8_t bytes[BYTES_MAX];
    struct fat_entry entry;
};

struct model {
    struct fat_volume *volume;
    uint32_t directories[DIRECTORIES];
    struct model_file files[FILES];
    uint64_t random;
    bool no_rename;
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->random >> 33) % below;
}

static const uint64_t some_time = 133500000000000000;

static void random_name(struct model *m, struct model_file *f, unsigned index)
{
    static const uint16_t units[] = {'a', 'B', 'c', ' ', '.', '-', 0xE4, 0x416, 0x4E2D, '+', '1'};
    f->name_length = 1 + draw(m, 60);
    for (size_t i = 0; i < f->name_length; i++)
        f->name[i] = units[draw(m, sizeof units / sizeof units[0])];
    f->name[f->name_length++] = (uint16_t)('0' + index / 10); // unique, and a valid last unit
    f->name[f->name_length++] = (uint16_t)('0' + index % 10);
}

static void store_entry(struct model *m, struct model_file *f, const struct fat_file *file)
{
    f->entry.first_cluster = file->first_cluster;
    f->entry.size = file->size;
    CHECK_EQ(fat_update(m->volume, &f->entry), FAT_OK);
}

static void do_create(struct model *m, unsigned index)
{
    struct model_file *f = &m->files[index];
    random_name(m, f, index);
    f->directory = draw(m, DIRECTORIES);
    f->entry = (struct fat_entry){.attributes = FAT_ARCHIVE,
                                  .created = some_time,
                                  .accessed = some_time,
                                  .written = some_time};
    enum fat_status status =
        fat_create(m->volume, m->directories[f->directory], f->name, f->name_length, &f->entry);
    CHECK(status == FAT_OK || status == FAT_NO_SPACE);
    f->exists = status == FAT_OK;
    f->size = 0;
}

static void do_write(struct model *m, struct model_file *f)
{
    static uint8_t data[BYTES_MAX];
    uint32_t offset = draw(m, BYTES_MAX - 1);
    uint32_t length = 1 + draw(m, BYTES_MAX - offset - 1);
    uint32_t done;
    struct fat_file file;
    for (uint32_t i = 0; i < length; i++)
        data[i] = (uint8_t)draw(m, 256);
    fat_file_open(&file, m->volume, f->entry.first_cluster, f->entry.size);
    enum fat_status status = fat_file_write(&file, offset, length, data, &done);
    CHECK(status == FAT_OK || status == FAT_NO_SPACE);
    if (status == FAT_OK) {
        if (offset > f->size)
            memset(f->bytes + f->size, 0, offset - f->size);
        memcpy(f->bytes + offset, data, length);
        f->size = f->size > offset + length ? f->size : offset + length;
    }
    CHECK_EQ(file.size, f->size);
    store_entry(m, f, &file);
    fat_file_close(&file);
}

static void do_resize(struct model *m, struct model_file *f)
{
    uint32_t size = draw(m, 3) == 0 ? 0 : draw(m, BYTES_MAX);
    struct fat_file file;
    fat_file_open(&file, m->volume, f->entry.first_cluster, f->entry.size);
    enum fat_status status = fat_file_resize(&file, size);
    if (status == FAT_OK)
        status = fat_file_settle(&file, size);
    CHECK(status == FAT_OK || status == FAT_NO_SPACE);
    if (status == FAT_OK) {
        if (size > f->size)
            memset(f->bytes + f->size, 0, size - f->size);
        f->size = size;
    }
    store_entry(m, f, &file);
    fat_file_close(&file);
}

static void do_check(struct model *m, struct model_file *f)
{
    static uint8_t back[BYTES_MAX];
    uint32_t done;
    struct fat_entry entry;
    struct fat_file file;
    CHECK_EQ(fat_lookup(m->volume, m->directories[f->directory], f->name, f->name_length, &entry),
             FAT_OK);
    CHECK_EQ(entry.size, f->size);
    CHECK_EQ(entry.offset, f->entry.offset);
    fat_file_open(&file, m->volume, entry.first_cluster, entry.size);
    CHECK_EQ(fat_file_read(&file, 0, BYTES_MAX, back, &done), FAT_OK);
    CHECK_EQ(done, f->size);
    CHECK_MEM(back, f->bytes, f->size);
    fat_file_close(&file);
}

static void do_rename(struct model *m, struct model_file *f, unsigned index)
{
    unsigned directory = draw(m, DIRECTORIES);
    struct model_file old = *f;
    random_name(m, f, index);
    enum fat_status status =
        fat_rename(m->volume, &f->entry, m->directories[directory], f->name, f->name_length);
    CHECK(status == FAT_OK || status == FAT_NO_SPACE);
    f->directory = directory;
    if (status != FAT_OK)
        *f = old;
}

static void step(struct model *m)
{
    unsigned index = draw(m, FILES);
    struct model_file *f = &m->files[index];
    uint32_t what = draw(m, 10);
    if (!f->exists) {
        do_create(m, index);
    } else if (what < 4) {
        do_write(m, f);
    } else if (what < 6) {
        do_resize(m, f);
    } else if (what < 7) {
        CHECK_EQ(fat_remove(m->volume, &f->entry), FAT_OK);
        f->exists = false;
    } else if (what < 8 && !m->no_rename) {
        do_rename(m, f, index);
    } else {
        do_check(m, f);
    }
    if (draw(m, 40) == 0)
        CHECK_EQ(fat_flush(m->volume, draw(m, 2) == 0, draw(m, 2) == 0), FAT_OK);
}

static void make_directories(struct model *m)
{
    m->directories[0] = fat_root(m->volume);
    for (unsigned i = 1; i < DIRECTORIES; i++) {
        uint16_t name[] = {'d', 'i', 'r', (uint16_t)('0' + i)};
        struct fat_entry entry = {.created = some_time};
        CHECK_EQ(fat_make_directory(m->volume, m->directories[i - 1], name, 4, &entry), FAT_OK);
        m->directories[i] = entry.first_cluster;
    }
}

static void stress(unsigned kilobytes, unsigned sector, const char *options, uint64_t seed,
                   unsigned steps)
{
    struct image image;
    static struct fat_volume volume;
    static struct model model;
    struct model *m = &model;
    memset(m, 0, sizeof *m);
    CHECK(image_make(&image, kilobytes, sector, options));
    struct fat_device device = image_device(&image);
    CHECK_EQ(fat_mount(&volume, &device), FAT_OK);
    m->volume = &volume;
    m->random = seed;
    make_directories(m);
    for (unsigned i = 0; i < steps && !ash_test_failed(); i++) {
        step(m);
        if (i % 1000 != 999)
            continue;
        CHECK_EQ(fat_unmount(&volume), FAT_OK);
        CHECK(image_fsck(&image));
        CHECK_EQ(fat_mount(&volume, &device), FAT_OK);
    }
    for (unsigned i = 0; i < FILES && !ash_test_failed(); i++) {
        if (m->files[i].exists)
            do_check(m, &m->files[i]);
    }
    if (ash_test_failed())
        return;
    CHECK_EQ(fat_unmount(&volume), FAT_OK);
    CHECK_EQ(image.reports, 0);
    CHECK_EQ(image.allocations, 0);
    CHECK(image_fsck(&image));
    image_free(&image);
}

TEST(random_operations_fat12)
{
    stress(1440, 512, "-F 12 -s 1", 1, 4000);
}

TEST(random_operations_fat12_nearly_full)
{
    stress(600, 512, "-F 12 -s 2", 2, 4000);
}

TEST(random_operations_fat16)
{
    stress(9000, 512, "-F 16 -s 1", 3, 4000);
}

TEST(random_operations_fat32)
{
    stress(40000, 512, "-F 32 -s 1", 4, 4000);
}

TEST(random_operations_fat32_large_sectors)
{
    stress(3000, 4096, "-F 32 -s 1", 5, 3000);
}

TEST(random_operations_fat16_large_clusters)
{
    stress(90000, 2048, "-F 16 -s 8", 6, 3000);
}

// ---- Power cuts ----

struct walk {
    struct fat_volume *volume;
    uint8_t *owned; // clusters that were seen
    unsigned shared;
};

static void claim(struct walk *w, uint32_t first_cluster)
{
    uint32_t cluster = first_cluster;
    while (fat_cluster_valid(w->volume, cluster)) {
        if (w->owned[cluster]++ != 0) {
            w->shared++;
            return;
        }
        if (fat_table_next(w->volume, cluster, &cluster) != FAT_OK)
            return;
    }
}

static void walk_directory(struct walk *w, uint32_t directory, unsigned depth)
{
    struct fat_cursor cursor;
    struct fat_entry entry;
    fat_cursor_start(&cursor, w->volume, directory, 0);
    while (fat_cursor_next(&cursor, &entry) == FAT_OK) {
        if (entry.name[0] == '.' || entry.first_cluster == 0)
            continue;
        claim(w, entry.first_cluster);
        if ((entry.attributes & FAT_DIRECTORY) != 0 && depth < 8)
            walk_directory(w, entry.first_cluster, depth + 1);
    }
}

// What a repair could not mend without losing a file: broken chains and shared clusters. A rename
// may show the same file under two names, which is not counted as long as nothing is broken.
static void check_after_cut(const struct image *base, size_t writes, const struct image_write *log,
                            unsigned *broken, unsigned *shared)
{
    struct image cut;
    struct fat_volume v;
    image_wrap(&cut, base->bytes, base->size, base->sector_size);
    cut.quiet = true;
    for (size_t i = 0; i < writes; i++)
        memcpy(cut.bytes + log[i].offset, log[i].data, log[i].length);
    struct fat_device device = image_device(&cut);
    CHECK_EQ(fat_mount(&v, &device), FAT_OK);
    struct walk w = {&v, calloc(v.geometry.cluster_count + 2, 1), 0};
    walk_directory(&w, fat_root(&v), 0);
    *broken += cut.reports;
    *shared += w.shared;
    free(w.owned);
    fat_abandon(&v);
    image_free(&cut);
}

static void cut_everywhere(unsigned kilobytes, const char *options, uint64_t seed, bool rename)
{
    struct image image;
    struct image base;
    static struct fat_volume volume;
    unsigned broken = 0;
    unsigned shared = 0;
    static struct model model;
    struct model *m = &model;
    memset(m, 0, sizeof *m);
    CHECK(image_make(&image, kilobytes, 512, options));
    struct fat_device device = image_device(&image);
    CHECK_EQ(fat_mount(&volume, &device), FAT_OK);
    m->volume = &volume;
    m->random = seed;
    m->no_rename = !rename;
    make_directories(m);
    CHECK_EQ(fat_flush(&volume, true, true), FAT_OK);
    image_wrap(&base, image.bytes, image.size, 512);
    image.logging = true;
    for (unsigned i = 0; i < 300 && !ash_test_failed(); i++)
        step(m);
    CHECK_EQ(fat_unmount(&volume), FAT_OK);
    for (size_t i = 0; i <= image.log_count && !ash_test_failed(); i++)
        check_after_cut(&base, i, image.log, &broken, &shared);
    printf("# %zu cuts, %u broken chains, %u shared\n", image.log_count, broken, shared);
    CHECK_EQ(broken, 0);
    CHECK(rename || shared == 0);
    image_free(&base);
    image_free(&image);
}

TEST(power_cuts_leave_no_entry_that_names_free_clusters)
{
    cut_everywhere(720, "-F 12 -s 2", 11, true);
    cut_everywhere(720, "-F 12 -s 2", 12, false);
    cut_everywhere(8192, "-F 16 -s 1", 13, true);
    cut_everywhere(8192, "-F 16 -s 1", 14, false);
}
