// SPDX-License-Identifier: MIT
//
// libFuzzer: the input is a volume (up to 1 MiB, padded with zeroes to the size that its boot
// sector claims, at most 4 MiB) which is mounted, walked and changed.
#include <stdlib.h>
#include <string.h>

#include "exercise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A corpus of whole volumes would be large: the tail of a volume, mostly free, is left out.
static uint64_t claimed(const uint8_t *data, size_t size)
{
    if (size < 512)
        return size;
    uint64_t sector = (uint64_t)data[11] | (uint64_t)data[12] << 8;
    uint64_t total = (uint64_t)data[19] | (uint64_t)data[20] << 8;
    if (total == 0)
        memcpy(&total, data + 32, 4);
    return sector * total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LARGEST = 4 << 20 };
    struct image image;
    uint64_t bytes = claimed(data, size);
    if (bytes > LARGEST || bytes < size)
        bytes = size;
    bytes &= ~(uint64_t)511;
    if (bytes == 0)
        return 0;
    uint8_t *bytes_of_volume = image_memory(bytes);
    memset(bytes_of_volume, 0, bytes);
    memcpy(bytes_of_volume, data, size < bytes ? size : bytes);
    image_wrap(&image, bytes_of_volume, bytes, 512);
    free(bytes_of_volume);
    image.quiet = true;
    exercise(&image);
    if (image.allocations != 0)
        abort();
    image_free(&image);
    return 0;
}
