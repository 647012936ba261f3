// SPDX-License-Identifier: MIT
//
// The driver on volumes with random damage in their metadata: it answers every request with some
// status, frees everything, and neither crashes nor hangs.
#include "kit.h"

#include "ash_test.h"

#include "scene.h"

static bool populated(struct image *image, unsigned kilobytes, const char *options)
{
    return image_make(image, kilobytes, 512, options) &&
           image_run(image, "cd $DIRECTORY && head -c 9000 /dev/urandom >in && "
                            "mmd -i $IMAGE ::sub '::sub/a long directory name' && "
                            "mcopy -i $IMAGE in ::first.bin && mcopy -i $IMAGE in ::second.bin && "
                            "mcopy -i $IMAGE in '::sub/a long directory name/second file.bin'") &&
           image_reload(image);
}

// Everything one can ask of a file; the statuses do not matter.
static void bother(PDEVICE_OBJECT volume, const char *path, ULONG options)
{
    KIT_FILE *file;
    uint64_t answer[512];
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 20000};
    FILE_DISPOSITION_INFORMATION yes = {TRUE};
    uint8_t *data = scene_memory[0];
    if (!NT_SUCCESS(kit_create(volume, NULL, path, READ_WRITE, SHARE_ALL, FILE_OPEN_IF, options, 0,
                               &file, NULL)))
        return;
    (void)kit_list(file, FileBothDirectoryInformation, "*", 0, answer, sizeof answer, NULL);
    (void)kit_list(file, FileDirectoryInformation, NULL, 0, answer, sizeof answer, NULL);
    (void)kit_transfer(file, IRP_MJ_READ, 0, data, 16384, NULL);
    (void)kit_transfer(file, IRP_MJ_READ, 5000, data, 100, NULL);
    (void)kit_transfer(file, IRP_MJ_WRITE, 4096, data, 4096, NULL);
    (void)kit_set(file, FileEndOfFileInformation, &end, sizeof end);
    (void)kit_transfer(file, IRP_MJ_WRITE, 19000, data, 3000, NULL);
    (void)kit_query(file, FileAllInformation, answer, sizeof answer, NULL);
    (void)kit_query_volume(file, FileFsFullSizeInformation, answer, sizeof answer, NULL);
    (void)kit_rename(file, "\\sub\\A new name", true);
    (void)kit_simple(volume, file, IRP_MJ_FLUSH_BUFFERS);
    (void)kit_set(file, FileDispositionInformation, &yes, sizeof yes);
    kit_close(file);
}

static void use_volume(PDEVICE_OBJECT volume)
{
    KIT_FILE *file;
    bother(volume, "\\first.bin", FILE_NON_DIRECTORY_FILE);
    bother(volume, "\\", FILE_DIRECTORY_FILE);
    bother(volume, "\\sub", FILE_DIRECTORY_FILE);
    bother(volume, "\\sub\\a long directory name\\second file.bin", FILE_NON_DIRECTORY_FILE);
    bother(volume, "\\sub\\new", FILE_DIRECTORY_FILE);
    bother(volume, "\\second.bin", FILE_NON_DIRECTORY_FILE);
    CHECK_EQ(
        kit_create(volume, NULL, "", FILE_GENERIC_READ, SHARE_ALL, FILE_OPEN, 0, 0, &file, NULL),
        STATUS_SUCCESS);
    (void)kit_control(file, FSCTL_DISMOUNT_VOLUME);
    kit_close(file);
}

static void damage(struct image *image, uint64_t seed)
{
    uint64_t limit = seed % 2 == 0 ? 6000 : 40000; // mostly FAT, or directories too
    uint64_t random = seed;
    for (uint64_t i = 0; i < 1 + seed / 2; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t at = 512 + (random >> 24) % limit;
        image->bytes[at] = (uint8_t)(random >> 16);
    }
}

static void run(unsigned kilobytes, const char *options, uint64_t rounds)
{
    struct image whole;
    CHECK(populated(&whole, kilobytes, options));
    for (uint64_t seed = 0; seed < rounds && !ash_test_failed(); seed++) {
        struct image image;
        NTSTATUS status;
        image_wrap(&image, whole.bytes, whole.size, 512);
        damage(&image, seed);
        PDEVICE_OBJECT volume = kit_mount(&image, seed % 2 == 0, &status);
        if (volume != NULL) {
            use_volume(volume);
            kit_unmount();
        }
        image_free(&image);
    }
    image_free(&whole);
}

TEST(damaged_fat12)
{
    run(1440, "-F 12 -s 1", 120);
}

TEST(damaged_fat16)
{
    run(4400, "-F 16 -s 1", 120);
}

TEST(damaged_fat32)
{
    run(34000, "-F 32 -s 1 -R 8", 40);
}
