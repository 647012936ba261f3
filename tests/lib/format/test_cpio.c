// SPDX-License-Identifier: MIT
// cpio.h: what it accepts, and one test for each rule it enforces.
#include "ash_test.h"

#include "cpio.h"

// An archive under construction. It lives in a heap block of exactly its size when parsed, so that
// AddressSanitizer sees a read behind its end.
struct builder {
    uint8_t bytes[16384];
    size_t size;
};

struct header {
    uint32_t fields[13];
};

enum { MODE = 1, NLINK = 4, MTIME = 5, FILESIZE = 6, NAMESIZE = 11, CHECK_FIELD = 12 };

static void pad(struct builder *b)
{
    while (b->size % 4 != 0) {
        b->bytes[b->size++] = 0;
    }
}

static void put_entry(struct builder *b, const struct header *h, const char *name, size_t name_size,
                      const void *data, size_t size)
{
    char text[16];
    memcpy(b->bytes + b->size, "070701", 6);
    b->size += 6;
    for (unsigned i = 0; i < 13; i++) {
        snprintf(text, sizeof text, "%08X", h->fields[i]);
        memcpy(b->bytes + b->size, text, 8);
        b->size += 8;
    }
    memcpy(b->bytes + b->size, name, name_size);
    b->size += name_size;
    pad(b);
    memcpy(b->bytes + b->size, data, size);
    b->size += size;
    pad(b);
}

static struct header file_header(const char *name, size_t size)
{
    struct header h = {0};
    h.fields[MODE] = 0100644;
    h.fields[NLINK] = 1;
    h.fields[MTIME] = 1234;
    h.fields[FILESIZE] = (uint32_t)size;
    h.fields[NAMESIZE] = (uint32_t)strlen(name) + 1;
    return h;
}

static void put_file(struct builder *b, const char *name, const char *data)
{
    struct header h = file_header(name, strlen(data));
    put_entry(b, &h, name, strlen(name) + 1, data, strlen(data));
}

static void put_directory(struct builder *b, const char *name)
{
    struct header h = file_header(name, 0);
    h.fields[MODE] = 0040755;
    h.fields[NLINK] = 2;
    put_entry(b, &h, name, strlen(name) + 1, "", 0);
}

static void put_trailer(struct builder *b)
{
    struct header h = file_header("TRAILER!!!", 0);
    h.fields[MODE] = 0;
    put_entry(b, &h, "TRAILER!!!", 11, "", 0);
}

// Parses a copy of exactly `size` bytes.
static enum cpio_status check_bytes(const uint8_t *bytes, size_t size, size_t *offset)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, bytes, size);
    struct cpio_archive archive = {copy, size};
    enum cpio_status status = cpio_check(&archive, nullptr, offset);
    free(copy);
    return status;
}

static enum cpio_status check(const struct builder *b)
{
    return check_bytes(b->bytes, b->size, nullptr);
}

static enum cpio_status check_one(const struct header *h, const char *name, size_t name_size)
{
    struct builder b = {0};
    put_entry(&b, h, name, name_size, "", 0);
    put_trailer(&b);
    return check(&b);
}

static enum cpio_status check_path(const char *path)
{
    struct header h = file_header(path, 0);
    return check_one(&h, path, strlen(path) + 1);
}

static struct builder example(void)
{
    struct builder b = {0};
    put_directory(&b, ".");
    put_directory(&b, "./servers");
    put_file(&b, "./servers/memory", "memory server");
    put_file(&b, "a", "x");
    put_file(&b, "empty", "");
    put_trailer(&b);
    return b;
}

TEST(entries_come_in_order)
{
    struct builder b = example();
    struct cpio_archive archive = {b.bytes, b.size};
    struct cpio_iterator it = {0};
    struct cpio_entry entry;
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_OK);
    CHECK_STR(entry.path, "servers");
    CHECK_EQ(entry.kind, CPIO_DIRECTORY);
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_OK);
    CHECK_STR(entry.path, "servers/memory");
    CHECK_EQ(entry.path_length, 14);
    CHECK_EQ(entry.size, 13);
    CHECK_MEM(entry.data, "memory server", 13);
    CHECK_EQ(entry.mtime, 1234);
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_OK);
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_OK);
    CHECK_EQ(entry.size, 0);
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_END);
    CHECK_EQ(cpio_next(&archive, &it, &entry), CPIO_END);
}

TEST(find_ignores_leading_root)
{
    struct builder b = example();
    struct cpio_archive archive = {b.bytes, b.size};
    struct cpio_entry entry;
    CHECK_EQ(cpio_find_file(&archive, "servers/memory", &entry), CPIO_OK);
    CHECK_EQ(cpio_find_file(&archive, "/servers/memory", &entry), CPIO_OK);
    CHECK_EQ(cpio_find_file(&archive, "./servers/memory", &entry), CPIO_OK);
    CHECK_EQ(cpio_find_file(&archive, "servers/Memory", &entry), CPIO_NOT_FOUND);
    CHECK_EQ(cpio_find_file(&archive, "servers/mem", &entry), CPIO_NOT_FOUND);
    CHECK_EQ(cpio_find_file(&archive, "", &entry), CPIO_NOT_FOUND);
    CHECK_EQ(cpio_find_file(&archive, "servers", &entry), CPIO_NOT_A_FILE);
    CHECK_EQ(cpio_find(&archive, "servers", &entry), CPIO_OK);
}

