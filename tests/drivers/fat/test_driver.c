// SPDX-License-Identifier: MIT
//
// Data through the FAT driver's dispatch routines, with a volume device that answers at once or
// from another thread, latest request first.
#include "kit.h"

#include "ash_test.h"

#include "scene.h"

static void write_and_read(bool asynchronous)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    uint32_t length = 200001;
    uint8_t *data = pattern(length, 1);
    uint8_t *back = pattern(length + 9000, 2);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", asynchronous));
    CHECK_EQ(open_file(&s, "\\A long name.bin", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, 65536, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 65536);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 65536, data + 65536, length - 65536, &done),
             STATUS_SUCCESS);
    CHECK_EQ(done, length - 65536);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, length + 9000, &done), STATUS_SUCCESS);
    CHECK_EQ(done, length);
    CHECK_MEM(data, back, length);
    for (uint32_t i = length; i < ((length + 511) & ~511u); i++)
        CHECK_EQ(back[i], 0); // the rest of the last sector
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 777, back, 3333, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 3333);
    CHECK_MEM(data + 777, back, 3333);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 4096, back, 5000, &done), STATUS_SUCCESS);
    CHECK_MEM(data + 4096, back, 5000);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, length, back, 1, &done), STATUS_END_OF_FILE);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, -5, back, 1, &done), STATUS_INVALID_PARAMETER);
    memcpy(data + 1000, "changed", 7);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 1000, data + 1000, 7, &done), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, length, &done), STATUS_SUCCESS);
    CHECK_MEM(data, back, length);
    kit_close(file);
    CHECK(image_fsck(&s.image)); // on disk after CLEANUP
    CHECK(image_run(&s.image, "mcopy -n -i $IMAGE '::A long name.bin' $DIRECTORY/out && "
                              "test $(stat -c %s $DIRECTORY/out) = 200001"));
    scene_end(&s);
}

TEST(files_are_written_and_read)
{
    write_and_read(false);
}

TEST(files_are_written_and_read_asynchronously)
{
    write_and_read(true);
}

TEST(aligned_transfers_use_the_callers_buffer)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    uint8_t *data = pattern(65536, 1);
    uint8_t *back = pattern(65536, 2);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, 65536, &done), STATUS_SUCCESS);
    CHECK(kit_saw_buffer(data, 65536));
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, 65536, &done), STATUS_SUCCESS);
    CHECK(kit_saw_buffer(back, 65536));
    unsigned before = kit_transfers();
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 8192, back + 8192, 4096, &done), STATUS_SUCCESS);
    CHECK_EQ(kit_transfers() - before, 1); // no metadata in the steady state
    CHECK(kit_saw_buffer(back + 8192, 4096));
    CHECK_MEM(data, back, 65536);
    kit_close(file);
    scene_end(&s);
}

static void copy_at(KIT_FILE *file, const uint8_t *data, uint8_t *back, ULONG length)
{
    ULONG_PTR done;
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 512, (void *)(ULONG_PTR)data, length, &done),
             STATUS_SUCCESS);
    CHECK_EQ(done, length);
    memset(back, 0, length);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 512, back, length, &done), STATUS_SUCCESS);
    CHECK_EQ(done, length);
    CHECK_MEM(data, back, length);
}

// The volume device ends the process when it sees an address that it does not take.
TEST(buffers_that_the_device_does_not_take_are_copied)
{
    static const ULONG lengths[] = {1, 512, 4096, 65536, 65537, 200000, 262144};
    struct scene s;
    KIT_FILE *file;
    uint8_t *data = pattern(300000, 1);
    uint8_t *back = pattern(300000, 2);
    kit_align(3);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(s.volume->AlignmentRequirement, 3);
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    for (unsigned shift = 0; shift < 5; shift++)
        for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) // growing, then in place
            copy_at(file, data + shift, back + 4 - shift, lengths[i]);
    CHECK(kit_saw_buffer(back, 262144)); // at a multiple of four nothing is copied
    CHECK(!kit_saw_buffer(back + 1, 262144));
    kit_close(file);
    scene_end(&s);
}

TEST(unbuffered_transfers_are_the_callers_to_align)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    uint8_t *data = pattern(8192, 1);
    kit_align(3);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", READ_WRITE, SHARE_ALL, FILE_CREATE,
                        PLAIN | FILE_NO_INTERMEDIATE_BUFFERING, 0, &file, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, 4096, &done), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data + 2, 4096, &done), STATUS_INVALID_PARAMETER);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, data + 1, 4096, &done), STATUS_INVALID_PARAMETER);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, data + 4, 4096, &done), STATUS_SUCCESS);
    kit_close(file);
    scene_end(&s);
}

