// SPDX-License-Identifier: MIT
// FIPS 180-4, sections 4.1.2, 4.2.2, 5.1.1, 6.2. Message words are read byte by byte, so neither
// the machine's byte order nor alignment matters.
#include "sha256.h"
#include <string.h>

/* 4.2.2: the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t word_at(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* 6.2.2, step 3, for one t, with the eight working variables in place: r is what a is called in
 * this round, and the others follow; so nothing has to be moved from one to the next. */
static inline void step(uint32_t v[8], unsigned r, uint32_t k_and_w)
{
    uint32_t a = v[r], b = v[(r + 1) % 8], c = v[(r + 2) % 8];
    uint32_t e = v[(r + 4) % 8], f = v[(r + 5) % 8], g = v[(r + 6) % 8];
    uint32_t t1 = v[(r + 7) % 8] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                  ((e & f) ^ (~e & g)) + k_and_w;
    v[(r + 3) % 8] += t1;
    v[(r + 7) % 8] =
        t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

/* 6.2.2, one block. */
static void compress(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];
    for (unsigned t = 0; t < 16; t++)
        w[t] = word_at(block + 4 * t);
    for (unsigned t = 16; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    memcpy(v, state, sizeof(v));
    for (unsigned t = 0; t < 64; t += 8) {
#pragma clang loop unroll(full)
        for (unsigned i = 0; i < 8; i++)
            step(v, (8 - i) % 8, constants[t + i] + w[t + i]);
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_init(struct sha256 *sha)
{
    /* 5.3.3: the fractional parts of the square roots of the first 8 primes */
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, start, sizeof(start));
    sha->bytes = 0;
}

void sha256_add(struct sha256 *sha, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    size_t waiting = sha->bytes % 64;
    sha->bytes += bytes;
    while (bytes > 0) {
        if (waiting == 0 && bytes >= 64) {
            compress(sha->state, at);
            at += 64;
            bytes -= 64;
            continue;
        }
        size_t take = bytes < 64 - waiting ? bytes : 64 - waiting;
        memcpy(sha->block + waiting, at, take);
        waiting = (waiting + take) % 64;
        at += take;
        bytes -= take;
        if (waiting == 0)
            compress(sha->state, sha->block);
    }
}

/* 5.1.1: a one bit, zeros, and the length in bits as 64-bit big-endian. */
void sha256_end(struct sha256 *sha, unsigned char digest[32])
{
    static const unsigned char padding[64] = {0x80};
    uint64_t bits = sha->bytes * 8;
    size_t used = sha->bytes % 64;
    unsigned char length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
    sha256_add(sha, length, sizeof(length));
    for (unsigned i = 0; i < 32; i++)
        digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}