TEST(check_counts_entries)
{
    struct builder b = example();
    struct cpio_archive archive = {b.bytes, b.size};
    size_t entries;
    CHECK_EQ(cpio_check(&archive, &entries, nullptr), CPIO_OK);
    CHECK_EQ(entries, 4);
}

TEST(every_truncation_is_noticed)
{
    struct builder b = example();
    for (size_t size = 0; size + 3 < b.size; size++) {
        enum cpio_status status = check_bytes(b.bytes, size, nullptr);
        CHECK(status == CPIO_TRUNCATED_HEADER || status == CPIO_TRUNCATED_NAME ||
              status == CPIO_TRUNCATED_DATA);
    }
}

TEST(every_flipped_byte_is_survived)
{
    struct builder b = example();
    for (size_t i = 0; i < b.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b.bytes[i] ^= (uint8_t)(1u << bit);
            (void)check(&b);
            b.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK_EQ(check(&b), CPIO_OK);
}

TEST(bad_magic)
{
    struct builder b = example();
    b.bytes[5] = '2';
    size_t offset;
    CHECK_EQ(check_bytes(b.bytes, b.size, &offset), CPIO_BAD_MAGIC);
    CHECK_EQ(offset, 0);
}

TEST(error_tells_the_offset)
{
    struct builder b = {0};
    put_file(&b, "a", "1234");
    size_t second = b.size;
    put_file(&b, "b", "1234");
    put_trailer(&b);
    b.bytes[second + 10] = 'g';
    size_t offset;
    CHECK_EQ(check_bytes(b.bytes, b.size, &offset), CPIO_BAD_NUMBER);
    CHECK_EQ(offset, second);
}

TEST(bad_name_sizes)
{
    struct header h = file_header("x", 0);
    h.fields[NAMESIZE] = 0;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_NAME_SIZE);
    h.fields[NAMESIZE] = CPIO_PATH_MAX + 4;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_NAME_SIZE);
    h.fields[NAMESIZE] = UINT32_MAX;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_NAME_SIZE);
}

TEST(name_must_end_where_it_says)
{
    struct header h = file_header("abc", 0);
    CHECK_EQ(check_one(&h, "abcd", 4), CPIO_UNTERMINATED_NAME);
    CHECK_EQ(check_one(&h, "a\0c", 4), CPIO_UNTERMINATED_NAME);
}

TEST(bad_paths)
{
    static const char *const paths[] = {"/a",   "a/",  "a//b", "..",      "a/../b",
                                        "../a", "./.", "a/.",  "a/./b",   ".//a",
                                        "a\nb", "/",   "a/..", "././../x"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK_EQ(check_path(paths[i]), CPIO_BAD_PATH);
    }
    CHECK_EQ(check_path(""), CPIO_BAD_PATH);
    CHECK_EQ(check_path("./"), CPIO_BAD_PATH);
    CHECK_EQ(check_path("..a/b..c/...x"), CPIO_OK);
}

TEST(longest_path)
{
    char path[CPIO_PATH_MAX + 4];
    memset(path, 'x', sizeof path);
    path[CPIO_PATH_MAX] = 0;
    CHECK_EQ(check_path(path), CPIO_OK);
    path[CPIO_PATH_MAX] = 'x';
    path[CPIO_PATH_MAX + 1] = 0;
    CHECK_EQ(check_path(path), CPIO_BAD_PATH);
}

TEST(size_does_not_wrap)
{
    struct header h = file_header("x", 0);
    h.fields[FILESIZE] = UINT32_MAX;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_TRUNCATED_DATA);
    h.fields[FILESIZE] = UINT32_MAX - 3;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_TRUNCATED_DATA);
}

TEST(only_files_and_directories)
{
    struct header h = file_header("x", 0);
    h.fields[MODE] = 0120777; // symbolic link
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_TYPE);
    h.fields[MODE] = 0020600; // character device
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_TYPE);
    h.fields[MODE] = 0644;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_TYPE);
}

TEST(no_hard_links)
{
    struct header h = file_header("x", 0);
    h.fields[NLINK] = 2;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_HARD_LINK);
}

TEST(directory_without_data)
{
    struct builder b = {0};
    struct header h = file_header("x", 4);
    h.fields[MODE] = 0040755;
    put_entry(&b, &h, "x", 2, "data", 4);
    put_trailer(&b);
    CHECK_EQ(check(&b), CPIO_DIRECTORY_WITH_DATA);
}

TEST(checksum_field_is_zero)
{
    struct header h = file_header("x", 0);
    h.fields[CHECK_FIELD] = 1;
    CHECK_EQ(check_one(&h, "x", 2), CPIO_BAD_CHECKSUM_FIELD);
}

TEST(only_zeros_behind_the_trailer)
{
    struct builder b = example();
    memset(b.bytes + b.size, 0, 512);
    b.size += 512;
    CHECK_EQ(check(&b), CPIO_OK);
    b.bytes[b.size - 1] = 1;
    CHECK_EQ(check(&b), CPIO_TRAILING_BYTES);
}

TEST(no_two_entries_of_one_path)
{
    struct builder b = {0};
    put_file(&b, "a", "1");
    put_file(&b, "./a", "2");
    put_trailer(&b);
    CHECK_EQ(check(&b), CPIO_DUPLICATE_PATH);
}

TEST(every_status_has_a_text)
{
    for (unsigned i = CPIO_OK; i <= CPIO_DUPLICATE_PATH; i++) {
        CHECK(strstr(cpio_status_text((enum cpio_status)i), "unknown") == nullptr);
    }
}
