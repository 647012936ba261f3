// SPDX-License-Identifier: MIT
//
// The FAT core against mkfs.vfat, fsck.fat and mtools: directories, files, full and fragmented
// volumes, at every sector size and FAT width.
#include "ash_test.h"

#include "image.h"
#include "internal.h"

static size_t widen(const char *text, uint16_t *out)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)text[i];
    return length;
}

static const uint64_t some_time = 133500000000000000; // 2024-01-17 21:20:00

static struct fat_entry new_entry(uint8_t attributes)
{
    return (struct fat_entry){.attributes = attributes,
                              .created = some_time,
                              .accessed = some_time,
                              .written = some_time};
}

static enum fat_status create_file(struct fat_volume *v, uint32_t directory, const char *name,
                                   struct fat_entry *entry)
{
    uint16_t wide[512];
    *entry = new_entry(FAT_ARCHIVE);
    return fat_create(v, directory, wide, widen(name, wide), entry);
}

static enum fat_status make_directory(struct fat_volume *v, uint32_t directory, const char *name,
                                      struct fat_entry *entry)
{
    uint16_t wide[512];
    *entry = new_entry(0);
    return fat_make_directory(v, directory, wide, widen(name, wide), entry);
}

static enum fat_status look_up(struct fat_volume *v, uint32_t directory, const char *name,
                               struct fat_entry *entry)
{
    uint16_t wide[512];
    return fat_lookup(v, directory, wide, widen(name, wide), entry);
}

static enum fat_status rename_to(struct fat_volume *v, struct fat_entry *entry, uint32_t directory,
                                 const char *name)
{
    uint16_t wide[512];
    return fat_rename(v, entry, directory, wide, widen(name, wide));
}

// Writes a whole file through the core and updates its entry.
static enum fat_status fill_file(struct fat_volume *v, struct fat_entry *entry, const void *data,
                                 uint32_t length)
{
    struct fat_file file;
    uint32_t done;
    fat_file_open(&file, v, entry->first_cluster, entry->size);
    enum fat_status status = fat_file_write(&file, 0, length, data, &done);
    entry->first_cluster = file.first_cluster;
    entry->size = file.size;
    fat_file_close(&file);
    return status == FAT_OK ? fat_update(v, entry) : status;
}

static void pattern(uint8_t *data, uint32_t length, uint32_t seed)
{
    for (uint32_t i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        data[i] = (uint8_t)(seed >> 16);
    }
}

// ---- Scenarios on every kind of volume ----

struct kind {
    const char *name;
    unsigned kilobytes;
    unsigned sector_size;
    const char *options;
    enum fat_kind fat;
};

static const struct kind kinds[] = {
    {"fat12/512", 1440, 512, "-F 12 -s 1", FAT_12},
    {"fat12/512/8", 4000, 512, "-F 12 -s 8", FAT_12},
    {"fat12/1024", 3000, 1024, "-F 12 -s 1", FAT_12},
    {"fat16/512", 8192, 512, "-F 16 -s 1", FAT_16},
    {"fat16/512/4", 16384, 512, "-F 16 -s 4", FAT_16},
    {"fat16/2048", 20000, 2048, "-F 16 -s 1", FAT_16},
    {"fat32/512", 36000, 512, "-F 32 -s 1", FAT_32},
    {"fat32/512/8", 8000, 512, "-F 32 -s 8", FAT_32},
    {"fat32/4096", 16000, 4096, "-F 32 -s 1", FAT_32},
    {"fat32/1fat", 8000, 512, "-F 32 -s 2 -f 1", FAT_32},
};

