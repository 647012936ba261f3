// SPDX-License-Identifier: MIT
//
// newc cpio reader. Invariant: every offset is compared with archive->size before it is used, and
// sums are formed in 64 bits from 32-bit fields, so that none can wrap.
#include "cpio.h"

#include <string.h>

enum {
    HEADER_SIZE = 110,
    FIELD_COUNT = 13,
    FIELD_DIGITS = 8,
    MAGIC_SIZE = 6,
};

// Order of the eight-digit fields behind the magic.
enum field {
    FIELD_INO,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_NLINK,
    FIELD_MTIME,
    FIELD_FILESIZE,
    FIELD_DEVMAJOR,
    FIELD_DEVMINOR,
    FIELD_RDEVMAJOR,
    FIELD_RDEVMINOR,
    FIELD_NAMESIZE,
    FIELD_CHECK,
};

#define MODE_TYPE      0170000u
#define MODE_FILE      0100000u
#define MODE_DIRECTORY 0040000u

static const char trailer_name[] = "TRAILER!!!";

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_field(const uint8_t *text, uint32_t *value)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < FIELD_DIGITS; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        sum = sum << 4 | (uint32_t)digit;
    }
    *value = sum;
    return true;
}

static enum cpio_status parse_header(const uint8_t *header, uint32_t fields[FIELD_COUNT])
{
    if (memcmp(header, "070701", MAGIC_SIZE) != 0) {
        return CPIO_BAD_MAGIC;
    }
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        if (!parse_field(header + MAGIC_SIZE + i * FIELD_DIGITS, &fields[i])) {
            return CPIO_BAD_NUMBER;
        }
    }
    return CPIO_OK;
}

static uint64_t align4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

// A component is what stands between two slashes: not empty, not "." and not "..".
static bool component_valid(const char *start, size_t length)
{
    bool dots = length <= 2 && start[0] == '.' && (length == 1 || start[1] == '.');
    return length != 0 && !dots;
}

static bool path_valid(const char *path, size_t length)
{
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && (unsigned char)path[i] < 0x20) {
            return false;
        }
        if (i == length || path[i] == '/') {
            if (i == start || !component_valid(path + start, i - start)) {
                return false;
            }
            start = i + 1;
        }
    }
    return true;
}

static enum cpio_status all_zero(const struct cpio_archive *archive, uint64_t from)
{
    for (uint64_t i = from; i < archive->size; i++) {
        if (archive->base[i] != 0) {
            return CPIO_TRAILING_BYTES;
        }
    }
    return CPIO_END;
}

// Sets the path from the raw name. "./x" becomes "x"; the root's own entry (".") gets length 0.
static enum cpio_status take_path(const uint8_t *name, uint32_t name_size, struct cpio_entry *entry)
{
    size_t length = name_size - 1;
    if (name[length] != 0 || memchr(name, 0, length) != nullptr) {
        return CPIO_UNTERMINATED_NAME;
    }
    const char *path = (const char *)name;
    if (length >= 2 && path[0] == '.' && path[1] == '/') {
        path += 2;
        length -= 2;
    } else if (length == 1 && path[0] == '.') {
        path += 1;
        length = 0;
    }
    entry->path = path;
    entry->path_length = length;
    bool root = length == 0 && path != (const char *)name && path[-1] == '.';
    return root || (length <= CPIO_PATH_MAX && path_valid(path, length)) ? CPIO_OK : CPIO_BAD_PATH;
}

static enum cpio_status take_kind(const uint32_t fields[FIELD_COUNT], struct cpio_entry *entry)
{
    uint32_t type = fields[FIELD_MODE] & MODE_TYPE;
    if (type != MODE_FILE && type != MODE_DIRECTORY) {
        return CPIO_BAD_TYPE;
    }
    entry->kind = type == MODE_FILE ? CPIO_FILE : CPIO_DIRECTORY;
    if (type == MODE_FILE && fields[FIELD_NLINK] > 1) {
        return CPIO_HARD_LINK;
    }
    if (type == MODE_DIRECTORY && fields[FIELD_FILESIZE] != 0) {
        return CPIO_DIRECTORY_WITH_DATA;
    }
    return fields[FIELD_CHECK] == 0 ? CPIO_OK : CPIO_BAD_CHECKSUM_FIELD;
}

// Reads the entry whose header stands at `offset`; *next gets where the following header stands.
static enum cpio_status read_entry(const struct cpio_archive *archive, size_t offset,
                                   struct cpio_entry *entry, size_t *next)
{
    uint32_t fields[FIELD_COUNT];
    *entry = (struct cpio_entry){0};
    if (offset > archive->size || archive->size - offset < HEADER_SIZE) {
        return CPIO_TRUNCATED_HEADER;
    }
    enum cpio_status status = parse_header(archive->base + offset, fields);
    if (status != CPIO_OK) {
        return status;
    }
    uint32_t name_size = fields[FIELD_NAMESIZE];
    if (name_size == 0 || name_size > CPIO_PATH_MAX + 3) {
        return CPIO_BAD_NAME_SIZE;
    }
    uint64_t name = (uint64_t)offset + HEADER_SIZE;
    if (name + name_size > archive->size) {
        return CPIO_TRUNCATED_NAME;
    }
    uint64_t data = align4(name + name_size);
    uint64_t size = fields[FIELD_FILESIZE];
    if (name_size == sizeof trailer_name &&
        memcmp(archive->base + name, trailer_name, sizeof trailer_name) == 0) {
        return size == 0 ? all_zero(archive, data) : CPIO_TRAILING_BYTES;
    }
    if (data + size > archive->size) {
        return CPIO_TRUNCATED_DATA;
    }
    *entry = (struct cpio_entry){.data = archive->base + data,
                                 .size = (size_t)size,
                                 .mode = fields[FIELD_MODE],
                                 .mtime = fields[FIELD_MTIME]};
    *next = (size_t)align4(data + size);
    status = take_path(archive->base + name, name_size, entry);
    return status == CPIO_OK ? take_kind(fields, entry) : status;
}

