// SPDX-License-Identifier: MIT
// Renaming: the new name goes to the driver as FILE_RENAME_INFORMATION with a UTF-16 name.
#include "ash/fileinfo.h"
#include "ash/utf.h"
#include "internal.h"
#include <string.h>

ash_status ash_file_rename(struct ash_file *file, const char *name, bool replace)
{
    alignas(8) unsigned char memory[20 + 2 * ASH_STRING] = {0};
    struct ash_rename_information *information = (struct ash_rename_information *)memory;
    size_t units;
    if (!ash_utf8_to_utf16(name, information->name, ASH_STRING, &units) || units == 0)
        return STATUS_OBJECT_NAME_INVALID;
    information->replace = replace;
    information->name_bytes = (uint32_t)(units * sizeof(uint16_t));
    return ash_set_info(file, ASH_FILE_RENAME_INFORMATION, information,
                        offsetof(struct ash_rename_information, name) + information->name_bytes);
}