static void on_every_kind(void (*scenario)(struct image *, struct fat_volume *))
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !ash_test_failed(); i++) {
        struct image image;
        struct fat_volume volume;
        CHECK(image_make(&image, kinds[i].kilobytes, kinds[i].sector_size, kinds[i].options));
        struct fat_device device = image_device(&image);
        CHECK_EQ(fat_mount(&volume, &device), FAT_OK);
        CHECK_EQ(volume.geometry.kind, kinds[i].fat);
        CHECK_EQ(volume.geometry.serial, 0x1234abcd);
        CHECK_MEM(volume.label, "ASHLAR     ", 11);
        scenario(&image, &volume);
        if (!ash_test_failed()) {
            CHECK_EQ(fat_unmount(&volume), FAT_OK);
            CHECK_EQ(image.allocations, 0);
            CHECK_EQ(image.reports, 0);
            CHECK(image_fsck(&image));
        } else {
            printf("# on %s\n", kinds[i].name);
        }
        image_free(&image);
    }
}

// mtools goes by the number of clusters alone and takes a small FAT32 for FAT12.
static bool mtools_can(const struct fat_volume *v)
{
    return v->geometry.kind != FAT_32 || v->geometry.cluster_count >= 65525;
}

static void write_and_read(struct image *image, struct fat_volume *v)
{
    struct fat_entry directory;
    struct fat_entry entry;
    struct fat_file file;
    uint32_t length = 300001;
    uint32_t done;
    static uint8_t data[300001];
    static uint8_t back[300011];
    pattern(data, length, 7);
    CHECK_EQ(make_directory(v, fat_root(v), "A directory", &directory), FAT_OK);
    CHECK_EQ(create_file(v, directory.first_cluster, "A long file name.data", &entry), FAT_OK);
    CHECK_EQ(create_file(v, directory.first_cluster, "a LONG file name.DATA", &entry), FAT_EXISTS);
    CHECK_EQ(look_up(v, directory.first_cluster, "along~1.dat", &entry), FAT_NOT_FOUND);
    CHECK_EQ(look_up(v, directory.first_cluster, "alongf~1.dat", &entry), FAT_OK);
    CHECK_EQ(fill_file(v, &entry, data, length), FAT_OK);
    fat_file_open(&file, v, entry.first_cluster, entry.size);
    CHECK_EQ(fat_file_read(&file, 0, length + 10, back, &done), FAT_OK);
    CHECK_EQ(done, length);
    CHECK_MEM(data, back, length);
    CHECK_EQ(fat_file_read(&file, 511, 1025, back, &done), FAT_OK);
    CHECK_MEM(data + 511, back, 1025);
    CHECK_EQ(fat_file_read(&file, length, 1, back, &done), FAT_OK);
    CHECK_EQ(done, 0);
    fat_file_close(&file);
    CHECK_EQ(fat_flush(v, true, true), FAT_OK);
    CHECK(image_fsck(image));
    CHECK(!mtools_can(v) ||
          image_run(image, "mcopy -n -i $IMAGE '::A directory/A long file name.data' "
                           "$DIRECTORY/out && test $(stat -c %s $DIRECTORY/out) = 300001"));

    CHECK(!mtools_can(v) ||
          image_run(image, "mdir -i $IMAGE '::A directory' | grep -q 'A long file name.data'"));
}

TEST(files_are_written_and_read_back)
{
    on_every_kind(write_and_read);
}

static void many_names(struct image *image, struct fat_volume *v)
{
    struct fat_entry directory;
    struct fat_entry entry;
    char name[300];
    CHECK_EQ(make_directory(v, fat_root(v), "many", &directory), FAT_OK);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "similar long name number %u.text", i);
        CHECK_EQ(create_file(v, directory.first_cluster, name, &entry), FAT_OK);
    }
    memset(name, 'n', 255);
    name[255] = 0;
    CHECK_EQ(create_file(v, directory.first_cluster, name, &entry), FAT_OK);
    CHECK_EQ(entry.offset - entry.first_offset, 20 * 32);
    name[0] = 'N';
    CHECK_EQ(look_up(v, directory.first_cluster, name, &entry), FAT_OK);
    CHECK_EQ(entry.name_length, 255);
    CHECK_EQ(fat_remove(v, &directory), FAT_NOT_EMPTY);
    for (unsigned i = 0; i < 300; i += 2) {
        snprintf(name, sizeof name, "SIMILAR long name number %u.text", i);
        CHECK_EQ(look_up(v, directory.first_cluster, name, &entry), FAT_OK);
        CHECK_EQ(fat_remove(v, &entry), FAT_OK);
    }
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "similar long name number %u.text", i);
        CHECK_EQ(look_up(v, directory.first_cluster, name, &entry),
                 i % 2 == 0 ? FAT_NOT_FOUND : FAT_OK);
    }
    struct fat_cursor cursor;
    unsigned count = 0;
    fat_cursor_start(&cursor, v, directory.first_cluster, 0);
    while (fat_cursor_next(&cursor, &entry) == FAT_OK)
        count++;
    CHECK_EQ(count, 2 + 150 + 1);
    (void)image;
}