enum cpio_status cpio_next(const struct cpio_archive *archive, struct cpio_iterator *it,
                           struct cpio_entry *entry)
{
    for (;;) {
        size_t next = it->next;
        enum cpio_status status = read_entry(archive, it->next, entry, &next);
        it->offset = it->next;
        if (status != CPIO_OK) {
            return status;
        }
        it->next = next;
        if (entry->path_length != 0) {
            return CPIO_OK;
        }
    }
}

static const char *skip_root(const char *path)
{
    if (path[0] == '/') {
        return path + 1;
    }
    return path[0] == '.' && path[1] == '/' ? path + 2 : path;
}

enum cpio_status cpio_find(const struct cpio_archive *archive, const char *path,
                           struct cpio_entry *entry)
{
    const char *wanted = skip_root(path);
    size_t length = strlen(wanted);
    struct cpio_iterator it = {0};
    for (;;) {
        enum cpio_status status = cpio_next(archive, &it, entry);
        if (status != CPIO_OK) {
            return status == CPIO_END ? CPIO_NOT_FOUND : status;
        }
        if (entry->path_length == length && memcmp(entry->path, wanted, length) == 0) {
            return CPIO_OK;
        }
    }
}

enum cpio_status cpio_find_file(const struct cpio_archive *archive, const char *path,
                                struct cpio_entry *entry)
{
    enum cpio_status status = cpio_find(archive, path, entry);
    return status == CPIO_OK && entry->kind != CPIO_FILE ? CPIO_NOT_A_FILE : status;
}

// Is there an entry of the same path before the one whose header stands at `end`?
static bool seen_before(const struct cpio_archive *archive, const struct cpio_entry *entry,
                        size_t end)
{
    struct cpio_iterator it = {0};
    struct cpio_entry other;
    while (cpio_next(archive, &it, &other) == CPIO_OK && it.offset < end) {
        if (other.path_length == entry->path_length &&
            memcmp(other.path, entry->path, entry->path_length) == 0) {
            return true;
        }
    }
    return false;
}

enum cpio_status cpio_check(const struct cpio_archive *archive, size_t *entries, size_t *offset)
{
    struct cpio_iterator it = {0};
    struct cpio_entry entry;
    size_t count = 0;
    enum cpio_status status;
    while ((status = cpio_next(archive, &it, &entry)) == CPIO_OK) {
        if (count == CPIO_ENTRIES_MAX) {
            status = CPIO_TOO_MANY_ENTRIES;
            break;
        }
        if (seen_before(archive, &entry, it.offset)) {
            status = CPIO_DUPLICATE_PATH;
            break;
        }
        count++;
    }
    if (entries != nullptr) {
        *entries = count;
    }
    if (offset != nullptr) {
        *offset = it.offset;
    }
    return status == CPIO_END ? CPIO_OK : status;
}

const char *cpio_status_text(enum cpio_status status)
{
    switch (status) {
    case CPIO_OK:
        return "no error";
    case CPIO_END:
        return "no further entry";
    case CPIO_NOT_FOUND:
        return "no such path in the archive";
    case CPIO_NOT_A_FILE:
        return "the path names a directory";
    case CPIO_TRUNCATED_HEADER:
        return "archive ends where an entry header must stand (no TRAILER!!! seen)";
    case CPIO_BAD_MAGIC:
        return "entry header does not begin with 070701 (newc)";
    case CPIO_BAD_NUMBER:
        return "header field is not eight hexadecimal digits";
    case CPIO_BAD_NAME_SIZE:
        return "name size is zero or above the path limit";
    case CPIO_TRUNCATED_NAME:
        return "name reaches behind the end of the archive";
    case CPIO_UNTERMINATED_NAME:
        return "name does not have its only NUL at its end";
    case CPIO_BAD_PATH:
        return "path is absolute, has an empty, '.' or '..' component, or a control character";
    case CPIO_TRUNCATED_DATA:
        return "file data reaches behind the end of the archive";
    case CPIO_BAD_TYPE:
        return "entry is neither a regular file nor a directory";
    case CPIO_HARD_LINK:
        return "regular file has a link count above one";
    case CPIO_DIRECTORY_WITH_DATA:
        return "directory has data";
    case CPIO_BAD_CHECKSUM_FIELD:
        return "checksum field of a newc header is not zero";
    case CPIO_TRAILING_BYTES:
        return "bytes other than zero follow the trailer";
    case CPIO_TOO_MANY_ENTRIES:
        return "archive has more than 4096 entries";
    case CPIO_DUPLICATE_PATH:
        return "two entries have the same path";
    }
    return "unknown cpio status";
}
