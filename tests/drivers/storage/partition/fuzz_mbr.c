// SPDX-License-Identifier: MIT
// Fuzz target: MBR tables. Input: u16 disk size in sectors, then up to 64 pieces of 66 bytes, each
// the table and signature of a boot sector: the n-th stands at sector 16 * n. Everything else is
// zero, so that the fuzzer works on tables and not on boot code.
#include <stdlib.h>

#include "disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { PIECE = 66, PIECES = 64 };

// What an accepted table promises.
static void check(const struct test_disk *disk, const struct table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct table_partition *p = &table->partitions[i];
        if (p->sectors == 0 || p->first >= disk->sectors || p->sectors > disk->sectors - p->first ||
            p->number != i + 1) {
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

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static uint8_t bytes[16 * PIECES * 512];
    static struct table table;
    struct test_disk disk = {
        .sector_size = 512, .fail_at = UINT64_MAX, .bytes = bytes, .held = sizeof bytes / 512};
    if (size < 2) {
        return 0;
    }
    disk.sectors = (uint64_t)(input[0] | input[1] << 8) + 1;
    input += 2;
    size -= 2;
    for (size_t i = 0; i < PIECES; i++) {
        size_t bytes_here = size < PIECE ? size : PIECE;
        uint8_t *place = bytes + i * 16 * 512 + 446;
        memset(place, 0, PIECE);
        memcpy(place, input, bytes_here);
        input += bytes_here;
        size -= bytes_here;
    }
    if (test_disk_parse(&disk, &table) == TABLE_OK) {
        check(&disk, &table);
    }
    return 0;
}