TEST(directories_hold_many_long_names)
{
    on_every_kind(many_names);
}

static void renames(struct image *image, struct fat_volume *v)
{
    struct fat_entry a;
    struct fat_entry b;
    struct fat_entry file;
    struct fat_entry found;
    CHECK_EQ(make_directory(v, fat_root(v), "Alpha", &a), FAT_OK);
    CHECK_EQ(make_directory(v, a.first_cluster, "Beta", &b), FAT_OK);
    CHECK_EQ(create_file(v, fat_root(v), "file.txt", &file), FAT_OK);
    CHECK_EQ(fill_file(v, &file, "hello", 5), FAT_OK);
    CHECK_EQ(rename_to(v, &file, fat_root(v), "FILE.TXT"), FAT_OK);
    CHECK_EQ(rename_to(v, &file, fat_root(v), "Alpha"), FAT_EXISTS);
    CHECK_EQ(rename_to(v, &file, b.first_cluster, "Moved to another place.text"), FAT_OK);
    CHECK_EQ(look_up(v, fat_root(v), "file.txt", &found), FAT_NOT_FOUND);
    CHECK_EQ(look_up(v, b.first_cluster, "moved to another place.text", &found), FAT_OK);
    CHECK_EQ(found.size, 5);
    CHECK_EQ(found.created, some_time);
    CHECK_EQ(rename_to(v, &a, b.first_cluster, "below itself"), FAT_BAD_NAME);
    CHECK_EQ(rename_to(v, &a, a.first_cluster, "below itself"), FAT_BAD_NAME);
    CHECK_EQ(rename_to(v, &b, fat_root(v), "Beta in the root"), FAT_OK);
    CHECK_EQ(rename_to(v, &b, fat_root(v), "a/b"), FAT_BAD_NAME);
    CHECK_EQ(fat_remove(v, &a), FAT_OK);
    CHECK_EQ(look_up(v, fat_root(v), "alpha", &found), FAT_NOT_FOUND);
    CHECK_EQ(fat_flush(v, true, true), FAT_OK);
    CHECK(image_fsck(image));
    CHECK(!mtools_can(v) ||
          image_run(image, "test \"$(mtype -i $IMAGE "
                           "'::Beta in the root/Moved to another place.text')\" = hello"));
}

TEST(entries_are_renamed_and_moved)
{
    on_every_kind(renames);
}

static void reads_mtools(struct image *image, struct fat_volume *v)
{
    struct fat_entry directory;
    struct fat_entry entry;
    struct fat_file file;
    uint8_t back[64];
    uint32_t done;
    if (!mtools_can(v))
        return;
    CHECK_EQ(fat_flush(v, true, true), FAT_OK);
    CHECK(image_run(image, "cd $DIRECTORY && printf 'written by mtools' >in && "
                           "mmd -i $IMAGE '::Ein Verzeichnis' && "
                           "mcopy -i $IMAGE in '::Ein Verzeichnis/Grüße an Zoë.text'"));
    CHECK(image_reload(image));
    struct fat_device device = image_device(image);
    fat_abandon(v);
    CHECK_EQ(fat_mount(v, &device), FAT_OK);
    CHECK_EQ(look_up(v, fat_root(v), "ein verzeichnis", &directory), FAT_OK);
    static const uint16_t name[] = {'G', 'R', 0xDC, 0xDF, 'E', ' ', 'A', 'N', ' ',
                                    'Z', 'O', 0xCB, '.',  'T', 'E', 'X', 'T'};
    CHECK_EQ(fat_lookup(v, directory.first_cluster, name, 17, &entry), FAT_OK);
    fat_file_open(&file, v, entry.first_cluster, entry.size);
    CHECK_EQ(fat_file_read(&file, 0, sizeof back, back, &done), FAT_OK);
    CHECK_EQ(done, 17);
    CHECK_MEM(back, "written by mtools", 17);
    fat_file_close(&file);
}

