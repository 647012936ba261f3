// SPDX-License-Identifier: MIT
// Fuzz target: newc archives. Every byte handed out must lie in the archive.
#include "cpio.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct cpio_archive archive = {bytes, size};
    struct cpio_iterator it = {0};
    struct cpio_entry entry;
    while (cpio_next(&archive, &it, &entry) == CPIO_OK) {
        bool inside = entry.data >= bytes && entry.data + entry.size <= bytes + size;
        struct cpio_entry found;
        if (!inside || strlen(entry.path) != entry.path_length ||
            cpio_find(&archive, entry.path, &found) != CPIO_OK) {
            abort();
        }
    }
    size_t entries;
    size_t offset;
    (void)cpio_check(&archive, &entries, &offset);
    return 0;
}
