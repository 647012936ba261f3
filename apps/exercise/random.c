// SPDX-License-Identifier: MIT
/* The driver virtio-rng: reads of many sizes, whose bytes are told from a pattern by their counts.
 */
#include "exercise.h"

#define LARGE    65536u
#define READS    8u
#define EXPECTED (LARGE / 256)

static unsigned char *bytes; /* two of LARGE */
static struct ash_io reads[READS];

static int sizes(struct ash_file *file)
{
    static const size_t lengths[] = {1, 2, 16, 4095, 4096, 4097, 10000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t done = 0;
        memset(bytes, 0, LARGE);
        ash_status status = ash_read(file, bytes, lengths[i], 0, &done);
        if (status != STATUS_SUCCESS || done != lengths[i])
            return wrong("%zu bytes: 0x%08x, %zu", lengths[i], (unsigned)status, done);
        if (bytes[lengths[i]] != 0)
            return wrong("more than %zu bytes came", lengths[i]);
    }
    printf("reads of 1 to 10000 bytes get what they ask for\n");
    return 0;
}

/* Of 256 values each comes about as often as the others: chi-square with 255 degrees of freedom is
 * between 150 and 400 except once in millions of times. */
static int even(const unsigned char *at)
{
    unsigned counts[256] = {};
    uint64_t chi = 0;
    for (unsigned i = 0; i < LARGE; i++)
        counts[at[i]]++;
    for (unsigned i = 0; i < 256; i++) {
        int off = (int)counts[i] - (int)EXPECTED;
        chi += (uint64_t)(off * off);
    }
    chi /= EXPECTED;
    printf("%u bytes, chi-square %u\n", LARGE, (unsigned)chi);
    return chi > 150 && chi < 400 ? 0 : wrong("that is no chance");
}

static int large(struct ash_file *file)
{
    size_t done = 0;
    for (unsigned i = 0; i < 2; i++) {
        ash_status status = ash_read(file, bytes + i * LARGE, LARGE, 0, &done);
        if (status != STATUS_SUCCESS || done != LARGE)
            return wrong("%u bytes: 0x%08x", LARGE, (unsigned)status);
        if (even(bytes + i * LARGE) != 0)
            return 1;
    }
    return memcmp(bytes, bytes + LARGE, LARGE) != 0 ? 0 : wrong("twice the same");
}

static int together(struct ash_file *file)
{
    const size_t part = LARGE / READS;
    memset(bytes, 0, LARGE);
    for (unsigned i = 0; i < READS; i++) {
        ash_status status = ash_read_start(file, bytes + i * part, part, 0, &reads[i]);
        if (!ash_success(status))
            return wrong("read %u does not start: 0x%08x", i, (unsigned)status);
    }
    for (unsigned i = 0; i < READS; i++) {
        ash_status status = ash_io_wait(&reads[i]);
        if (status != STATUS_SUCCESS || reads[i].information != part)
            return wrong("read %u: 0x%08x", i, (unsigned)status);
    }
    return even(bytes);
}

static int refusal(struct ash_file *file)
{
    size_t done = 0;
    ash_status status = ash_write(file, bytes, 16, 0, &done);
    return ash_success(status) ? wrong("it takes a write") : 0;
}

int exercise_random(int, char **)
{
    struct ash_file *file;
    ash_status status = device_open(nullptr, "\\??\\VirtioRng", &file);
    if (!ash_success(status))
        return wrong("the device does not open: 0x%08x", (unsigned)status);
    bytes = ash_io_buffer_alloc(2 * LARGE);
    int result = bytes == nullptr ? wrong("no memory")
                                  : sizes(file) | large(file) | together(file) | refusal(file);
    (void)ash_close(file);
    return result;
}