TEST(what_mtools_wrote_is_read)
{
    on_every_kind(reads_mtools);
}

static void fills_up(struct image *image, struct fat_volume *v)
{
    struct fat_entry entry;
    struct fat_entry second;
    struct fat_file file;
    uint32_t before;
    uint32_t after;
    uint32_t done;
    CHECK_EQ(fat_free_clusters(v, &before), FAT_OK);
    CHECK_EQ(create_file(v, fat_root(v), "all", &entry), FAT_OK);
    fat_file_open(&file, v, 0, 0);
    uint32_t bytes = before * fat_cluster_bytes(v);
    CHECK_EQ(fat_file_resize(&file, bytes + 1), FAT_NO_SPACE);
    CHECK_EQ(file.size, 0);
    CHECK_EQ(fat_file_resize(&file, bytes), FAT_OK);
    CHECK_EQ(fat_free_clusters(v, &after), FAT_OK);
    CHECK_EQ(after, 0);
    CHECK_EQ(make_directory(v, fat_root(v), "none", &second), FAT_NO_SPACE);
    CHECK_EQ(fat_file_write(&file, bytes, 1, "x", &done), FAT_NO_SPACE);
    CHECK_EQ(fat_file_resize(&file, 1000), FAT_OK);
    CHECK_EQ(make_directory(v, fat_root(v), "some", &second), FAT_OK);
    CHECK_EQ(fat_file_settle(&file, 1000), FAT_OK);
    entry.first_cluster = file.first_cluster;
    entry.size = file.size;
    CHECK_EQ(fat_update(v, &entry), FAT_OK);
    fat_file_close(&file);
    CHECK_EQ(fat_flush(v, false, false), FAT_OK);
    CHECK_EQ(fat_free_clusters(v, &after), FAT_OK);
    CHECK_EQ(after, before - 1 - fat_clusters_for(v, 1000));
    (void)image;
}

TEST(full_volume_says_so_and_recovers)
{
    on_every_kind(fills_up);
}

static void fragments(struct image *image, struct fat_volume *v)
{
    struct fat_entry entries[2];
    struct fat_file files[2];
    uint32_t cluster = fat_cluster_bytes(v);
    uint32_t done;
    uint32_t total = 60 * cluster;
    static uint8_t data[2][60 * 4096];
    static uint8_t back[60 * 4096];
    CHECK(total <= sizeof back);
    pattern(data[0], total, 1);
    pattern(data[1], total, 2);
    CHECK_EQ(create_file(v, fat_root(v), "one", &entries[0]), FAT_OK);
    CHECK_EQ(create_file(v, fat_root(v), "two", &entries[1]), FAT_OK);
    for (int f = 0; f < 2; f++)
        fat_file_open(&files[f], v, 0, 0);
    for (uint32_t i = 0; i < 60; i++) { // allocation in turn
        for (int f = 0; f < 2; f++)
            CHECK_EQ(fat_file_write(&files[f], i * cluster, cluster, data[f] + i * cluster, &done),
                     FAT_OK);
    }
    CHECK_EQ(files[1].run_count, 60);
    for (int f = 0; f < 2; f++) {
        CHECK_EQ(fat_file_read(&files[f], 0, total, back, &done), FAT_OK);
        CHECK_MEM(back, data[f], total);
        CHECK_EQ(fat_file_read(&files[f], cluster - 1, 3 * cluster, back, &done), FAT_OK);
        CHECK_MEM(back, data[f] + cluster - 1, 3 * cluster);
        entries[f].first_cluster = files[f].first_cluster;
        entries[f].size = files[f].size;
        CHECK_EQ(fat_update(v, &entries[f]), FAT_OK);
        fat_file_close(&files[f]);
    }
    (void)image;
}