TEST(many_requests_are_in_flight)
{
    enum { COUNT = 64 };
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    KIT_REQUEST *requests[COUNT];
    uint8_t *data = pattern(COUNT * 4096, 1);
    uint8_t *back = pattern(COUNT * 4096, 2);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, COUNT * 4096, &done), STATUS_SUCCESS);
    for (int round = 0; round < 20; round++) {
        UCHAR major = round % 2 == 0 ? IRP_MJ_READ : IRP_MJ_WRITE;
        for (int i = 0; i < COUNT; i++)
            requests[i] = kit_start(file, major, i * 4096, back + i * 4096, 4096);
        for (int i = 0; i < COUNT; i++) {
            CHECK_EQ(kit_wait(requests[i], &done), STATUS_SUCCESS);
            CHECK_EQ(done, 4096);
        }
        CHECK_MEM(data, back, COUNT * 4096);
    }
    CHECK(kit_most_in_flight() >= 2);
    kit_close(file);
    scene_end(&s);
}

TEST(fragmented_files_take_one_request_a_run)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    ULONG_PTR done;
    uint8_t *data = pattern(32768, 1);
    uint8_t *back = pattern(32768, 2);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(open_file(&s, "\\a", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\b", FILE_CREATE, &b), STATUS_SUCCESS);
    for (int i = 0; i < 16; i++) {
        CHECK_EQ(kit_transfer(a, IRP_MJ_WRITE, i * 2048, data + i * 2048, 2048, &done),
                 STATUS_SUCCESS);
        CHECK_EQ(kit_transfer(b, IRP_MJ_WRITE, i * 2048, data + i * 2048, 2048, &done),
                 STATUS_SUCCESS);
    }
    unsigned before = kit_transfers();
    CHECK_EQ(kit_transfer(a, IRP_MJ_READ, 0, back, 32768, &done), STATUS_SUCCESS);
    CHECK_EQ(kit_transfers() - before, 16);
    CHECK_EQ(done, 32768);
    CHECK_MEM(data, back, 32768);
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 30001};
    CHECK_EQ(kit_set(a, FileEndOfFileInformation, &end, sizeof end), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(a, IRP_MJ_READ, 0, back, 32768, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 30001);
    for (uint32_t i = 30001; i < 30208; i++)
        CHECK_EQ(back[i], 0);           // the rest of the last sector
    CHECK_EQ(back[30208], data[30208]); // what lies behind is left alone
    kit_close(a);
    kit_close(b);
    scene_end(&s);
}

TEST(sizes_are_set)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    uint8_t back[3000];
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 100000};
    FILE_ALLOCATION_INFORMATION allocation = {.AllocationSize.QuadPart = 300000};
    FILE_STANDARD_INFORMATION standard;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", true));
    memset(s.image.bytes + 40000, 0xEE, 500000); // leftovers
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, "abc", 3, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_set(file, FileEndOfFileInformation, &end, sizeof end), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, 3000, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 3000);
    for (int i = 3; i < 3000; i++)
        CHECK_EQ(back[i], 0);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 99000, back, 3000, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 1000);
    CHECK_EQ(kit_set(file, FileAllocationInformation, &allocation, sizeof allocation),
             STATUS_SUCCESS);
    CHECK_EQ(kit_query(file, FileStandardInformation, &standard, sizeof standard, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(standard.EndOfFile.QuadPart, 100000);
    CHECK_EQ(standard.AllocationSize.QuadPart, 300032);
    end.EndOfFile.QuadPart = 5000000000;
    CHECK_EQ(kit_set(file, FileEndOfFileInformation, &end, sizeof end), STATUS_FILE_TOO_LARGE);
    end.EndOfFile.QuadPart = 2000000;
    CHECK_EQ(kit_set(file, FileEndOfFileInformation, &end, sizeof end), STATUS_DISK_FULL);
    end.EndOfFile.QuadPart = 1;
    CHECK_EQ(kit_set(file, FileEndOfFileInformation, &end, sizeof end), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, 3000, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 1);
    LARGE_INTEGER where = {.LowPart = FILE_WRITE_TO_END_OF_FILE, .HighPart = -1};
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, where.QuadPart, "XYZ", 3, &done), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, back, 3000, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 4);
    CHECK_MEM(back, "aXYZ", 4);
    FILE_POSITION_INFORMATION position;
    CHECK_EQ(kit_query(file, FilePositionInformation, &position, sizeof position, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(position.CurrentByteOffset.QuadPart, 4);
    kit_close(file);
    scene_end(&s);
}

// What the host put on the volume is read in pieces, and what is copied here is found by the host.
TEST(large_files_are_copied)
{
    enum { CHUNK = 128 << 10 };
    struct scene s;
    KIT_FILE *from;
    KIT_FILE *to;
    ULONG_PTR done;
    LONGLONG offset = 0;
    CHECK(image_make(&s.image, 70000, 512, "-F 32 -s 2"));
    CHECK(image_run(&s.image, "cd $DIRECTORY && head -c 20000001 /dev/urandom >in && "
                              "mcopy -i $IMAGE in '::Random numbers.bin'"));
    CHECK(image_reload(&s.image));
    NTSTATUS status;
    s.volume = kit_mount(&s.image, true, &status);
    CHECK(s.volume != NULL);
    CHECK_EQ(open_file(&s, "\\random NUMBERS.bin", FILE_OPEN, &from), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\copy.bin", FILE_CREATE, &to), STATUS_SUCCESS);
    uint8_t *data = scene_memory[0];
    while ((status = kit_transfer(from, IRP_MJ_READ, offset, data, CHUNK, &done)) ==
           STATUS_SUCCESS) {
        ULONG_PTR written;
        CHECK_EQ(kit_transfer(to, IRP_MJ_WRITE, offset, data, (ULONG)done, &written),
                 STATUS_SUCCESS);
        CHECK_EQ(written, done);
        offset += (LONGLONG)done;
    }
    CHECK_EQ(status, STATUS_END_OF_FILE);
    CHECK_EQ(offset, 20000001);
    kit_close(from);
    kit_close(to);
    CHECK(image_run(&s.image, "cd $DIRECTORY && mcopy -n -i $IMAGE ::copy.bin out && "
                              "cmp in out"));
    scene_end(&s);
}

TEST(errors_of_the_device_reach_the_caller)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR done;
    uint8_t *data = pattern(65536, 1);
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", true));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, 65536, &done), STATUS_SUCCESS);
    kit_fail_range(40000, 50000);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, data, 65536, &done), STATUS_DEVICE_DATA_ERROR);
    CHECK_EQ(done, 0);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 1, data, 65535, &done), STATUS_DEVICE_DATA_ERROR);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 1, data, 65535, &done), STATUS_DEVICE_DATA_ERROR);
    kit_fail_range(0, 0);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 0, data, 65536, &done), STATUS_SUCCESS);
    kit_close(file);
    scene_end(&s);
}

