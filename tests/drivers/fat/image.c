// SPDX-License-Identifier: MIT
//
// See image.h. Temporary files lie in one directory of the process, removed at exit.
#define _DEFAULT_SOURCE 1 // mkdtemp, setenv
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static void remove_directory(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    (void)!system(command);
}

static const char *image_path(void)
{
    if (directory[0] == '\0') {
        strcpy(directory, "/tmp/ashlar-fat-XXXXXX");
        if (mkdtemp(directory) == NULL)
            abort();
        snprintf(path, sizeof path, "%s/image", directory);
        setenv("IMAGE", path, 1);
        setenv("DIRECTORY", directory, 1);
        setenv("MTOOLS_SKIP_CHECK", "1", 1);
        setenv("MTOOLS_NO_VFAT", "0", 1);
        setenv("TZ", "UTC", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        const char *old = getenv("PATH");
        char longer[4096];
        snprintf(longer, sizeof longer, "%s:/usr/sbin:/sbin", old != NULL ? old : "/usr/bin:/bin");
        setenv("PATH", longer, 1);
        atexit(remove_directory);
    }
    return path;
}

void *image_memory(uint64_t bytes)
{
    void *memory = malloc(bytes != 0 ? bytes : 1);
    if (memory == NULL)
        abort();
    return memory;
}

bool image_make(struct image *image, unsigned kilobytes, unsigned sector_size, const char *options)
{
    char command[512];
    *image = (struct image){.sector_size = 512, .fail_after = -1};
    snprintf(command, sizeof command,
             "rm -f %s && mkfs.vfat -C -S %u %s -n ASHLAR -i 1234abcd %s %u >/dev/null 2>&1",
             image_path(), sector_size, options, image_path(), kilobytes);
    if (system(command) != 0)
        return false;
    return image_reload(image);
}

void image_wrap(struct image *image, const uint8_t *bytes, uint64_t size, uint32_t sector_size)
{
    *image = (struct image){.sector_size = sector_size, .fail_after = -1, .size = size};
    image->bytes = image_memory(size);
    memcpy(image->bytes, bytes, size);
}

void image_log_clear(struct image *image)
{
    for (size_t i = 0; i < image->log_count; i++)
        free(image->log[i].data);
    image->log_count = 0;
}

void image_free(struct image *image)
{
    image_log_clear(image);
    free(image->log);
    free(image->bytes);
    *image = (struct image){0};
}

const char *image_store(const struct image *image)
{
    FILE *file = fopen(image_path(), "wb");
    if (file == NULL || fwrite(image->bytes, 1, image->size, file) != image->size)
        abort();
    fclose(file);
    return path;
}

bool image_reload(struct image *image)
{
    FILE *file = fopen(image_path(), "rb");
    if (file == NULL)
        return false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size <= 0 || fseek(file, 0, SEEK_SET) != 0)
        abort();
    free(image->bytes);
    image->size = (uint64_t)size;
    image->bytes = image_memory(image->size);
    bool good = fread(image->bytes, 1, image->size, file) == image->size;
    fclose(file);
    return good;
}

bool image_run(const struct image *image, const char *command)
{
    (void)image_store(image);
    return system(command) == 0;
}

bool image_fsck(const struct image *image)
{
    return image_run(image, "fsck.fat -n $IMAGE >$DIRECTORY/fsck 2>&1 || "
                            "{ cat $DIRECTORY/fsck; exit 1; }");
}

// ---- The device ----

static enum fat_status access_check(struct image *image, uint64_t offset, uint32_t length)
{
    if (offset % image->sector_size != 0 || length % image->sector_size != 0 || length == 0)
        abort(); // the core broke its promise
    if (offset > image->size || length > image->size - offset)
        abort();
    if (image->fail_after == 0)
        return FAT_IO_ERROR;
    if (image->fail_after > 0)
        image->fail_after--;
    return FAT_OK;
}

static enum fat_status device_read(void *context, uint64_t offset, uint32_t length, void *buffer)
{
    struct image *image = context;
    enum fat_status status = access_check(image, offset, length);
    if (status == FAT_OK)
        memcpy(buffer, image->bytes + offset, length);
    return status;
}

static void log_write(struct image *image, uint64_t offset, uint32_t length, const void *buffer)
{
    if (image->log_count == image->log_capacity) {
        image->log_capacity = image->log_capacity == 0 ? 64 : image->log_capacity * 2;
        struct image_write *log = image_memory(image->log_capacity * sizeof log[0]);
        if (image->log_count != 0)
            memcpy(log, image->log, image->log_count * sizeof log[0]);
        free(image->log);
        image->log = log;
    }
    uint8_t *data = image_memory(length);
    memcpy(data, buffer, length);
    image->log[image->log_count++] = (struct image_write){offset, length, data};
}

static enum fat_status device_write(void *context, uint64_t offset, uint32_t length,
                                    const void *buffer)
{
    struct image *image = context;
    enum fat_status status = access_check(image, offset, length);
    if (status != FAT_OK)
        return status;
    if (image->logging)
        log_write(image, offset, length, buffer);
    memcpy(image->bytes + offset, buffer, length);
    return FAT_OK;
}

static enum fat_status device_flush(void *context)
{
    (void)context;
    return FAT_OK;
}

static void *device_allocate(void *context, size_t bytes)
{
    ((struct image *)context)->allocations++;
    return malloc(bytes);
}

static void device_release(void *context, void *memory)
{
    ((struct image *)context)->allocations--;
    free(memory);
}

static void device_report(void *context, const char *rule, uint64_t value)
{
    struct image *image = context;
    image->reports++;
    image->last_rule = rule;
    if (!image->quiet)
        printf("# rule broken: %s (%llu)\n", rule, (unsigned long long)value);
}

struct fat_device image_device(struct image *image)
{
    return (struct fat_device){
        .context = image,
        .size = image->size,
        .sector_size = image->sector_size,
        .read = device_read,
        .write = device_write,
        .flush = device_flush,
        .allocate = device_allocate,
        .release = device_release,
        .report = device_report,
    };
}
