// SPDX-License-Identifier: MIT
// A disk in memory for the partition tests, with writers for both kinds of table. The writers are
// independent of the parser: they compute CRCs bit by bit and know the layouts by themselves.
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <stdint.h>
#include <string.h>

#include "table.h"

#define DISK_SECTORS 4096u

struct test_disk {
    uint32_t sector_size;
    uint64_t sectors;
    uint64_t fail_at; // reading this sector fails; UINT64_MAX: none
    uint32_t reads;
    uint8_t *bytes; // of the first `held` sectors; others are zero
    uint64_t held;
    uint8_t scratch[16384];
};

static inline int test_disk_read(void *context, uint64_t first, uint32_t count, void *buffer)
{
    struct test_disk *d = context;
    uint8_t *out = buffer;
    d->reads++;
    if (first >= d->sectors || count > d->sectors - first || count == 0 ||
        (uint64_t)count * d->sector_size > sizeof d->scratch) {
        __builtin_trap(); // the parser promises not to
    }
    for (uint32_t i = 0; i < count; i++, out += d->sector_size) {
        if (first + i == d->fail_at) {
            return -1;
        }
        if (first + i < d->held) {
            memcpy(out, d->bytes + (first + i) * d->sector_size, d->sector_size);
        } else {
            memset(out, 0, d->sector_size);
        }
    }
    return 0;
}

static inline enum table_status test_disk_parse(struct test_disk *d, struct table *table)
{
    struct table_disk source = {.read = test_disk_read,
                                .context = d,
                                .sector_size = d->sector_size,
                                .sectors = d->sectors,
                                .scratch = d->scratch,
                                .scratch_size = sizeof d->scratch};
    return table_read_disk(&source, table);
}

static inline void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *p, uint32_t value)
{
    put16(p, value);
    put16(p + 2, value >> 16);
}

static inline void put64(uint8_t *p, uint64_t value)
{
    put32(p, (uint32_t)value);
    put32(p + 4, (uint32_t)(value >> 32));
}

static inline uint8_t *sector_of(struct test_disk *d, uint64_t lba)
{
    return d->bytes + lba * d->sector_size;
}

static inline void put_mbr_entry(uint8_t *sector, unsigned index, uint8_t type, uint32_t first,
                                 uint32_t sectors)
{
    uint8_t *p = sector + 446 + 16 * index;
    p[4] = type;
    put32(p + 8, first);
    put32(p + 12, sectors);
    put16(sector + 510, 0xaa55);
}

static inline uint32_t slow_crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t in = (crc ^ (uint32_t)bytes[i] >> bit) & 1;
            crc = crc >> 1 ^ (in ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

struct gpt_layout {
    uint64_t header, other, array, first_usable, last_usable;
    uint32_t entries, entry_size;
};

static inline struct gpt_layout gpt_primary(const struct test_disk *d)
{
    uint64_t array_sectors = 128 * 128 / d->sector_size;
    return (struct gpt_layout){
        1, d->sectors - 1, 2, 2 + array_sectors, d->sectors - 2 - array_sectors, 128, 128};
}

static inline struct gpt_layout gpt_backup(const struct test_disk *d)
{
    struct gpt_layout l = gpt_primary(d);
    l.header = d->sectors - 1;
    l.other = 1;
    l.array = l.last_usable + 1;
    return l;
}

static inline uint8_t *gpt_entry(struct test_disk *d, const struct gpt_layout *l, unsigned index)
{
    return sector_of(d, l->array) + index * l->entry_size;
}

static inline void put_gpt_entry(struct test_disk *d, const struct gpt_layout *l, unsigned index,
                                 uint64_t first, uint64_t last)
{
    uint8_t *p = gpt_entry(d, l, index);
    memset(p, 0x11 + (int)index, 16);
    memset(p + 16, 0x80 + (int)index, 16);
    put64(p + 32, first);
    put64(p + 40, last);
    put64(p + 48, 1);
    put16(p + 56, 'p');
    put16(p + 58, '0' + index);
}

// Writes the header last, over what the array holds by then.
static inline void put_gpt_header(struct test_disk *d, const struct gpt_layout *l)
{
    uint8_t *p = sector_of(d, l->header);
    memset(p, 0, d->sector_size);
    put32(p, 0x20494645); // "EFI PART"
    put32(p + 4, 0x54524150);
    put32(p + 8, 0x10000);
    put32(p + 12, 92);
    put64(p + 24, l->header);
    put64(p + 32, l->other);
    put64(p + 40, l->first_usable);
    put64(p + 48, l->last_usable);
    memset(p + 56, 0xd1, 16);
    put64(p + 72, l->array);
    put32(p + 80, l->entries);
    put32(p + 84, l->entry_size);
    put32(p + 88, slow_crc32(gpt_entry(d, l, 0), (size_t)l->entries * l->entry_size));
    put32(p + 16, slow_crc32(p, 92));
}

// The header's CRC again, after a test changed a field.
static inline void fix_gpt_header(struct test_disk *d, const struct gpt_layout *l)
{
    uint8_t *p = sector_of(d, l->header);
    put32(p + 16, 0);
    put32(p + 16, slow_crc32(p, 92));
}

#endif
