// SPDX-License-Identifier: MIT
//
// The boot sector: from 512 untrusted bytes to a fat_geometry whose every field has been checked.
//
// After success: all regions lie inside total_sectors, which lies inside the device; the FAT has
// an entry for each cluster; sector numbers fit 32 bits and byte offsets 64.
// The kind is decided as Windows does: a zero 16-bit FAT size means FAT32, otherwise the number of
// clusters tells FAT12 from FAT16 (Microsoft FAT specification, "FAT type determination").
#include "internal.h"

struct boot {
    uint32_t sector_size;
    uint32_t sectors_per_cluster;
    uint32_t reserved;
    uint32_t fats;
    uint32_t root_entries;
    uint32_t total;
    uint32_t fat_size;
    bool is_fat32;
};

struct verdict {
    const char *rule;
    uint64_t value;
};

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static uint32_t log2_of(uint32_t value)
{
    return 31u - (uint32_t)__builtin_clz(value);
}

static struct boot boot_decode(const uint8_t *b)
{
    uint32_t total16 = fat_le16(b + 19);
    uint32_t fat16 = fat_le16(b + 22);
    return (struct boot){
        .sector_size = fat_le16(b + 11),
        .sectors_per_cluster = b[13],
        .reserved = fat_le16(b + 14),
        .fats = b[16],
        .root_entries = fat_le16(b + 17),
        .total = total16 != 0 ? total16 : fat_le32(b + 32),
        .fat_size = fat16 != 0 ? fat16 : fat_le32(b + 36),
        .is_fat32 = fat16 == 0,
    };
}

#define REQUIRE(condition, text, number)                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return (struct verdict){text, number};                                                 \
    } while (0)

static struct verdict check_sizes(const uint8_t *b, const struct boot *boot, uint32_t device_sector)
{
    REQUIRE(fat_le16(b + 510) == 0xAA55, "boot sector: signature at 510 is not 0xAA55",
            fat_le16(b + 510));
    REQUIRE(b[0] == 0xEB || b[0] == 0xE9, "boot sector: does not begin with a jump (EB or E9)",
            b[0]);
    REQUIRE(power_of_two(boot->sector_size) && boot->sector_size >= 512 &&
                boot->sector_size <= 4096,
            "BPB_BytsPerSec is not 512, 1024, 2048 or 4096", boot->sector_size);
    REQUIRE(boot->sector_size >= device_sector, "BPB_BytsPerSec is below the device's sector size",
            boot->sector_size);
    REQUIRE(power_of_two(boot->sectors_per_cluster), "BPB_SecPerClus is not a power of two",
            boot->sectors_per_cluster);
    REQUIRE(boot->reserved != 0, "BPB_RsvdSecCnt is zero", 0);
    REQUIRE(boot->fats >= 1 && boot->fats <= 4, "BPB_NumFATs is not 1 to 4", boot->fats);
    REQUIRE(b[21] == 0xF0 || b[21] >= 0xF8, "BPB_Media is not F0 or F8 to FF", b[21]);
    REQUIRE(boot->total != 0, "BPB_TotSec16 and BPB_TotSec32 are both zero", 0);
    REQUIRE(boot->fat_size != 0, "BPB_FATSz16 and BPB_FATSz32 are both zero", 0);
    REQUIRE(!boot->is_fat32 || boot->root_entries == 0, "BPB_RootEntCnt is not zero on FAT32",
            boot->root_entries);
    REQUIRE(boot->is_fat32 || boot->root_entries != 0, "BPB_RootEntCnt is zero on FAT12/16", 0);
    REQUIRE(boot->root_entries % (boot->sector_size / FAT_ENTRY_BYTES) == 0,
            "BPB_RootEntCnt does not fill whole sectors", boot->root_entries);
    return (struct verdict){0};
}

