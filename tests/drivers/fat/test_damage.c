// SPDX-License-Identifier: MIT
//
// Damaged volumes and failing devices: every call returns, memory stays whole (ASan), and the
// rule that is broken is named.
#include "ash_test.h"

#include "exercise.h"
#include "image.h"
#include "internal.h"

static bool populated(struct image *image, unsigned kilobytes, const char *options)
{
    return image_make(image, kilobytes, 512, options) &&
           image_run(image, "cd $DIRECTORY && head -c 9000 /dev/urandom >in && "
                            "mmd -i $IMAGE ::sub '::sub/a long directory name' && "
                            "mcopy -i $IMAGE in ::first.bin && "
                            "mcopy -i $IMAGE in '::sub/a long directory name/second file.bin'") &&
           image_reload(image);
}

static void set_fat16(struct image *image, uint32_t cluster, uint32_t value)
{
    uint8_t *fat = image->bytes + 512u * fat_le16(image->bytes + 14);
    fat_put16(fat + 2 * (size_t)cluster, value);
}

// Reads ::first.bin whole; the status, and the rule that was reported.
static enum fat_status read_first(struct image *image, const char **rule)
{
    static const uint16_t name[] = {'f', 'i', 'r', 's', 't', '.', 'b', 'i', 'n'};
    struct fat_volume v;
    struct fat_entry entry;
    struct fat_file file;
    uint8_t data[9000];
    uint32_t done;
    struct fat_device device = image_device(image);
    image->quiet = true;
    image->last_rule = "";
    enum fat_status status = fat_mount(&v, &device);
    if (status != FAT_OK)
        return status;
    status = fat_lookup(&v, fat_root(&v), name, 9, &entry);
    fat_file_open(&file, &v, entry.first_cluster, entry.size);
    if (status == FAT_OK)
        status = fat_file_read(&file, 0, sizeof data, data, &done);
    fat_file_close(&file);
    fat_abandon(&v);
    *rule = image->last_rule;
    return status;
}

static uint32_t first_cluster_of(const struct image *image, const char short_name[11])
{
    for (uint64_t at = 0; at + 32 <= image->size; at += 32) {
        if (memcmp(image->bytes + at, short_name, 11) == 0 && image->bytes[at + 11] == 0x20)
            return fat_le16(image->bytes + at + 26);
    }
    return 0;
}

TEST(broken_chains_are_named)
{
    static const struct {
        uint32_t value;
        const char *rule;
    } cases[] = {
        {0, "FAT: a chain runs into a free cluster"},
        {0xFFF7, "FAT: a chain runs into a bad cluster"},
        {0xFFF0, "FAT: an entry names a cluster that the volume does not have"},
        {1, "FAT: an entry names a cluster that the volume does not have"},
        {0xFFFF, "file: its chain ends before its size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image image;
        const char *rule = "";
        CHECK(populated(&image, 8192, "-F 16 -s 1"));
        uint32_t cluster = first_cluster_of(&image, "FIRST   BIN");
        CHECK(cluster >= 2);
        CHECK_EQ(read_first(&image, &rule), FAT_OK);
        set_fat16(&image, cluster + 3, cases[i].value);
        CHECK_EQ(read_first(&image, &rule), FAT_CORRUPT);
        CHECK_STR(rule, cases[i].rule);
        image_free(&image);
    }
}

TEST(looping_chains_end)
{
    struct image image;
    struct fat_volume v;
    struct fat_file file;
    struct fat_entry entry;
    CHECK(populated(&image, 8192, "-F 16 -s 1"));
    uint32_t cluster = first_cluster_of(&image, "FIRST   BIN");
    set_fat16(&image, cluster + 5, cluster);
    image.quiet = true;
    struct fat_device device = image_device(&image);
    CHECK_EQ(fat_mount(&v, &device), FAT_OK);
    fat_file_open(&file, &v, cluster, 9000);
    CHECK_EQ(fat_file_resize(&file, 20000), FAT_CORRUPT);
    CHECK(strstr(image.last_rule, "so it loops") != NULL);
    fat_file_close(&file);
    struct fat_cursor cursor;
    fat_cursor_start(&cursor, &v, cluster, 0); // as a directory
    enum fat_status status;
    do
        status = fat_cursor_next(&cursor, &entry);
    while (status == FAT_OK);
    CHECK(status == FAT_CORRUPT || status == FAT_END);
    fat_abandon(&v);
    image_free(&image);
}

static void damage_bytes(struct image *image, uint64_t seed, unsigned count, uint64_t limit)
{
    for (unsigned i = 0; i < count; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        image->bytes[(seed >> 24) % limit] = (uint8_t)(seed >> 16);
    }
}

TEST(random_damage_is_survived)
{
    static const char *const options[] = {"-F 12 -s 1", "-F 16 -s 1", "-F 32 -s 1"};
    static const unsigned kilobytes[] = {1440, 4400, 34000};
    for (unsigned k = 0; k < 3; k++) {
        struct image whole;
        CHECK(populated(&whole, kilobytes[k], options[k]));
        for (uint64_t seed = 0; seed < 150; seed++) {
            struct image image;
            image_wrap(&image, whole.bytes, whole.size, 512);
            image.quiet = true;
            damage_bytes(&image, seed, 1 + (unsigned)seed, seed % 2 == 0 ? 8192 : 60000);
            exercise(&image);
            CHECK_EQ(image.allocations, 0);
            image_free(&image);
        }
        image_free(&whole);
    }
}

TEST(failing_devices_are_survived)
{
    struct image whole;
    CHECK(populated(&whole, 1440, "-F 12 -s 1"));
    for (long after = 0; after < 120; after++) {
        struct image image;
        image_wrap(&image, whole.bytes, whole.size, 512);
        image.quiet = true;
        image.fail_after = after;
        exercise(&image);
        CHECK_EQ(image.allocations, 0);
        image_free(&image);
    }
    image_free(&whole);
}
