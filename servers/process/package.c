// SPDX-License-Identifier: MIT
/* The boot package, mapped by root, read in place. Root has checked it whole. */
#include "proc.h"

#include <cpio.h>
#include <string.h>

static struct cpio_archive archive;

void package_init(void)
{
    archive = (struct cpio_archive){(const uint8_t *)boot->package, boot->package_bytes};
}

bool package_find(const char *path, const void **data, size_t *size)
{
    struct cpio_entry entry;
    if (cpio_find_file(&archive, path, &entry) != CPIO_OK)
        return false;
    *data = entry.data;
    *size = entry.size;
    return true;
}

/* File number `index` of those whose path begins with `prefix`. */
static bool file_at(ash_word index, const char *prefix, struct cpio_entry *entry)
{
    struct cpio_iterator it = {};
    size_t length = strlen(prefix);
    while (cpio_next(&archive, &it, entry) == CPIO_OK) {
        if (entry->kind != CPIO_FILE || strncmp(entry->path, prefix, length) != 0)
            continue;
        if (index-- == 0)
            return true;
    }
    return false;
}

ash_status package_op(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_package_request *request = (void *)caller->request;
    struct ash_proc_package_reply *reply = (void *)caller->reply;
    struct cpio_entry entry;
    request->prefix[sizeof(request->prefix) - 1] = 0;
    if (!file_at(request->index, request->prefix, &entry))
        return STATUS_NO_MORE_ENTRIES;
    if (entry.path_length >= sizeof(reply->name))
        return STATUS_OBJECT_NAME_INVALID;
    size_t offset = request->offset < entry.size ? request->offset : entry.size;
    reply->size = entry.size;
    reply->bytes =
        entry.size - offset < sizeof(reply->data) ? entry.size - offset : sizeof(reply->data);
    memcpy(reply->name, entry.path, entry.path_length);
    memcpy(reply->data, entry.data + offset, reply->bytes);
    return STATUS_SUCCESS;
}
