// SPDX-License-Identifier: MIT
/* SHA-256 as FIPS 180-4 defines it. Any number of bytes in pieces of any size. */
#ifndef FORMAT_SHA256_H
#define FORMAT_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64]; /* bytes % 64 of them wait */
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t bytes);
/* The struct is used up. */
void sha256_end(struct sha256 *sha, unsigned char digest[32]);

#endif
