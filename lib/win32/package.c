// SPDX-License-Identifier: MIT
/*
 * Drivers lie in the boot package and not on a volume. Programs that load their driver look for
 * its file NAME.sys beside themselves first: where there is none on the volume, that of the boot
 * package is found, for reading.
 */
#include "internal.h"
#include <stdlib.h>

struct package_file {
    struct w32_object object;
    DWORD size, position;
    char name[64];
};

static void delete_package_file(struct w32_object *object)
{
    free(object);
}

/* x of "...\X.sys", in lower case; false: not such a name. */
static bool driver_name(LPCSTR path, char name[24])
{
    const char *last = strrchr(path, '\\');
    last = last != NULL ? last + 1 : path;
    size_t length = strlen(last);
    if (length <= 4 || length - 4 >= 24 || _stricmp(last + length - 4, ".sys") != 0)
        return false;
    for (size_t i = 0; i < length - 4; i++)
        name[i] = (char)tolower((unsigned char)last[i]);
    name[length - 4] = '\0';
    return true;
}

static ash_status ask(struct package_file *file, DWORD offset, struct ash_proc_package_reply *reply)
{
    struct ash_proc_package_request request = {.offset = offset};
    for (;; request.index++) {
        memcpy(request.prefix, file->name, sizeof(request.prefix));
        ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_PACKAGE, &request,
                                        sizeof(request), reply, sizeof(*reply));
        if (status == STATUS_NO_MORE_ENTRIES || !ash_success(status))
            return STATUS_OBJECT_NAME_NOT_FOUND;
        if (strncmp(reply->name, file->name, sizeof(reply->name)) == 0)
            return STATUS_SUCCESS;
    }
}

bool w32_package_open(LPCSTR path, struct w32_object **object)
{
    char name[24];
    struct ash_proc_package_reply reply;
    struct package_file *file = driver_name(path, name) ? calloc(1, sizeof(*file)) : NULL;
    if (file == NULL)
        return false;
    file->object = (struct w32_object){
        .type = W32_PACKAGE_FILE, .references = 1, .deleted = delete_package_file};
    strcpy(file->name, "drivers/");
    strcat(file->name, name);
    strcat(file->name, "/");
    strcat(file->name, name);
    if (!ash_success(ask(file, 0, &reply))) {
        free(file);
        return false;
    }
    file->size = (DWORD)reply.size;
    *object = &file->object;
    return true;
}

DWORD w32_package_size(struct w32_object *object)
{
    return ((struct package_file *)object)->size;
}

BOOL w32_package_read(struct w32_object *object, void *buffer, DWORD bytes, LPDWORD done)
{
    struct package_file *file = (struct package_file *)object;
    struct ash_proc_package_reply reply;
    DWORD total = 0;
    while (total < bytes) {
        ash_status status = ask(file, file->position, &reply);
        if (!ash_success(status))
            return w32_fail(status);
        DWORD piece = (DWORD)reply.bytes < bytes - total ? (DWORD)reply.bytes : bytes - total;
        if (piece == 0)
            break;
        memcpy((char *)buffer + total, reply.data, piece);
        total += piece;
        file->position += piece;
    }
    if (done != NULL)
        *done = total;
    return TRUE;
}
