// SPDX-License-Identifier: MIT
//
// The FAT driver through its dispatch routines, with a volume device that answers at once or from
// another thread, latest request first.
#include "kit.h"

#include "ash_test.h"

enum {
    READ_WRITE = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE,
    SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
    PLAIN = FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
};

struct scene {
    struct image image;
    PDEVICE_OBJECT volume;
    long live;
};

static bool scene_begin(struct scene *s, unsigned kilobytes, const char *options, bool asynchronous)
{
    NTSTATUS status;
    if (!image_make(&s->image, kilobytes, 512, options))
        return false;
    s->volume = kit_mount(&s->image, asynchronous, &status);
    return s->volume != NULL;
}

static void dismount(struct scene *s)
{
    KIT_FILE *file;
    CHECK_EQ(kit_create(s->volume, NULL, "", FILE_GENERIC_READ, SHARE_ALL, FILE_OPEN, 0, 0, &file,
                        NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_control(file, FSCTL_DISMOUNT_VOLUME), STATUS_SUCCESS);
    kit_close(file);
    kit_unmount();
}

// Dismounts, and looks at what is left: nothing in memory, a sound volume on disk.
static void scene_end(struct scene *s)
{
    dismount(s);
    CHECK(!ash_test_failed());
    CHECK_EQ(kit_live_objects(), 1); // the control device
    CHECK(image_fsck(&s->image));
    image_free(&s->image);
}

static NTSTATUS open_file(struct scene *s, const char *path, ULONG disposition, KIT_FILE **file)
{
    return kit_create(s->volume, NULL, path, READ_WRITE, SHARE_ALL, disposition, PLAIN, 0, file,
                      NULL);
}

static NTSTATUS open_directory(struct scene *s, const char *path, ULONG disposition,
                               KIT_FILE **file)
{
    return kit_create(s->volume, NULL, path, READ_WRITE, SHARE_ALL, disposition,
                      FILE_DIRECTORY_FILE, 0, file, NULL);
}

static uint8_t *pattern(uint32_t length, uint32_t seed)
{
    uint8_t *data = aligned_alloc(4096, (length + 8191) & ~4095u);
    for (uint32_t i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        data[i] = (uint8_t)(seed >> 16);
    }
    return data;
}

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
    free(data);
    free(back);
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
    free(data);
    free(back);
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
    free(data);
    free(back);
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
    kit_close(a);
    kit_close(b);
    scene_end(&s);
    free(data);
    free(back);
}

TEST(dispositions_are_followed)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR information;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\x", FILE_OVERWRITE, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\no\\x", FILE_OPEN, &file), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\a*b", FILE_OPEN_IF, &file), STATUS_OBJECT_NAME_INVALID);
    static const struct {
        ULONG disposition;
        NTSTATUS status;
        ULONG_PTR information;
    } cases[] = {
        {FILE_OPEN_IF, STATUS_SUCCESS, FILE_CREATED},
        {FILE_OPEN_IF, STATUS_SUCCESS, FILE_OPENED},
        {FILE_CREATE, STATUS_OBJECT_NAME_COLLISION, 0},
        {FILE_OVERWRITE, STATUS_SUCCESS, FILE_OVERWRITTEN},
        {FILE_OVERWRITE_IF, STATUS_SUCCESS, FILE_OVERWRITTEN},
        {FILE_SUPERSEDE, STATUS_SUCCESS, FILE_SUPERSEDED},
        {9, STATUS_INVALID_PARAMETER, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE_STANDARD_INFORMATION standard;
        CHECK_EQ(kit_create(s.volume, NULL, "\\X", READ_WRITE, SHARE_ALL, cases[i].disposition,
                            PLAIN, 0, &file, &information),
                 cases[i].status);
        if (file == NULL)
            continue;
        CHECK_EQ(information, cases[i].information);
        CHECK_EQ(kit_query(file, FileStandardInformation, &standard, sizeof standard, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(standard.EndOfFile.QuadPart, information == FILE_OPENED ? 700 : 0);
        char bytes[700] = {0};
        CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, bytes, 700, NULL), STATUS_SUCCESS);
        kit_close(file);
    }
    CHECK_EQ(open_directory(&s, "\\x", FILE_OPEN, &file), STATUS_NOT_A_DIRECTORY);
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &file), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\d", FILE_OPEN, &file), STATUS_FILE_IS_A_DIRECTORY);
    CHECK_EQ(open_file(&s, "\\x\\", FILE_OPEN, &file), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(open_directory(&s, "\\d\\", FILE_OPEN, &file), STATUS_SUCCESS);
    KIT_FILE *below;
    CHECK_EQ(kit_create(s.volume, file, "below", READ_WRITE, SHARE_ALL, FILE_CREATE, PLAIN, 0,
                        &below, NULL),
             STATUS_SUCCESS);
    kit_close(below);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\D\\BELOW", FILE_OPEN, &file), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_directory(&s, "\\", FILE_OPEN, &file), STATUS_SUCCESS);
    kit_close(file);
    scene_end(&s);
}

