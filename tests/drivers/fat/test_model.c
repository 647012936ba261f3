// SPDX-License-Identifier: MIT
//
// Random requests to the driver against a model in memory: aligned and unaligned reads and writes,
// ends of file, allocations, several handles, renames and deletions; fsck.fat has the last word.
#include "kit.h"

#include "ash_test.h"

#include "scene.h"

enum { FILES = 12, BYTES_MAX = 100000 };

struct model_file {
    KIT_FILE *handle; // NULL: not open
    bool exists;
    unsigned name; // number in the name
    uint32_t size;
    uint8_t bytes[BYTES_MAX];
};

struct model {
    struct scene scene;
    struct model_file files[FILES];
    uint64_t random;
    unsigned next_name;
};

static struct model model;

static uint32_t draw(uint32_t below)
{
    model.random = model.random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(model.random >> 33) % below;
}

// Half of the offsets and lengths are whole sectors.
static uint32_t draw_bytes(uint32_t below)
{
    uint32_t value = draw(below);
    return draw(2) == 0 ? value : value & ~511u;
}

static const char *path_of(unsigned name)
{
    static char path[64];
    snprintf(path, sizeof path, "\\%s%u.%s", name % 2 == 0 ? "F" : "A longer name ", name,
             name % 3 == 0 ? "TXT" : "text");
    return path;
}

static void open_one(struct model_file *f)
{
    if (!f->exists) {
        f->name = model.next_name++;
        f->size = 0;
    }
    CHECK_EQ(kit_create(model.scene.volume, NULL, path_of(f->name), READ_WRITE, SHARE_ALL,
                        f->exists ? FILE_OPEN : FILE_CREATE, FILE_NON_DIRECTORY_FILE, 0, &f->handle,
                        NULL),
             STATUS_SUCCESS);
    f->exists = true;
}

static void write_one(struct model_file *f)
{
    uint8_t *data = scene_memory[0] + (draw(4) == 0 ? 3 : 0);
    uint32_t offset = draw_bytes(BYTES_MAX - 1);
    uint32_t length = draw_bytes(BYTES_MAX - offset);
    ULONG_PTR done;
    for (uint32_t i = 0; i < length; i++)
        data[i] = (uint8_t)draw(256);
    CHECK_EQ(kit_transfer(f->handle, IRP_MJ_WRITE, offset, data, length, &done), STATUS_SUCCESS);
    CHECK_EQ(done, length);
    if (length == 0)
        return;
    if (offset > f->size)
        memset(f->bytes + f->size, 0, offset - f->size);
    memcpy(f->bytes + offset, data, length);
    f->size = f->size > offset + length ? f->size : offset + length;
}

static void read_one(struct model_file *f)
{
    uint8_t *back = scene_memory[1];
    uint32_t offset = draw_bytes(BYTES_MAX);
    uint32_t length = draw_bytes(BYTES_MAX) + 1;
    ULONG_PTR done;
    memset(back, 0x5A, length + 1);
    NTSTATUS status = kit_transfer(f->handle, IRP_MJ_READ, offset, back, length, &done);
    if (offset >= f->size) {
        CHECK_EQ(status, STATUS_END_OF_FILE);
        return;
    }
    uint32_t expected = f->size - offset < length ? f->size - offset : length;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(done, expected);
    CHECK_MEM(back, f->bytes + offset, expected);
    CHECK_EQ(back[length], 0x5A);
    for (uint32_t i = expected; i < length; i++)
        CHECK(back[i] == 0 || back[i] == 0x5A);
}

static void resize_one(struct model_file *f)
{
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = draw_bytes(BYTES_MAX)};
    CHECK_EQ(kit_set(f->handle, FileEndOfFileInformation, &end, sizeof end), STATUS_SUCCESS);
    if (end.EndOfFile.QuadPart > f->size)
        memset(f->bytes + f->size, 0, (size_t)end.EndOfFile.QuadPart - f->size);
    f->size = (uint32_t)end.EndOfFile.QuadPart;
}

static void reserve_one(struct model_file *f)
{
    FILE_ALLOCATION_INFORMATION allocation = {.AllocationSize.QuadPart = draw_bytes(BYTES_MAX)};
    CHECK_EQ(kit_set(f->handle, FileAllocationInformation, &allocation, sizeof allocation),
             STATUS_SUCCESS);
    if (allocation.AllocationSize.QuadPart < f->size)
        f->size = (uint32_t)allocation.AllocationSize.QuadPart;
}

static void delete_one(struct model_file *f)
{
    FILE_DISPOSITION_INFORMATION yes = {TRUE};
    CHECK_EQ(kit_set(f->handle, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    kit_close(f->handle);
    f->handle = NULL;
    f->exists = false;
}

static void step(void)
{
    struct model_file *f = &model.files[draw(FILES)];
    uint32_t what = draw(20);
    if (f->handle == NULL) {
        open_one(f);
    } else if (what < 7) {
        write_one(f);
    } else if (what < 13) {
        read_one(f);
    } else if (what < 15) {
        resize_one(f);
    } else if (what < 16) {
        reserve_one(f);
    } else if (what < 17) {
        f->name = model.next_name++;
        CHECK_EQ(kit_rename(f->handle, path_of(f->name), false), STATUS_SUCCESS);
    } else if (what < 18) {
        CHECK_EQ(kit_simple(model.scene.volume, f->handle, IRP_MJ_FLUSH_BUFFERS), STATUS_SUCCESS);
    } else if (what < 19) {
        kit_close(f->handle);
        f->handle = NULL;
    } else if (draw(3) == 0) {
        delete_one(f);
    }
}

static void run(const char *options, unsigned kilobytes, uint64_t seed)
{
    memset(&model, 0, sizeof model);
    model.random = seed;
    CHECK(scene_begin(&model.scene, kilobytes, options, true));
    for (unsigned i = 0; i < 3000 && !ash_test_failed(); i++)
        step();
    CHECK(!ash_test_failed());
    for (unsigned i = 0; i < FILES; i++) {
        if (model.files[i].handle == NULL && model.files[i].exists)
            open_one(&model.files[i]);
        if (!model.files[i].exists)
            continue;
        read_one(&model.files[i]);
        kit_close(model.files[i].handle);
    }
    scene_end(&model.scene);
}

TEST(random_requests_fat12)
{
    run("-F 12 -s 1", 2000, 1);
}

TEST(random_requests_fat16)
{
    run("-F 16 -s 2", 9000, 2);
}

TEST(random_requests_fat32)
{
    run("-F 32 -s 8", 9000, 3);
}
