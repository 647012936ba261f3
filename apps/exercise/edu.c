// SPDX-License-Identifier: MIT
/* The sample driver edu: identification, factorials, copies by DMA with every byte compared. The
 * first argument is the number of address bits of the device's DMA, if it is not the default; the
 * second, how often the driver is going to die meanwhile: it goes on until it has seen that many.
 */
#include "exercise.h"
#include <stdlib.h>

/* winioctl.h's, for the driver's own header. */
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define FILE_ANY_ACCESS   0
#define FILE_READ_ACCESS  1
#define FILE_WRITE_ACCESS 2
#define CTL_CODE          CONTROL_CODE
#include "edu/edu.h"

#define ROUNDS 3u /* until a driver is taken to work */

static unsigned char *data; /* twice EDU_BUFFER_BYTES, and more */

static int ask(struct ash_file *file, struct edu_identity *who)
{
    size_t done = 0;
    ash_status status = ash_ioctl(file, IOCTL_EDU_IDENTIFY, nullptr, 0, who, sizeof(*who), &done);
    return status == STATUS_SUCCESS && done == sizeof(*who)
               ? 0
               : wrong("identify: 0x%08x", (unsigned)status);
}

static int identify(struct ash_file *file, struct edu_identity *who)
{
    if (ask(file, who) != 0)
        return 1;
    printf("edu %u.%u, %s, %s interrupt, DMA of %u bits, %s common buffer\n", who->major,
           who->minor, who->alive ? "alive" : "dead",
           who->interrupt == EDU_INTERRUPT_MESSAGE ? "message" : "line", who->dma_bits,
           who->common ? "a" : "no");
    return who->alive == 1 ? 0 : wrong("it is not alive");
}

static int factorials(struct ash_file *file)
{
    uint32_t expected = 1;
    for (uint32_t n = 1; n <= 12; n++) {
        uint32_t result = 0;
        size_t done = 0;
        expected *= n;
        ash_status status =
            ash_ioctl(file, IOCTL_EDU_FACTORIAL, &n, sizeof(n), &result, sizeof(result), &done);
        if (status != STATUS_SUCCESS || done != sizeof(result) || result != expected)
            return wrong("%u! is %u: 0x%08x", n, result, (unsigned)status);
    }
    return 0;
}

static int copy(struct ash_file *file, uint32_t code, struct edu_place place, void *at,
                size_t bytes)
{
    size_t done = 0;
    ash_status status = ash_ioctl(file, code, &place, sizeof(place), at, bytes, &done);
    return status == STATUS_SUCCESS && done == bytes
               ? 0
               : wrong("copy of %zu bytes at %u: 0x%08x, %zu bytes", bytes, place.offset,
                       (unsigned)status, done);
}

/* To the device and back, to and from places that are not aligned to anything. */
static int there_and_back(struct ash_file *file, unsigned way, unsigned offset, size_t bytes)
{
    struct edu_place place = {offset, way};
    unsigned char *from = data + 4096 - 20, *to = data + 3 * 4096 - 333;
    for (size_t i = 0; i < bytes; i++)
        from[i] = (unsigned char)(i * 13 + i / 256 + way + offset);
    memset(to - 1, 0xee, bytes + 2);
    if (copy(file, IOCTL_EDU_COPY_TO, place, from, bytes) != 0 ||
        copy(file, IOCTL_EDU_COPY_FROM, place, to, bytes) != 0)
        return 1;
    if (memcmp(from, to, bytes) != 0 || to[-1] != 0xee || to[bytes] != 0xee)
        return wrong("%zu bytes at %u come back wrong", bytes, offset);
    return 0;
}

static int copies(struct ash_file *file, unsigned way)
{
    static const struct {
        unsigned offset;
        size_t bytes;
    } cases[] = {{0, 1}, {100, 999}, {EDU_BUFFER_BYTES - 600, 600}, {0, EDU_BUFFER_BYTES}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (there_and_back(file, way, cases[i].offset, cases[i].bytes) != 0)
            return 1;
    printf("copies %s: every byte comes back\n",
           way == EDU_PACKET ? "by packet" : "through the common buffer");
    return 0;
}

static int refusals(struct ash_file *file)
{
    struct edu_place place = {1, EDU_PACKET};
    size_t done = 0;
    ash_status status =
        ash_ioctl(file, IOCTL_EDU_COPY_TO, &place, sizeof(place), data, EDU_BUFFER_BYTES, &done);
    return status == STATUS_INVALID_PARAMETER ? 0 : wrong("beyond its end: %x", (unsigned)status);
}

static int widen(struct ash_file *file, const char *bits)
{
    uint32_t number = (uint32_t)strtoul(bits, nullptr, 10);
    size_t done = 0;
    ash_status status =
        ash_ioctl(file, IOCTL_EDU_SET_DMA_WIDTH, &number, sizeof(number), nullptr, 0, &done);
    return status == STATUS_SUCCESS ? 0 : wrong("%s bits: 0x%08x", bits, (unsigned)status);
}

/* Without memory in the device's reach copies are refused; that is all there is to see then. */
static int without_memory(struct ash_file *file)
{
    struct edu_place place = {0, EDU_PACKET};
    size_t done = 0;
    ash_status status = ash_ioctl(file, IOCTL_EDU_COPY_TO, &place, sizeof(place), data, 512, &done);
    printf("no memory in the device's reach: 0x%08x\n", (unsigned)status);
    return ash_success(status) ? wrong("but it copies") : refusals(file);
}

static int everything(struct ash_file *file, const char *bits)
{
    struct edu_identity who = {};
    if ((bits != nullptr && widen(file, bits) != 0) || identify(file, &who) != 0 ||
        factorials(file) != 0)
        return 1;
    printf("12 factorials, the last is 479001600\n");
    if (!who.common)
        return without_memory(file);
    return copies(file, EDU_PACKET) | copies(file, EDU_COMMON) | refusals(file) |
           identify(file, &who);
}

/* A driver that has just been started has counted fewer interrupts than the one before. */
static int survive(struct ash_file *file, unsigned deaths)
{
    struct edu_identity who = {};
    for (unsigned seen = 0, rounds = 0, before = 0; seen < deaths || rounds < ROUNDS; rounds++) {
        if (ask(file, &who) != 0)
            return 1;
        if (who.interrupts < before) {
            seen++;
            rounds = 0;
        }
        before = who.interrupts;
        if (factorials(file) != 0 || there_and_back(file, EDU_PACKET, 100, 999) != 0 ||
            there_and_back(file, EDU_COMMON, 0, EDU_BUFFER_BYTES) != 0)
            return 1;
        if (rounds == ROUNDS - 1)
            printf("driver %u works\n", seen + 1);
    }
    return 0;
}

int exercise_edu(int argc, char **argv)
{
    struct ash_file *file;
    ash_status status = device_open(nullptr, "\\??\\Edu0", &file);
    if (!ash_success(status))
        return wrong("the device does not open: 0x%08x", (unsigned)status);
    data = ash_io_buffer_alloc(5 * 4096);
    int result =
        data != nullptr ? everything(file, argc > 1 ? argv[1] : nullptr) : wrong("no memory");
    if (result == 0 && argc > 2)
        result = survive(file, (unsigned)strtoul(argv[2], nullptr, 10));
    (void)ash_close(file);
    return result;
}