TEST(sharing_and_access_are_checked)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    char byte = 0;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_READ, FILE_SHARE_READ, FILE_CREATE,
                        PLAIN, 0, &a, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_WRITE, SHARE_ALL, FILE_OPEN, PLAIN, 0,
                        &b, NULL),
             STATUS_SHARING_VIOLATION);
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_READ, SHARE_ALL, FILE_OPEN, PLAIN, 0,
                        &b, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(b, IRP_MJ_WRITE, 0, &byte, 1, NULL), STATUS_ACCESS_DENIED);
    kit_close(b);
    kit_close(a);
    CHECK_EQ(kit_create(s.volume, NULL, "\\r", READ_WRITE, SHARE_ALL, FILE_CREATE, PLAIN,
                        FILE_ATTRIBUTE_READONLY, &a, NULL),
             STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\r", FILE_OPEN, &a), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_file(&s, "\\r", FILE_OVERWRITE, &a), STATUS_ACCESS_DENIED);
    CHECK_EQ(kit_create(s.volume, NULL, "\\r", FILE_GENERIC_READ | DELETE, SHARE_ALL, FILE_OPEN,
                        PLAIN | FILE_DELETE_ON_CLOSE, 0, &a, NULL),
             STATUS_CANNOT_DELETE);
    scene_end(&s);
}

TEST(files_are_deleted)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    FILE_DISPOSITION_INFORMATION yes = {TRUE};
    uint8_t bytes[2000] = {1};
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(a, IRP_MJ_WRITE, 0, bytes, 2000, NULL), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &a), STATUS_DELETE_PENDING);
    CHECK_EQ(kit_transfer(b, IRP_MJ_READ, 0, bytes, 512, NULL), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(kit_create(s.volume, NULL, "\\y", READ_WRITE, SHARE_ALL, FILE_CREATE,
                        PLAIN | FILE_DELETE_ON_CLOSE, 0, &a, NULL),
             STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\y", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\d\\x", FILE_CREATE, &b), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes),
             STATUS_DIRECTORY_NOT_EMPTY);
    CHECK_EQ(open_file(&s, "\\d\\x", FILE_OPEN, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_set(b, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\d\\new", FILE_CREATE, &b), STATUS_DELETE_PENDING);
    kit_close(a);
    CHECK_EQ(open_directory(&s, "\\d", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_directory(&s, "\\", FILE_OPEN, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_CANNOT_DELETE);
    kit_close(a);
    scene_end(&s);
}

static void check_name(KIT_FILE *file, const char *expected)
{
    struct {
        ULONG length;
        WCHAR text[100];
    } name;
    CHECK_EQ(kit_query(file, FileNameInformation, &name, sizeof name, NULL), STATUS_SUCCESS);
    CHECK_EQ(name.length, strlen(expected) * 2);
    for (size_t i = 0; expected[i] != 0; i++)
        CHECK_EQ(name.text[i], (UCHAR)expected[i]);
}

TEST(files_are_renamed)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    KIT_FILE *d;
    CHECK(scene_begin(&s, 8000, "-F 16 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\dir", FILE_CREATE, &d), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\one", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(a, IRP_MJ_WRITE, 0, "hello", 5, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "A longer name", false), STATUS_SUCCESS);
    check_name(a, "\\A longer name");
    CHECK_EQ(kit_rename(a, "\\dir\\moved", false), STATUS_SUCCESS);
    check_name(a, "\\dir\\moved");
    CHECK_EQ(kit_rename(a, "\\??\\C:\\dir\\again", false), STATUS_SUCCESS);
    check_name(a, "\\dir\\again");
    CHECK_EQ(kit_rename(a, "C:/Dir/AGAIN", false), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\two", FILE_CREATE, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "\\Device\\HarddiskVolume1\\two", false), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(kit_rename(a, "\\two", true), STATUS_ACCESS_DENIED); // it is open
    kit_close(b);
    CHECK_EQ(kit_rename(a, "\\two", true), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "\\no\\two", true), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(kit_rename(a, "a?b", true), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(kit_rename(d, "\\dir\\below", false), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(kit_rename(d, "Directory", false), STATUS_SUCCESS);
    kit_close(a);
    kit_close(d);
    CHECK(image_run(&s.image, "test \"$(mtype -i $IMAGE ::two)\" = hello"));
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

TEST(directories_are_listed)
{
    struct scene s;
    KIT_FILE *d;
    KIT_FILE *file;
    uint64_t buffer[256];
    ULONG_PTR used;
    char name[64];
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &d), STATUS_SUCCESS);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "\\d\\File number %d.text", i);
        CHECK_EQ(open_file(&s, name, FILE_CREATE, &file), STATUS_SUCCESS);
        CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, name, (ULONG)i, NULL), STATUS_SUCCESS);
        kit_close(file);
    }
    unsigned count = 0;
    UCHAR flags = 0;
    for (;;) {
        NTSTATUS status = kit_list(d, FileBothDirectoryInformation, "FILE*.TEXT", flags, buffer,
                                   sizeof buffer, &used);
        if (status == STATUS_NO_MORE_FILES)
            break;
        CHECK_EQ(status, STATUS_SUCCESS);
        CHECK(used <= sizeof buffer);
        uint8_t *at = (uint8_t *)buffer;
        for (;;) {
            FILE_BOTH_DIR_INFORMATION *info = (FILE_BOTH_DIR_INFORMATION *)at;
            snprintf(name, sizeof name, "File number %u.text", count);
            CHECK_EQ(info->FileNameLength, strlen(name) * 2);
            CHECK_EQ(info->FileName[12], (UCHAR)name[12]);
            CHECK_EQ(info->EndOfFile.QuadPart, count);
            CHECK(info->ShortNameLength > 0);
            count++;
            if (info->NextEntryOffset == 0)
                break;
            CHECK_EQ(info->NextEntryOffset % 8, 0);
            at += info->NextEntryOffset;
        }
    }
    CHECK_EQ(count, 40);
    CHECK_EQ(kit_list(d, FileNamesInformation, NULL, SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY,
                      buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    FILE_NAMES_INFORMATION *one = (FILE_NAMES_INFORMATION *)buffer;
    CHECK_EQ(one->NextEntryOffset, 0);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, NULL, SL_RESTART_SCAN, buffer, 70, &used),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(used, 70);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, NULL, SL_RESTART_SCAN, buffer, 60, &used),
             STATUS_INFO_LENGTH_MISMATCH);
    kit_close(d);
    CHECK_EQ(open_directory(&s, "\\d", FILE_OPEN, &d), STATUS_SUCCESS);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, "nothing", 0, buffer, sizeof buffer, &used),
             STATUS_NO_SUCH_FILE);
    kit_close(d);
    scene_end(&s);
}