TEST(fragmented_files_keep_their_bytes)
{
    on_every_kind(fragments);
}

static void sparse_growth(struct image *image, struct fat_volume *v)
{
    struct fat_entry entry;
    struct fat_file file;
    uint32_t done;
    static uint8_t back[50000];
    memset(image->bytes + ((uint64_t)v->geometry.data_start << v->geometry.sector_shift) + 32768,
           0xAA, 200000); // what deleted files left behind must never be seen
    CHECK_EQ(create_file(v, fat_root(v), "sparse", &entry), FAT_OK);
    fat_file_open(&file, v, 0, 0);
    CHECK_EQ(fat_file_write(&file, 10, 3, "abc", &done), FAT_OK);
    CHECK_EQ(fat_file_resize(&file, 40000), FAT_OK);
    CHECK_EQ(fat_file_write(&file, 20001, 3, "def", &done), FAT_OK);
    CHECK_EQ(fat_file_read(&file, 0, 50000, back, &done), FAT_OK);
    CHECK_EQ(done, 40000);
    for (uint32_t i = 0; i < 40000; i++) {
        uint8_t expected = i >= 10 && i < 13         ? (uint8_t)"abc"[i - 10]
                           : i >= 20001 && i < 20004 ? (uint8_t)"def"[i - 20001]
                                                     : 0;
        CHECK_EQ(back[i], expected);
    }
    CHECK_EQ(fat_file_resize(&file, 11), FAT_OK);
    CHECK_EQ(fat_file_resize(&file, 30000), FAT_OK);
    CHECK_EQ(fat_file_settle(&file, 30000), FAT_OK);
    entry.first_cluster = file.first_cluster;
    entry.size = file.size;
    CHECK_EQ(fat_update(v, &entry), FAT_OK);
    fat_file_close(&file);
    fat_file_open(&file, v, entry.first_cluster, entry.size);
    CHECK_EQ(fat_file_read(&file, 0, 50000, back, &done), FAT_OK);
    for (uint32_t i = 0; i < 30000; i++)
        CHECK_EQ(back[i], i == 10 ? 'a' : 0);
    fat_file_close(&file);
}

TEST(bytes_never_written_read_as_zero)
{
    on_every_kind(sparse_growth);
}

TEST(files_end_at_4_gib)
{
    struct image image;
    struct fat_volume v;
    struct fat_file file;
    uint32_t done;
    CHECK(image_make(&image, 20000, 512, "-F 16"));
    struct fat_device device = image_device(&image);
    CHECK_EQ(fat_mount(&v, &device), FAT_OK);
    fat_file_open(&file, &v, 0, 0);
    CHECK_EQ(fat_file_write(&file, 0xFFFFFFF0, 0x20, "x", &done), FAT_TOO_LARGE);
    fat_file_close(&file);
    CHECK_EQ(fat_unmount(&v), FAT_OK);
    image_free(&image);
}

TEST(fixed_root_directory_fills_up)
{
    struct image image;
    struct fat_volume v;
    struct fat_entry entry;
    CHECK(image_make(&image, 1440, 512, "-F 12 -r 112"));
    struct fat_device device = image_device(&image);
    CHECK_EQ(fat_mount(&v, &device), FAT_OK);
    unsigned made = 0;
    for (; made < 200; made++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", made);
        enum fat_status status = create_file(&v, fat_root(&v), name, &entry);
        if (status == FAT_NO_SPACE)
            break;
        CHECK_EQ(status, FAT_OK);
    }
    CHECK_EQ(made, 111); // the label takes one of 112
    CHECK_EQ(fat_unmount(&v), FAT_OK);
    CHECK(image_fsck(&image));
    image_free(&image);
}
