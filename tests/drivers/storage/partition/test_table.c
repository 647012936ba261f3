// SPDX-License-Identifier: MIT
// table.h: accepted tables, and one test for each rule.
#include "ash_test.h"

#include "disk.h"

static uint8_t bytes[DISK_SECTORS * 512];
static struct test_disk disk;
static struct table table;
static struct gpt_layout primary, backup;

static void make_disk(uint32_t sector_size)
{
    memset(bytes, 0, sizeof bytes);
    disk.bytes = bytes;
    disk.sector_size = sector_size;
    disk.sectors = disk.held = sizeof bytes / sector_size;
    disk.fail_at = UINT64_MAX;
    disk.reads = 0;
    primary = gpt_primary(&disk);
    backup = gpt_backup(&disk);
}

static const char *parse(void)
{
    return table_status_text(test_disk_parse(&disk, &table));
}

#define EXPECT(status) CHECK_STR(parse(), table_status_text(status))

// ---- general ----

TEST(blank_disk_has_no_table)
{
    make_disk(512);
    EXPECT(TABLE_NONE);
}

TEST(read_errors_are_told)
{
    make_disk(512);
    disk.fail_at = 0;
    EXPECT(TABLE_READ_ERROR);
}

TEST(sector_sizes)
{
    make_disk(512);
    disk.sector_size = 256;
    EXPECT(TABLE_BAD_SECTOR_SIZE);
    disk.sector_size = 520;
    EXPECT(TABLE_BAD_SECTOR_SIZE);
    disk.sector_size = 8192;
    EXPECT(TABLE_BAD_SECTOR_SIZE);
    disk.sector_size = 0;
    EXPECT(TABLE_BAD_SECTOR_SIZE);
}

TEST(absurd_disk_sizes)
{
    make_disk(512);
    disk.sectors = 0;
    EXPECT(TABLE_DISK_TOO_SMALL);
    disk.sectors = UINT64_MAX / 512;
    EXPECT(TABLE_DISK_TOO_SMALL);
}