TEST(volumes_are_locked_and_dismounted)
{
    struct scene s;
    KIT_FILE *volume;
    KIT_FILE *file;
    ULONG_PTR done;
    uint8_t sector[512];
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_create(s.volume, NULL, "", READ_WRITE, SHARE_ALL, FILE_OPEN, 0, 0, &volume, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_control(volume, FSCTL_LOCK_VOLUME), STATUS_ACCESS_DENIED);
    CHECK_EQ(kit_transfer(volume, IRP_MJ_READ, 0, sector, 512, &done), STATUS_SUCCESS);
    CHECK_MEM(sector, s.image.bytes, 512);
    CHECK_EQ(kit_transfer(volume, IRP_MJ_WRITE, 0, sector, 512, &done), STATUS_ACCESS_DENIED);
    CHECK_EQ(kit_control(volume, FSCTL_DISMOUNT_VOLUME), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, sector, 512, &done), STATUS_VOLUME_DISMOUNTED);
    CHECK_EQ(kit_simple(s.volume, file, IRP_MJ_FLUSH_BUFFERS), STATUS_VOLUME_DISMOUNTED);
    KIT_FILE *none;
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &none), STATUS_VOLUME_DISMOUNTED);
    kit_close(volume);
    kit_close(file);
    kit_unmount();
    CHECK(image_fsck(&s.image));
    image_free(&s.image);
}

TEST(other_volumes_are_not_recognized)
{
    struct image image;
    static uint8_t zeroes[1 << 20];
    NTSTATUS status;
    image_wrap(&image, zeroes, 1 << 20, 512);
    CHECK(kit_mount(&image, false, &status) == NULL);
    CHECK_EQ(status, STATUS_UNRECOGNIZED_VOLUME);
    image_free(&image);
}

static void one_of_each(unsigned round)
{
    struct scene s;
    KIT_FILE *file;
    KIT_FILE *directory;
    uint8_t *data = pattern(70000, 1);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\Some directory", FILE_CREATE, &directory), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\Some file", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, data, 70000, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(file, IRP_MJ_READ, 100, data, 60000, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(file, "\\Some directory\\Another name", false), STATUS_SUCCESS);
    uint64_t listing[64];
    CHECK_EQ(kit_list(directory, FileNamesInformation, "A*", 0, listing, sizeof listing, NULL),
             STATUS_SUCCESS);
    KIT_FILE *none;
    CHECK_EQ(open_file(&s, "\\Some directory", FILE_OPEN, &none), STATUS_FILE_IS_A_DIRECTORY);
    if (round % 2 == 0)
        kit_close(directory);
    kit_close(file);
    if (round % 2 != 0)
        kit_close(directory);
    scene_end(&s);
}

TEST(no_memory_is_left_behind)
{
    size_t blocks[6];
    for (unsigned round = 0; round < 6; round++) {
        one_of_each(round);
        CHECK(!ash_test_failed());
        blocks[round] = kit_pool_blocks();
    }
    CHECK_EQ(blocks[4], blocks[2]);
    CHECK_EQ(blocks[5], blocks[3]);
}