TEST(information_is_set_and_told)
{
    struct scene s;
    KIT_FILE *file;
    uint64_t buffer[64];
    ULONG_PTR used;
    FILE_BASIC_INFORMATION basic = {.LastWriteTime.QuadPart = 133000000000000000,
                                    .FileAttributes = FILE_ATTRIBUTE_HIDDEN};
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_set(file, FileBasicInformation, &basic, sizeof basic), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &file), STATUS_SUCCESS);
    FILE_NETWORK_OPEN_INFORMATION open;
    CHECK_EQ(kit_query(file, FileNetworkOpenInformation, &open, sizeof open, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(open.LastWriteTime.QuadPart, 133000000000000000);
    CHECK_EQ(open.FileAttributes, FILE_ATTRIBUTE_HIDDEN);
    CHECK_EQ(kit_query(file, FileAllInformation, buffer, sizeof buffer, &used), STATUS_SUCCESS);
    CHECK_EQ(used, offsetof(FILE_ALL_INFORMATION, NameInformation) + 4 + 4);
    CHECK_EQ(kit_query(file, FileBasicInformation, buffer, 8, &used), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(kit_query(file, (FILE_INFORMATION_CLASS)99, buffer, 8, &used),
             STATUS_INVALID_INFO_CLASS);
    FILE_FS_FULL_SIZE_INFORMATION size;
    CHECK_EQ(kit_query_volume(file, FileFsFullSizeInformation, &size, sizeof size, &used),
             STATUS_SUCCESS);
    CHECK(size.TotalAllocationUnits.QuadPart > 2000);
    CHECK_EQ(size.ActualAvailableAllocationUnits.QuadPart, size.TotalAllocationUnits.QuadPart);
    CHECK_EQ(size.BytesPerSector, 512);
    CHECK_EQ(kit_query_volume(file, FileFsVolumeInformation, buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    FILE_FS_VOLUME_INFORMATION *volume = (FILE_FS_VOLUME_INFORMATION *)buffer;
    CHECK_EQ(volume->VolumeSerialNumber, 0x1234abcd);
    CHECK_EQ(volume->VolumeLabelLength, 12);
    CHECK_EQ(kit_query_volume(file, FileFsAttributeInformation, buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    CHECK_EQ(used, 12 + 6);
    CHECK_EQ(kit_simple(s.volume, file, IRP_MJ_FLUSH_BUFFERS), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(kit_simple(s.volume, NULL, IRP_MJ_SHUTDOWN), STATUS_SUCCESS);
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
    free(data);
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
    CHECK_EQ(kit_live_objects(), 1);
    CHECK(image_fsck(&s.image));
    image_free(&s.image);
}

TEST(other_volumes_are_not_recognized)
{
    struct image image;
    uint8_t *zeroes = calloc(1, 1 << 20);
    NTSTATUS status;
    image_wrap(&image, zeroes, 1 << 20, 512);
    CHECK(kit_mount(&image, false, &status) == NULL);
    CHECK_EQ(status, STATUS_UNRECOGNIZED_VOLUME);
    CHECK_EQ(kit_live_objects(), 1);
    image_free(&image);
    free(zeroes);
}
