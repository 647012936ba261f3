// SPDX-License-Identifier: MIT
// The examples of FIPS 180-4's test vectors (NIST CAVP), and pieces against the whole.
#include "ash_test.h"
#include "sha256.h"

static const char *hex(const unsigned char digest[32])
{
    static char text[65];
    for (unsigned i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

static const char *digest_of(const void *data, size_t bytes, size_t piece)
{
    struct sha256 sha;
    unsigned char digest[32];
    sha256_init(&sha);
    for (size_t at = 0; at < bytes; at += piece)
        sha256_add(&sha, (const char *)data + at, bytes - at < piece ? bytes - at : piece);
    sha256_end(&sha, digest);
    return hex(digest);
}

TEST(known_vectors)
{
    CHECK_STR(digest_of("", 0, 1),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_STR(digest_of("abc", 3, 3),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    CHECK_STR(digest_of(two, 56, 56),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(a_million_times_a)
{
    static char text[1000000];
    memset(text, 'a', sizeof(text));
    CHECK_STR(digest_of(text, sizeof(text), 4096),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(pieces_do_not_matter)
{
    unsigned char data[300];
    char whole[65];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7);
    for (size_t bytes = 0; bytes <= sizeof(data); bytes += 13) {
        snprintf(whole, sizeof(whole), "%s", digest_of(data, bytes, bytes + 1));
        for (size_t piece = 1; piece < 130; piece += 21)
            CHECK_STR(digest_of(data, bytes, piece), whole);
    }
}