static struct verdict lay_out(const struct boot *boot, uint64_t device_bytes,
                              struct fat_geometry *g)
{
    uint64_t root_sectors = (uint64_t)boot->root_entries * FAT_ENTRY_BYTES / boot->sector_size;
    uint64_t root_start = boot->reserved + (uint64_t)boot->fats * boot->fat_size;
    uint64_t data_start = root_start + root_sectors;
    REQUIRE((uint64_t)boot->total * boot->sector_size <= device_bytes,
            "BPB_TotSec is more than the device has", boot->total);
    REQUIRE(data_start < boot->total, "the FATs and the root directory leave no room for data",
            data_start);
    uint64_t clusters = (boot->total - data_start) / boot->sectors_per_cluster;
    REQUIRE(clusters != 0, "there is no whole cluster", boot->total);
    REQUIRE(clusters <= 0x0FFFFFF5, "more clusters than FAT32 can number", clusters);
    g->sector_shift = log2_of(boot->sector_size);
    g->cluster_shift = g->sector_shift + log2_of(boot->sectors_per_cluster);
    g->total_sectors = boot->total;
    g->fat_start = boot->reserved;
    g->fat_sectors = boot->fat_size;
    g->fat_count = boot->fats;
    g->fat_mirrored = true;
    g->root_start = (uint32_t)root_start;
    g->root_sectors = (uint32_t)root_sectors;
    g->data_start = (uint32_t)data_start;
    g->cluster_count = (uint32_t)clusters;
    return (struct verdict){0};
}

static struct verdict check_kind(const struct boot *boot, struct fat_geometry *g)
{
    if (boot->is_fat32)
        g->kind = FAT_32;
    else
        g->kind = g->cluster_count < 4085 ? FAT_12 : FAT_16;
    REQUIRE(g->kind != FAT_16 || g->cluster_count < 65525, "more clusters than FAT16 can number",
            g->cluster_count);
    uint64_t bits = ((uint64_t)g->cluster_count + FAT_FIRST_CLUSTER) * (uint32_t)g->kind;
    uint64_t room = ((uint64_t)g->fat_sectors << g->sector_shift) * 8;
    REQUIRE(room >= bits, "the FAT is too small for the number of clusters", g->fat_sectors);
    return (struct verdict){0};
}

static struct verdict read_extension(const uint8_t *b, struct fat_geometry *g)
{
    if (g->kind != FAT_32) {
        g->state_offset = 37;
        g->serial = fat_le32(b + 39);
        return (struct verdict){0};
    }
    uint32_t flags = fat_le16(b + 40);
    REQUIRE(fat_le16(b + 42) == 0, "BPB_FSVer is not 0.0", fat_le16(b + 42));
    g->root_cluster = fat_le32(b + 44);
    REQUIRE(g->root_cluster - FAT_FIRST_CLUSTER < g->cluster_count,
            "BPB_RootClus is not a cluster of the volume", g->root_cluster);
    if (flags & 0x80) {
        g->fat_mirrored = false;
        g->fat_active = flags & 0x0F;
        REQUIRE(g->fat_active < g->fat_count, "BPB_ExtFlags names a FAT that is not there",
                g->fat_active);
    }
    uint32_t fsinfo = fat_le16(b + 48);
    g->fsinfo_sector = fsinfo < g->fat_start ? fsinfo : 0;
    g->state_offset = 65;
    g->serial = fat_le32(b + 67);
    return (struct verdict){0};
}

static struct verdict parse(const uint8_t *b, uint64_t device_bytes, uint32_t device_sector,
                            struct fat_geometry *g)
{
    struct boot boot = boot_decode(b);
    struct verdict v = check_sizes(b, &boot, device_sector);
    if (v.rule == NULL)
        v = lay_out(&boot, device_bytes, g);
    if (v.rule == NULL)
        v = check_kind(&boot, g);
    if (v.rule == NULL)
        v = read_extension(b, g);
    return v;
}

enum fat_status fat_geometry_parse(const uint8_t *boot, size_t bytes, uint64_t device_bytes,
                                   uint32_t device_sector, struct fat_geometry *out,
                                   const char **rule, uint64_t *value)
{
    struct verdict v = {"the boot sector is shorter than 512 bytes", bytes};
    *out = (struct fat_geometry){0};
    if (bytes >= 512)
        v = parse(boot, device_bytes, device_sector, out);
    *rule = v.rule;
    *value = v.value;
    return v.rule == NULL ? FAT_OK : FAT_UNRECOGNIZED;
}