TEST(crc32_check_value)
{
    // The check value of CRC-32/ISO-HDLC.
    CHECK_EQ(table_crc32(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
    CHECK_EQ(table_crc32(table_crc32(0, (const uint8_t *)"1234", 4), (const uint8_t *)"56789", 5),
             0xcbf43926);
}

// ---- MBR ----

TEST(primary_partitions)
{
    make_disk(512);
    put32(bytes + 440, 0xcafe1234);
    put_mbr_entry(bytes, 0, 0x0c, 64, 1000);
    put_mbr_entry(bytes, 2, 0x83, 1064, 10);
    bytes[446] = 0x80;
    EXPECT(TABLE_OK);
    CHECK_EQ(table.style, TABLE_STYLE_MBR);
    CHECK_EQ(table.mbr_signature, 0xcafe1234);
    CHECK_EQ(table.count, 2);
    CHECK_EQ(table.partitions[0].first, 64);
    CHECK_EQ(table.partitions[0].sectors, 1000);
    CHECK_EQ(table.partitions[0].mbr_type, 0x0c);
    CHECK_EQ(table.partitions[0].active, 1);
    CHECK_EQ(table.partitions[0].number, 1);
    CHECK_EQ(table.partitions[1].number, 2);
    CHECK_EQ(table.partitions[1].active, 0);
}

TEST(table_without_entries_is_a_table)
{
    make_disk(512);
    put16(bytes + 510, 0xaa55);
    EXPECT(TABLE_OK);
    CHECK_EQ(table.count, 0);
}

TEST(mbr_partition_may_end_with_the_disk)
{
    make_disk(512);
    put_mbr_entry(bytes, 0, 0x0c, 1, DISK_SECTORS - 1);
    EXPECT(TABLE_OK);
    put_mbr_entry(bytes, 0, 0x0c, 2, DISK_SECTORS - 1);
    EXPECT(TABLE_OUT_OF_DISK);
    put_mbr_entry(bytes, 0, 0x0c, 0xffffffff, 0xffffffff);
    EXPECT(TABLE_OUT_OF_DISK);
}

TEST(mbr_rules)
{
    make_disk(512);
    put_mbr_entry(bytes, 0, 0x0c, 64, 0);
    EXPECT(TABLE_EMPTY_PARTITION);
    put_mbr_entry(bytes, 0, 0x0c, 64, 100);
    put_mbr_entry(bytes, 1, 0x0c, 163, 100);
    EXPECT(TABLE_OVERLAP);
    put_mbr_entry(bytes, 1, 0x0c, 10, 55);
    EXPECT(TABLE_OVERLAP);
    put_mbr_entry(bytes, 1, 0x0c, 0, 10);
    EXPECT(TABLE_OVERLAP);
    put_mbr_entry(bytes, 1, 0x0c, 164, 100);
    EXPECT(TABLE_OK);
    bytes[446] = 0x01;
    EXPECT(TABLE_BAD_BOOT_INDICATOR);
}

// An extended partition 100..1099 with boot records at 100 and 300.
static void make_extended(void)
{
    make_disk(512);
    put_mbr_entry(bytes, 0, 0x0c, 10, 90);
    put_mbr_entry(bytes, 1, 0x0f, 100, 1000);
    put_mbr_entry(sector_of(&disk, 100), 0, 0x0c, 1, 150);
    put_mbr_entry(sector_of(&disk, 100), 1, 0x05, 200, 300);
    put_mbr_entry(sector_of(&disk, 300), 0, 0x83, 8, 100);
}

TEST(logical_partitions)
{
    make_extended();
    EXPECT(TABLE_OK);
    CHECK_EQ(table.count, 3);
    CHECK_EQ(table.partitions[1].first, 101);
    CHECK_EQ(table.partitions[1].sectors, 150);
    CHECK_EQ(table.partitions[2].first, 308);
    CHECK_EQ(table.partitions[2].number, 3);
}

TEST(empty_boot_record_in_the_chain)
{
    make_extended();
    memset(sector_of(&disk, 100) + 446, 0, 16);
    EXPECT(TABLE_OK);
    CHECK_EQ(table.count, 2);
}

TEST(chain_loops)
{
    make_extended();
    put_mbr_entry(sector_of(&disk, 300), 1, 0x05, 0, 100);
    EXPECT(TABLE_EBR_LOOP);
    put_mbr_entry(sector_of(&disk, 300), 1, 0x05, 200, 100);
    EXPECT(TABLE_EBR_LOOP);
}

TEST(chain_that_never_ends)
{
    make_disk(512);
    put_mbr_entry(bytes, 0, 0x05, 100, 3000);
    for (uint32_t i = 0; i < 200; i++) {
        put_mbr_entry(sector_of(&disk, 100 + i * 2), 1, 0x05, (i + 1) * 2, 2);
    }
    EXPECT(TABLE_EBR_LOOP);
    CHECK(disk.reads <= TABLE_PARTITIONS_MAX + 1);
}

TEST(chain_outside_of_the_extended_partition)
{
    make_extended();
    put_mbr_entry(sector_of(&disk, 300), 1, 0x05, 1000, 1);
    EXPECT(TABLE_EBR_OUTSIDE);
    put_mbr_entry(sector_of(&disk, 300), 1, 0x05, 0xfffffff0, 1);
    EXPECT(TABLE_EBR_OUTSIDE);
    make_extended();
    put_mbr_entry(sector_of(&disk, 300), 0, 0x83, 8, 793);
    EXPECT(TABLE_EBR_OUTSIDE);
    put_mbr_entry(sector_of(&disk, 300), 0, 0x83, 8, 792);
    EXPECT(TABLE_OK);
}

TEST(boot_record_rules)
{
    make_extended();
    put16(sector_of(&disk, 300) + 510, 0);
    EXPECT(TABLE_NO_EBR_SIGNATURE);
    make_extended();
    put_mbr_entry(sector_of(&disk, 300), 2, 0x83, 1, 1);
    EXPECT(TABLE_BAD_EBR);
    make_extended();
    put_mbr_entry(sector_of(&disk, 100), 1, 0x83, 200, 300);
    EXPECT(TABLE_BAD_EBR);
    make_extended();
    put_mbr_entry(sector_of(&disk, 300), 0, 0x83, 0, 10);
    EXPECT(TABLE_OVERLAP);
    make_extended();
    sector_of(&disk, 300)[446] = 7;
    EXPECT(TABLE_BAD_BOOT_INDICATOR);
    make_extended();
    disk.fail_at = 300;
    EXPECT(TABLE_READ_ERROR);
}

TEST(logical_partition_over_a_later_boot_record)
{
    make_extended();
    put_mbr_entry(sector_of(&disk, 100), 0, 0x0c, 1, 200);
    EXPECT(TABLE_OVERLAP);
}

TEST(primary_partition_over_the_extended_one)
{
    make_extended();
    put_mbr_entry(bytes, 0, 0x0c, 10, 91);
    EXPECT(TABLE_OVERLAP);
    make_extended();
    put_mbr_entry(bytes, 2, 0x0c, 1099, 5);
    EXPECT(TABLE_OVERLAP);
}

TEST(two_extended_partitions)
{
    make_extended();
    put_mbr_entry(bytes, 2, 0x05, 2000, 100);
    EXPECT(TABLE_TWO_EXTENDED);
}

TEST(extended_partition_outside_of_the_disk)
{
    make_extended();
    put_mbr_entry(bytes, 1, 0x0f, 100, DISK_SECTORS);
    EXPECT(TABLE_OUT_OF_DISK);
    put_mbr_entry(bytes, 1, 0x0f, 100, 0);
    EXPECT(TABLE_EMPTY_PARTITION);
}

// ---- one file system without a table ----

static void make_fat(void)
{
    make_disk(512);
    static const uint8_t jump[3] = {0xeb, 0x3c, 0x90};
    memcpy(bytes, jump, sizeof jump);
    put16(bytes + 11, 512);
    bytes[13] = 4;
    put16(bytes + 14, 1);
    bytes[16] = 2;
    bytes[21] = 0xf8;
    put16(bytes + 510, 0xaa55);
}

TEST(whole_disk_file_system)
{
    make_fat();
    memset(bytes + 446, 0x5a, 64); // boot code that looks like bad entries
    EXPECT(TABLE_OK);
    CHECK_EQ(table.style, TABLE_STYLE_RAW);
    CHECK_EQ(table.count, 1);
    CHECK_EQ(table.partitions[0].first, 0);
    CHECK_EQ(table.partitions[0].sectors, DISK_SECTORS);
}

TEST(whole_disk_file_system_with_a_pretended_table)
{
    make_fat();
    put_mbr_entry(bytes, 0, 0x0c, 0, DISK_SECTORS); // as mkfs.fat --mbr writes it
    EXPECT(TABLE_OK);
    CHECK_EQ(table.style, TABLE_STYLE_RAW);
}

TEST(table_over_an_old_file_system)
{
    make_fat();
    put_mbr_entry(bytes, 0, 0x0c, 64, 100);
    EXPECT(TABLE_OK);
    CHECK_EQ(table.style, TABLE_STYLE_MBR);
    CHECK_EQ(table.count, 1);
}

// ---- GPT ----

static void make_gpt(uint32_t sector_size)
{
    make_disk(sector_size);
    put_mbr_entry(bytes, 0, 0xee, 1, (uint32_t)disk.sectors - 1);
    put_gpt_entry(&disk, &primary, 0, primary.first_usable, 199);
    put_gpt_entry(&disk, &primary, 5, 200, primary.last_usable);
    memcpy(gpt_entry(&disk, &backup, 0), gpt_entry(&disk, &primary, 0), 128 * 128);
    put_gpt_header(&disk, &primary);
    put_gpt_header(&disk, &backup);
}

static void check_gpt_partitions(void)
{
    CHECK_EQ(table.style, TABLE_STYLE_GPT);
    CHECK_EQ(table.count, 2);
    CHECK_EQ(table.partitions[0].first, primary.first_usable);
    CHECK_EQ(table.partitions[0].sectors, 200 - primary.first_usable);
    CHECK_EQ(table.partitions[1].first, 200);
    CHECK_EQ(table.partitions[1].sectors, primary.last_usable - 199);
    CHECK_EQ(table.partitions[1].number, 2);
    CHECK_EQ(table.partitions[1].type.bytes[3], 0x16);
    CHECK_EQ(table.partitions[1].id.bytes[15], 0x85);
    CHECK_EQ(table.partitions[1].attributes, 1);
    CHECK_EQ(table.partitions[1].name[1], '5');
    CHECK_EQ(table.disk_id.bytes[0], 0xd1);
}

TEST(gpt_of_each_sector_size)
{
    for (uint32_t size = 512; size <= 2048; size *= 2) {
        make_gpt(size);
        EXPECT(TABLE_OK);
        CHECK_EQ(table.primary, TABLE_OK);
        CHECK_EQ(table.backup, TABLE_OK);
        check_gpt_partitions();
    }
}

// Breaks the primary copy; the backup must serve.
#define FALLS_BACK(test_name, change, expected)                                                    \
    TEST(test_name)                                                                                \
    {                                                                                              \
        make_gpt(512);                                                                             \
        uint8_t *header = sector_of(&disk, 1);                                                     \
        change;                                                                                    \
        EXPECT(TABLE_OK);                                                                          \
        CHECK_STR(table_status_text(table.primary), table_status_text(expected));                  \
        CHECK_EQ(table.backup, TABLE_OK);                                                          \
        check_gpt_partitions();                                                                    \
    }
#define WITH_CRC(change) (change, fix_gpt_header(&disk, &primary))

FALLS_BACK(gpt_signature, header[0] = 'X', TABLE_GPT_NO_SIGNATURE)
FALLS_BACK(gpt_zeroed, memset(header, 0, 512), TABLE_GPT_NO_SIGNATURE)
FALLS_BACK(gpt_unreadable, (disk.fail_at = 1, (void)header), TABLE_READ_ERROR)
FALLS_BACK(gpt_revision, WITH_CRC(put32(header + 8, 0x20000)), TABLE_GPT_BAD_REVISION)
FALLS_BACK(gpt_header_size_small, put32(header + 12, 91), TABLE_GPT_BAD_HEADER_SIZE)
FALLS_BACK(gpt_header_size_large, put32(header + 12, 513), TABLE_GPT_BAD_HEADER_SIZE)
FALLS_BACK(gpt_header_crc, header[60] ^= 1, TABLE_GPT_BAD_HEADER_CRC)
FALLS_BACK(gpt_my_lba, WITH_CRC(put64(header + 24, 2)), TABLE_GPT_BAD_MY_LBA)
FALLS_BACK(gpt_usable_backwards, WITH_CRC(put64(header + 40, 5000)), TABLE_GPT_BAD_USABLE_RANGE)
FALLS_BACK(gpt_usable_low, WITH_CRC(put64(header + 40, 2)), TABLE_GPT_BAD_USABLE_RANGE)
FALLS_BACK(gpt_usable_high, WITH_CRC(put64(header + 48, DISK_SECTORS - 1)),
           TABLE_GPT_BAD_USABLE_RANGE)
FALLS_BACK(gpt_usable_huge, WITH_CRC(put64(header + 48, UINT64_MAX)), TABLE_GPT_BAD_USABLE_RANGE)
FALLS_BACK(gpt_entry_size_small, WITH_CRC(put32(header + 84, 64)), TABLE_GPT_BAD_ENTRY_SIZE)
FALLS_BACK(gpt_entry_size_odd, WITH_CRC(put32(header + 84, 192)), TABLE_GPT_BAD_ENTRY_SIZE)
FALLS_BACK(gpt_entry_size_huge, WITH_CRC(put32(header + 84, 0x80000000)), TABLE_GPT_BAD_ENTRY_SIZE)
FALLS_BACK(gpt_no_entries, WITH_CRC(put32(header + 80, 0)), TABLE_GPT_TOO_MANY_ENTRIES)
FALLS_BACK(gpt_many_entries, WITH_CRC(put32(header + 80, UINT32_MAX)), TABLE_GPT_TOO_MANY_ENTRIES)
FALLS_BACK(gpt_array_over_header, WITH_CRC(put64(header + 72, 1)), TABLE_GPT_BAD_ENTRY_ARRAY)
FALLS_BACK(gpt_array_in_usable_range, WITH_CRC(put64(header + 72, 100)), TABLE_GPT_BAD_ENTRY_ARRAY)
FALLS_BACK(gpt_array_behind_disk, WITH_CRC(put64(header + 72, DISK_SECTORS - 10)),
           TABLE_GPT_BAD_ENTRY_ARRAY)
FALLS_BACK(gpt_array_huge, WITH_CRC(put64(header + 72, UINT64_MAX)), TABLE_GPT_BAD_ENTRY_ARRAY)
FALLS_BACK(gpt_entry_crc, (sector_of(&disk, 2)[32] ^= 1, (void)header), TABLE_GPT_BAD_ENTRY_CRC)
FALLS_BACK(gpt_array_unreadable, (disk.fail_at = 10, (void)header), TABLE_READ_ERROR)

// The entries of the primary copy are wrong, with fitting CRCs: the backup serves.
#define ENTRIES_FALL_BACK(test_name, change, expected)                                             \
    FALLS_BACK(test_name, (change, put_gpt_header(&disk, &primary), (void)header), expected)

ENTRIES_FALL_BACK(gpt_entry_low, put_gpt_entry(&disk, &primary, 9, 33, 33), TABLE_GPT_OUT_OF_RANGE)
ENTRIES_FALL_BACK(gpt_entry_high, put_gpt_entry(&disk, &primary, 9, 300, primary.last_usable + 1),
                  TABLE_GPT_OUT_OF_RANGE)
ENTRIES_FALL_BACK(gpt_entry_backwards, put_gpt_entry(&disk, &primary, 9, 300, 299),
                  TABLE_GPT_OUT_OF_RANGE)
ENTRIES_FALL_BACK(gpt_entry_overlap, put_gpt_entry(&disk, &primary, 9, 199, 199), TABLE_OVERLAP)

TEST(gpt_damaged_backup_is_told)
{
    make_gpt(512);
    sector_of(&disk, DISK_SECTORS - 1)[60] ^= 1;
    EXPECT(TABLE_OK);
    CHECK_EQ(table.primary, TABLE_OK);
    CHECK_EQ(table.backup, TABLE_GPT_BAD_HEADER_CRC);
    check_gpt_partitions();
}

TEST(gpt_both_damaged)
{
    make_gpt(512);
    sector_of(&disk, 1)[0] = 0;
    sector_of(&disk, DISK_SECTORS - 1)[60] ^= 1;
    EXPECT(TABLE_GPT_NO_SIGNATURE);
    CHECK_EQ(table.backup, TABLE_GPT_BAD_HEADER_CRC);
}

TEST(gpt_needs_its_protective_entry)
{
    make_gpt(512);
    put_mbr_entry(bytes, 0, 0xee, 2, 100);
    EXPECT(TABLE_BAD_PROTECTIVE_MBR);
    put_mbr_entry(bytes, 0, 0x00, 0, 0);
    EXPECT(TABLE_OK); // an empty MBR table: somebody made it on purpose
    CHECK_EQ(table.count, 0);
    CHECK_EQ(table.style, TABLE_STYLE_MBR);
}

TEST(gpt_on_a_tiny_disk)
{
    make_gpt(512);
    disk.sectors = 5;
    EXPECT(TABLE_DISK_TOO_SMALL);
    disk.sectors = 6;
    CHECK(test_disk_parse(&disk, &table) != TABLE_OK);
}

TEST(gpt_with_large_entries)
{
    make_gpt(512);
    primary.entry_size = 4096;
    primary.entries = 4;
    memset(gpt_entry(&disk, &primary, 0), 0, 4 * 4096);
    put_gpt_entry(&disk, &primary, 3, 40, 50);
    put_gpt_header(&disk, &primary);
    EXPECT(TABLE_OK);
    CHECK_EQ(table.primary, TABLE_OK);
    CHECK_EQ(table.count, 1);
    CHECK_EQ(table.partitions[0].first, 40);
}

TEST(gpt_with_too_many_partitions)
{
    make_gpt(512);
    primary.entries = 200;
    primary.first_usable = 60;
    memset(gpt_entry(&disk, &primary, 0), 0, 200 * 128);
    for (unsigned i = 0; i < 129; i++) {
        put_gpt_entry(&disk, &primary, i, 60 + i, 60 + i);
    }
    put_gpt_header(&disk, &primary);
    EXPECT(TABLE_OK);
    CHECK_EQ(table.primary, TABLE_TOO_MANY_PARTITIONS);
}

TEST(every_flipped_bit_is_survived)
{
    make_gpt(512);
    for (size_t i = 0; i < 3 * 512; i++) {
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        (void)parse();
        bytes[i] ^= (uint8_t)(1u << (i % 8));
    }
    EXPECT(TABLE_OK);
}

TEST(every_status_has_a_text)
{
    for (unsigned i = TABLE_OK; i <= TABLE_GPT_OUT_OF_RANGE; i++) {
        CHECK(strstr(table_status_text((enum table_status)i), "unknown") == nullptr);
    }
}
