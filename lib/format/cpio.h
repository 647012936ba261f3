// SPDX-License-Identifier: MIT
//
// newc cpio archives (the boot package): bounded, read-only, strict.
//
// Guarantees
// - Reads only inside [base, base + size); the archive may be any bytes whatever.
// - Allocates nothing, keeps no state outside the caller's structures, is re-entrant.
// - Every pointer it returns points into the archive and stays valid as long as that memory does.
//   The archive must not change while it is read (copy it first when somebody else can write it).
// - Accepted is magic 070701 with hexadecimal fields of either case; names are relative, have no
//   empty, "." or ".." component and no byte below 0x20; a leading "./" is dropped. Only regular
//   files and directories are accepted, no hard links. Behind the trailer only zeros may follow.
#ifndef ASHLAR_FORMAT_CPIO_H
#define ASHLAR_FORMAT_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longest accepted path without its terminator.
#define CPIO_PATH_MAX 255
// cpio_check refuses archives with more entries than this.
#define CPIO_ENTRIES_MAX 4096

enum [[nodiscard]] cpio_status {
    CPIO_OK,
    CPIO_END,                 // the iterator has passed the last entry
    CPIO_NOT_FOUND,           // no entry of that path
    CPIO_NOT_A_FILE,          // the path names a directory
    CPIO_TRUNCATED_HEADER,    // fewer than 110 bytes remain where a header must stand
    CPIO_BAD_MAGIC,           // magic is not 070701
    CPIO_BAD_NUMBER,          // a header field is not eight hexadecimal digits
    CPIO_BAD_NAME_SIZE,       // name size is 0, or above CPIO_PATH_MAX + 3
    CPIO_TRUNCATED_NAME,      // the name reaches behind the end of the archive
    CPIO_UNTERMINATED_NAME,   // no NUL at the end of the name, or one inside it
    CPIO_BAD_PATH,            // absolute, empty, "." or ".." component, or a control character
    CPIO_TRUNCATED_DATA,      // the file's data reaches behind the end of the archive
    CPIO_BAD_TYPE,            // neither a regular file nor a directory
    CPIO_HARD_LINK,           // link count above 1 on a regular file
    CPIO_DIRECTORY_WITH_DATA, // a directory whose size is not 0
    CPIO_BAD_CHECKSUM_FIELD,  // newc demands 0
    CPIO_TRAILING_BYTES,      // something other than zeros follows the trailer
    CPIO_TOO_MANY_ENTRIES,    // more than CPIO_ENTRIES_MAX
    CPIO_DUPLICATE_PATH,      // two entries of the same path
};

enum cpio_kind { CPIO_FILE, CPIO_DIRECTORY };

struct cpio_archive {
    const uint8_t *base;
    size_t size;
};

// Zero-initialised it stands before the first entry. `offset` is where the last header looked at
// begins, for error messages.
struct cpio_iterator {
    size_t offset;
    size_t next;
};

struct cpio_entry {
    const char *path;    // NUL-terminated, inside the archive, without leading "./"
    size_t path_length;  // without the NUL
    const uint8_t *data; // inside the archive; 4-byte aligned relative to the archive's base
    size_t size;         // bytes of data; 0 for a directory
    uint32_t mode;       // POSIX mode bits, type included
    uint32_t mtime;      // seconds since 1970-01-01 UTC
    enum cpio_kind kind;
};

// Gets the next entry. CPIO_OK: *entry is filled and the iterator advanced. CPIO_END: there is no
// further entry. Anything else: the archive is damaged at it->offset; every later call answers the
// same error. Does not block. The root directory itself (".") is skipped.
enum cpio_status cpio_next(const struct cpio_archive *archive, struct cpio_iterator *it,
                           struct cpio_entry *entry);

// Finds the entry of exactly `path` (NUL-terminated; a leading "/" or "./" is ignored; case
// matters). CPIO_NOT_FOUND, or the error of a damaged header met before it was found.
// Costs one pass over the headers.
enum cpio_status cpio_find(const struct cpio_archive *archive, const char *path,
                           struct cpio_entry *entry);

// As cpio_find, but refuses a directory with CPIO_NOT_A_FILE.
enum cpio_status cpio_find_file(const struct cpio_archive *archive, const char *path,
                                struct cpio_entry *entry);

// Checks the whole archive, duplicate paths included. *entries (may be NULL) gets the number of
// entries, *offset (may be NULL) the offset of the header at fault.
enum cpio_status cpio_check(const struct cpio_archive *archive, size_t *entries, size_t *offset);

// A static sentence that names the rule broken; never NULL.
const char *cpio_status_text(enum cpio_status status);

#endif
