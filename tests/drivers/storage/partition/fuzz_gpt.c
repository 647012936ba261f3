// SPDX-License-Identifier: MIT
// Fuzz target: GPT. Input: one byte of flags, u16 disk size in sectors, then the disk's first
// sectors from the primary header on; the backup header comes before it when flag 4 is set.
// Flags: 1 put right the entry array's CRC, 2 put right the header's CRC (a fuzzer does not find
// them), 4 the input's first sector is the backup header.
#include <stdlib.h>

#include "disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { SECTORS = 256 };
static uint8_t bytes[SECTORS * 512];

static void check(const struct test_disk *disk, const struct table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct table_partition *p = &table->partitions[i];
        if (p->sectors == 0 || p->first < 1 || p->first >= disk->sectors ||
            p->sectors > disk->sectors - p->first) {
            abort();
        }
        for (uint32_t k = 0; k < i; k++) {
            const struct table_partition *q = &table->partitions[k];
            if (p->first < q->first + q->sectors && q->first < p->first + p->sectors) {
                abort();
            }
        }
    }
}

static void fix_crcs(uint8_t *header, uint8_t flags)
{
    uint64_t array = table_get64(header + 72);
    uint64_t length = (uint64_t)table_get32(header + 80) * table_get32(header + 84);
    if ((flags & 1) != 0 && array < SECTORS && length <= sizeof bytes - array * 512) {
        put32(header + 88, slow_crc32(bytes + array * 512, (size_t)length));
    }
    if ((flags & 2) != 0) {
        uint32_t header_size = table_get32(header + 12);
        put32(header + 16, 0);
        put32(header + 16, slow_crc32(header, header_size <= 512 ? header_size : 512));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct table table;
    struct test_disk disk = {
        .sector_size = 512, .fail_at = UINT64_MAX, .bytes = bytes, .held = SECTORS};
    if (size < 3) {
        return 0;
    }
    uint8_t flags = input[0];
    disk.sectors = (uint64_t)(input[1] | input[2] << 8) % SECTORS + 1;
    input += 3;
    size -= 3;
    memset(bytes, 0, sizeof bytes);
    put_mbr_entry(bytes, 0, 0xee, 1, 0xffffffff);
    if ((flags & 4) != 0 && disk.sectors > 2) {
        size_t part = size < 512 ? size : 512;
        memcpy(sector_of(&disk, disk.sectors - 1), input, part);
        input += part;
        size -= part;
    }
    size_t room = sizeof bytes - 2 * 512;
    memcpy(bytes + 512, input, size < room ? size : room);
    fix_crcs(bytes + 512, flags);
    fix_crcs(sector_of(&disk, disk.sectors - 1), flags);
    if (test_disk_parse(&disk, &table) == TABLE_OK) {
        check(&disk, &table);
    }
    return 0;
}
