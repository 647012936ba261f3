// SPDX-License-Identifier: MIT
//
// A fuzzer's input, byte by byte, with zeroes behind its end.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct input {
    const uint8_t *data;
    size_t size;
};

static inline uint8_t next(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

static inline void check(bool holds)
{
    if (!holds)
        abort();
}
